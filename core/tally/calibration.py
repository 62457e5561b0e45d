"""What a model's lists are worth in one laboratory, from its own slides: known negatives, known parasites."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.tally.arguments import check_at_most, check_positive
from core.tally.bounds import rate_upper_limit
from core.tally.performance import RankCurve

FEWEST_NEGATIVES, FEWEST_POSITIVES, FEWEST_PARASITES = 5, 3, 30
"""Slides, slides and parasites below which a laboratory's own curve says less than the model's."""
FIRST = 100
"""How far down the lists the slides are compared."""
SHARES_FOUND = (0.5, 0.8, 0.9, 0.95)
"""Shares of the parasites at whose scores false calls are counted."""
_COMPARED_AT = (1 / 1000, 1 / 300, 1 / 100)
"""Rates at which the positive slides are compared with each other."""
_RATES = tuple(float(f"{rate:.3g}") for rate in np.geomspace(1e-6, 1, 121))


@dataclass(frozen=True, eq=False)
class NegativeSlide:
    """A slide that is known to hold no parasite.

    Attributes
    ----------
    rank_value
        (N,) of all its looked-at objects, in any order: what its list is sorted by.
    """

    name: str
    rank_value: NDArray[np.float64]

    def __post_init__(self) -> None:
        check_positive(f"objects of {self.name}", len(self.rank_value))


@dataclass(frozen=True, eq=False)
class PositiveSlide:
    """A slide of which the parasites are known, on all of it or on some fields.

    Attributes
    ----------
    rank_value
        (P,) of the parasites that stand in its list, in any order.
    parasites
        All that are known: what was not located or not looked at is among them.
    """

    name: str
    rank_value: NDArray[np.float64]
    parasites: int

    def __post_init__(self) -> None:
        check_positive(f"parasites of {self.name}", self.parasites)
        check_at_most(f"parasites in the list of {self.name}", len(self.rank_value), "all", self.parasites)


@dataclass(frozen=True)
class FalseCalls:
    """Healthy objects of the negative slides that score as high as a share of the parasites.

    Attributes
    ----------
    share_found
        Of all known parasites, in (0, 1]: those that score as high or higher.
    count, objects
        Healthy objects that do, and all there are.
    upper_limit
        One-sided 95 % limit of count / objects, as if all slides were alike.
    most_on_a_slide
        Largest rate of any slide.
    """

    share_found: float
    count: int
    objects: int
    upper_limit: float
    most_on_a_slide: float


@dataclass(frozen=True)
class FoundInFirst:
    """Shares of the parasites that the first `FIRST` of a list would show, each put into it alone.

    Attributes
    ----------
    lowest, middle, highest
        In the list of the negative slide where fewest are shown, of the middle one, and where most are.
    of_worst_positive
        In that of the middle one, of the parasites of the positive slide that fares worst.
    """

    lowest: float
    middle: float
    highest: float
    of_worst_positive: float


@dataclass(frozen=True)
class LaboratoryFigures:
    """What a laboratory's slides say of a model.

    Attributes
    ----------
    laboratory
        Its name, as it gives it.
    negatives, objects
        Slides without parasites, and the objects in their lists.
    positives, parasites
        Slides with known parasites, and these.
    slides_held
        Share of the laboratory's slides for which the lowest and highest of these negatives hold, with 95 %
        confidence (`slides_held`).
    dispersion
        How much more than by chance positive slides differ (`dispersion_between_slides`).
    in_first
        What the first `FIRST` of a list would show; None without parasites.
    false_calls
        At the scores that `SHARES_FOUND` of the parasites reach; fewer where the lists do not hold so many.
    """

    laboratory: str
    negatives: int
    objects: int
    positives: int
    parasites: int
    slides_held: float
    dispersion: float = 1.0
    in_first: FoundInFirst | None = None
    false_calls: tuple[FalseCalls, ...] = ()


def slides_held(slides: int, *, confidence: float = 0.95) -> float:
    """Share of all slides of which an extreme of so many holds: (1 - C)^(1/n) (Wilks 1941).

    Of 59 slides drawn at random the lowest is a lower limit for 95 % of all, with 95 % confidence.
    """
    check_positive("slides", slides)
    return float((1 - confidence) ** (1 / slides))


def curve_of_laboratory(
    negatives: Sequence[NegativeSlide], positives: Sequence[PositiveSlide]
) -> RankCurve | None:
    """What reading down a list of this laboratory finds, the mean over its negative slides, rounded down.

    Each parasite is put into the list of each negative slide in turn: it is found at a rate if no larger
    share of the slide's objects, and one more, stands at or above it. So the curve holds how negative slides
    differ, and every one has the same weight however many cells it has. Parasites of one slide are alike, so
    that many of few slides say less than as many of many: all counts are divided by
    `dispersion_between_slides`.

    Returns
    -------
    None where there are too few slides or parasites for a curve (`FEWEST_NEGATIVES` and the others).
    """
    if len(negatives) < FEWEST_NEGATIVES or len(positives) < FEWEST_POSITIVES:
        return None
    values, parasites = _joined(positives)
    if parasites < FEWEST_PARASITES:
        return None
    found = np.mean([_found(_share_above_at_most(slide, values), _RATES) for slide in negatives], axis=0)
    spread = dispersion_between_slides(negatives, positives)
    whole = np.floor(found / spread + 1e-9).astype(int)
    kept = np.flatnonzero(np.diff(whole, prepend=-1) > 0)
    return RankCurve(
        tuple(_RATES[at] for at in kept), tuple(whole[kept].tolist()), math.ceil(parasites / spread)
    )


def dispersion_between_slides(
    negatives: Sequence[NegativeSlide], positives: Sequence[PositiveSlide]
) -> float:
    """How much more the shares found differ between positive slides than by chance, 1 at least.

    Pearson's chi-squared over its degrees of freedom, (x_i - n_i p)^2 / (n_i p (1 - p)) / (k - 1), the
    largest of those at three rates; x_i is the mean over the negative slides.
    """
    if len(positives) < 2:
        return 1.0
    of_slide = np.array([slide.parasites for slide in positives])
    found = np.array(
        [
            np.mean(
                [_found(_share_above(slide, one.rank_value), _COMPARED_AT) for slide in negatives], axis=0
            )
            for one in positives
        ]
    )
    share = found.sum(axis=0) / of_slide.sum()
    expected = of_slide[:, None] * share
    with np.errstate(divide="ignore", invalid="ignore"):  # where all or none are found nothing differs
        spread = ((found - expected) ** 2 / (expected * (1 - share))).sum(axis=0) / (len(positives) - 1)
    return float(max(1.0, np.nan_to_num(spread, nan=1.0).max()))


def figures_of_laboratory(
    laboratory: str, negatives: Sequence[NegativeSlide], positives: Sequence[PositiveSlide]
) -> LaboratoryFigures:
    """All that its slides say, and how far it can be relied on."""
    check_positive("negative slides", len(negatives))
    parasites = sum(slide.parasites for slide in positives)
    return LaboratoryFigures(
        laboratory,
        negatives=len(negatives),
        objects=sum(len(slide.rank_value) for slide in negatives),
        positives=len(positives),
        parasites=parasites,
        slides_held=slides_held(len(negatives)),
        dispersion=dispersion_between_slides(negatives, positives),
        in_first=_in_first(negatives, positives) if parasites else None,
        false_calls=tuple(_false_calls(negatives, positives)) if parasites else (),
    )


def _in_first(negatives: Sequence[NegativeSlide], positives: Sequence[PositiveSlide]) -> FoundInFirst:
    values, parasites = _joined(positives)
    ordered = sorted(negatives, key=lambda slide: _found_in_first(slide, values))
    middle = ordered[(len(ordered) - 1) // 2]
    lowest, median, highest = (
        _found_in_first(slide, values) / parasites for slide in (ordered[0], middle, ordered[-1])
    )
    worst = min(_found_in_first(middle, slide.rank_value) / slide.parasites for slide in positives)
    return FoundInFirst(lowest, median, highest, worst)


def _joined(positives: Sequence[PositiveSlide]) -> tuple[NDArray[np.float64], int]:
    """What the parasites of all slides are ranked by, and how many are known."""
    values = np.concatenate([slide.rank_value for slide in positives])
    return values, sum(slide.parasites for slide in positives)


def _at_or_above(slide: NegativeSlide, values: NDArray[np.float64]) -> NDArray[np.int64]:
    """(P,) how many objects of a slide stand at or above each of some values."""
    ordered = np.sort(slide.rank_value)
    return len(ordered) - np.searchsorted(ordered, values, side="left")


def _share_above(slide: NegativeSlide, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(P,) share of a slide's objects at or above each of some values."""
    return _at_or_above(slide, values) / len(slide.rank_value)


