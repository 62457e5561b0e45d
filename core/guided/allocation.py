"""Memory of a training on a processor."""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # of glibc's malloc.h


def keep_freed_memory() -> None:
    """Have glibc keep what is freed for what comes next, for the rest of the process; elsewhere do nothing.

    Feature maps of a pass are of tens of megabytes. glibc fetches blocks of that size from the system one by
    one and gives them back at once, and the system clears each page before it hands it out: a quarter of the
    time of a training. Kept, a process holds the most that it ever needed.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, -1)
