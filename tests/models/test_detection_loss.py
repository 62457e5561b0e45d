"""The detector's loss, on maps of one grid cell by hand and at its minimum."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from core.cells.detection import ObjectKind
from datasets.detection import target_maps
from models.detection_loss import centre_loss, detection_loss
from models.detector_network import Maps

LOG_2 = math.log(2)


def one(value: float) -> Tensor:
    return torch.full((1, 1, 1, 1), value)


def test_a_centre_missed_by_half_by_hand() -> None:
    # (1 - 1/2)² times -ln(1/2).
    assert float(centre_loss(one(0.0), one(1.0), one(1.0))) == pytest.approx(0.25 * LOG_2)


def test_a_half_sure_false_centre_by_hand() -> None:
    assert float(centre_loss(one(0.0), one(0.0), one(1.0))) == pytest.approx(0.25 * LOG_2)


def test_near_a_centre_a_false_one_costs_less() -> None:
    # At heat 1/2, (1 - 1/2)⁴ of the price.
    assert float(centre_loss(one(0.0), one(0.5), one(1.0))) == pytest.approx(0.25 * LOG_2 / 16)


def test_the_sum_is_shared_among_the_centres() -> None:
    logits = torch.zeros(1, 1, 1, 4)
    heat = torch.tensor([1.0, 1.0, 0.0, 0.0]).reshape(1, 1, 1, 4)
    assert float(centre_loss(logits, heat, torch.ones_like(heat))) == pytest.approx(4 * 0.25 * LOG_2 / 2)


def test_silent_places_cost_nothing() -> None:
    assert float(centre_loss(one(9.0), one(0.0), one(0.0))) == 0.0


def test_the_loss_falls_with_sureness_and_rises_with_error() -> None:
    losses = [float(centre_loss(one(logit), one(1.0), one(1.0))) for logit in (-30.0, -4.0, 0.0, 4.0, 30.0)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] == pytest.approx(0, abs=1e-9)
    assert math.isfinite(losses[0])


def targets() -> list[Tensor]:
    boxes = np.array([[30, 20, 28, 24], [90, 70, 36, np.nan]], np.float32)
    maps = target_maps(boxes, np.array([ObjectKind.RED_CELL, ObjectKind.PLATELET]), tile_px=128)
    return [torch.from_numpy(each)[None] for each in maps]


def loss_of(maps: Maps, wanted: list[Tensor]) -> float:
    heat, size, offset, size_weight, offset_weight = wanted
    return float(detection_loss(maps, heat, torch.ones_like(heat), size, offset, size_weight, offset_weight))


def perfect(wanted: list[Tensor]) -> Maps:
    heat, size, offset, _, _ = wanted
    return Maps(torch.where(heat == 1, 20.0, -20.0), size.clone(), offset.clone())


def test_perfect_maps_cost_next_to_nothing() -> None:
    assert loss_of(perfect(targets()), targets()) == pytest.approx(0, abs=1e-6)


def test_each_part_adds_its_own_error() -> None:
    wanted, maps = targets(), perfect(targets())
    # Two sides each off by 0.1 everywhere, shared among the weights: 0.2, twice over; offsets once in half.
    assert loss_of(maps._replace(size=maps.size + 0.1), wanted) == pytest.approx(2.0 * 0.2, abs=1e-4)
    assert loss_of(maps._replace(offset=maps.offset - 0.1), wanted) == pytest.approx(0.5 * 0.2, abs=1e-4)


def test_sizes_away_from_centres_do_not_matter() -> None:
    wanted, maps = targets(), perfect(targets())
    away = (wanted[3] == 0).float()
    assert loss_of(maps._replace(size=maps.size + 5 * away), wanted) == pytest.approx(0, abs=1e-6)


def test_a_tile_without_cells_has_a_finite_loss_and_gradient() -> None:
    none = target_maps(np.empty((0, 4), np.float32), np.empty(0, np.uint8), tile_px=32)
    heat, size, offset, size_weight, offset_weight = (torch.from_numpy(each)[None] for each in none)
    logits = torch.zeros_like(heat, requires_grad=True)
    loss = detection_loss(
        Maps(logits, size, offset), heat, torch.ones_like(heat), size, offset, size_weight, offset_weight
    )
    loss.backward()
    assert math.isfinite(float(loss.detach()))
    assert logits.grad is not None
    assert (logits.grad > 0).all()
