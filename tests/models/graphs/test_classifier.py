"""The classifier as scoring takes it: scores, statistics and maps of a field."""

from pathlib import Path

import numpy as np
import pytest

from models.graphs.classifier import GraphClassifier
from tests.models.graphs.test_classifier_graph import both
from tests.models.test_classifier import random_crops


@pytest.mark.parametrize("others", [0, 7, 30])
def test_a_field_is_scored_as_torch_scores_it(others: int, tmp_path: Path) -> None:
    by_torch, graph = both(tmp_path)
    crops, slide = random_crops(30), by_torch.feature_statistics(random_crops(40, seed=6))
    evaluable = np.arange(30) >= others
    expected, found = (one.score_field(crops, evaluable, slide) for one in (by_torch, GraphClassifier(graph)))
    assert found.infected_score.dtype == np.float32
    np.testing.assert_allclose(found.infected_score, expected.infected_score, atol=1e-5)
    np.testing.assert_allclose(found.statistics, expected.statistics, rtol=1e-4, atol=1e-4)


def test_a_field_scored_again_has_the_same_bits_whatever_came_between(tmp_path: Path) -> None:
    classifier = GraphClassifier(both(tmp_path)[1])
    slide = classifier.feature_statistics(random_crops(20))
    first = classifier.score_field(random_crops(8), np.ones(8, bool), slide)
    classifier.score_field(random_crops(31, seed=4), np.ones(31, bool), slide)
    again = classifier.score_field(random_crops(8), np.ones(8, bool), slide)
    np.testing.assert_array_equal(first.infected_score, again.infected_score)
    assert first.statistics == again.statistics


def test_the_map_of_scoring_is_the_first_of_those_that_are_offered(tmp_path: Path) -> None:
    classifier = GraphClassifier(both(tmp_path)[1])
    statistics, crops = classifier.feature_statistics(random_crops(20)), random_crops(3)
    drawn = classifier.activation_map(crops, statistics)
    np.testing.assert_array_equal(drawn, classifier.map_by("guided-grad-cam", crops, statistics))
