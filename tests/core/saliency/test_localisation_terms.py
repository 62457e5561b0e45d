"""HAGTR, MAGTR and MANGTR on maps worked out by hand."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from core.saliency.localisation import hagtr, magtr, mangtr

Term = Callable[[Tensor, Tensor], Tensor]

# c = 1, .5 / .25, 0 with the maximum 8.
MAP = torch.tensor([[[8.0, 4.0], [2.0, 0.0]]])
RIGHT = torch.tensor([[[False, True], [False, True]]])
EMPTY, FULL = torch.zeros(1, 2, 2, dtype=torch.bool), torch.ones(1, 2, 2, dtype=torch.bool)


def test_the_terms_of_a_region_by_hand() -> None:
    assert hagtr(MAP, RIGHT).item() == 0.5
    assert magtr(MAP, RIGHT).item() == pytest.approx((0.5 + 0) / 2)
    assert mangtr(MAP, RIGHT).item() == pytest.approx((1 + 0.25) / 2)


def test_the_terms_of_a_pooled_region_weigh_each_cell_by_its_share() -> None:
    shares = torch.tensor([[[0.25, 0.5], [0.75, 0.0]]])
    # At least half in G: the cells of .5 and .25; the highest map value has only a quarter.
    assert hagtr(MAP, shares).item() == 0.5
    assert magtr(MAP, shares).item() == pytest.approx((0.25 * 1 + 0.5 * 0.5 + 0.75 * 0.25) / 1.5)
    assert mangtr(MAP, shares).item() == pytest.approx((0.75 * 1 + 0.5 * 0.5 + 0.25 * 0.25) / 2.5)


def test_of_a_small_object_the_cell_with_the_largest_share_is_looked_at() -> None:
    assert hagtr(MAP, torch.tensor([[[0.1, 0.0], [0.3, 0.0]]])).item() == 0.25


def test_each_image_of_a_batch_has_its_own_maximum_and_region() -> None:
    maps, regions = torch.cat([MAP, 3 * MAP]), torch.cat([RIGHT, ~RIGHT])
    assert magtr(maps, regions).tolist() == pytest.approx([0.25, 0.625])


@pytest.mark.parametrize(
    ("term", "of_empty", "of_full"),
    [(hagtr, None, 1.0), (magtr, None, 1.75 / 4), (mangtr, 1.75 / 4, None)],
)
def test_a_mean_over_nothing_is_not_a_number_with_a_gradient_of_zero(
    term: Term, of_empty: float | None, of_full: float | None
) -> None:
    for region, expected in ((EMPTY, of_empty), (FULL, of_full)):
        maps = MAP.clone().requires_grad_()
        value = term(maps, region)
        if expected is not None:
            assert value.item() == pytest.approx(expected)
            continue
        assert value.isnan().all()
        torch.cat([value, maps.sum()[None]]).nanmean().backward()
        assert maps.grad is not None
        assert bool((maps.grad == 1).all())


@pytest.mark.parametrize("term", [hagtr, magtr, mangtr])
def test_a_map_of_zeros_is_zero_inside_and_outside_and_its_gradient_is_finite(term: Term) -> None:
    maps = torch.zeros(1, 2, 2, requires_grad=True)
    value = term(maps, RIGHT)
    assert value.item() == 0
    value.sum().backward()
    assert maps.grad is not None
    assert bool(torch.isfinite(maps.grad).all())


@pytest.mark.parametrize("term", [hagtr, magtr, mangtr])
def test_gradients_are_those_of_finite_differences(term: Term) -> None:
    maps = torch.rand(3, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    regions = torch.rand(3, 4, 5, generator=torch.Generator().manual_seed(2)).double()
    assert torch.autograd.gradcheck(lambda maps: term(maps, regions), maps.requires_grad_())


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100))
def test_the_terms_ignore_scale_and_flips_and_share_out_the_mean(seed: int, scale: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    maps = torch.rand(2, 4, 5, generator=generator).double() + 0.01
    regions = torch.rand(2, 4, 5, generator=generator) < 0.5
    regions[:, 0, 0], regions[:, 0, 1] = True, False
    for term in (hagtr, magtr, mangtr):
        value = term(maps, regions)
        torch.testing.assert_close(term(scale * maps, regions), value)
        torch.testing.assert_close(term(maps.flip(2), regions.flip(2)), value)
        assert bool(((value >= 0) & (value <= 1)).all())
    torch.testing.assert_close(mangtr(maps, regions), magtr(maps, ~regions))
    area = regions.double().mean(dim=(1, 2))
    whole = area * magtr(maps, regions) + (1 - area) * mangtr(maps, regions)
    torch.testing.assert_close(whole, (maps / maps.amax((1, 2), keepdim=True)).mean(dim=(1, 2)))
    assert bool((hagtr(maps, regions) >= magtr(maps, regions) - 1e-12).all())


def test_magtr_rises_when_the_whole_map_is_lifted_which_is_its_weakness() -> None:
    lifted = [magtr(MAP + offset, RIGHT).item() for offset in (0, 1, 10, 1000)]
    assert lifted == sorted(lifted)
    assert lifted[-1] > 0.99
