"""What guided training lowers: the cross-entropy of an image together with where its activation map falls.

An objective is made of terms, which say how badly a map lies and are to be lowered, and of a combination of
them with the cross-entropy. Both are per image; a batch's objective is the mean over all its images, so that
a large batch and its parts give the same sums. To add a term, write one function and one line of `TERMS`; to
add an objective, one function (where no combination here fits) and one line of `OBJECTIVES`.

Not every image can guide. One without a region, one whose region is nearly all of it, and one whose map is
zero everywhere, which has no gradient, counts with its cross-entropy alone (`Guidance` says which and why).
So a map can get away from a term by going out; the term `absence` looks at what was rectified away, and
brings it back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import torch
from torch import Tensor, nn

from core.cam import normalised
from core.errors import SmearscopeError
from core.saliency.localisation import energy, hagtr, magtr, mangtr
from core.saliency.regions import shares_of

CROSS_ENTROPY = "cross_entropy"
ABSENCE = "absence"
"""The one term that is of the images whose map is zero everywhere."""
LARGEST_AREA = 0.9
"""A region over this share of the image says nothing of where to look."""

LEAST_MAGTR = 0.05
"""Below it, `1 / MAGTR` goes on as a straight line, so that a map that lies wholly outside stays finite."""


class ObjectiveError(SmearscopeError):
    """An objective that is not there, or weights that it does not have."""


@dataclass(frozen=True, eq=False)
class Guidance:
    """Which images of a batch guide, and why the others do not; all (N,) bool.

    Attributes
    ----------
    without_region, region_too_large, empty_map
        The area of the region is 0, or over `LARGEST_AREA`; the map is zero everywhere.
    """

    without_region: Tensor
    region_too_large: Tensor
    empty_map: Tensor

    @property
    def guided(self) -> Tensor:
        """None of the reasons holds."""
        return ~(self.without_region | self.region_too_large | self.empty_map)


@dataclass(frozen=True, eq=False)
class Parts:
    """What a combination works on.

    Attributes
    ----------
    cross_entropy
        (N,).
    terms
        (N,) each; 0 for an image that does not guide, and `ABSENCE` for one that does.
    guided
        (N,) bool.
    weights
        Weight of `CROSS_ENTROPY` and of each term; for learned weights the logarithm of each variance.
    """

    cross_entropy: Tensor
    terms: Mapping[str, Tensor]
    guided: Tensor
    weights: Mapping[str, float | Tensor]


@dataclass(frozen=True)
class Recipe:
    """An objective before it has parameters.

    Attributes
    ----------
    combine
        From the parts to (N,).
    terms
        Names in `TERMS`, of those it takes.
    weights
        Of a weighted sum, those that stand where no others are given; empty for objectives without.
    learned
        Whether the weights are parameters.
    """

    combine: Callable[[Parts], Tensor]
    terms: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    learned: bool = False


def guidance(maps: Tensor, shares: Tensor) -> Guidance:
    """Sort the images of (N, h, w) maps and shares of regions into those that guide and those that cannot.

    The maps may be as they are before they are rectified.
    """
    area = shares.mean(dim=(1, 2))
    return Guidance(
        without_region=area == 0,
        region_too_large=area > LARGEST_AREA,
        empty_map=(maps.detach() <= 0).flatten(1).all(dim=1),
    )


# Terms: (N, h, w) maps and shares to (N,) in [0, 1], lower for a map that lies better.


def missed_hagtr(maps: Tensor, shares: Tensor) -> Tensor:
    """`1 - HAGTR` (El Mhamdi El Alaoui 2023)."""
    return 1 - hagtr(maps, shares)


def missed_magtr(maps: Tensor, shares: Tensor) -> Tensor:
    """`1 - MAGTR` (El Mhamdi El Alaoui 2023); a map that is lifted everywhere lowers it too."""
    return 1 - magtr(maps, shares)


def missed_energy(maps: Tensor, shares: Tensor) -> Tensor:
    """`1 - E`, the share of the map's sum outside the region (Rao 2023; E of Wang 2020)."""
    return 1 - energy(maps, shares)


