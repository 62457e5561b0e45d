"""Slides drawn with a known density: limits and intervals hold as often as they say."""

import numpy as np
import pytest
from numpy.random import Generator
from numpy.typing import NDArray

from core.tally import (
    Assumptions,
    Evidence,
    Performance,
    RankCurve,
    Readings,
    SlideConditions,
    SlideCount,
    Verdict,
    VerdictKind,
    verdict,
)

CELLS, RED_CELLS = 200_000, 5_000_000
LIKE_VALIDATION = SlideConditions(outside_validity=(), fields_failed=0, failed_share_limit=0.2)
CURVE = RankCurve(rates=(1e-4, 5e-4, 1e-3, 1e-2), found=(6, 17, 42, 248), parasites=379)


def judged(curve: RankCurve, rank: int, parasites: int = 0) -> Verdict:
    """What is said of a slide read to a rank with so many parasites in it."""
    count = SlideCount(CELLS, 500, looked_at=CELLS, to_read=rank, read_to=rank, unread=0)
    readings = Readings(accepted_by_both=parasites, counted=parasites)
    return verdict(Evidence(count, LIKE_VALIDATION, Performance("m", "v", curve), Assumptions(), readings))


@pytest.mark.parametrize("rank", [20, 100, 300, 2000])
def test_the_limit_of_a_clean_review_is_exceeded_unseen_in_five_of_a_hundred_slides(rank: int) -> None:
    random, slides = np.random.default_rng(rank), 400_000
    limit = judged(CURVE, rank).detection_limit_per_ul
    assert limit is not None
    found, missed = CURVE.at(rank / CELLS)
    sensitivity = random.beta(found + 0.5, missed + 0.5, slides)
    infected = random.binomial(CELLS, limit / RED_CELLS, slides)
    unseen = np.mean(random.binomial(infected, sensitivity) == 0)
    assert unseen == pytest.approx(0.05, abs=0.0015)


def healthy_above(random: Generator, parasites: int) -> NDArray[np.float64]:
    """Of each parasite, the share of healthy cells that score above it; half have under 1 in 100."""
    return np.sort(random.random(parasites) ** (1 / 0.15))


def validated(random: Generator, parasites: int) -> RankCurve:
    """The curve of a source with so many parasites, at a rate for each."""
    rates = tuple(healthy_above(random, parasites).tolist())
    return RankCurve(rates, tuple(range(1, parasites + 1)), parasites)


def list_ranks(random: Generator, parasites: int) -> NDArray[np.float64]:
    """Where the parasites of a slide stand in its list, of healthy cells and of one another."""
    above = healthy_above(random, parasites)
    return np.arange(1.0, parasites + 1) + np.floor((CELLS - parasites) * above)


@pytest.mark.parametrize("rank", [100, 1000])
def test_a_clean_review_excludes_its_limit_whatever_the_validation_happened_to_find(rank: int) -> None:
    random = np.random.default_rng(rank)
    unseen, slides = 0, 3000
    for _ in range(slides):
        limit = judged(validated(random, 379), rank).detection_limit_per_ul
        assert limit is not None
        ranks = list_ranks(random, random.binomial(CELLS, limit / RED_CELLS))
        unseen += not (ranks <= rank).any()
    # Two standard deviations of 3 000 draws are .008.
    assert unseen / slides <= 0.058


@pytest.mark.parametrize("density", [1, 30, 1000, 20_000, 500_000])
def test_who_reads_on_as_told_gets_an_interval_that_holds_the_density(density: int) -> None:
    random = np.random.default_rng(density)
    slides, covered, read_on = 300, 0, 0
    for _ in range(slides):
        curve = validated(random, 379)
        ranks, rank = list_ranks(random, random.binomial(CELLS, density / RED_CELLS)), 100
        said = judged(curve, rank, int((ranks <= rank).sum()))
        while said.figures is not None and said.figures.density_per_ul is None:
            read_on, rank = read_on + 1, 2 * rank
            said = judged(curve, rank, int((ranks <= rank).sum()))
        if said.figures is None:
            # None was seen: the limit must exclude nothing that is there.
            limit = said.detection_limit_per_ul
            assert said.kind in {VerdictKind.INADEQUATE, VerdictKind.NO_PARASITE_SEEN}
            covered += limit is not None and density <= limit
        elif said.figures.density_per_ul is not None:
            covered += said.figures.density_per_ul.low <= density <= said.figures.density_per_ul.high
    # Two standard deviations of 300 draws are .025.
    assert covered / slides >= 0.925
    assert (read_on > 0) == (density >= 20_000)
