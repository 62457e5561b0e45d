"""Maps in closed form are those that torch makes by its gradients and masks."""

from pathlib import Path

import numpy as np
import pytest

from models.graphs.cell_maps import METHODS, CellMaps
from models.graphs.classifier_graph import ClassifierGraph
from tests.models.graphs.test_classifier_graph import both
from tests.models.test_classifier import random_crops


@pytest.mark.parametrize("method", METHODS)
def test_a_map_is_that_of_torch(method: str, tmp_path: Path) -> None:
    by_torch, graph = both(tmp_path)
    statistics, crops = by_torch.feature_statistics(random_crops(30)), random_crops(4, seed=8)
    crops[1] = 128  # a cell of which no place differs from another
    maps = CellMaps(graph).by(method, crops, statistics)
    assert maps.shape == (4, 48, 48)
    assert maps.dtype == np.float32
    assert maps[0].max() == 1
    np.testing.assert_allclose(maps, by_torch.map_by(method, crops, statistics), atol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_no_crops_have_no_maps(method: str, tmp_path: Path) -> None:
    graph = both(tmp_path)[1]
    statistics = graph.feature_statistics(random_crops(5))
    assert CellMaps(graph).by(method, random_crops(0), statistics).shape == (0, 48, 48)


def against_infected(graph: ClassifierGraph) -> ClassifierGraph:
    """All weights of its head negative: nothing anywhere speaks for "infected"."""
    weight, bias = graph.head
    graph.head = -np.abs(weight), bias
    return graph


@pytest.mark.parametrize("method", ["guided-grad-cam", "cam"])
def test_where_nothing_speaks_for_infected_the_map_is_zero(method: str, tmp_path: Path) -> None:
    graph = against_infected(both(tmp_path)[1])
    statistics = graph.feature_statistics(random_crops(5))
    assert not CellMaps(graph).by(method, random_crops(2), statistics).any()


def test_another_method_is_refused(tmp_path: Path) -> None:
    graph = both(tmp_path)[1]
    statistics = graph.feature_statistics(random_crops(5))
    with pytest.raises(ValueError, match="by guided-grad-cam, score-cam-paper, cam, not by 'lime'"):
        CellMaps(graph).by("lime", random_crops(1), statistics)
