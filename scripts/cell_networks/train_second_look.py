"""Train the second look on what a first look puts forward, on fields that it has not been trained on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric, seed_everything
from numpy.typing import NDArray
from torch import Tensor

from core.cells.classification import FeatureStatistics
from core.cells.crops import SURROUNDED_SIZE_PX
from core.cells.second_look import SecondLook as SecondLookProtocol
from core.cells.second_look import SecondSight
from core.training.loop import CurvePoint, fit
from datasets.cells import CellSet
from datasets.fields import AnnotatedField
from datasets.located_objects import LocatedField, located_fields
from datasets.second_look_batches import SecondLookLayout, second_look_batches
from datasets.surrounded_cells import CROP_SETS, SurroundedCells, of_crop_set, of_located_fields
from models.checkpoint import load_pretrained
from models.classifier import Classifier
from models.detector import Detector
from models.graphs.crop_network import INPUT_LEVELS
from models.second_look import FEATURE_LAYER, SecondLookNetwork
from models.slide_norm import expect_batches
from scripts.cell_networks.cell_loss import cell_loss
from scripts.cell_networks.train_classifier import train_classifier
from scripts.settings.configuration import ClassifierSettings, SecondLookSettings
from scripts.settings.sources import has_fields, malaria_fields_of, malaria_free_fields_of, name_of

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Looks:
    """The networks that score a slide (`core.cells.scored_field.ScoringModels`), in the making."""

    detector: Detector
    classifier: Classifier
    second_look: SecondLookProtocol


class EvenOdds:
    """Stands in for a second look while there is none: what it sees stays as the first look ranks it."""

    crop_size_px = SURROUNDED_SIZE_PX

    def feature_statistics(self, crops: NDArray[np.uint8]) -> FeatureStatistics:
        """Of nothing."""
        return ()

    def look(self, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> SecondSight:
        """Even odds, and no features."""
        return SecondSight(np.zeros(len(crops), np.float32), np.empty((len(crops), 0), np.float16))


def second_look_sources(
    data: Path,
    settings: SecondLookSettings,
    detector: Detector,
    first_settings: ClassifierSettings,
    first_cells: Mapping[str, CellSet],
    fabric: Fabric,
) -> list[SurroundedCells]:
    """What to train on, source by source: cells of crop sets, and what two first looks put forward on fields.

    The fields of each set are cut into two halves in their order, between two slides where there are several.
    A first look is trained without the one half, and mines it: what it was trained on it would rank better
    than it ranks the fields of a new slide.
    """
    sources = [
        of_crop_set(data / source, source, settings.seed)
        for source in settings.sources
        if isinstance(source, str) and source in CROP_SETS
    ]
    annotated = {
        name_of(source): malaria_fields_of(source, data) for source in settings.sources if has_fields(source)
    }
    annotated |= {name_of(source): malaria_free_fields_of(source, data) for source in settings.malaria_free}
    located: dict[str, list[LocatedField]] = {name: [] for name in annotated}
    for second_half in (False, True):
        rest = {
            name: without_half(first_cells[name], annotated[name], second_half=second_half)
            if name in annotated
            else first_cells[name]
            for name in first_cells
        }
        network = train_classifier(rest, first_settings, fabric)
        looks = Looks(detector, Classifier(network, CPU), EvenOdds())
        for name, fields in annotated.items():
            located[name] += located_fields(half_of(fields, second_half=second_half), looks)
    sources += [of_located_fields(fields, settings.seed) for fields in located.values()]
    return sources


def half_of(fields: Sequence[AnnotatedField], *, second_half: bool) -> Sequence[AnnotatedField]:
    """About one half of a set's fields, in their order: neighbours share cells, stain and light."""
    middle = len(fields) // 2
    borders = [
        number
        for number, (one, following) in enumerate(pairwise(fields), start=1)
        if one.slide != following.slide
    ]
    cut = min(borders, key=lambda border: abs(border - middle), default=middle)
    return fields[cut:] if second_half else fields[:cut]


def without_half(cells: CellSet, fields: Sequence[AnnotatedField], *, second_half: bool) -> CellSet:
    """The cells that are not cut from one half of a set's fields."""
    left_out = [field.group for field in half_of(fields, second_half=second_half)]
    return cells.take(~np.isin(cells.group, left_out))


def inputs_of(levels: Tensor) -> Tensor:
    """(N, 3, S, S) levels about zero as the network's input."""
    return (levels / INPUT_LEVELS).contiguous(memory_format=torch.channels_last)


def train_second_look(
    sources: Sequence[SurroundedCells],
    settings: SecondLookSettings,
    backbone: Path,
    fabric: Fabric,
    watch: Callable[[CurvePoint], None] = lambda _: None,
) -> SecondLookNetwork:
    """Train on the objects of all sources given; the same seed gives the same weights."""
    seed_everything(settings.seed, verbose=False)
    network = SecondLookNetwork()
    load_pretrained(network, backbone)
    for parameter in network.features[: settings.frozen_blocks].parameters():
        parameter.requires_grad_(False)  # noqa: FBT003  (torch takes no keyword)
    layout = SecondLookLayout(**settings.batch.model_dump())
    expect_batches(network, layout.typical, layout.objects_a_slide - layout.typical)
    loss = cell_loss(network, SURROUNDED_SIZE_PX, FEATURE_LAYER, settings.objective, settings.label_smoothing)
    return fit(
        network.to(memory_format=torch.channels_last),
        second_look_batches(sources, layout, settings.schedule.steps, settings.seed),
        lambda current, batch: loss(current, inputs_of(batch.levels), batch.infected, batch.parasites),
        settings.schedule,
        fabric=fabric,
        watch=watch,
        name="second look",
    )
