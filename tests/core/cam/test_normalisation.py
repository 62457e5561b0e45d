"""Maps brought to [0, 1]."""

from collections.abc import Callable
from typing import Literal

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from core.cam import CamError, normalised
from core.cam.normalisation import minmax

MAPS = torch.tensor([[[1.0, 2.0], [3.0, 5.0]], [[4.0, 4.0], [4.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]])


def test_by_its_maximum_a_map_keeps_its_zero() -> None:
    assert normalised(MAPS).tolist() == [
        [[pytest.approx(0.2), pytest.approx(0.4)], [pytest.approx(0.6), 1]],
        [[1, 1], [1, 1]],
        [[0, 0], [0, 0]],
    ]


def test_by_minmax_its_minimum_goes_to_zero_and_a_constant_map_too() -> None:
    assert normalised(MAPS, "minmax").tolist() == [[[0, 0.25], [0.5, 1]], [[0, 0], [0, 0]], [[0, 0], [0, 0]]]


@given(st.lists(st.floats(0, 1e6, width=32), min_size=4, max_size=4), st.sampled_from(["max", "minmax"]))
def test_every_map_ends_in_0_to_1(cells: list[float], how: Literal["max", "minmax"]) -> None:
    made = normalised(torch.tensor(cells).view(1, 2, 2), how)
    assert bool(((made >= 0) & (made <= 1)).all())


@pytest.mark.parametrize("how", [normalised, minmax])
def test_a_map_without_extent_has_a_gradient_that_is_a_number(how: Callable[[Tensor], Tensor]) -> None:
    maps = torch.zeros(1, 2, 2, requires_grad=True)
    how(maps).sum().backward()
    assert maps.grad is not None
    assert bool(maps.grad.isfinite().all())


def test_another_way_to_normalise_is_an_error() -> None:
    with pytest.raises(CamError, match="'softmax'"):
        normalised(MAPS, "softmax")  # type: ignore[arg-type]
