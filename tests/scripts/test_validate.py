"""What validation leaves out: every cell and field is tested once, and never trained on in the same run."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.detection import Kind
from datasets.cells import STORED_SIZE_PX, CellSet
from datasets.fields import AnnotatedField
from models.cards import Curve
from scripts.configuration import ClassifierSettings, read_settings
from scripts.release import at_threshold_of_others, slide_excess
from scripts.validate_classifier import FOLDS, contiguous_folds, parts, patient_folds
from scripts.validate_detector import width_of_source
from tests.drawn_cells import ToldDetector, boxes_around, located
from tests.scripts.test_configuration import SHIPPED


def cell_set(source: str, groups: list[str]) -> CellSet:
    count = len(groups)
    side = STORED_SIZE_PX
    return CellSet(
        crops=np.zeros((count, side, side, 3), np.uint8),
        masks=np.ones((count, side, side), bool),
        colour=np.full((count, 3), 100, np.float32),
        infected=np.arange(count) % 2 == 0,
        source=np.full(count, source),
        group=np.array(groups),
    )


@pytest.fixture
def settings() -> ClassifierSettings:
    found = read_settings(SHIPPED / "classifier.yaml")
    assert isinstance(found, ClassifierSettings)
    return found


def test_leaving_sources_out_trains_on_none_of_the_source_tested(settings: ClassifierSettings) -> None:
    cells = {name: cell_set(name, ["a", "b"]) for name in ("nih_cells", "westlake_cells", "chula_rbc12")}
    seen = []
    for left_out, training, test in parts(cells, settings, "sources"):
        assert left_out not in training
        assert set(test.source) == {left_out}
        seen.append(left_out)
    assert seen == list(cells)


def test_no_patient_is_in_training_and_test_at_once(settings: ClassifierSettings) -> None:
    patients = [f"C{number:03}" for number in range(23) for _ in range(4)]
    cells = {"nih_cells": cell_set("nih_cells", patients)}
    tested: list[str] = []
    for _, training, test in parts(cells, settings, "patients"):
        assert not set(training["nih_cells"].group) & set(test.group)
        tested += list(test.group)
    assert sorted(tested) == sorted(patients)


def test_blocks_are_runs_of_neighbouring_fields() -> None:
    cells = cell_set("iml_malaria", [f"PA{number:03}" for number in range(50) for _ in range(2)])
    folds = contiguous_folds(cells)
    assert (np.diff(folds) >= 0).all()
    assert np.bincount(folds).tolist() == [20] * FOLDS


def test_patients_are_dealt_evenly_and_the_same_way_again() -> None:
    cells = cell_set("nih_cells", [f"C{number:03}" for number in range(100)])
    folds = patient_folds(cells, seed=3)
    assert np.bincount(folds).tolist() == [20] * FOLDS
    assert (folds == patient_folds(cells, seed=3)).all()
    assert (folds != patient_folds(cells, seed=4)).any()


def test_patients_are_slides_of_their_own_and_infected_cells_do_not_move_the_bulk() -> None:
    healthy = np.linspace(-1, 1, 201)
    odds = np.concatenate([healthy, [5.0] * 50, healthy + 3, [8.0] * 50])
    infected = np.concatenate([np.zeros(201), np.ones(50), np.zeros(201), np.ones(50)]).astype(bool)
    run = {"test": odds, "infected": infected, "group": np.array(["A"] * 251 + ["B"] * 251)}
    excess, truth = slide_excess(run, "nih_cells", typical_spread=0.5)
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


def test_the_cell_width_is_estimated_anew_at_each_image_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []

    def watching(image: NDArray[np.uint8], _: object) -> float:
        seen.append((image.shape[0], image.shape[1]))
        return 20.0

    field = AnnotatedField(
        path=Path("a.jpg"),
        source="iml_malaria",
        boxes=np.empty((0, 4), np.float32),
        kind=np.empty(0, np.uint8),
        infected=np.empty(0, bool),
        stage=(),
        kinds_marked=frozenset({Kind.RED_CELL}),
    )
    monkeypatch.setattr(AnnotatedField, "image", lambda _: np.zeros((60, 80, 3), np.uint8))
    monkeypatch.setattr("scripts.validate_detector.cell_diameter_px", watching)
    for scale in (0.5, 1.0, 2.0):
        assert width_of_source([field], ToldDetector(located(boxes_around([], 1))), scale) == 20.0
    assert seen == [(30, 40), (60, 80), (120, 160)]
