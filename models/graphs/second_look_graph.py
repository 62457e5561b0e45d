"""The second look as a graph, from weights to the `core.cells.second_look.SecondLook` that scoring takes."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.cells.classification import FeatureStatistics
from core.cells.crops import SURROUNDED_SIZE_PX
from core.cells.second_look import SecondSight
from models.graphs.crop_network import CropNetwork
from models.graphs.graph import Graph, Name
from models.graphs.normalised import Layer, Normalised, layer_of
from models.weights import Weights

STEM_CHANNELS = 32
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1))
"""Expansion, channels, blocks and first stride of the stages of MobileNetV2 down to stride 16 (Sandler et al.
2018, table 2). The two after these halve the places once more, and a parasite is small."""
CHANNELS = STAGES[-1][1]
"""Of the last features."""
BATCH = 64
"""Crops that are looked at together."""
LARGEST = 6.0
"""Of what the network's rectifiers let pass."""


def inverted_residuals() -> Iterator[tuple[int, int, int, int]]:
    """Channels in and out, stride and expansion of each block, in their order."""
    channels = STEM_CHANNELS
    for expansion, out, count, stride in STAGES:
        for number in range(count):
            yield channels, out, stride if number == 0 else 1, expansion
            channels = out


class SecondLookGraph(CropNetwork):
    """The network of `models.second_look.SecondLookNetwork`, run by ONNX Runtime.

    Raises
    ------
    models.weights.CheckpointError
        Where the file is not one of its weights.
    """

    crop_size_px = SURROUNDED_SIZE_PX

    def __init__(self, path: Path) -> None:
        weights = Weights(path)
        super().__init__(weights, list(_layers(weights)), CHANNELS)

    def features(self, graph: Graph, normalised: Normalised, images: Name) -> Name:
        """Append the layers: (N, 3, S, S) about zero to (N, C, S / 16, S / 16)."""
        left = iter(self.layers)
        limits = graph.number(0.0), graph.number(LARGEST)

        def rectified(features: Name) -> Name:
            return graph.add("Clip", normalised(features, next(left)), *limits)

        features = rectified(images)
        for channels, out, stride, expansion in inverted_residuals():
            inner = rectified(features) if expansion > 1 else features
            result = normalised(rectified(inner), next(left))
            shortcut = stride == 1 and channels == out
            features = graph.add("Add", features, result) if shortcut else result
        return features

    def look(self, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> SecondSight:
        """Look at (N, S, S, 3) crops of one slide."""
        session, channels = self.judging(statistics), len(self.head[0])
        pooled, logits = [np.empty((0, channels), np.float32)], [np.empty((0, 1), np.float32)]
        for start in range(0, len(crops), BATCH):
            both = session(crops=crops[start : start + BATCH])
            pooled.append(both[0])
            logits.append(both[1])
        return SecondSight(np.concatenate(logits)[:, 0], np.concatenate(pooled).astype(np.float16))


def _layers(weights: Weights) -> Iterator[Layer]:
    yield layer_of(weights, "features.0.0", "features.0.1", (STEM_CHANNELS, 3, 3), stride=2)
    for number, (channels, out, stride, expansion) in enumerate(inverted_residuals(), start=1):
        name, inner = f"features.{number}.conv", channels * expansion
        if expansion > 1:
            yield layer_of(weights, f"{name}.0.0", f"{name}.0.1", (inner, channels, 1))
        place = int(expansion > 1)
        names = f"{name}.{place}.0", f"{name}.{place}.1"
        yield layer_of(weights, *names, (inner, 1, 3), stride=stride, groups=inner)
        yield layer_of(weights, f"{name}.{place + 1}", f"{name}.{place + 2}", (out, inner, 1))
