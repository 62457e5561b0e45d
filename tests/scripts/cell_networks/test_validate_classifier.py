"""What validation leaves out: every cell and field is tested once, and never trained on in the same run."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray

from core.cells.classification import FeatureStatistics
from datasets.cells import STORED_SIZE_PX, CellSet
from models.classifier import Classifier, ClassifierNetwork
from scripts.cell_networks.validate_classifier import (
    FOLDS,
    LARGEST_REFERENCE,
    contiguous_folds,
    figures,
    parts,
    patient_folds,
    reference_cells,
    slide_logits,
    slides_of,
    trained_once,
    validate_classifier,
)
from scripts.settings.configuration import ClassifierSettings, read_settings
from tests.scripts.settings.test_configuration import SHIPPED


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


@pytest.mark.parametrize("source", ["nih_cells", "reviewed_cells"])
def test_every_patient_is_a_slide(source: str) -> None:
    slides = slides_of(cell_set(source, ["C2", "C1", "C2", "C3", "C1"]))
    assert [slide.tolist() for slide in slides] == [[1, 4], [0, 2], [3]]


@pytest.mark.parametrize("source", ["westlake_cells", "iml_malaria", "cbc_count"])
def test_a_set_without_patients_is_one_slide(source: str) -> None:
    (slide,) = slides_of(cell_set(source, ["a", "b", "c", "a"]))
    assert slide.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("healthy", "infected", "healthy_taken", "infected_taken"),
    [(1000, 1000, 400, 8), (100, 1000, 100, 2), (49, 30, 49, 0), (1000, 3, 400, 3), (60, 0, 60, 0)],
)
def test_a_slide_is_measured_on_400_healthy_cells_and_an_infected_one_to_fifty(
    healthy: int, infected: int, healthy_taken: int, infected_taken: int
) -> None:
    truth = np.random.default_rng(1).permutation(np.arange(healthy + infected) < infected)
    taken = reference_cells(truth, np.random.default_rng(2))
    assert (~truth[taken]).sum() == healthy_taken <= LARGEST_REFERENCE
    assert truth[taken].sum() == infected_taken
    assert len(set(taken.tolist())) == len(taken)


def test_the_cells_that_a_slide_is_measured_on_are_drawn_from_all_of_it() -> None:
    taken = reference_cells(np.zeros(4000, bool), np.random.default_rng(3))
    assert np.histogram(taken, bins=4, range=(0, 4000))[0].min() > 60  # 100 expected, 9 their deviation


def test_a_slide_of_infected_cells_only_is_measured_on_them() -> None:
    assert reference_cells(np.ones(5, bool), np.random.default_rng(0)).tolist() == [0, 1, 2, 3, 4]


NO_FABRIC = cast(Fabric, None)  # nothing is trained


class LevelClassifier:
    """How much brighter a cell is than its slide's cells."""

    def feature_statistics(self, crops: NDArray[np.uint8]) -> FeatureStatistics:
        return (float(crops.mean()),)

    def logits(self, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> NDArray[np.float32]:
        return np.asarray(crops.mean(axis=(1, 2, 3)) - statistics[0], np.float32)


def test_cells_are_scored_against_the_healthy_cells_of_their_own_patient() -> None:
    cells = cell_set("nih_cells", ["A", "B"] * 20)
    level = np.where(cells.group == "A", 80, 150) + 30 * np.isin(np.arange(40), [0, 6, 11])
    infected = np.isin(np.arange(40), [0, 6, 11])
    crops = np.broadcast_to(level[:, None, None, None], cells.crops.shape).astype(np.uint8)
    cells = CellSet(crops, cells.masks, cells.colour, infected, cells.source, cells.group)
    odds = slide_logits(cast(Classifier, LevelClassifier()), cells)
    assert np.abs(odds[~infected]).max() < 1e-3
    assert odds[infected].min() > 5


def test_figures_by_hand() -> None:
    infected = np.array([True] * 4 + [False] * 100)
    odds = np.concatenate([[3.0, 2.0, 0.5, -1.0], [1.0, 0.2], np.linspace(-3, -2, 98)]).astype(np.float32)
    row = figures(infected, odds)
    assert (row["infected"], row["healthy"]) == (4, 100)
    assert row["sensitivity_at_even_odds"] == 0.75
    assert row["healthy_called_at_even_odds"] == 0.02
    assert row["accuracy"] == pytest.approx((3 + 98) / 104)
    assert row["sensitivity_at_1_in_100"] == 0.75  # one healthy cell may be called: above 0.2
    assert row["sensitivity_at_1_in_1000"] == 0.5  # none may: above 1.0


def test_a_part_without_infected_cells_has_false_calls_only() -> None:
    row = figures(np.zeros(4, bool), np.array([1, -1, -1, -1], np.float32))
    assert row == {"infected": 0, "healthy": 4, "healthy_called_at_even_odds": 0.25}


def validated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: ClassifierSettings, plan: str, seeds: int
) -> list[dict[str, Any]]:
    """Rows of a validation whose networks score every cell by the number of its patient, less a half."""

    def by_patient(_: object, cells: CellSet) -> NDArray[np.float32]:
        return np.array([float(group[1:]) - 0.5 for group in cells.group], np.float32)

    monkeypatch.setattr(
        "scripts.cell_networks.validate_classifier.trained_once", lambda *_: LevelClassifier()
    )
    monkeypatch.setattr("scripts.cell_networks.validate_classifier.slide_logits", by_patient)
    patients = [f"C{number:03}" for number in range(10) for _ in range(2)]
    cells = {name: cell_set(name, patients) for name in ("nih_cells", "iml_malaria")}
    return list(validate_classifier(cells, settings, plan, seeds, NO_FABRIC, tmp_path))


