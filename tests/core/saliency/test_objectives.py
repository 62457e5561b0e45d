"""Every objective on maps worked out by hand, its gradients, and the images that cannot guide."""

import math
from collections.abc import Mapping

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from core.saliency.localisation import energy, magtr
from core.saliency.objectives import (
    CROSS_ENTROPY,
    LEAST_MAGTR,
    OBJECTIVES,
    TERMS,
    Objective,
    ObjectiveError,
    guidance,
)

# c = 1, .5 / .25, 0 with the maximum 8; the region is the right column.
MAP = torch.tensor([[[8.0, 4.0], [2.0, 0.0]]])
RIGHT = torch.tensor([[[0.0, 1.0], [0.0, 1.0]]])
NOTHING, ALL = torch.zeros(1, 2, 2), torch.ones(1, 2, 2)
CE = torch.tensor([2.0])

HAND: Mapping[str, float] = {
    "hagtr": 1 - 0.5,
    "magtr": 1 - (0.5 + 0) / 2,
    "mangtr": (1 + 0.25) / 2,
    "energy": 1 - 4 / 14,
    "dice": 1 - 2 * 0.5 / ((1 + 0.25 + 0.0625) + 2),
    "l1": (1 + 0.5 + 0.25 + 1) / 4,
}


@pytest.mark.parametrize("name", TERMS)
def test_a_term_by_hand(name: str) -> None:
    assert TERMS[name](MAP, RIGHT).tolist() == pytest.approx([HAND[name]])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cross-entropy", 2.0),
        ("product-hagtr", 2 * 0.5),
        ("product-magtr", 2 * 0.75),
        ("quotient-magtr", 2 / 0.25),
        ("sum-magtr", 0.5 * 2 + 0.5 * 0.75),
        ("sum-magtr-mangtr", 0.33 * 2 + 0.33 * 0.75 + 0.34 * 0.625),
        ("learned-magtr", 2 + 0.75),  # every log variance begins at 0
        ("learned-magtr-mangtr", 2 + 0.75 + 0.625),
        ("energy", 2 + 0.5 * HAND["energy"]),
        ("dice", 2 + 0.5 * HAND["dice"]),
        ("l1", 2 + 0.5 * HAND["l1"]),
        ("energy-dice", 2 + 0.5 * HAND["energy"] + 0.5 * HAND["dice"]),
        ("energy-l1", 2 + 0.5 * HAND["energy"] + 0.5 * HAND["l1"]),
        ("energy-dice-l1", 2 + 0.5 * (HAND["energy"] + HAND["dice"] + HAND["l1"])),
        ("energy-dice-absence", 2 + 0.5 * HAND["energy"] + 0.5 * HAND["dice"]),  # the map is there
    ],
)
def test_an_objective_by_hand(name: str, expected: float) -> None:
    assert Objective(name)(CE, MAP, RIGHT).tolist() == pytest.approx([expected])


def test_the_report_s_weights_are_given_by_name_and_the_others_stay() -> None:
    report = Objective("sum-magtr-mangtr", {"cross_entropy": 0.05, "magtr": 0.05, "mangtr": 0.9})
    assert report(CE, MAP, RIGHT).item() == pytest.approx(0.05 * 2 + 0.05 * 0.75 + 0.9 * 0.625)
    one = Objective("energy-dice", {"dice": 0})
    assert one(CE, MAP, RIGHT).item() == pytest.approx(2 + 0.5 * HAND["energy"])


def test_learned_weights_are_parameters_that_settle_at_half_over_the_term() -> None:
    objective = Objective("learned-magtr-mangtr")
    assert {name for name, _ in objective.named_parameters()} == {
        f"log_variances.{name}" for name in (CROSS_ENTROPY, "magtr", "mangtr")
    }
    optimiser = torch.optim.SGD(objective.parameters(), lr=0.5)
    for _ in range(300):
        optimiser.zero_grad()
        objective(CE, MAP, RIGHT).mean().backward()
        optimiser.step()
    # d/ds (exp(-s) t + s / 2) = 0 at exp(-s) = 1 / (2 t).
    weights = {name: math.exp(-s.item()) for name, s in objective.log_variances.items()}
    assert weights == pytest.approx({CROSS_ENTROPY: 1 / 4, "magtr": 1 / 1.5, "mangtr": 1 / 1.25}, rel=1e-3)


def test_other_objectives_have_no_parameters() -> None:
    learned = {name for name in OBJECTIVES if list(Objective(name).parameters())}
    assert learned == {"learned-magtr", "learned-magtr-mangtr"}


@pytest.mark.parametrize(
    ("name", "weights", "message"),
    [
        ("enrgy", {}, "no objective 'enrgy'"),
        ("energy", {"dice": 1.0}, "no weight 'dice'; it has cross_entropy, energy"),
        ("product-magtr", {"magtr": 1.0}, "no weight 'magtr'; it has no weights"),
        ("energy", {"energy": -1.0}, "weight energy is -1.0; give 0 or more"),
        ("energy", {"energy": math.nan}, "weight energy is nan"),
    ],
)
def test_what_an_objective_does_not_have_is_refused(
    name: str, weights: dict[str, float], message: str
) -> None:
    with pytest.raises(ObjectiveError, match=message):
        Objective(name, weights)


