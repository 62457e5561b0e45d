"""What a slide is measured to be, and what is said of crops by that, as torch does both."""

from pathlib import Path

import numpy as np
import pytest

from tests.models.graphs.test_classifier_graph import both
from tests.models.test_classifier import random_crops


def test_a_slide_is_measured_as_torch_measures_it(tmp_path: Path) -> None:
    by_torch, graph = both(tmp_path)
    crops = random_crops(50)
    measured = graph.feature_statistics(crops)
    assert len(measured) == 2 * 3 * (4 + 8 + 16)
    np.testing.assert_allclose(measured, by_torch.feature_statistics(crops), rtol=1e-4, atol=1e-4)


def test_only_the_typical_cells_make_the_statistics(tmp_path: Path) -> None:
    graph = both(tmp_path)[1]
    crops, typical = random_crops(12), np.arange(12) < 9
    held = np.asarray(graph.feature_statistics(random_crops(20, seed=3)), np.float32)
    logits, statistics = graph.measured(crops, typical, held)
    fewer, the_same = graph.measured(crops[:9], typical[:9], held)
    np.testing.assert_allclose(statistics, the_same, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(logits[:9], fewer, rtol=1e-4, atol=1e-4)


def test_without_a_typical_cell_what_is_held_stays_to_the_last_bit(tmp_path: Path) -> None:
    graph = both(tmp_path)[1]
    held = np.asarray(graph.feature_statistics(random_crops(20)), np.float32)
    logits, statistics = graph.measured(random_crops(3, seed=2), np.zeros(3, bool), held)
    assert statistics == tuple(held.tolist())
    judged = graph.judging(statistics)(crops=random_crops(3, seed=2))[1][:, 0]
    np.testing.assert_allclose(logits, judged, rtol=1e-4, atol=1e-4)


def test_a_slide_without_a_cell_cannot_be_measured(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no cell to measure a slide on"):
        both(tmp_path)[1].feature_statistics(random_crops(0))


def test_statistics_of_another_network_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2 feature statistics for a network that has 168"):
        both(tmp_path)[1].judging((1.0, 2.0))
