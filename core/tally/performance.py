"""What validation says: how many parasites stand how far up a list, and what review lets through."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

from core.tally.arguments import check_at_most, check_count, check_positive, check_share


@dataclass(frozen=True)
class Recall:
    """Parasites of a validation set that were found and missed; at least one was there."""

    found: int
    missed: int

    def __post_init__(self) -> None:
        check_count("found", self.found)
        check_count("missed", self.missed)
        check_positive("found + missed", self.found + self.missed)

    @property
    def value(self) -> float:
        """Share found, in [0, 1]."""
        return self.found / (self.found + self.missed)


@dataclass(frozen=True)
class RankCurve:
    """How many of all marked parasites of a source left out a reader sees who reads its list down.

    Attributes
    ----------
    rates
        Rising, in [0, 1]: healthy objects that stand above a score, over all healthy objects.
    found
        Parasites that stand above the same scores; not falling.
    parasites
        All that are marked: not located, not looked at and ranked below all count as missed.
    """

    rates: tuple[float, ...]
    found: tuple[int, ...]
    parasites: int

    def __post_init__(self) -> None:
        check_count("parasites", self.parasites)
        check_positive("parasites", self.parasites)
        if not len(self.rates) == len(self.found) > 0:
            raise ValueError(
                f"rates and found must be equally long and not empty; they have {len(self.rates)} and "
                f"{len(self.found)} values"
            )
        for rate in self.rates:
            check_share("rates", rate)
        for number in self.found:
            check_count("found", number)
        for lower, higher in pairwise(self.rates):
            if not lower < higher:
                raise ValueError(f"rates must rise; {higher!r} follows {lower!r}")
        for fewer, more in pairwise(self.found):
            check_at_most("found", fewer, "the next of found", more)
        check_at_most("found", self.found[-1], "parasites", self.parasites)

    def at(self, rate: float) -> tuple[int, int]:
        """Parasites found and missed at the highest tabulated rate not above `rate`.

        Between two rates the lower one's, so that nothing is flattered; below the first none is found.
        """
        index = bisect_right(self.rates, rate)
        found = self.found[index - 1] if index else 0
        return found, self.parasites - found


@dataclass(frozen=True)
class FalseAccepts:
    """Healthy cells that review accepted as infected, as a laboratory has measured it.

    Attributes
    ----------
    count
        Healthy cells accepted.
    healthy_cells
        Healthy cells examined, at least 1.
    """

    count: int
    healthy_cells: int

    def __post_init__(self) -> None:
        check_count("count", self.count)
        check_count("healthy_cells", self.healthy_cells)
        check_positive("healthy_cells", self.healthy_cells)
        check_at_most("count", self.count, "healthy_cells", self.healthy_cells)

    @property
    def rate(self) -> float:
        """False accepts per healthy cell, in [0, 1]."""
        return self.count / self.healthy_cells


@dataclass(frozen=True)
class Performance:
    """What validation says of the list that a model makes of a slide.

    Attributes
    ----------
    model, validation_set
        Names, printed with every verdict.
    curve
        What reading down the list is worth.
    dispersion
        How much more than Poisson the counts of fields vary on positive slides (`dispersion`), as
        the model's card has it; None where it was never measured.
    """

    model: str
    validation_set: str
    curve: RankCurve
    dispersion: float | None = None

    def __post_init__(self) -> None:
        if self.dispersion is not None:
            check_positive("dispersion", self.dispersion)

    def recall(self, rank: int, looked_at: int) -> Recall:
        """What reading the first `rank` of a list of `looked_at` objects finds, nearly all being healthy.

        It stands for the whole way of a parasite: located, looked at, ranked. An empty list counts as read
        whole.
        """
        return Recall(*self.curve.at(rank / looked_at if looked_at else 1.0))
