"""Convolutions with the normalisation behind them, by statistics that are known or are measured."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.cells.classification import FeatureStatistics
from models.graphs.graph import Graph, Name
from models.weights import Weights

SLIDE_NORM_EPS = 1e-3
"""Added to the variances by which `models.slide_norm.SlideNorm` divides."""

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Layer:
    """A convolution without a bias and the normalisation behind it.

    Attributes
    ----------
    weight
        (D, C / groups, k, k).
    gain, shift
        (D,), of what is normalised.
    mean, variance
        (D,), of the features of a typical slide.
    stride, groups
        Of the convolution.
    """

    weight: Array
    gain: Array
    shift: Array
    mean: Array
    variance: Array
    stride: int
    groups: int


def layer_of(
    weights: Weights,
    convolution: str,
    normalisation: str,
    shape: tuple[int, int, int],
    stride: int = 1,
    groups: int = 1,
) -> Layer:
    """Take a layer of these names out of a file; `shape` is (channels, of the result; of a group; kernel)."""
    out, into, kernel = shape
    return Layer(
        weights.take(f"{convolution}.weight", out, into, kernel, kernel),
        weights.take(f"{normalisation}.weight", out),
        weights.take(f"{normalisation}.bias", out),
        weights.take(f"{normalisation}.running_mean", out),
        weights.take(f"{normalisation}.running_var", out),
        stride,
        groups,
    )


class Normalised(Protocol):
    """Appends one layer after the other to a graph."""

    def __call__(self, features: Name, layer: Layer) -> Name:
        """Convolved and normalised."""
        ...


class Folded:
    """Layers whose statistics are known: each becomes one convolution with a bias.

    Parameters
    ----------
    graph
        What the layers are appended to.
    statistics
        As `Measuring` gives them, of all layers in the order in which they are appended; None for those of a
        typical slide.
    eps
        Added to the variances.
    """

    def __init__(
        self, graph: Graph, statistics: FeatureStatistics | None = None, eps: float = SLIDE_NORM_EPS
    ) -> None:
        self._graph, self._eps = graph, eps
        self._left = None if statistics is None else np.asarray(statistics, np.float32)

    def __call__(self, features: Name, layer: Layer) -> Name:
        """Convolved and normalised."""
        return self._graph.convolution(features, *self.folded(layer), layer.stride, layer.groups)

    def folded(self, layer: Layer) -> tuple[Array, Array]:
        """Weight and bias of the layer, which is the next one."""
        gain, bias = self.gain_and_bias(layer)
        return layer.weight * gain[:, None, None, None], bias

    def gain_and_bias(self, layer: Layer) -> tuple[Array, Array]:
        """What the layer, which is the next one, multiplies its weights by, channel by channel; its bias."""
        mean, variance = self._next(layer)
        gain = layer.gain / np.sqrt(variance + np.float32(self._eps))
        return gain, layer.shift - mean * gain

    def _next(self, layer: Layer) -> tuple[Array, Array]:
        if self._left is None:
            return layer.mean, layer.variance
        channels = len(layer.mean)
        mean, variance, self._left = np.split(self._left, [channels, 2 * channels])
        return mean, variance


class Measuring:
    """Layers whose statistics the graph draws towards those of the crops that it is given, layer by layer.

    Each measures what is already normalised by the new statistics of those before it, as
    `models.slide_norm.measure` does.

    Parameters
    ----------
    graph
        What the layers are appended to; it gets the inputs

        - ``held`` (S,), the statistics to begin with: for each layer its means, then its variances;
        - ``parts`` (1, N), how much each crop counts in what is measured; they sum to 1, or are all 0;
        - ``drawn`` (1,), how far the statistics are drawn, from 0 to 1.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._held = graph.input("held", np.float32, "S")
        self._parts = graph.input("parts", np.float32, 1, "N")
        self._drawn = graph.input("drawn", np.float32, 1)
        self._measured: list[Name] = []
        self._begin = 0

    def __call__(self, features: Name, layer: Layer) -> Name:
        """Convolved and normalised."""
        graph, channels = self._graph, len(layer.gain)
        convolved = graph.convolution(
            features, layer.weight, np.zeros(channels, np.float32), layer.stride, layer.groups
        )
        # Plain sums, as in torch: E[x²] - E[x]².
        mean = self._over_crops(graph.pooled(convolved))
        square = self._over_crops(graph.pooled(graph.add("Mul", convolved, convolved)))
        variance = graph.add("Relu", graph.add("Sub", square, graph.add("Mul", mean, mean)))
        mean, variance = self._drawn_to(mean, channels), self._drawn_to(variance, channels)
        deviation = graph.add("Sqrt", graph.add("Add", variance, graph.number(SLIDE_NORM_EPS)))
        gain = graph.add("Div", graph.constant(layer.gain), deviation)
        shift = graph.add("Sub", graph.constant(layer.shift), graph.add("Mul", mean, gain))
        scaled = graph.add("Mul", convolved, self._each_channel(gain))
        return graph.add("Add", scaled, self._each_channel(shift))

    def statistics(self) -> Name:
        """(S,) the statistics by which the layers normalise."""
        return self._graph.add("Concat", *self._measured, axis=0)

    def _over_crops(self, pooled: Name) -> Name:
        flat = self._graph.constant(np.array([-1], np.int64))
        return self._graph.add("Reshape", self._graph.add("MatMul", self._parts, pooled), flat)

    def _drawn_to(self, measured: Name, channels: int) -> Name:
        begin, end = (np.array([at], np.int64) for at in (self._begin, self._begin + channels))
        self._begin += channels
        held = self._graph.add("Slice", self._held, self._graph.constant(begin), self._graph.constant(end))
        further = self._graph.add("Mul", self._graph.add("Sub", measured, held), self._drawn)
        self._measured.append(self._graph.add("Add", held, further))
        return self._measured[-1]

    def _each_channel(self, values: Name) -> Name:
        return self._graph.add("Reshape", values, self._graph.constant(np.array([1, -1, 1, 1], np.int64)))
