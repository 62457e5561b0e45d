"""Damaged files must not take the memory of the whole machine."""

import resource
from collections.abc import Iterator

import psutil
import pytest

ASKED_FOR_BYTES = 6 << 30
"""A DICOM element states its length in 32 bits; pydicom asks for that much and uses what the file has."""
USED_BYTES = 1 << 30


@pytest.fixture(autouse=True)
def memory_is_capped() -> Iterator[None]:
    """A test that asks for far more address space meets a MemoryError; one that uses much memory fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + ASKED_FOR_BYTES, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    used_bytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak_kib) * 1024
    assert used_bytes < USED_BYTES