def missed_dice(maps: Tensor, shares: Tensor) -> Tensor:
    """One minus soft Dice, `1 - 2 sum c m / (sum c^2 + sum m^2)` (Milletari 2016).

    c = L / max L, m the shares. 0 exactly where c is m: it holds the extent of the map too.
    """
    scaled = normalised(maps, "max")
    shared = (scaled * shares).sum(dim=(1, 2))
    total = scaled.square().sum(dim=(1, 2)) + shares.square().sum(dim=(1, 2))
    return 1 - 2 * shared / torch.where(total > 0, total, 1)


def distance(maps: Tensor, shares: Tensor) -> Tensor:
    """Mean of `|c - m|` over the cells (L1 of Rao 2023), c = L / max L, m the shares."""
    return (normalised(maps, "max") - shares).abs().mean(dim=(1, 2))


def absence(sums: Tensor, shares: Tensor) -> Tensor:
    """`1 - mean of s in the region / max |s|`, s the map before it is rectified; for maps that are out.

    Between 1 and 2 for a map that is 0 or less everywhere. It falls as the sum rises where the object is,
    until the map is there again.
    """
    area = shares.sum(dim=(1, 2))
    inside = (sums * shares).sum(dim=(1, 2)) / torch.where(area > 0, area, 1)
    largest = sums.detach().abs().amax(dim=(1, 2))
    return 1 - inside / torch.where(largest > 0, largest, 1)


TERMS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = MappingProxyType(
    {
        "hagtr": missed_hagtr,
        "magtr": missed_magtr,
        "mangtr": mangtr,
        "energy": missed_energy,
        "dice": missed_dice,
        "l1": distance,
    }
)
"""What can be lowered beside the cross-entropy, by name."""


# Combinations: the parts to (N,). An image that does not guide counts with its cross-entropy alone.


def cross_entropy_alone(parts: Parts) -> Tensor:
    """CE: the control."""
    return parts.cross_entropy


def weighted_sum(parts: Parts) -> Tensor:
    """`k1 CE + k2 t + ...` over the terms t."""
    total = parts.weights[CROSS_ENTROPY] * parts.cross_entropy
    for name, term in parts.terms.items():
        total = total + parts.weights[name] * term
    return total


def product(parts: Parts) -> Tensor:
    """`CE t` of the one term t."""
    (term,) = parts.terms.values()
    return parts.cross_entropy * torch.where(parts.guided, term, 1)


def quotient(parts: Parts) -> Tensor:
    """`CE / (1 - t)` of the one term t, `CE / MAGTR` for `1 - MAGTR`.

    Below `LEAST_MAGTR` it follows the tangent, so that it is at most `2 CE / LEAST_MAGTR`.
    """
    (term,) = parts.terms.values()
    value = torch.where(parts.guided, 1 - term, 1)
    tangent = (2 - value / LEAST_MAGTR) / LEAST_MAGTR
    inverse = torch.where(value >= LEAST_MAGTR, 1 / value.clamp(min=LEAST_MAGTR), tangent)
    return parts.cross_entropy * inverse


def by_uncertainty(parts: Parts) -> Tensor:
    """`sum exp(-s) t + s / 2` over CE and the terms, each with a learned s = log variance (Kendall 2018).

    Its form for a classification, taken for the other terms too: another factor before one of them is but
    another s. Weights can only balance what is there; a term that is 0 anyway gets any weight.
    """
    variance = parts.weights[CROSS_ENTROPY]
    total = torch.exp(-torch.as_tensor(variance)) * parts.cross_entropy + variance / 2
    for name, term in parts.terms.items():
        variance = parts.weights[name]
        total = total + torch.exp(-torch.as_tensor(variance)) * term + parts.guided * variance / 2
    return total


def _sum(**weights: float) -> Recipe:
    terms = tuple(name for name in weights if name != CROSS_ENTROPY)
    return Recipe(weighted_sum, terms, MappingProxyType(weights))


