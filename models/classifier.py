"""A compact residual network that tells infected red cells from healthy ones on normalised crops."""

from copy import deepcopy
from functools import cached_property

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit
from torch import Tensor, nn

from core.cam import activation_maps, normalised
from core.cells.classification import FeatureStatistics, FieldScores
from core.cells.crops import CROP_SIZE_PX
from models.blocks import ConvolutionBlock, ResidualBlock
from models.graphs.cell_maps import SPREAD_PX
from models.slide_network import SlideNetwork
from models.slide_norm import SlideNorm, hold, measure

FEATURE_LAYER = "features"
"""Of `ClassifierNetwork`: the layer that it averages, and that its maps are made of."""


class ClassifierNetwork(nn.Module):
    """Three residual stages down to a quarter of the resolution, mean pooling, one linear layer.

    The last stage keeps the resolution of the second: on half as many places a side the network still finds
    the parasite, but its map forgets where (docs/TRIALS.md). Ending so, its class activation map is exact:
    the logit is the mean of the map plus the bias. Every layer is normalised by the slide's own cells
    (`models.slide_norm`).

    Parameters
    ----------
    width
        Channels of the first stage; the next have twice and four times as many.
    """

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.features = nn.Sequential(
            ConvolutionBlock(3, width, 2, SlideNorm),
            ResidualBlock(width, SlideNorm),
            ConvolutionBlock(width, 2 * width, 2, SlideNorm),
            ResidualBlock(2 * width, SlideNorm),
            ConvolutionBlock(2 * width, 4 * width, 1, SlideNorm),
            ResidualBlock(4 * width, SlideNorm),
        )
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(4 * width, 1)

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, S, S) from `as_input` to (N,) logits of "infected"."""
        pooled = self.features(images).mean(dim=(2, 3))
        logits: Tensor = self.head(self.dropout(pooled))[:, 0]
        return logits


class Classifier(SlideNetwork[ClassifierNetwork]):
    """A trained `ClassifierNetwork` as the `core.cells.classification.CellClassifier` that scoring takes."""

    crop_size_px = CROP_SIZE_PX

    @cached_property
    def _of_field(self) -> ClassifierNetwork:
        """Takes in the statistics of one field after another."""
        return deepcopy(self._network)

    @torch.inference_mode()
    def field_logits(
        self, crops: NDArray[np.uint8], slide: FeatureStatistics
    ) -> tuple[NDArray[np.float32], FeatureStatistics]:
        """(N,) logits of (N, S, S, 3) normalised crops of one field, and the statistics they rest on."""
        logits, statistics, _ = self._measured(crops, slide)
        return logits, statistics

    def _measured(
        self, crops: NDArray[np.uint8], slide: FeatureStatistics
    ) -> tuple[NDArray[np.float32], FeatureStatistics, ClassifierNetwork]:
        """Logits of a field's crops, the statistics they rest on, and the network that holds these.

        Stain and focus change across a smear: the slide's statistics are drawn towards the field's own, in
        which the slide counts as `models.graphs.crop_network.TYPICAL_CELLS` cells. The network is good until
        the next field is measured: to copy one for every field takes a fifteenth of a field's time.
        """
        if len(crops) == 0:
            return np.empty(0, np.float32), slide, self.network_of(slide)
        network = self._of_field
        hold(network, slide)
        logits, statistics = measure(network, self._inputs(crops))
        return logits.float().cpu().numpy(), statistics, network

    @torch.inference_mode()
    def score_field(
        self, crops: NDArray[np.uint8], evaluable: NDArray[np.bool_], slide: FeatureStatistics
    ) -> FieldScores:
        """Scores in [0, 1] of all objects of a field: the logistic function of their logits.

        The evaluable ones are scored while the field is measured on them; the others, which must not move
        what is typical, by what was measured.
        """
        logits = np.empty(len(crops), np.float64)
        logits[evaluable], statistics, network = self._measured(crops[evaluable], slide)
        if not evaluable.all():
            others = network(self._inputs(crops[~evaluable]))
            logits[~evaluable] = others.float().cpu().numpy()
        return FieldScores(expit(logits).astype(np.float32), statistics)

    def activation_map(self, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> NDArray[np.float32]:
        """(N, S, S) Guided Grad-CAM (Selvaraju 2017), each divided by its maximum; zero where none.

        Class activation maps, on places of 4 px that each see much of the cell, peak on the parasite in half
        of the cells; the gradient at the image, which goes back to the pixels, in more than four of five
        (docs/TRIALS.md). They are blurred by `SPREAD_PX`, as single pixels cannot be seen.
        """
        network, inputs = self.network_of(statistics), self._inputs(crops)
        maps = activation_maps(network, inputs, "guided-grad-cam", layer=FEATURE_LAYER).maps.cpu()
        spread = [cv2.GaussianBlur(each, (0, 0), SPREAD_PX) for each in maps.numpy()]
        blurred = torch.from_numpy(np.stack(spread)) if spread else maps
        return np.asarray(normalised(blurred, "max"), np.float32)

    def map_by(
        self, method: str, crops: NDArray[np.uint8], statistics: FeatureStatistics
    ) -> NDArray[np.float32]:
        """(N, S, S) map by any method of `core.cam.activation_maps`, each divided by its maximum.

        ``guided-grad-cam`` is `activation_map`.
        """
        if method == "guided-grad-cam":
            return self.activation_map(crops, statistics)
        network, inputs = self.network_of(statistics), self._inputs(crops)
        made = activation_maps(network, inputs, method, layer=FEATURE_LAYER, size="placed")
        return np.asarray(normalised(made.maps, "max").cpu(), np.float32)
