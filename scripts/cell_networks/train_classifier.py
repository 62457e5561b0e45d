"""Train the classifier from single cells, and from the cells that the detector finds on healthy fields."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric, seed_everything
from torch import Tensor, nn
from tqdm import tqdm

from core.cells.crops import CROP_SIZE_PX
from core.cells.detection import CellDetector
from core.cells.located import WhyNot, find_cells, red_cell_like
from core.cells.reference import SlideReference
from core.training.loop import CurvePoint, fit
from datasets.cell_sets import CELL_SETS
from datasets.cells import CellSet, field_cells, joined, marked_cells
from datasets.classification import BatchLayout, CellBatch, batches
from datasets.detection import cell_diameter_px
from datasets.fields import AnnotatedField
from datasets.foreground import NoCellsError
from models.classifier import FEATURE_LAYER, ClassifierNetwork
from models.slide_network import as_input
from models.slide_norm import expect_batches
from scripts.cell_networks.cell_loss import cell_loss
from scripts.settings.configuration import ClassifierSettings
from scripts.settings.sources import OwnSource, malaria_fields_of, malaria_free_fields_of, name_of

UNSTAINED = (255.0, 255.0, 255.0)
"""A cell colour by which no object counts as hardly stained."""


def read_source(data: Path, source: str | OwnSource) -> CellSet:
    """Annotated cells of a source with infected ones; published sets are in their folders below `data`."""
    if isinstance(source, str) and source in CELL_SETS:
        return CELL_SETS[source](data / source)
    return marked_cells(malaria_fields_of(source, data))


def healthy_cells(fields: list[AnnotatedField], detector: CellDetector) -> CellSet:
    """What the detector takes for whole, sharp red cells on malaria-free fields: hard negatives.

    Scoring would leave some of it out as doubtful or hardly stained. In training it stays: what looks like a
    red cell and is none makes the best of negatives.
    """
    cut = []
    for annotated in tqdm(fields, desc=fields[0].source, unit="field", disable=None):
        field = annotated.as_scored()
        try:
            diameter_px = cell_diameter_px(annotated, field.image)
        except NoCellsError:
            continue  # a field of white cells only
        found = find_cells(field, detector, SlideReference(diameter_px, UNSTAINED))
        taken = np.isin(found.why_not, [WhyNot.EVALUABLE, WhyNot.NOT_A_RED_CELL])
        boxes = found.boxes[taken & red_cell_like(found.boxes, found.kind, diameter_px)]
        cut.append((annotated, boxes, np.zeros(len(boxes), bool)))
    return field_cells(cut)


def read_cells(data: Path, settings: ClassifierSettings, detector: CellDetector) -> dict[str, CellSet]:
    """The cells of each source and of each malaria-free one, by its name."""
    cells = {name_of(source): read_source(data, source) for source in settings.sources}
    for source in settings.malaria_free:
        cells[name_of(source)] = healthy_cells(malaria_free_fields_of(source, data), detector)
    return cells


def train_classifier(
    cells: dict[str, CellSet],
    settings: ClassifierSettings,
    fabric: Fabric,
    watch: Callable[[CurvePoint], None] = lambda _: None,
) -> ClassifierNetwork:
    """Train on the cells of all sources given; the same seed gives the same weights."""
    seed_everything(settings.seed, verbose=False)
    network = ClassifierNetwork(settings.width).to(memory_format=torch.channels_last)
    layout = BatchLayout(settings.batch.slides, settings.batch.healthy, settings.batch.infected)
    expect_batches(network, layout.healthy, layout.infected)
    crops = batches(joined(list(cells.values())), layout, settings.schedule.steps, settings.seed)
    loss = cell_loss(network, CROP_SIZE_PX, FEATURE_LAYER, settings.objective, settings.label_smoothing)

    def batch_loss(current: nn.Module, batch: CellBatch) -> Tensor:
        parasites = torch.from_numpy(batch.parasites)
        return loss(current, as_input(batch.crops), torch.from_numpy(batch.infected), parasites)

    return fit(network, crops, batch_loss, settings.schedule, fabric=fabric, watch=watch, name="classifier")
