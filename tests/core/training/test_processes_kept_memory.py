"""Freed memory is used again."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import ctypes
import resource

import torch

from core.training.processes import keep_freed_memory

PR_SET_THP_DISABLE = 41  # pages of 4 KiB on every host
ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)


def pages_fetched():
    for _ in range(30):
        torch.ones(10_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        torch.ones(10_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


print(pages_fetched())
keep_freed_memory()
print(pages_fetched())
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="glibc is asked")
def test_blocks_of_40_megabytes_are_not_fetched_from_the_system_again_once_some_were() -> None:
    # Five blocks of 9,766 pages of 4 KiB. glibc places aligned blocks anew a few times before it settles.
    command, root = [sys.executable, "-c", PROGRAM], Path(__file__).parents[3]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    as_usual, kept = map(int, done.stdout.split())
    assert as_usual > 10_000
    assert kept < 1_000