OBJECTIVES: Mapping[str, Recipe] = MappingProxyType(
    {
        "cross-entropy": Recipe(cross_entropy_alone),
        "product-hagtr": Recipe(product, ("hagtr",)),
        "product-magtr": Recipe(product, ("magtr",)),
        "quotient-magtr": Recipe(quotient, ("magtr",)),
        "sum-magtr": _sum(cross_entropy=0.5, magtr=0.5),
        "sum-magtr-mangtr": _sum(cross_entropy=0.33, magtr=0.33, mangtr=0.34),
        "learned-magtr": Recipe(by_uncertainty, ("magtr",), learned=True),
        "learned-magtr-mangtr": Recipe(by_uncertainty, ("magtr", "mangtr"), learned=True),
        "energy": _sum(cross_entropy=1, energy=0.5),
        "dice": _sum(cross_entropy=1, dice=0.5),
        "l1": _sum(cross_entropy=1, l1=0.5),
        "energy-dice": _sum(cross_entropy=1, energy=0.5, dice=0.5),
        "energy-l1": _sum(cross_entropy=1, energy=0.5, l1=0.5),
        "energy-dice-l1": _sum(cross_entropy=1, energy=0.5, dice=0.5, l1=0.5),
        "energy-dice-absence": _sum(cross_entropy=1, energy=0.5, dice=0.5, absence=1),
    }
)
"""The objectives by name: the report's (El Mhamdi El Alaoui 2023), then those that move the map."""


class Objective(nn.Module):
    """An objective ready to train with; its learned weights, where it has some, are its parameters.

    Parameters
    ----------
    name
        A name in `OBJECTIVES`.
    weights
        Instead of those of the recipe, by name; those not named stay. Not below 0.

    Raises
    ------
    ObjectiveError
        Naming the objective or the weight that is not there.
    """

    def __init__(self, name: str, weights: Mapping[str, float] | None = None) -> None:
        super().__init__()
        if name not in OBJECTIVES:
            raise ObjectiveError(f"no objective {name!r}; choose one of {', '.join(OBJECTIVES)}")
        self.name = name
        self.recipe = OBJECTIVES[name]
        for key, weight in (weights or {}).items():
            if key not in self.recipe.weights:
                known = ", ".join(self.recipe.weights) or "no weights"
                raise ObjectiveError(f"objective {name}: no weight {key!r}; it has {known}")
            if not 0 <= weight < float("inf"):
                raise ObjectiveError(f"objective {name}: weight {key} is {weight}; give 0 or more")
        self.weights = {**self.recipe.weights, **(weights or {})}
        self.log_variances = nn.ParameterDict(
            {key: nn.Parameter(torch.zeros(())) for key in (CROSS_ENTROPY, *self.recipe.terms)}
            if self.recipe.learned
            else {}
        )

    @property
    def takes_maps(self) -> bool:
        """Whether anything but the cross-entropy is in it."""
        return bool(self.recipe.terms)

    def forward(self, cross_entropy: Tensor, maps: Tensor, shares: Tensor) -> Tensor:
        """(N,) objectives; their mean is what a batch lowers.

        Parameters
        ----------
        cross_entropy
            (N,).
        maps
            (N, h, w) of the class that each image should be guided for, before they are rectified; rectified
            ones are taken as they are, and `absence` then has nothing to go by.
        shares
            (N, h, w) shares of the regions in the maps' cells (`core.saliency.regions.area_pooled`).

        Raises
        ------
        core.saliency.regions.MeasureError
            For maps or regions of other shapes or values.
        """
        sums, maps = maps, maps.relu()
        shares = shares_of(maps, shares)
        told = guidance(maps, shares)
        # A term is NaN where nothing guides, and its product with 0 would be too: it is left out by choice.
        terms = {
            name: torch.where(told.guided, TERMS[name](maps, shares), 0)
            for name in self.recipe.terms
            if name != ABSENCE
        }
        if ABSENCE in self.recipe.terms:
            out = told.empty_map & ~(told.without_region | told.region_too_large)
            terms[ABSENCE] = torch.where(out, absence(sums, shares), 0)
        weights = dict(self.log_variances.items()) if self.recipe.learned else self.weights
        return self.recipe.combine(Parts(cross_entropy, terms, told.guided, weights))
