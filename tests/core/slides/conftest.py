"""Damaged files must not take the memory of the whole machine; and a scan of several files."""

import resource
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pydicom.uid import generate_uid

from tests.core.slides.images import picture, write_whole_slide_instance

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


@pytest.fixture
def dicom_scan(tmp_path: Path) -> Path:
    """Folder of two levels of one series, the smaller one first by name."""
    folder, series = tmp_path / "scan", generate_uid()
    folder.mkdir()
    image = picture(200, 300)
    write_whole_slide_instance(folder / "1.dcm", image[::2, ::2], series, um_per_pixel=0.5, level=1)
    write_whole_slide_instance(folder / "2.dcm", image, series, um_per_pixel=0.25, level=0)
    return folder
