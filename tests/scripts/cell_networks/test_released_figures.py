"""The figures of a card, from the log-odds that validation has kept."""

from pathlib import Path

import numpy as np
import pytest

from models.cards import Curve
from scripts.cell_networks.released_figures import at_threshold_of_others, false_calls, slide_excess


@pytest.mark.parametrize("source", ["nih_cells", "reviewed_cells"])
def test_patients_are_slides_of_their_own_and_infected_cells_do_not_move_the_bulk(source: str) -> None:
    healthy = np.linspace(-1, 1, 201)
    odds = np.concatenate([healthy, [5.0] * 50, healthy + 3, [8.0] * 50])
    infected = np.concatenate([np.zeros(201), np.ones(50), np.zeros(201), np.ones(50)]).astype(bool)
    run = {"test": odds, "infected": infected, "group": np.array(["A"] * 251 + ["B"] * 251)}
    excess, truth = slide_excess(run, source, typical_spread=0.5)
    # The healthy median is 0, the 16th percentile -0.68.
    assert excess[100] == pytest.approx(0, abs=1e-6)
    assert excess[201] == pytest.approx(5 / 0.68, rel=1e-6)
    assert excess[:251] == pytest.approx(excess[251:])
    assert (truth == infected).all()
    pooled, _ = slide_excess(run, "westlake_cells", typical_spread=0.5)
    assert pooled[251] > pooled[0]


def test_a_source_has_no_say_in_the_threshold_it_is_judged_by() -> None:
    def curve(false_calls: tuple[int, ...]) -> Curve:
        return Curve(
            excess=(0.0, 5.0, 10.0),
            found=(100, 60, 20),
            infected=100,
            false_calls=false_calls,
            healthy=1000,
            measured_on="x",
        )

    # Called at most 1 in 100: "early" from 5 on, "late" from 10 on.
    rows = at_threshold_of_others({"early": curve((500, 9, 0)), "late": curve((500, 300, 10))})
    assert rows["early"] == {"threshold_excess": 10.0, "sensitivity": 0.2, "false_call_rate": 0.0}
    assert rows["late"] == {"threshold_excess": 5.0, "sensitivity": 0.6, "false_call_rate": 0.3}
    assert at_threshold_of_others({"only": curve((500, 9, 0))}) == {}


def test_false_calls_are_reckoned_to_two_hundred_thousand_cells(tmp_path: Path) -> None:
    odds = np.concatenate([np.linspace(-1, 1, 999), [40.0]]).astype(np.float32)
    group = np.full(1000, "f")
    np.savez(tmp_path / "chula_rbc12_0.npz", test=odds, infected=np.zeros(1000, bool), group=group)
    assert false_calls("chula_rbc12", tmp_path, typical_spread=0.6, threshold=8.0) == {
        "cells": 1000,
        "calls": 1,
        "calls_per_200000": 200,
    }
