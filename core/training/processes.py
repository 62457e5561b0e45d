"""The processes of a training, one or those that torchrun started, and what memory they keep."""

import atexit
import ctypes
import os
import sys
from typing import Literal

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment

from core.training.exactness import exact_on_cuda

Precision = Literal["32-true", "bf16-mixed"]
"""Of training passes: 32 bits, or convolutions and products in 16 (bfloat16, which needs no scaling)."""
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # of glibc's malloc.h


def launched(accelerator: str, precision: Precision) -> Fabric:
    """A launched Fabric over the processes of this run, each on a device of its own.

    Parameters
    ----------
    accelerator
        "cpu" or "cuda", which must be there.
    precision
        Of training passes.
    """
    if accelerator == "cuda":
        exact_on_cuda()
    if TorchElasticEnvironment.detect():
        here = int(os.environ["LOCAL_WORLD_SIZE"])
        fabric = Fabric(
            accelerator=accelerator,
            devices=here,
            num_nodes=int(os.environ["WORLD_SIZE"]) // here,
            strategy="ddp",
            precision=precision,
        )
    else:
        fabric = Fabric(accelerator=accelerator, devices=1, precision=precision)
    fabric.launch()
    if torch.distributed.is_initialized():
        # Left to the end of the interpreter, a thread of the group may run on, and the process aborts.
        atexit.register(torch.distributed.destroy_process_group)
    return fabric


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
