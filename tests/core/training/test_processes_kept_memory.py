"""Freed memory is used again."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import ctypes
import resource
import sys

import torch

from core.training.processes import keep_freed_memory

PR_SET_THP_DISABLE = 41  # pages of 4 KiB on every host
ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)
if sys.argv[1] == "kept":
    keep_freed_memory()
for _ in range(30):
    torch.ones(10_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    torch.ones(10_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def pages_fetched(how: str) -> int:
    command = [sys.executable, "-c", PROGRAM, how]
    root = Path(__file__).parents[3]
    return int(subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="glibc is asked")
def test_blocks_of_40_megabytes_are_not_fetched_from_the_system_again_once_some_were() -> None:
    # Five blocks of 9,766 pages of 4 KiB. glibc places aligned blocks anew a few times before it settles.
    assert pages_fetched("kept") < 1_000
    assert pages_fetched("as usual") > 10_000
