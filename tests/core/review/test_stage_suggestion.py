"""A suggested stage: by hand-worked odds, from a stated confidence on, of the stages that held alone."""

from pathlib import Path

import numpy as np
import pytest

from core.review import StageHead, stages_for, suggested_stages
from core.store import SlideRecord, Stage, Store
from tests.scored_slides import keep_features, scored_slide


def head(confidence: dict[Stage, float], features: int = 4) -> StageHead:
    """Each of the first four features is the log-odds of a stage."""
    return StageHead(np.eye(features, 4), np.zeros(4), confidence)


def test_probabilities_are_odds_over_their_sum() -> None:
    # Odds of 27 : 1 : 1 : 1, and of 2 : 6 : 1 : 1.
    features = np.log(np.array([[27.0, 1, 1, 1], [2, 6, 1, 1]]))
    expected = [[0.9, 1 / 30, 1 / 30, 1 / 30], [0.2, 0.6, 0.1, 0.1]]
    np.testing.assert_allclose(head({}).probabilities(features), expected)


def test_the_bias_is_the_odds_of_a_cell_without_features() -> None:
    layer = StageHead(np.zeros((4, 4)), np.log([1.0, 1, 1, 7]), {})
    np.testing.assert_allclose(layer.probabilities(np.ones((1, 4))), [[0.1, 0.1, 0.1, 0.7]])


def test_a_stage_is_suggested_from_its_confidence_on() -> None:
    features = np.log(np.array([[28.0, 1, 1, 1], [26, 1, 1, 1]]))  # .903 and .897
    sure, unsure = suggested_stages(features, head({Stage.RING: 0.9}))
    assert sure is not None
    assert sure.stage == Stage.RING
    assert sure.probability == pytest.approx(28 / 31)
    assert unsure is None


def test_a_stage_without_a_confidence_is_never_suggested_nor_is_the_next_best_in_its_place() -> None:
    features = np.log(np.array([[1.0, 1, 1, 1000], [1, 1, 1000, 1]]))
    assert suggested_stages(features, head({Stage.RING: 0.0001, Stage.SCHIZONT: 0.9}))[0] is None
    schizont = suggested_stages(features, head({Stage.SCHIZONT: 0.9}))[1]
    assert schizont is not None
    assert schizont.stage == Stage.SCHIZONT


def test_features_of_half_precision_are_reckoned_with_in_double() -> None:
    # In half precision the exponential of 12 overflows.
    probabilities = head({}).probabilities(np.array([[12.0, 0, 0, 0]], np.float16))
    assert probabilities[0, 0] == pytest.approx(np.exp(12) / (np.exp(12) + 3))


@pytest.fixture
def record(store: Store, tmp_path: Path) -> SlideRecord:
    """A slide of 20 cells: the second look has seen the first six, and two stand out in the first feature."""
    record = scored_slide(store, tmp_path / "slide", listed=10)
    keep_features(record, 6, {2, 5})
    return record


def test_of_the_cells_asked_for_those_that_stand_out_get_a_stage(record: SlideRecord) -> None:
    ids = [candidate.id for candidate in record.candidates]
    layer = head({Stage.RING: 0.8})  # odds of about exp(3) to 3 others: .87
    assert set(stages_for(record, ids, layer)) == {ids[1], ids[4]}
    assert set(stages_for(record, ids[:3], layer)) == {ids[1]}
    assert stages_for(record, [], layer) == {}


def test_of_cells_that_the_second_look_has_not_seen_nothing_is_said(record: SlideRecord) -> None:
    unseen = [candidate.id for candidate in record.candidates[6:]]
    assert stages_for(record, unseen, head({Stage.RING: 0.0001})) == {}


def test_of_a_result_without_features_or_with_those_of_another_network_nothing_is_said(
    store: Store, tmp_path: Path, record: SlideRecord
) -> None:
    ids = [candidate.id for candidate in record.candidates]
    assert stages_for(record, ids, head({Stage.RING: 0.0001}, features=5)) == {}
    old = scored_slide(store, tmp_path / "old")
    assert stages_for(old, [one.id for one in old.candidates], head({Stage.RING: 0.0001})) == {}
