"""What the tally is told: what follows from the figures, and what contradicts itself."""

import math
from dataclasses import replace

import pytest

from core.tally import (
    Assumptions,
    Evidence,
    Excluded,
    FalseCalls,
    FieldReading,
    Performance,
    Readings,
    Recall,
    SlideCount,
)
from tests.core.tally.evidence import CLEAN, ENOUGH, GOOD, PERFORMANCE, read


def test_the_sensitivity_is_the_product_of_the_steps_and_of_the_review() -> None:
    two_steps = replace(PERFORMANCE, steps=(Recall(98, 2), Recall(45, 5)))
    assert two_steps.sensitivity == pytest.approx(0.98 * 0.9)
    case = Evidence(ENOUGH, GOOD, two_steps, Assumptions(review_sensitivity=0.5), Readings())
    assert case.sensitivity == pytest.approx(0.98 * 0.9 * 0.5)


def test_false_accepts_that_nobody_measured_are_none() -> None:
    assert FalseCalls(20, 200_000).rate == 1e-4
    assert Assumptions(false_accepts=FalseCalls(20, 200_000)).false_accept_rate == 1e-4
    assert Assumptions().false_accept_rate == CLEAN.false_accept_rate == 0.0


def test_gametocytes_do_not_count() -> None:
    assert Readings(accepted_by_both=5, accepted_by_one=3, gametocytes=2, marked_by_both=4).counted == 3


def test_evidence_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match=r"candidates must be at most cells \(5\); it is 6"):
        SlideCount(cells=5, fields=1, candidates=6, candidates_unread=0)
    with pytest.raises(ValueError, match=r"candidates_unread must be at most candidates \(6\); it is 7"):
        SlideCount(cells=50, fields=1, candidates=6, candidates_unread=7)
    with pytest.raises(ValueError, match=r"candidates_unread must equal candidates \(100\)"):
        replace(CLEAN, readings=None)
    with pytest.raises(ValueError, match=r"must be at most candidates read \(100\); it is 101"):
        read(accepted_by_both=100, unsure=1)
    with pytest.raises(ValueError, match=r"gametocytes must be at most accepted_by_both \(1\); it is 2"):
        read(accepted_by_both=1, gametocytes=2)
    with pytest.raises(ValueError, match=r"infected of fields_read_whole must be at most .* \(1\); it is 2"):
        Readings(accepted_by_both=1, fields_read_whole=(FieldReading(10, 2),))
    with pytest.raises(ValueError, match="sensitivity must be above the rate of false accepts"):
        replace(CLEAN, assumptions=Assumptions(false_accepts=FalseCalls(95, 100)))


@pytest.mark.parametrize("bad", [-1, 0.5, math.nan])
def test_counts_that_are_none_are_named(bad: int) -> None:
    with pytest.raises(ValueError, match=f"cells must be a whole number, 0 or more; it is {bad!r}"):
        SlideCount(cells=bad, fields=1, candidates=0, candidates_unread=0)
    with pytest.raises(ValueError, match=f"disputed must be a whole number, 0 or more; it is {bad!r}"):
        Readings(disputed=bad)
    with pytest.raises(ValueError, match=f"count must be a whole number, 0 or more; it is {bad!r}"):
        Excluded(bad, "cells", "edge")


def test_performance_out_of_its_range_is_named() -> None:
    with pytest.raises(ValueError, match=r"threshold must lie in \[0, 1\]; it is 1.2"):
        replace(PERFORMANCE, threshold=1.2)
    with pytest.raises(ValueError, match="steps must hold at least one Recall"):
        Performance("m", "v", 0.5, (), FalseCalls(0, 1))
    with pytest.raises(ValueError, match="dispersion must be a finite number above 0; it is 0"):
        replace(PERFORMANCE, dispersion=0)
