"""How many parasites are likely left in a list."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import binom

from core.review.learned_ranking import LearnedRanking
from core.review.stopping import (
    AHEAD,
    EXPECTED_LINE,
    LEAST_CALLS,
    LINE_SPREAD,
    SampleRead,
    WhatIsLeft,
    sample_bound,
    sample_read,
    what_is_left,
)
from core.store import CandidateKind, Role, Store
from tests.scored_slides import NOT_PARASITE, PARASITE, UNSURE, scored_slide


def after_reading(
    scores: NDArray[np.float64], infected: NDArray[np.bool_], read: int
) -> tuple[WhatIsLeft | None, int]:
    """What is stated of a list that is read from its highest score on, and what is truly left."""
    order = np.argsort(-scores)
    called = np.sort(order[:read])
    ranking = LearnedRanking(scores, called, infected[called], scores[called])
    unread = np.ones(len(scores), bool)
    unread[called] = False
    calls = {int(cell): bool(infected[cell]) for cell in order[:read]}
    return what_is_left(ranking, calls, unread), int(infected[unread].sum())


def test_nothing_is_said_after_few_calls() -> None:
    scores, infected = np.linspace(0, -9, 100), np.arange(100) < 4
    assert after_reading(scores, infected, LEAST_CALLS - 1)[0] is None
    assert after_reading(scores, infected, LEAST_CALLS)[0] is not None


def test_the_sentence_has_its_numbers() -> None:
    """Parasites lead, the fourth of them alone: 60 cells are read since."""
    scores, infected = np.linspace(3, -12, 1000), np.arange(1000) < 4
    infected[39] = True
    left, _ = after_reading(scores, infected, 100)
    assert left is not None
    assert (left.since_last, left.ahead, left.unread) == (60, AHEAD, 900)
    assert 0 < left.expected_ahead < left.expected_unread


def test_a_slide_without_a_parasite_has_no_last_one() -> None:
    left, _ = after_reading(np.linspace(3, -12, 500), np.zeros(500, bool), 50)
    assert left is not None
    assert left.since_last is None


def test_nothing_is_left_of_a_list_that_is_read() -> None:
    left, _ = after_reading(np.linspace(3, -12, 50), np.arange(50) < 4, 50)
    assert left == WhatIsLeft(46, 0, 0.0, 0, 0.0)


def test_what_somebody_was_unsure_of_is_read() -> None:
    scores = np.linspace(3, -12, 80)
    called = np.arange(40)
    ranking = LearnedRanking(scores, called, called < 3, scores[:40])
    unread = np.arange(80) >= 50
    left = what_is_left(ranking, {index: index < 3 for index in range(40)}, unread)
    assert left is not None
    assert left.unread == left.ahead == 30


@given(st.integers(LEAST_CALLS, 120))
def test_the_longer_none_is_found_the_fewer_are_expected(read: int) -> None:
    """Of the same cells, whatever was read of them."""
    scores, infected = np.linspace(2, -8, 400), np.arange(400) < 5
    sooner, later = (after_reading(scores, infected, cells)[0] for cells in (read, read + 30))
    assert sooner is not None
    assert later is not None
    assert later.expected_unread < sooner.expected_unread


def test_what_is_expected_is_what_is_there() -> None:
    """In the mean over slides that differ as they are taken to: true log-odds lie on a line of each."""
    random = np.random.default_rng(0)
    expected, there = [], []
    for _ in range(300):
        scores = random.normal(-5, 2.2, 2000)
        intercept, slope = random.normal(EXPECTED_LINE, LINE_SPREAD)
        infected = random.random(2000) < expit(intercept + slope * scores)
        left, truly = after_reading(scores, infected, 100)
        assert left is not None
        expected.append(left.expected_unread)
        there.append(truly)
    assert np.mean(expected) == pytest.approx(np.mean(there), rel=0.1)


def test_a_sample_without_parasites_bounds_their_share() -> None:
    assert sample_bound(SampleRead(100, 0)) == pytest.approx(0.02951, abs=1e-5)
    assert sample_bound(SampleRead(1, 0)) == pytest.approx(0.95)
    assert (1 - sample_bound(SampleRead(60, 0), confidence=0.9)) ** 60 == pytest.approx(0.1)
    with pytest.raises(ValueError, match="at least one"):
        sample_bound(SampleRead(0, 0))


def test_a_sample_with_parasites_bounds_their_share_too() -> None:
    share = sample_bound(SampleRead(40, 3))
    assert binom.cdf(3, 40, share) == pytest.approx(0.05)
    assert sample_bound(SampleRead(5, 5)) == 1


def test_a_sample_is_what_the_first_reader_called_of_the_cells_drawn(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=4, fields=3)
    store.read(1, record.candidates[0].id, PARASITE, reader="Anna", role=Role.FIRST)
    drawn = store.draw_sample(1, 5, by="Anna")
    assert {one.kind for one in drawn} == {CandidateKind.SAMPLE}
    for candidate, opinion in zip(drawn, (NOT_PARASITE, NOT_PARASITE, UNSURE), strict=False):
        store.read(1, candidate.id, opinion, reader="Anna", role=Role.FIRST)
    store.read(1, drawn[0].id, PARASITE, reader="Ben", role=Role.SECOND)
    assert sample_read(store.record(1)) == SampleRead(cells=3, parasites=1)
