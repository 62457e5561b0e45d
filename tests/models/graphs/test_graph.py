"""Graphs by hand: small sums whose result is known."""

import numpy as np
import pytest

from models.graphs.graph import Graph


def test_a_convolution_by_hand() -> None:
    graph = Graph()
    images = graph.input("images", np.float32, "N", 1, 3, 3)
    cross = np.array([[[[0, 1, 0], [1, 0, 1], [0, 1, 0]]]], np.float32)
    session = graph.session([graph.convolution(images, cross, np.array([10], np.float32), 1, 1)])
    (result,) = session(images=np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3))
    # Each place is the sum of its neighbours, with zeros around the picture, and 10.
    assert result[0, 0].tolist() == [
        [10 + 1 + 3, 10 + 0 + 2 + 4, 10 + 1 + 5],
        [10 + 0 + 4 + 6, 10 + 1 + 3 + 5 + 7, 10 + 2 + 4 + 8],
        [10 + 3 + 7, 10 + 4 + 6 + 8, 10 + 5 + 7],
    ]


@pytest.mark.parametrize("stride", [1, 2])
def test_the_way_back_is_the_transpose_of_the_way_there(stride: int) -> None:
    """<A x, y> = <x, Aᵀ y> for any x and y: what makes it the gradient."""
    drawn = np.random.default_rng(stride)
    weight = drawn.normal(size=(5, 2, 3, 3)).astype(np.float32)
    graph = Graph()
    there = graph.convolution(
        graph.input("x", np.float32, "N", 2, 8, 8), weight, np.zeros(5, np.float32), stride, 1
    )
    given = graph.input("y", np.float32, "N", 5, "h", "w")
    back = graph.transposed_convolution(given, graph.constant(weight), stride)
    session = graph.session([there, back])
    x = drawn.normal(size=(1, 2, 8, 8)).astype(np.float32)
    y = drawn.normal(size=(1, 5, 8 // stride, 8 // stride)).astype(np.float32)
    of_x, of_y = session(x=x, y=y)
    assert (of_x.shape, of_y.shape) == (y.shape, x.shape)
    assert np.vdot(of_x, y) == pytest.approx(np.vdot(x, of_y), rel=1e-5)


def test_a_picture_becomes_numbers_about_zero_channels_first() -> None:
    graph = Graph()
    session = graph.session([graph.images(graph.input("crops", np.uint8, "N", 1, 2, 3), 128.0, 64.0)])
    (result,) = session(crops=np.array([[[[128, 192, 0], [64, 128, 255]]]], np.uint8))
    assert result.shape == (1, 3, 1, 2)
    assert result[0, :, 0].tolist() == [[0, -1], [1, 0], [-2, 127 / 64]]


def test_what_is_pooled_is_the_mean_over_places() -> None:
    graph = Graph()
    session = graph.session([graph.pooled(graph.input("maps", np.float32, "N", 2, 2, 2))])
    (result,) = session(maps=np.array([[[[1, 2], [3, 6]], [[0, 0], [0, -4]]]], np.float32))
    assert result.tolist() == [[3, -1]]


def test_the_same_numbers_come_again_bit_for_bit() -> None:
    drawn = np.random.default_rng(2)
    graph = Graph()
    weight = drawn.normal(size=(16, 3, 3, 3)).astype(np.float32)
    images = graph.images(graph.input("crops", np.uint8, "N", 48, 48, 3), 128.0, 48.0)
    session = graph.session([graph.convolution(images, weight, np.zeros(16, np.float32), 2, 1)])
    crops = drawn.integers(0, 256, (40, 48, 48, 3), np.uint8)
    first, other, again = session(crops=crops)[0], session(crops=crops[:7])[0], session(crops=crops)[0]
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(first[:7], other, atol=1e-5)
