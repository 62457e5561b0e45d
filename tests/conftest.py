"""What every test needs: one thread, no network, and the real images where they are present."""

import os
from collections.abc import Iterator
from pathlib import Path

# Before the first import of torch, OpenMP users and albumentations: they read these once.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

import pytest
from hypothesis import settings

from core.store import Store

# How long an example takes says more about the machine than about the code.
settings.register_profile("smearscope", deadline=None)
settings.load_profile("smearscope")

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real images beside the checkout; the test is skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real images are not here: no folder shared/data beside the checkout")
    return SHARED_DATA


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store of the test's own, in a folder beside its slides'."""
    opened = Store.in_folder(tmp_path / "data")
    yield opened
    opened.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the pictures of the documents be made anew."""
    parser.addoption(
        "--pictures",
        action="store_true",
        help="write docs/pictures anew from drawn slides (with -m browser; takes minutes)",
    )
