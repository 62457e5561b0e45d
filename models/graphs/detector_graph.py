"""The detector as a graph, from weights to `models.detector.Detector`."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.cells.detection import ObjectKind
from models.detector import INPUT_LEVELS, INPUT_MIDDLE, PLANES, Detector
from models.graphs.graph import Graph, Name
from models.graphs.normalised import Folded, layer_of
from models.weights import Weights

BATCH_NORM_EPS = 1e-5


def load_detector(path: Path) -> Detector:
    """Load a detector ready to locate; raises `models.weights.CheckpointError`.

    The network is that of `models.detector_network.DetectorNetwork`.
    """
    layers = _Layers(Weights(path))
    session = layers.graph.session(layers.outputs())

    def answer(tile: NDArray[np.uint8]) -> NDArray[np.float32]:
        heat, rest = session(tile=tile[None])
        return np.concatenate([heat[0], rest[0]])

    return Detector(answer)


class _Layers:
    """The network's parts, named as its weights are."""

    def __init__(self, weights: Weights) -> None:
        self.graph = Graph()
        self._weights = weights
        self._normalised = Folded(self.graph, eps=BATCH_NORM_EPS)

    def outputs(self) -> tuple[Name, Name]:
        """How sure centres are; the other planes of an `models.detector.Answer`."""
        graph, kinds = self.graph, len(ObjectKind)
        tile = graph.input("tile", np.uint8, 1, "H", "W", 3)
        at2 = self._block(graph.images(tile, INPUT_MIDDLE, INPUT_LEVELS), "stem", 3, 16, 2)
        at4 = self._residual(self._block(at2, "stage4.0", 16, 24, 2), "stage4.1", 24)
        at8 = self._residual(self._block(at4, "stage8.0", 24, 48, 2), "stage8.1", 48)
        at16 = self._residual(self._block(at8, "stage16.0", 48, 96, 2), "stage16.1", 96)
        at16 = self._residual(at16, "stage16.2", 96)
        at8 = self._block(self._added(at8, self._plain(at16, "lateral16", 96, 48)), "merge8", 48, 48)
        at4 = self._block(self._added(at4, self._plain(at8, "lateral8", 48, 24)), "merge4", 24, 24)
        planes = self._plain(self._block(at4, "head.0", 24, 48), "head.1", 48, PLANES)
        self._weights.check_all_taken()
        return graph.add("Sigmoid", self._planes(planes, 0, kinds)), self._planes(planes, kinds, PLANES)

    def _block(self, features: Name, name: str, into: int, out: int, stride: int = 1) -> Name:
        layer = layer_of(self._weights, f"{name}.0", f"{name}.1", (out, into, 3), stride)
        return self.graph.add("Relu", self._normalised(features, layer))

    def _residual(self, features: Name, name: str, channels: int) -> Name:
        first = self._block(features, f"{name}.first", channels, channels)
        names = f"{name}.second.0", f"{name}.second.1"
        second = self._normalised(first, layer_of(self._weights, *names, (channels, channels, 3)))
        return self.graph.add("Relu", self.graph.add("Add", features, second))

    def _plain(self, features: Name, name: str, into: int, out: int) -> Name:
        weight = self._weights.take(f"{name}.weight", out, into, 1, 1)
        return self.graph.convolution(features, weight, self._weights.take(f"{name}.bias", out), 1, 1)

    def _added(self, features: Name, coarse: Name) -> Name:
        """The sum with what lies on a grid of twice the stride, each place repeated."""
        twice = self.graph.constant(np.array([1, 1, 2, 2], np.float32))
        repeated = self.graph.add(
            *("Resize", coarse, "", twice),
            mode="nearest",
            nearest_mode="floor",
            coordinate_transformation_mode="asymmetric",
        )
        return self.graph.add("Add", features, repeated)

    def _planes(self, planes: Name, begin: int, end: int) -> Name:
        return self.graph.add(
            "Slice", planes, *(self.graph.constant(np.array([each], np.int64)) for each in (begin, end, 1))
        )