def test_products_and_quotients_are_taken_per_image_and_then_averaged() -> None:
    maps, regions = torch.cat([MAP, MAP]), torch.cat([RIGHT, 1 - RIGHT])
    entropies = torch.tensor([4.0, 1.0])
    per_image = Objective("product-magtr")(entropies, maps, regions)
    assert per_image.tolist() == pytest.approx([4 * (1 - 0.25), 1 * (1 - 0.625)])
    of_batch = entropies.mean() * (1 - magtr(maps, regions)).mean()
    assert per_image.mean().item() != pytest.approx(of_batch.item())
    quotients = Objective("quotient-magtr")(entropies, maps, regions)
    assert quotients.mean().item() == pytest.approx((4 / 0.25 + 1 / 0.625) / 2)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_an_image_does_not_depend_on_the_others_of_its_batch(name: str) -> None:
    maps, regions, entropies = drawn(5)
    objective = Objective(name)
    together = objective(entropies, maps, regions)
    apart = zip(entropies.split(1), maps.split(1), regions.split(1), strict=True)
    alone = torch.cat([objective(*image) for image in apart])
    torch.testing.assert_close(together, alone)


def test_the_quotient_stays_finite_and_smooth_where_the_map_lies_outside() -> None:
    # Next to nothing instead of nothing, which is rectified and passes no gradient on.
    outside = torch.tensor([[[8.0, 1e-6], [2.0, 1e-6]]], requires_grad=True)
    value = Objective("quotient-magtr")(CE, outside, RIGHT)
    assert value.item() == pytest.approx(2 * CE.item() / LEAST_MAGTR, rel=1e-4)
    value.sum().backward()
    assert outside.grad is not None
    # Slope -CE / f^2 in MAGTR, which a cell of the region raises by 1 / (2 max).
    assert outside.grad[0, :, 1].tolist() == pytest.approx([-2 / LEAST_MAGTR**2 / 16] * 2)
    near = [magtr_map(LEAST_MAGTR + step) for step in (-1e-4, 0, 1e-4)]
    below, at, above = (Objective("quotient-magtr")(CE, one, RIGHT).item() for one in near)
    assert at == pytest.approx(2 / LEAST_MAGTR, rel=1e-5)
    assert below - at == pytest.approx(at - above, rel=1e-2)


def magtr_map(value: float) -> Tensor:
    """A map whose MAGTR in the right column is the value."""
    return torch.tensor([[[1.0, value], [0.0, value]]], dtype=torch.float64)


UNGUIDED = {
    "no region": (MAP, NOTHING),
    "all region": (MAP, ALL),
    "empty map": (torch.zeros(1, 2, 2), RIGHT),
}


def test_the_reasons_not_to_guide_are_told_apart() -> None:
    large = torch.ones(1, 4, 5)
    large[0, 0, 0] = 0  # 95 %
    just = torch.ones(1, 4, 5)
    just[0, 0, :2] = 0  # 90 %
    maps, shares = (torch.cat(parts) for parts in zip(*UNGUIDED.values(), strict=True))
    told = guidance(maps, shares)
    assert told.without_region.tolist() == [True, False, False]
    assert told.region_too_large.tolist() == [False, True, False]
    assert told.empty_map.tolist() == [False, False, True]
    assert told.guided.tolist() == [False] * 3
    assert guidance(large, large).region_too_large.item()
    assert guidance(just, just).guided.item()
    assert guidance(MAP, RIGHT).guided.item()


OUT = torch.tensor([[[-8.0, -4.0], [-2.0, 0.0]]])
"""What a map is before it is rectified, where nothing is left of it."""


def test_absence_by_hand_pulls_up_what_is_in_the_region() -> None:
    sums = OUT.clone().requires_grad_()
    value = Objective("energy-dice-absence", {"absence": 3})(CE, sums, RIGHT)
    assert value.item() == pytest.approx(2 + 3 * (1 + 2 / 8))  # the mean in the region is -2, the largest 8
    value.sum().backward()
    assert sums.grad is not None
    assert sums.grad.tolist() == [[[0, pytest.approx(-3 / 16)], [0, pytest.approx(-3 / 16)]]]


def test_a_map_that_is_out_stays_out_without_absence_and_comes_back_with_it() -> None:
    def after(name: str, steps: int = 100) -> Tensor:
        sums = OUT.clone().requires_grad_()
        for _ in range(steps):
            (objective,) = Objective(name)(CE.clone().requires_grad_(), sums, RIGHT)
            (slope,) = torch.autograd.grad(objective, sums, allow_unused=True, materialize_grads=True)
            sums = (sums - slope).detach().requires_grad_()
        return sums.relu()

    assert not after("energy-dice").any()
    assert energy(after("energy-dice-absence"), RIGHT).item() == pytest.approx(1)


