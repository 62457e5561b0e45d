"""What the classifier of cells lowers: the cross-entropy, and where the maps of infected cells fall."""

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch.nn import functional

from core.cam import activation_maps, placing_of
from core.cells.crops import CROP_SIZE_PX
from core.saliency.localisation import energy
from core.saliency.objectives import Objective
from core.training.loop import Schedule
from datasets.classification import BatchLayout, CellBatch
from models.classifier import FEATURE_LAYER, ClassifierNetwork
from models.slide_network import as_input
from models.slide_norm import expect_batches
from scripts.cell_networks.train_classifier import batch_loss, train_classifier
from scripts.settings.configuration import BatchSettings, ClassifierSettings
from scripts.settings.guided_settings import ObjectiveSettings
from tests.datasets.test_classification import CELLS, batch_of, cells_of

LAYOUT = BatchLayout(slides=2, healthy=3, infected=3)
GUIDED = {"energy": 1.0, "dice": 1.0}
CPU = Fabric(accelerator="cpu", devices=1)


def loss_of(
    batch: CellBatch, objective: str, *, label_smoothing: float = 0.0, head_sign: int | None = None
) -> torch.Tensor:
    """Of a fixed network without the noise of its dropout; of all weights of its head the sign asked for."""
    torch.manual_seed(0)
    network = ClassifierNetwork(4).train()
    network.dropout.eval()
    if head_sign is not None:
        with torch.no_grad():
            network.head.weight.abs_().mul_(head_sign)
    expect_batches(network, LAYOUT.healthy, LAYOUT.infected)
    placing = placing_of(network, torch.zeros(1, 3, CROP_SIZE_PX, CROP_SIZE_PX), FEATURE_LAYER)
    return batch_loss(network, batch, Objective(objective), placing, label_smoothing=label_smoothing)


def with_parasites(batch: CellBatch, parasites: NDArray[np.bool_]) -> CellBatch:
    return CellBatch(batch.crops, batch.infected, parasites)


def test_by_cross_entropy_alone_it_is_that_of_the_smoothed_truth() -> None:
    batch = batch_of(CELLS, LAYOUT)
    torch.manual_seed(0)
    network = ClassifierNetwork(4).train()
    network.dropout.eval()
    expect_batches(network, LAYOUT.healthy, LAYOUT.infected)
    logits = network(as_input(batch.crops))
    smoothed = torch.tensor([0.1, 0.1, 0.1, 0.9, 0.9, 0.9] * 2)
    expected = functional.binary_cross_entropy_with_logits(logits, smoothed)
    torch.testing.assert_close(loss_of(batch, "cross-entropy", label_smoothing=0.1), expected)


def test_cells_without_a_plain_parasite_count_with_their_cross_entropy_alone() -> None:
    batch = batch_of(CELLS, LAYOUT)
    unseen = with_parasites(batch, np.zeros_like(batch.parasites))
    torch.testing.assert_close(loss_of(unseen, "energy-dice"), loss_of(batch, "cross-entropy"))


def test_a_parasite_that_the_map_misses_costs_up_to_half_of_its_share_of_the_batch() -> None:
    batch = batch_of(CELLS, LAYOUT)
    for index in np.flatnonzero(batch.infected):
        one = np.zeros_like(batch.parasites)
        one[index] = batch.parasites[index]
        extra = loss_of(with_parasites(batch, one), "energy") - loss_of(batch, "cross-entropy")
        # Half of 1 - EPG, in [0, 1], of one of twelve cells.
        assert 0 <= float(extra.detach()) <= 0.5 / LAYOUT.cells + 1e-6


def test_a_map_that_is_out_costs_by_absence_what_none_of_the_other_terms_makes_it_cost() -> None:
    batch = batch_of(CELLS, LAYOUT)
    # By a network whose maps of infected cells are zero everywhere: every weight of its head is below 0.
    by = {
        name: float(loss_of(batch, name, head_sign=-1).detach())
        for name in ("cross-entropy", "energy-dice", "energy-dice-absence")
    }
    assert by["energy-dice"] == pytest.approx(by["cross-entropy"])
    plain = batch.parasites.any(axis=(1, 2)).sum() / LAYOUT.cells
    assert plain > 0
    assert plain <= by["energy-dice-absence"] - by["cross-entropy"] <= 2 * plain


def settings_of(objective: ObjectiveSettings) -> ClassifierSettings:
    return ClassifierSettings(
        network="classifier",
        sources=("nih_cells",),
        malaria_free=(),
        width=4,
        batch=BatchSettings(slides=2, healthy=6, infected=6),
        schedule=Schedule(40, 0.01, 0.0, 0.1, 0.8),
        label_smoothing=0.0,
        objective=objective,
        seed=0,
    )


@pytest.mark.slow
def test_guided_training_brings_the_maps_nearer_to_the_parasite_than_training_without() -> None:
    found = {}
    for objective in (
        ObjectiveSettings(name="cross-entropy"),
        ObjectiveSettings(name="energy-dice", weights=GUIDED),
    ):
        network = train_classifier({"large": cells_of("large", 60, 60)}, settings_of(objective), CPU)
        batch = batch_of(cells_of("large", 60, 60), BatchLayout(2, 2, 12), seed=9)
        seen = torch.from_numpy(batch.parasites.any(axis=(1, 2)))
        maps = activation_maps(network, as_input(batch.crops), "cam", layer=FEATURE_LAYER, size="placed").maps
        found[objective.name] = float(energy(maps, torch.from_numpy(batch.parasites))[seen].nanmean())
    assert found["energy-dice"] > found["cross-entropy"] + 0.1


def test_an_objective_with_learned_weights_is_refused() -> None:
    with pytest.raises(ValueError, match="learned-magtr has learned weights"):
        settings_of(ObjectiveSettings(name="learned-magtr"))
