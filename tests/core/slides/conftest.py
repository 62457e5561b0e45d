"""Damaged files must not ask for the memory of the whole machine: here they cannot get it."""

import resource
from collections.abc import Iterator

import psutil
import pytest

ROOM_BYTES = 1 << 30


@pytest.fixture(autouse=True)
def memory_is_capped() -> Iterator[None]:
    """Let a test have this much more address space than the process has; beyond it is a MemoryError."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + ROOM_BYTES, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
