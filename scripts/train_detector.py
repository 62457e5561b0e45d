"""Train the detector from annotated fields."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric, seed_everything
from torch import Tensor, nn

from core.training import Schedule, fit
from datasets.detection import Batch, StoredField, batches
from models.detection_loss import detection_loss
from models.detector import DetectorNetwork, as_input, white_balanced


def batch_loss(network: nn.Module, batch: Batch) -> Tensor:
    """White-balance each tile as scoring does, run the network, compare with the targets."""
    device = next(network.parameters()).device
    images = as_input(np.stack([white_balanced(image) for image in batch.images])).to(device)
    targets = (
        batch.heat,
        batch.heat_weight,
        batch.size,
        batch.offset,
        batch.size_weight,
        batch.offset_weight,
    )
    return detection_loss(network(images), *(torch.from_numpy(part).to(device) for part in targets))


def train_detector(
    fields: dict[str, Sequence[StoredField]],
    *,
    schedule: Schedule,
    batch_size: int,
    seed: int,
    fabric: Fabric,
    curve: Path | None = None,
) -> DetectorNetwork:
    """Train on stored fields of each source; the same seed and machine give the same weights."""
    seed_everything(seed, verbose=False)
    network = DetectorNetwork().to(memory_format=torch.channels_last)
    trained = fit(
        network,
        batches(fields, batch_size, schedule.steps, seed),
        batch_loss,
        schedule,
        fabric=fabric,
        curve=curve,
        name="detector",
    )
    if not isinstance(trained, DetectorNetwork):
        raise TypeError(f"training returned {type(trained).__name__}")
    return trained
