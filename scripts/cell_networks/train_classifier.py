"""Train the classifier from single cells, and from the cells that the detector finds on healthy fields."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric, seed_everything
from lightning_fabric.wrappers import _FabricModule
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from core.cam import Placing, maps_of, placing_of, recorded
from core.cells.crops import CROP_SIZE_PX
from core.cells.detection import CellDetector
from core.cells.located import WhyNot, find_cells, red_cell_like
from core.cells.reference import SlideReference
from core.saliency.objectives import Objective
from core.saliency.regions import placed_shares
from core.training.loop import CurvePoint, fit
from datasets.cell_sets import CELL_SETS
from datasets.cells import CellSet, field_cells, joined, marked_cells
from datasets.classification import BatchLayout, CellBatch, batches
from datasets.detection import cell_diameter_px
from datasets.field_sets import READERS
from datasets.fields import AnnotatedField
from datasets.foreground import NoCellsError
from models.classifier import FEATURE_LAYER, ClassifierNetwork
from models.slide_network import as_input
from models.slide_norm import expect_batches
from scripts.settings.configuration import ClassifierSettings

UNSTAINED = (255.0, 255.0, 255.0)
"""A cell colour by which no object counts as hardly stained."""


def read_source(data: Path, source: str) -> CellSet:
    """Annotated cells of a set with infected ones, from its folder below `data`."""
    if source in CELL_SETS:
        return CELL_SETS[source](data / source)
    return marked_cells(READERS[source](data / source))


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
    """The cells of each source and of each malaria-free set."""
    cells = {source: read_source(data, source) for source in settings.sources}
    for source in settings.malaria_free:
        cells[source] = healthy_cells(READERS[source](data / source), detector)
    return cells


def batch_loss(
    network: nn.Module, batch: CellBatch, objective: Objective, placing: Placing, *, label_smoothing: float
) -> Tensor:
    """Mean objective of a batch: binary cross-entropy with smoothed truth, and where the maps fall.

    Only infected cells whose parasite is plain to see guide; what makes a cell healthy is all of it.
    """
    device = next(network.parameters()).device
    truth = torch.from_numpy(batch.infected).to(device) * (1 - 2 * label_smoothing) + label_smoothing
    inputs = as_input(batch.crops).to(device)
    if not objective.takes_maps:
        return functional.binary_cross_entropy_with_logits(network(inputs), truth)
    own = network.module if isinstance(network, _FabricModule) else network
    with recorded(own, FEATURE_LAYER) as recording:
        logits = network(inputs)
        sums = maps_of(recording, logits, inputs, "cam").sums
    entropies = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    shares = placed_shares(torch.from_numpy(batch.parasites).to(device), placing, *sums.shape[1:])
    mean: Tensor = objective(entropies, sums, shares).mean()
    return mean


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
    loss = partial(
        batch_loss,
        objective=Objective(settings.objective.name, settings.objective.weights),
        placing=placing_of(network, torch.zeros(1, 3, CROP_SIZE_PX, CROP_SIZE_PX), FEATURE_LAYER),
        label_smoothing=settings.label_smoothing,
    )
    return fit(network, crops, loss, settings.schedule, fabric=fabric, watch=watch, name="classifier")
