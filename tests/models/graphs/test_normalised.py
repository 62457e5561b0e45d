"""Normalised layers: by known statistics, and by those measured on the way."""

import numpy as np
import pytest

from models.graphs.graph import Graph
from models.graphs.normalised import Folded, Layer, Measuring

EPS = 1e-3


def doubling(mean: float = 0.0, variance: float = 1.0) -> Layer:
    """One channel: twice the input, which is then normalised to a gain of 3 about 10."""
    one = np.ones(1, np.float32)
    return Layer(np.full((1, 1, 1, 1), 2, np.float32), 3 * one, 10 * one, mean * one, variance * one, 1, 1)


def two_values() -> np.ndarray:
    """Two crops of one place: 1 and 5, doubled 2 and 10, whose mean is 6 and whose variance is 16."""
    return np.array([1, 5], np.float32).reshape(2, 1, 1, 1)


@pytest.mark.parametrize(
    ("statistics", "mean", "variance"), [(None, 4.0, 9.0), ((6.0, 16.0), 6.0, 16.0)], ids=["typical", "slide"]
)
def test_known_statistics_by_hand(statistics: tuple[float, ...] | None, mean: float, variance: float) -> None:
    graph = Graph()
    folded = Folded(graph, statistics, EPS)
    session = graph.session([folded(graph.input("x", np.float32, "N", 1, 1, 1), doubling(4.0, 9.0))])
    (result,) = session(x=two_values())
    expected = 10 + 3 * (np.array([2, 10]) - mean) / np.sqrt(variance + EPS)
    np.testing.assert_allclose(result.ravel(), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("parts", "drawn", "mean", "variance"),
    [
        ([0.5, 0.5], 1.0, 6.0, 16.0),
        ([0.5, 0.5], 0.25, 4.0 + 0.25 * 2.0, 9.0 + 0.25 * 7.0),
        ([0.0, 1.0], 1.0, 10.0, 0.0),
        ([0.0, 0.0], 0.0, 4.0, 9.0),
    ],
    ids=["all of what is measured", "drawn a quarter of the way", "one crop alone", "nothing measured"],
)
def test_measured_statistics_by_hand(parts: list[float], drawn: float, mean: float, variance: float) -> None:
    graph = Graph()
    measuring = Measuring(graph)
    result = measuring(graph.input("x", np.float32, "N", 1, 1, 1), doubling())
    session = graph.session([result, measuring.statistics()])
    normalised, statistics = session(
        x=two_values(),
        held=np.array([4, 9], np.float32),
        parts=np.array([parts], np.float32),
        drawn=np.array([drawn], np.float32),
    )
    np.testing.assert_allclose(statistics, [mean, variance], atol=1e-5)
    expected = 10 + 3 * (np.array([2, 10]) - mean) / np.sqrt(variance + EPS)
    np.testing.assert_allclose(normalised.ravel(), expected, rtol=1e-4)


def test_a_second_layer_is_measured_on_what_the_first_gives_by_its_new_statistics() -> None:
    graph = Graph()
    measuring = Measuring(graph)
    first = measuring(graph.input("x", np.float32, "N", 1, 1, 1), doubling())
    measuring(first, doubling())
    session = graph.session([measuring.statistics()])
    half = np.full((1, 2), 0.5, np.float32)
    (statistics,) = session(
        x=two_values(), held=np.array([0, 1, 0, 1], np.float32), parts=half, drawn=np.ones(1, np.float32)
    )
    # 2 and 10 become 10 -+ 3, doubled 14 and 26: mean 20, variance 36.
    np.testing.assert_allclose(statistics, [6, 16, 20, 36], rtol=1e-3)