@pytest.mark.parametrize(("plan", "source"), [("patients", "nih_cells"), ("blocks", "iml_malaria")])
def test_folds_are_also_judged_together_once_a_seed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: ClassifierSettings, plan: str, source: str
) -> None:
    rows = validated(monkeypatch, tmp_path, settings, plan, seeds=2)
    assert len(rows) == (FOLDS + 1) * 2
    pooled = rows[-2:]
    assert [row["left_out"] for row in pooled] == [f"all {plan}, pooled"] * 2
    assert [row["seed"] for row in pooled] == [settings.seed, settings.seed + 1]
    for row in pooled:
        assert (row["infected"], row["healthy"]) == (10, 10)
        # Of ten patients nine are above even odds, and each has one cell of either truth.
        assert (row["sensitivity_at_even_odds"], row["auc"]) == (0.9, 0.5)


def test_sources_left_out_are_not_thrown_together(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: ClassifierSettings
) -> None:
    rows = validated(monkeypatch, tmp_path, settings, "sources", seeds=1)
    assert [row["left_out"] for row in rows] == ["nih_cells", "iml_malaria"]


def test_the_log_odds_of_every_part_and_seed_are_kept_for_the_card(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: ClassifierSettings
) -> None:
    validated(monkeypatch, tmp_path, settings, "patients", seeds=2)
    kept = [np.load(path) for path in sorted((tmp_path / "scores").glob("*_0.npz"))]
    assert len(list((tmp_path / "scores").glob("*.npz"))) == 2 * len(kept) == 2 * FOLDS
    assert sum(len(run["test"]) for run in kept) == 20
    assert all(len(run["test"]) == len(run["infected"]) == len(run["group"]) for run in kept)


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Seeds of the networks that were trained, each with weights of its own."""
    seeds: list[int] = []

    def train(_: object, settings: ClassifierSettings, __: object) -> ClassifierNetwork:
        seeds.append(settings.seed)
        torch.manual_seed(settings.seed)
        return ClassifierNetwork(settings.width)

    monkeypatch.setattr("scripts.cell_networks.validate_classifier.train_classifier", train)
    return seeds


def test_a_network_that_an_earlier_run_trained_is_not_trained_again(
    tmp_path: Path, settings: ClassifierSettings, trainings: list[int]
) -> None:
    cells = {"nih_cells": cell_set("nih_cells", ["a"] * 4)}
    crops = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3), np.uint8)
    first, again = (trained_once(cells, settings, NO_FABRIC, tmp_path / "a.safetensors") for _ in range(2))
    assert trainings == [settings.seed]
    statistics = first.feature_statistics(crops)
    np.testing.assert_array_equal(first.logits(crops, statistics), again.logits(crops, statistics))


def test_other_settings_or_cells_are_trained_anew(
    tmp_path: Path, settings: ClassifierSettings, trainings: list[int]
) -> None:
    weights = tmp_path / "a.safetensors"
    few, more = ({"nih_cells": cell_set("nih_cells", ["a"] * count)} for count in (4, 6))
    trained_once(few, settings, NO_FABRIC, weights)
    trained_once(more, settings, NO_FABRIC, weights)
    trained_once(more, settings.model_copy(update={"seed": 7}), NO_FABRIC, weights)
    assert trainings == [settings.seed, settings.seed, 7]


def test_a_network_whose_training_was_broken_off_is_trained_again(
    tmp_path: Path, settings: ClassifierSettings, monkeypatch: pytest.MonkeyPatch, trainings: list[int]
) -> None:
    def broken_off(*_: object) -> None:
        raise KeyboardInterrupt

    cells = {"nih_cells": cell_set("nih_cells", ["a"] * 4)}
    with monkeypatch.context() as patched:
        patched.setattr("scripts.cell_networks.validate_classifier.save_weights", broken_off)
        with pytest.raises(KeyboardInterrupt):
            trained_once(cells, settings, NO_FABRIC, tmp_path / "a.safetensors")
    trained_once(cells, settings, NO_FABRIC, tmp_path / "a.safetensors")
    assert len(trainings) == 2
