"""The network of the classifier as a graph, from its weights."""

from collections.abc import Iterator
from pathlib import Path

from core.cells.crops import CROP_SIZE_PX
from models.graphs.crop_network import CropNetwork
from models.graphs.graph import Graph, Name
from models.graphs.normalised import Layer, Normalised, layer_of
from models.weights import Weights


class ClassifierGraph(CropNetwork):
    """The network of `models.classifier.ClassifierNetwork`, run by ONNX Runtime.

    Parameters
    ----------
    path
        A file of its weights.
    width
        Channels of its first stage.

    Raises
    ------
    models.weights.CheckpointError
        Where the file is not one of such weights.
    """

    crop_size_px = CROP_SIZE_PX

    def __init__(self, path: Path, width: int) -> None:
        weights = Weights(path)
        super().__init__(weights, list(_layers(weights, width)), 4 * width)

    def features(self, graph: Graph, normalised: Normalised, images: Name) -> Name:
        """Append the layers: (N, 3, S, S) about zero to (N, C, S / 4, S / 4)."""
        features = images
        for plain, first, second in stages(self.layers):
            features = graph.add("Relu", normalised(features, plain))
            inner = graph.add("Relu", normalised(features, first))
            features = graph.add("Relu", graph.add("Add", features, normalised(inner, second)))
        return features


def stages(layers: tuple[Layer, ...]) -> Iterator[tuple[Layer, Layer, Layer]]:
    """The plain layer of each stage and the two of its residual block."""
    return zip(layers[0::3], layers[1::3], layers[2::3], strict=True)


def _layers(weights: Weights, width: int) -> Iterator[Layer]:
    into = 3
    for stage, (out, stride) in enumerate([(width, 2), (2 * width, 2), (4 * width, 1)]):
        plain, residual = f"features.{2 * stage}", f"features.{2 * stage + 1}"
        yield layer_of(weights, f"{plain}.0", f"{plain}.1", (out, into, 3), stride)
        for part in ("first", "second"):
            yield layer_of(weights, f"{residual}.{part}.0", f"{residual}.{part}.1", (out, out, 3))
        into = out
