"""The processes of a training: one, or those that torchrun started."""

import os
from typing import Literal

from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment

from core.exactness import exact_on_cuda

Precision = Literal["32-true", "bf16-mixed"]
"""Of training passes: 32 bits, or convolutions and products in 16 (bfloat16, which needs no scaling)."""


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
    return fabric