def test_absence_is_of_images_with_a_region_to_look_at() -> None:
    sums = OUT.expand(2, 2, 2).clone().requires_grad_()
    value = Objective("energy-dice-absence")(CE.expand(2), sums, torch.cat([NOTHING, ALL]))
    assert value.tolist() == CE.tolist() * 2
    value.sum().backward()
    assert sums.grad is not None
    assert not sums.grad.any()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (name, why)
        for name in OBJECTIVES
        for why in UNGUIDED
        if (name, why) != ("energy-dice-absence", "empty map")
    ],
)
def test_an_image_that_cannot_guide_counts_with_its_cross_entropy_alone(name: str, why: str) -> None:
    maps, shares = UNGUIDED[why]
    maps, entropy = maps.clone().requires_grad_(), CE.clone().requires_grad_()
    value = Objective(name)(entropy, maps, shares)
    weight = OBJECTIVES[name].weights.get(CROSS_ENTROPY, 1)
    assert value.item() == pytest.approx(weight * CE.item())
    (value.sum() + 0 * maps.sum()).backward()
    assert entropy.grad is not None
    assert entropy.grad.item() == pytest.approx(weight)
    assert maps.grad is not None
    assert bool((maps.grad == 0).all())


@pytest.mark.parametrize("name", OBJECTIVES)
def test_images_that_cannot_guide_leave_the_others_as_they_are(name: str) -> None:
    maps, shares = (
        torch.cat([*parts, extra])
        for parts, extra in zip(zip(*UNGUIDED.values(), strict=True), (MAP, RIGHT), strict=True)
    )
    value = Objective(name)(CE.expand(4), maps, shares)
    assert value[3].item() == pytest.approx(Objective(name)(CE, MAP, RIGHT).item())
    objective = Objective(name)
    objective(CE.expand(4).clone().requires_grad_(), maps, shares).mean().backward()
    assert all(s.grad is not None and bool(s.grad.isfinite()) for s in objective.parameters())


def drawn(count: int, seed: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    """Maps, shares and cross-entropies in float64, none of them at a kink."""
    generator = torch.Generator().manual_seed(seed)
    maps, shares = torch.rand(2, count, 4, 5, dtype=torch.float64, generator=generator).add(0.01)
    return maps, shares.clamp(max=1), torch.rand(count, dtype=torch.float64, generator=generator) + 0.1


@pytest.mark.parametrize("name", OBJECTIVES)
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    maps, shares, entropies = drawn(3)
    objective = Objective(name).double()
    assert torch.autograd.gradcheck(
        lambda entropies, maps, *_: objective(entropies, maps, shares),
        (entropies.requires_grad_(), maps.requires_grad_(), *objective.parameters()),
    )


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100))
def test_a_lifted_map_raises_magtr_wherever_the_region_is_and_lowers_an_energy_above_chance(
    seed: int, offset: float
) -> None:
    maps, shares, _ = drawn(8, seed)
    lifted = maps + offset
    assert bool((TERMS["magtr"](lifted, shares) <= TERMS["magtr"](maps, shares) + 1e-12).all())
    change = energy(lifted, shares) - energy(maps, shares)
    # E moves towards the area, which is its value for a flat map.
    above_chance = energy(maps, shares) - shares.mean(dim=(1, 2))
    assert bool((change * above_chance <= 0).all())


def test_a_flat_map_is_the_best_there_is_for_magtr_and_not_for_energy_and_dice() -> None:
    assert TERMS["magtr"](ALL, RIGHT).item() == 0
    assert TERMS["energy"](ALL, RIGHT).item() == 0.5
    assert TERMS["dice"](ALL, RIGHT).item() == pytest.approx(1 - 2 * 2 / (4 + 2))
    assert TERMS["energy"](RIGHT, RIGHT).item() == 0
    assert TERMS["dice"](RIGHT, RIGHT).item() == 0


@given(st.integers(0, 2**32 - 1))
def test_dice_and_l1_are_zero_for_the_pooled_region_itself_and_else_above(seed: int) -> None:
    maps, shares, _ = drawn(4, seed)
    shares = shares / shares.amax(dim=(1, 2), keepdim=True)
    for name in ("dice", "l1"):
        assert TERMS[name](3 * shares, shares).tolist() == pytest.approx([0] * 4, abs=1e-9)
        assert bool((TERMS[name](maps, shares) > 0).all())


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100))
def test_terms_are_between_0_and_1_and_ignore_the_map_s_scale(seed: int, scale: float) -> None:
    maps, shares, _ = drawn(4, seed)
    for term in TERMS.values():
        value = term(maps, shares)
        assert bool(((value >= 0) & (value <= 1)).all())
        torch.testing.assert_close(term(scale * maps, shares), value)
