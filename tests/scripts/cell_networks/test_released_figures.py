"""The figures of a card, from the log-odds that validation has kept."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tally import RankCurve
from scripts.cell_networks.released_figures import (
    curve_of,
    list_curves,
    rank_curve,
    shares_found,
    worst_of,
)


def test_a_rank_curve_by_hand() -> None:
    # By rank: infected 9, healthy 8, infected 7 and 6, healthy 5 and 4, infected 4, healthy 1, infected 0.
    curve = rank_curve(np.array([1.0, 4.0, 5.0, 8.0]), np.array([0.0, 4.0, 6.0, 7.0, 9.0]))
    # One healthy cell read, the three before the next are seen; the infected 4 comes after the healthy 4.
    assert curve == RankCurve((1 / 4, 3 / 4, 1.0), (3, 4, 5), 5)


@given(
    st.lists(st.integers(-5, 5), min_size=1, max_size=30),
    st.lists(st.integers(-5, 5), min_size=1, max_size=30),
)
def test_a_rank_curve_counts_what_stands_above_the_next_healthy_cell(
    healthy: list[int], infected: list[int]
) -> None:
    curve = rank_curve(np.array(healthy), np.array(infected))
    falling = sorted(healthy, reverse=True)
    for read in range(1, len(healthy) + 1):
        unread = falling[read:]
        seen = sum(not unread or score > unread[0] for score in infected)
        assert curve.at(read / len(healthy)) == (seen, len(infected) - seen)


def test_the_first_seed_that_left_a_source_out_gives_its_curve(tmp_path: Path) -> None:
    for seed, shift in ((0, 0.0), (1, 100.0)):
        odds, infected = np.array([1.0, 2.0, 3.0 + shift]), np.array([False, True, False])
        np.savez(tmp_path / f"nih_cells_{seed}.npz", test=odds, infected=infected)
    assert curve_of("nih_cells", tmp_path) == RankCurve((0.5,), (1,), 1)


def test_shares_are_of_all_parasites() -> None:
    curve = RankCurve((0.001, 0.01), (41, 100), 200)
    assert shares_found(curve) == {"1_in_2000": 0.0, "1_in_1000": pytest.approx(0.205), "1_in_100": 0.5}


def row(left_out: str, tested_on: str, seed: int, found: list[int]) -> dict[str, Any]:
    return {
        "left_out": left_out,
        "tested_on": tested_on,
        "seed": seed,
        "marked": 50,
        "rates": [0.001, 0.01],
        "found": found,
    }


def test_the_curve_of_a_source_is_of_the_first_seed_that_left_it_out() -> None:
    rows = [
        row("md2019", "md2019", 4, [1, 2]),
        row("md2019", "md2019", 3, [10, 20]),
        row("md2019", "ph_thin", 3, [5, 6]),
    ]
    assert list_curves(rows) == {"md2019": RankCurve((0.001, 0.01), (10, 20), 50)}
    assert list_curves([]) == {}


def test_the_worst_source_is_the_one_of_which_the_least_share_is_seen_at_one_in_a_hundred() -> None:
    curves = {
        "few": RankCurve((0.001, 0.01), (9, 9), 10),
        "many": RankCurve((0.001, 0.01), (0, 85), 100),
        "later": RankCurve((0.001, 0.01, 0.02), (1, 88, 89), 100),
    }
    assert worst_of(curves) == "many"
