"""Activation maps of single cells as closed forms of the classifier's weights."""

from functools import cached_property, lru_cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from core.cells.classification import FeatureStatistics
from models.graphs.classifier_graph import ClassifierGraph, stages
from models.graphs.crop_network import KEPT
from models.graphs.graph import Graph, Name, Session
from models.graphs.normalised import Layer

METHODS = ("guided-grad-cam", "score-cam-paper", "cam")
"""Those of `core.cam.METHODS` that need no torch."""
DRAWN_BY_SCORING = METHODS[0]
STRIDE_PX: Literal[4] = 4
"""Pixels of a crop between two places of the last features."""
SPREAD_PX = 1.5
"""Standard deviation, in pixels of a crop, of the blur over a map of single pixels, which cannot be seen."""

Maps = NDArray[np.float32]


class CellMaps:
    """Maps of what speaks for "infected", by several methods, for crops of one field.

    Parameters
    ----------
    classifier
        Whose answers the maps explain.
    """

    def __init__(self, classifier: ClassifierGraph) -> None:
        self._classifier = classifier
        self._judging = lru_cache(maxsize=KEPT)(self._judging_by)

    def by(self, method: str, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> Maps:
        """(N, S, S) maps by one of `METHODS`, each divided by its maximum; zero where there is nothing."""
        size_px = self._classifier.crop_size_px
        if len(crops) == 0:
            return np.empty((0, size_px, size_px), np.float32)
        inputs, features, gradient = self._explaining(crops=crops, **self._folded(statistics))
        of_class = np.maximum(np.einsum("nchw,c->nhw", features, self._classifier.head[0]), 0)
        if method == "guided-grad-cam":
            return _of_largest(_guided(of_class, gradient))
        if method == "score-cam-paper":
            of_class = np.maximum(self._under_masks(inputs, features, statistics), 0)
        elif method != "cam":
            raise ValueError(f"maps of cells are made by {', '.join(METHODS)}, not by {method!r}")
        placed = _placing(features.shape[2], size_px)
        return _of_largest(placed @ of_class @ placed.T)

    def _folded(self, statistics: FeatureStatistics) -> dict[str, NDArray[np.float32]]:
        """What `_explaining` is given of a field's statistics."""
        folded = self._classifier.folded(Graph(), statistics)
        inputs: dict[str, NDArray[np.float32]] = {}
        for number, layer in enumerate(self._classifier.layers):
            gain, bias = folded.gain_and_bias(layer)
            inputs |= {f"gain_{number}": gain[:, None, None, None], f"bias_{number}": bias}
        return inputs

    @cached_property
    def _explaining(self) -> Session:
        """From crops to what the network takes, its last features, and guided backpropagation at its input.

        Guided backpropagation (Springenberg 2015) is the gradient of the logit, but each rectifier passes
        back only what is positive, and only where it let something pass. Behind the last features the logit
        is their mean by the head's weights: its gradient there is the same at all places.

        The statistics are inputs: each field has its own, and a graph takes longer to make than to run.
        """
        graph, classifier = Graph(), self._classifier
        weights: dict[int, tuple[Name, Name]] = {}
        for number, layer in enumerate(classifier.layers):
            channels = len(layer.gain)
            gain = graph.input(f"gain_{number}", np.float32, channels, 1, 1, 1)
            bias = graph.input(f"bias_{number}", np.float32, channels)
            weights[id(layer)] = graph.add("Mul", graph.constant(layer.weight), gain), bias
        images = classifier.images(graph)
        features, passed = images, []

        def convolved(features: Name, layer: Layer) -> Name:
            kernel = layer.weight.shape[2]
            return graph.convolution_by(features, *weights[id(layer)], kernel, layer.stride, layer.groups)

        def back(gradient: Name, layer: Layer) -> Name:
            return graph.transposed_convolution(gradient, weights[id(layer)][0], layer.stride)

        def guided(gradient: Name, rectified: Name) -> Name:
            return graph.add("Mul", graph.add("Relu", gradient), graph.add("Sign", rectified))

        for plain, first, second in stages(classifier.layers):
            begun = graph.add("Relu", convolved(features, plain))
            inner = graph.add("Relu", convolved(begun, first))
            features = graph.add("Relu", graph.add("Add", begun, convolved(inner, second)))
            passed.append((plain, first, second, begun, inner, features))
        gradient = graph.constant(classifier.head[0][None, :, None, None])
        for plain, first, second, begun, inner, after in reversed(passed):
            gradient = guided(gradient, after)
            by_block = back(guided(back(gradient, second), inner), first)
            gradient = back(guided(graph.add("Add", gradient, by_block), begun), plain)
        return graph.session([images, features, gradient])

    def _judging_by(self, statistics: FeatureStatistics) -> Session:
        """From what the network takes to logits."""
        graph, classifier, size_px = Graph(), self._classifier, self._classifier.crop_size_px
        images = graph.input("images", np.float32, "N", 3, size_px, size_px)
        features = classifier.features(graph, classifier.folded(graph, statistics), images)
        return graph.session([classifier.judged(graph, graph.pooled(features))])

    def _under_masks(self, images: Maps, features: Maps, statistics: FeatureStatistics) -> Maps:
        """Score-CAM (Wang 2020, Algorithm 1): channels by the softmax of the logits under their masks."""
        judging, sums = self._judging(statistics), []
        for image, channels in zip(images, features, strict=True):
            size_px = (image.shape[2], image.shape[1])
            masks = cv2.resize(channels.transpose(1, 2, 0), size_px, interpolation=cv2.INTER_LINEAR)
            lowest, highest = masks.min(axis=(0, 1)), masks.max(axis=(0, 1))
            extent = np.where(highest > lowest, highest - lowest, 1)
            masked = ((masks - lowest) / extent).transpose(2, 0, 1)[:, None] * image[None]
            (logits,) = judging(images=masked)
            sums.append(np.einsum("c,chw->hw", softmax(logits[:, 0]), channels))
        return np.stack(sums)


def _guided(of_class: Maps, gradient: Maps) -> Maps:
    """Guided Grad-CAM (Selvaraju 2017): the class map, upsampled, times guided backpropagation.

    Class maps, on places that each see much of the cell, peak on the parasite in half of the cells; the
    gradient, which goes back to the pixels, in more than four of five (docs/TRIALS.md).
    """
    size_px = (gradient.shape[3], gradient.shape[2])
    upsampled = np.stack([cv2.resize(each, size_px, interpolation=cv2.INTER_LINEAR) for each in of_class])
    largest = np.abs(upsampled[:, None] * gradient).max(axis=1)
    return np.stack([cv2.GaussianBlur(each, (0, 0), SPREAD_PX) for each in largest])


def _placing(places: int, size_px: int) -> Maps:
    """(S, places) weight of each place in each pixel: place i looks about pixel `STRIDE_PX` i."""
    at = np.clip(np.arange(size_px) / STRIDE_PX, 0, places - 1)
    return np.asarray(np.clip(1 - np.abs(at[:, None] - np.arange(places)), 0, None), np.float32)


def _of_largest(maps: Maps) -> Maps:
    highest = maps.max(axis=(1, 2), keepdims=True)
    return np.asarray(maps / np.where(highest > 0, highest, 1), np.float32)
