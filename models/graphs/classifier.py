"""The classifier as scoring takes it, run by ONNX Runtime."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from core.cells.classification import FeatureStatistics, FieldScores
from core.cells.crops import CROP_SIZE_PX
from models.graphs.cell_maps import DRAWN_BY_SCORING, CellMaps
from models.graphs.classifier_graph import ClassifierGraph


class GraphClassifier:
    """A `ClassifierGraph` as the `core.cells.classification.CellClassifier` that scoring takes."""

    crop_size_px = CROP_SIZE_PX

    def __init__(self, network: ClassifierGraph) -> None:
        self._network = network
        self._maps = CellMaps(network)

    def feature_statistics(self, crops: NDArray[np.uint8]) -> FeatureStatistics:
        """Measure the slide on (N, S, S, 3) normalised crops of its cells, nearly all of them healthy."""
        return self._network.feature_statistics(crops)

    def score_field(
        self, crops: NDArray[np.uint8], evaluable: NDArray[np.bool_], slide: FeatureStatistics
    ) -> FieldScores:
        """Scores in [0, 1] of all objects of a field, and the statistics they rest on.

        Stain and focus change across a smear: the slide's statistics are drawn towards those of the field's
        own evaluable cells, in which the slide counts as `models.graphs.crop_network.TYPICAL_CELLS` cells.
        The others must not move what is typical, and are scored by it in the same run.
        """
        logits, statistics = self._network.measured(crops, evaluable, np.asarray(slide, np.float32))
        return FieldScores(expit(logits.astype(np.float64)).astype(np.float32), statistics)

    def activation_map(self, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> NDArray[np.float32]:
        """(N, S, S) Guided Grad-CAM (`models.graphs.cell_maps`), each divided by its maximum."""
        return self._maps.by(DRAWN_BY_SCORING, crops, statistics)

    def map_by(
        self, method: str, crops: NDArray[np.uint8], statistics: FeatureStatistics
    ) -> NDArray[np.float32]:
        """(N, S, S) map by one of `models.graphs.cell_maps.METHODS`, each divided by its maximum."""
        return self._maps.by(method, crops, statistics)
