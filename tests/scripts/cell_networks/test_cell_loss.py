"""The loss of both looks: the smoothed truth, and what a map costs that misses the parasite."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional

from core.cells.crops import CROP_SIZE_PX
from datasets.classification import BatchLayout, CellBatch
from models.classifier import FEATURE_LAYER, ClassifierNetwork
from models.slide_network import as_input
from models.slide_norm import expect_batches
from scripts.cell_networks.cell_loss import cell_loss
from scripts.settings.guided_settings import ObjectiveSettings
from tests.datasets.test_classification import CELLS, batch_of

LAYOUT = BatchLayout(slides=2, healthy=3, infected=3)


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
    loss = cell_loss(network, CROP_SIZE_PX, FEATURE_LAYER, ObjectiveSettings(name=objective), label_smoothing)
    infected, parasites = torch.from_numpy(batch.infected), torch.from_numpy(batch.parasites)
    return loss(network, as_input(batch.crops), infected, parasites)


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
