"""Train the detector from annotated fields."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric, seed_everything
from torch import Tensor, nn
from tqdm import tqdm

from core.training.loop import CurvePoint, fit
from datasets.detection import StoredField, TileBatch, batches, store, synthetic_fields
from datasets.fields import AnnotatedField
from models.detection_loss import detection_loss
from models.detector import white_balanced
from models.detector_network import DetectorNetwork, as_input
from scripts.settings.configuration import DetectorSettings
from scripts.settings.sources import fields_of, name_of


def read_fields(data: Path, settings: DetectorSettings) -> dict[str, list[AnnotatedField]]:
    """The annotated fields of each source by its name; published sets are in their folders below `data`."""
    return {name_of(source): fields_of(source, data) for source in settings.sources}


def batch_loss(network: nn.Module, batch: TileBatch) -> Tensor:
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
    fields: Mapping[str, Sequence[AnnotatedField]],
    settings: DetectorSettings,
    fabric: Fabric,
    watch: Callable[[CurvePoint], None] = lambda _: None,
) -> DetectorNetwork:
    """Train on the fields of each source and on synthetic ones; the same seed gives the same weights."""
    seed_everything(settings.seed, verbose=False)
    stored: dict[str, list[StoredField]] = {}
    for source, annotated in fields.items():
        scaled = (store(field) for field in tqdm(annotated, desc=source, unit="field", disable=None))
        stored[source] = [field for field in scaled if field is not None]
    if settings.synthetic_fields:
        stored["synthetic"] = synthetic_fields(settings.synthetic_fields, settings.seed)
    network = DetectorNetwork().to(memory_format=torch.channels_last)
    steps = settings.schedule.steps
    tiles = batches(stored, settings.batch_size, steps, settings.seed)
    return fit(network, tiles, batch_loss, settings.schedule, fabric=fabric, watch=watch, name="detector")
