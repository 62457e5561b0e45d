"""The figures of a card, from the log-odds that validation has kept."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.tally import RankCurve
from scripts.cell_networks.released_figures import (
    curve_of,
    list_curves,
    shares_found,
    worst_of,
)


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
