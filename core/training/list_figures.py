"""What a list of ranked objects is worth on fields whose parasites are marked, as plain numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.training.figures import area_under_curve

DRAWS = 100
"""Slides drawn by dilution."""


@dataclass(frozen=True, eq=False)
class RankedTruth:
    """The objects of annotated fields as a list ranks them.

    Attributes
    ----------
    rank_value
        (N,) float64: what the list is sorted by, highest first.
    infected
        (N,) bool; objects of which nobody knows are left out.
    marked
        Parasites marked on the fields, located or not.
    """

    rank_value: NDArray[np.float64]
    infected: NDArray[np.bool_]
    marked: int

    def __post_init__(self) -> None:
        if self.marked < self.infected.sum():
            raise ValueError(f"{self.infected.sum()} infected objects of {self.marked} marked parasites")

    @cached_property
    def healthy(self) -> int:
        """Number of healthy objects."""
        return int((~self.infected).sum())

    @cached_property
    def healthy_above(self) -> NDArray[np.int64]:
        """(P,) how many healthy objects stand at or above each located parasite, fewest first."""
        healthy = np.sort(self.rank_value[~self.infected])
        return np.sort(len(healthy) - np.searchsorted(healthy, self.rank_value[self.infected], side="left"))

    def found(self, rate: float) -> int:
        """Parasites that a reader has seen who has read down to this share of the healthy objects."""
        return int(np.searchsorted(self.healthy_above / self.healthy, rate, side="right"))

    def share(self, rate: float) -> float:
        """`found` over all marked parasites; NaN where none is marked."""
        return self.found(rate) / self.marked if self.marked else float("nan")

    def curve(self) -> tuple[list[float], list[int]]:
        """The rates at which a reader comes to further parasites, and how many he has then seen."""
        healthy, parasites = np.unique(self.healthy_above, return_counts=True)
        return (healthy / self.healthy).tolist(), np.cumsum(parasites).tolist()

    def area_under_curve(self) -> float:
        """Chance that a located parasite stands above a healthy object, ties counting half."""
        return area_under_curve(self.infected, self.rank_value)


def shown_undiluted(slides: Sequence[RankedTruth], budget: int, most: int) -> tuple[int, int]:
    """Parasites among the first `budget` objects of each slide of up to `most`, and how many it has."""
    shown = marked = 0
    for slide in slides:
        if 0 < slide.marked <= most:
            first = np.argsort(-slide.rank_value, kind="stable")[:budget]
            shown += int(slide.infected[first].sum())
            marked += slide.marked
    return shown, marked


def shown_diluted(
    fields: Sequence[RankedTruth],
    healthy: NDArray[np.float64],
    *,
    most: int,
    objects: int,
    budgets: Sequence[int],
    seed: int,
) -> dict[int, float]:
    """Share of the marked parasites among the first objects of slides of few parasites.

    Each slide holds the parasites of fields drawn at random, up to `most`, and healthy objects of the same
    microscope, drawn with replacement, up to `objects` in all. The share is of all parasites of `DRAWS`
    slides.
    """
    random = np.random.default_rng(seed)
    with_parasites = [field for field in fields if 0 < field.marked <= most]
    shown, marked = dict.fromkeys(budgets, 0), 0
    for _ in range(DRAWS):
        found: list[NDArray[np.float64]] = []
        here = 0
        for index in random.permutation(len(with_parasites)):
            field = with_parasites[int(index)]
            if here + field.marked > most:
                break
            here += field.marked
            found.append(field.rank_value[field.infected])
        values = np.concatenate(found)
        drawn = random.choice(healthy, objects - len(values))
        above = (drawn[None] >= values[:, None]).sum(axis=1)
        place = np.sort(above) + np.arange(len(values))
        for budget in budgets:
            shown[budget] += int((place < budget).sum())
        marked += here
    return {budget: count / marked for budget, count in shown.items()}