def _share_above_at_most(slide: NegativeSlide, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(P,) the same of a longer list of such objects: one more than was seen may stand there.

    So a slide of few cells claims nothing at small rates.
    """
    return (_at_or_above(slide, values) + 1) / (len(slide.rank_value) + 1)


def _found(shares_above: NDArray[np.float64], rates: Sequence[float]) -> NDArray[np.int64]:
    """(R,) how many of the parasites are found at each rate."""
    return np.searchsorted(np.sort(shares_above), rates, side="right")


def _found_in_first(slide: NegativeSlide, values: NDArray[np.float64]) -> int:
    """How many parasites would stand among the first of a slide's list, each put into it alone."""
    return int((_at_or_above(slide, values) < FIRST).sum())


def _false_calls(
    negatives: Sequence[NegativeSlide], positives: Sequence[PositiveSlide]
) -> Iterator[FalseCalls]:
    values, parasites = _joined(positives)
    descending = np.sort(values)[::-1]
    objects = sum(len(slide.rank_value) for slide in negatives)
    for share in SHARES_FOUND:
        needed = math.ceil(share * parasites - 1e-9)
        if needed > len(descending):
            return
        score = descending[needed - 1 : needed]
        counts = [int(_at_or_above(slide, score)[0]) for slide in negatives]
        most = max(count / len(slide.rank_value) for count, slide in zip(counts, negatives, strict=True))
        yield FalseCalls(share, sum(counts), objects, rate_upper_limit(sum(counts), objects), most)
