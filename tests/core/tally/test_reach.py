"""How far a clean count reaches, and what reading on spares: numbers worked by hand."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tally import (
    Assumptions,
    Performance,
    RankCurve,
    ReadOn,
    cells_needed,
    next_step,
    reach_of,
    reading_on,
    verdict,
)
from core.wording import in_language
from tests.core.tally.evidence import CLEAN, ENOUGH, PERFORMANCE, SCORED

BILLION = 10**9
# So many parasites that s is as good as known: .4, .5, .6, .8 and .9.
KNOWN = Performance(
    "smear-1",
    "site B",
    RankCurve(
        rates=(1e-4, 2e-4, 4e-4, 1e-3, 1e-2),
        found=tuple(tenths * BILLION // 10 for tenths in (4, 5, 6, 8, 9)),
        parasites=BILLION,
    ),
)
GIVEN = Assumptions()
LIST = 1_000_000


@pytest.mark.parametrize(
    ("rank", "cells"),
    # -ln(.05) * 5 million / 75 = 199 715.5 over s
    [(100, 499_289), (199, 499_289), (200, 399_431), (400, 332_860), (1000, 249_645), (LIST, 221_907)],
)
def test_cells_needed_fall_as_the_list_is_read(rank: int, cells: int) -> None:
    assert cells_needed(KNOWN, GIVEN, rank, LIST) == pytest.approx(cells, abs=1)


def test_clustering_multiplies_the_cells_needed() -> None:
    clustered = replace(KNOWN, dispersion=2.0)
    assert cells_needed(clustered, GIVEN, 1000, LIST) == pytest.approx(2 * 249_644.4, abs=1)


def test_a_step_goes_as_far_as_makes_the_present_count_adequate() -> None:
    # 260 000 cells are enough at s = .8, which begins at rank 1 000.
    step = next_step(KNOWN, GIVEN, cells=260_000, rank=100, looked_at=LIST)
    assert step is not None
    assert (step.further, step.rank, step.enough) == (900, 1000, True)
    assert step.needed == pytest.approx(249_645, abs=1)
    assert step.fewer == pytest.approx(499_289 - 249_645, abs=1)


def test_however_far_that_is() -> None:
    step = next_step(KNOWN, GIVEN, cells=225_000, rank=100, looked_at=LIST)
    assert step is not None
    assert (step.further, step.enough) == (9_900, True)


def test_where_none_does_a_step_goes_as_far_as_lowers_the_need_by_a_quarter() -> None:
    # s = .5 lowers 499 289 by a fifth only, s = .6 by a third.
    step = next_step(KNOWN, GIVEN, cells=200_000, rank=100, looked_at=LIST)
    assert step is not None
    assert (step.further, step.rank, step.enough) == (300, 400, False)
    assert step.needed == pytest.approx(332_860, abs=1)
    assert step.fewer == pytest.approx(166_429, abs=1)


@pytest.mark.parametrize(("rate", "further"), [(1e-3, 900), (1.001e-3, None)])
def test_such_a_step_takes_no_more_than_ten_times_as_far(rate: float, further: int | None) -> None:
    curve = RankCurve((1e-4, rate), (BILLION * 4 // 10, BILLION * 6 // 10), BILLION)
    step = next_step(replace(KNOWN, curve=curve), GIVEN, cells=200_000, rank=100, looked_at=LIST)
    assert (None if step is None else step.further) == further


def test_where_enough_is_counted_nothing_more_needs_to_be_read() -> None:
    assert next_step(KNOWN, GIVEN, cells=500_000, rank=100, looked_at=LIST) is None


def test_an_empty_list_cannot_be_read_on() -> None:
    assert next_step(KNOWN, GIVEN, cells=0, rank=0, looked_at=0) is None


@given(
    cells=st.integers(0, 600_000),
    rank=st.integers(1, 20_000),
    longer=st.integers(0, 2_000_000),
    rates=st.lists(st.floats(1e-6, 1), min_size=1, max_size=8, unique=True),
    found=st.lists(st.integers(0, 400), min_size=8, max_size=8),
)
def test_a_step_is_the_first_that_does_what_it_promises(
    cells: int, rank: int, longer: int, rates: list[float], found: list[int]
) -> None:
    looked_at = max(cells, rank) + longer
    curve = RankCurve(tuple(sorted(rates)), tuple(sorted(found[: len(rates)])), 400)
    performance = replace(KNOWN, curve=curve)

    def needed(to: int) -> int:
        return cells_needed(performance, GIVEN, to, looked_at)

    step = next_step(performance, GIVEN, cells, rank, looked_at)
    if step is None:
        far = min(10 * rank, looked_at)
        nothing_helps = needed(looked_at) > cells and needed(far) > 0.75 * needed(rank)
        assert needed(rank) <= cells or nothing_helps
        return
    assert rank < step.rank == rank + step.further <= looked_at
    assert (step.needed, step.fewer) == (needed(step.rank), needed(rank) - needed(step.rank))
    enough = cells if step.enough else 0.75 * needed(rank)
    assert needed(step.rank) <= enough < needed(step.rank - 1)
    assert step.enough == (needed(looked_at) <= cells)


def test_what_reading_on_spares_stands_in_the_verdict_while_cells_are_missing() -> None:
    # 214 872 are needed with 930 of 1 000, and 208 124 with 960: from 250 of 250 000 on.
    short = replace(ENOUGH, cells=212_000)
    for evidence in (
        replace(CLEAN, count=short),
        replace(SCORED, count=replace(SCORED.count, cells=212_000)),
    ):
        said = [reason for reason in verdict(evidence).reasons if reason.startswith("Read the list")]
        assert said == [
            "Read the list 50 cells further, to rank 250, and the cells that are counted are enough."
        ]
    assert "Read the list" not in str(verdict(CLEAN).reasons)


def test_the_step_is_said_in_each_language() -> None:
    step = ReadOn(further=60, rank=160, needed=300_000, fewer=100_000, enough=False)
    (said,) = reading_on(step)
    assert str(said) == "Read the list 60 cells further, to rank 160, to need 100 000 cells fewer."
    assert in_language(said, "fr") == (
        "Lire la liste 60 cellules plus loin, jusqu'au rang 160, pour qu'il faille 100 000 hématies de moins."
    )
    assert reading_on(None) == ()


def test_a_count_of_failing_fields_alone_is_not_mended_by_reading() -> None:
    failing = replace(CLEAN, conditions=replace(CLEAN.conditions, fields_failed=400))
    reach = reach_of(failing)
    assert not reach.adequate
    assert (reach.missing, reach.read_on) == (0, None)


def test_reading_on_is_of_the_curve_the_card_has() -> None:
    assert reach_of(CLEAN).needed == cells_needed(PERFORMANCE, GIVEN, 200, 250_000) == 214_872
