"""The fit of the layer that suggests stages, and the counts that say what it is worth."""

import numpy as np
import pytest

from core.store import Stage
from datasets.fields import STAGES
from scripts.cell_networks.train_stage import StagedFeatures, confusion, fitted, left_out, suggested_right
from scripts.settings.configuration import StageSettings


def settings(ridge: float = 1.0) -> StageSettings:
    return StageSettings(network="stage", sources=("iml_malaria",), ridge=ridge, confidence={Stage.RING: 0.9})


def drawn(counts: tuple[int, ...], smears: int = 2) -> StagedFeatures:
    """So many cells a stage, each stage about a place of its own; one feature is the same in all."""
    random = np.random.default_rng(0)
    stage = np.repeat(np.arange(4), counts)
    features = 3 * np.eye(4, 6)[stage] + random.normal(0, 0.5, (len(stage), 6))
    features[:, 5] = 7
    smear = np.array([f"smear {number % smears}" for number in range(len(stage))])
    return StagedFeatures(features, stage, np.full(len(stage), "a set"), smear, smear)


def test_the_stages_of_the_sets_are_those_of_the_store_in_the_same_order() -> None:
    assert tuple(Stage) == STAGES


def test_stages_that_lie_apart_are_told_apart_on_cells_not_seen() -> None:
    cells = drawn((20, 20, 20, 20))
    probabilities = left_out(cells, cells.smear, settings())
    np.testing.assert_array_equal(probabilities.argmax(axis=1), cells.stage)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_a_rare_stage_counts_as_much_as_a_frequent_one() -> None:
    # No feature tells them apart: by the even weight of stages all are as probable.
    cells = drawn((90, 10, 10, 10))
    blank = StagedFeatures(0 * cells.features, cells.stage, cells.source, cells.smear, cells.field)
    np.testing.assert_allclose(
        fitted(blank, settings()).probabilities(blank.features[:1]), [[0.25] * 4], atol=1e-5
    )


def test_a_heavier_ridge_leaves_less_sure() -> None:
    cells = drawn((20, 20, 20, 20))
    sure, unsure = (
        fitted(cells, settings(ridge)).probabilities(cells.features).max(axis=1).mean() for ridge in (1, 1000)
    )
    assert unsure < 0.5 < sure


def test_a_stage_that_is_not_there_is_not_taught() -> None:
    cells = drawn((20, 20, 20, 0))
    assert fitted(cells, settings()).probabilities(cells.features)[:, 3].max() < 0.05


def test_the_same_cells_give_the_same_layer() -> None:
    cells = drawn((9, 8, 7, 6))
    first, second = (fitted(cells, settings()) for _ in range(2))
    np.testing.assert_array_equal(first.weight, second.weight)


STAGE = np.array([0, 0, 0, 1, 3])
PROBABILITIES = np.array(
    [[0.95, 0.05, 0, 0], [0.85, 0.1, 0.05, 0], [0.3, 0.7, 0, 0], [0.9, 0.1, 0, 0], [0.1, 0.1, 0.2, 0.6]]
)


def test_the_confusion_has_the_truth_in_its_rows() -> None:
    expected = [[2, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]
    assert confusion(STAGE, PROBABILITIES).tolist() == expected


@pytest.mark.parametrize(
    ("confidence", "expected"), [(0.5, (2, 3)), (0.9, (1, 2)), (0.95, (1, 1)), (0.99, (0, 0))]
)
def test_what_is_suggested_of_it_is_right_so_often(confidence: float, expected: tuple[int, int]) -> None:
    assert suggested_right(STAGE, PROBABILITIES, Stage.RING, confidence) == expected
