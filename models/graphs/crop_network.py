"""A network of crops as graphs: one that measures a slide, others that judge by what was measured."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from core.cells.classification import FeatureStatistics
from core.cells.crops import GREY
from models.graphs.graph import Graph, Name, Session
from models.graphs.normalised import Folded, Layer, Measuring, Normalised
from models.weights import Weights

INPUT_LEVELS = 48.0
"""Levels of a crop that make one of a network's input."""
TYPICAL_CELLS = 200
"""What is held already counts as this many cells beside those measured: few cells do not make statistics."""
KEPT = 2
"""Sessions that are kept: a worker scores one slide after the other, and maps are made of a slide's field."""


class CropNetwork(ABC):
    """Features, their mean over a crop, one linear layer: as weights, and as graphs that are made of them.

    Parameters
    ----------
    weights
        Of the network, all of them.
    layers
        Those of the features, in the order in which `features` appends them.
    channels
        Of the last of them.
    """

    crop_size_px: int

    def __init__(self, weights: Weights, layers: Sequence[Layer], channels: int) -> None:
        self.layers = tuple(layers)
        self.head = weights.take("head.weight", 1, channels)[0], weights.take("head.bias", 1)
        weights.check_all_taken()
        self.judging = lru_cache(maxsize=KEPT)(self._judging)

    @abstractmethod
    def features(self, graph: Graph, normalised: Normalised, images: Name) -> Name:
        """Append the layers: (N, 3, S, S) about zero to (N, C, h, w)."""

    def feature_statistics(self, crops: NDArray[np.uint8]) -> FeatureStatistics:
        """Measure the slide on (N, S, S, 3) crops of its cells, nearly all of them healthy."""
        if len(crops) == 0:
            raise ValueError("no cell to measure a slide on")
        everywhere = np.ones(len(crops), np.bool_)
        return self.measured(crops, everywhere, np.array(self.typical, np.float32))[1]

    @property
    def typical(self) -> FeatureStatistics:
        """Of the typical slide of the training: for cells of a slide that shows no healthy one."""
        values = [values for layer in self.layers for values in (layer.mean, layer.variance)]
        return tuple(np.concatenate(values).tolist())

    def measured(
        self, crops: NDArray[np.uint8], typical: NDArray[np.bool_], held: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], FeatureStatistics]:
        """Logits of all crops by the statistics held, drawn towards those of the typical ones; these too."""
        count = int(typical.sum())
        logits, statistics = self._measuring(
            crops=crops,
            held=held,
            parts=(typical / max(count, 1)).astype(np.float32)[None],
            drawn=np.array([count / (count + TYPICAL_CELLS)], np.float32),
        )
        return logits[:, 0], tuple(statistics.tolist())

    @cached_property
    def _measuring(self) -> Session:
        graph = Graph()
        normalised = Measuring(graph)
        logits = self.judged(graph, graph.pooled(self.features(graph, normalised, self.images(graph))))
        return graph.session([logits, normalised.statistics()])

    def _judging(self, statistics: FeatureStatistics) -> Session:
        """From crops to their pooled features and logits, by the statistics of one slide."""
        graph = Graph()
        pooled = graph.pooled(self.features(graph, self.folded(graph, statistics), self.images(graph)))
        return graph.session([pooled, self.judged(graph, pooled)])

    def folded(self, graph: Graph, statistics: FeatureStatistics) -> Folded:
        """The layers by given statistics; `ValueError` where they are those of another network."""
        expected = 2 * sum(len(layer.mean) for layer in self.layers)
        if len(statistics) != expected:
            raise ValueError(f"{len(statistics)} feature statistics for a network that has {expected}")
        return Folded(graph, statistics)

    def images(self, graph: Graph) -> Name:
        """Declare crops as the input; give them as the network takes them."""
        crops = graph.input("crops", np.uint8, "N", self.crop_size_px, self.crop_size_px, 3)
        return graph.images(crops, GREY, INPUT_LEVELS)

    def judged(self, graph: Graph, pooled: Name) -> Name:
        """(N, C) to (N, 1) logits of "infected"."""
        weight, bias = self.head
        return graph.add("Gemm", pooled, graph.constant(weight[:, None]), graph.constant(bias))
