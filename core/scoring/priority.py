"""Processes that let others go first."""

import os
import sys

BELOW_NORMAL_PRIORITY_CLASS = 0x4000
"""Of Windows."""


def give_way(steps: int) -> None:
    """Let other processes have the processor before this one; on Windows there is one such step."""
    if sys.platform == "win32":
        from ctypes import windll

        windll.kernel32.SetPriorityClass(windll.kernel32.GetCurrentProcess(), BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(steps)
