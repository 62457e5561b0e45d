"""The published libraries that the maps are compared with, where somebody has installed them."""

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

PEERS = Path(__file__).parents[3] / ".venv" / "peers"
"""A folder of their own: their dependencies must not get among this project's."""


@pytest.fixture(scope="module")
def peers() -> Iterator[None]:
    """Make grad-cam, torchcam and captum importable; the test is skipped where they are not installed."""
    sys.path.append(str(PEERS))
    try:
        missing = [name for name in ("pytorch_grad_cam", "torchcam", "captum") if find_spec(name) is None]
        if missing:
            pytest.skip(f"not installed: {', '.join(missing)}; see tests/core/cam/peers.txt")
        yield
    finally:
        sys.path.remove(str(PEERS))
