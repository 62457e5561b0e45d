"""Normalisation of features by the slide's own healthy cells.

Batch normalisation whose means and variances are those of one slide (after Li et al. 2016, "Revisiting batch
normalization for practical domain adaptation", who take those of the target domain). Nearly all cells of a
slide are healthy, so what the network sees of a cell is how it differs from its slide's healthy cells, and a
stain or lens that shifts all of them alike shifts nothing.
"""

import numpy as np
import torch
from torch import Tensor, nn

from core.cells.classification import FeatureStatistics
from models.graphs.crop_network import TYPICAL_CELLS
from models.graphs.normalised import SLIDE_NORM_EPS

WINDOW = 0.02
"""Weight of a new batch in the running statistics of the typical slide."""


class SlideNorm(nn.BatchNorm2d):
    """Normalise each channel by the mean and variance that it has over a slide's healthy cells.

    A training batch holds the cells of several slides, one slide after the other, the healthy cells of each
    before its infected ones; only the healthy ones make the statistics. The running statistics are those of
    the typical slide. In eval mode this is batch normalisation by the statistics held, as it is for a slide
    once they are replaced by the slide's own.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=SLIDE_NORM_EPS, momentum=WINDOW)
        self.cells_a_slide = 0
        self.healthy_a_slide = 0
        self.measuring = False

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        if self.measuring:
            self._measure(features)
        if not self.training:
            return super().forward(features)
        cells, channels, height, width = features.shape
        # Places before channels, as they lie in memory: the other order takes five times as long.
        by_slide = features.permute(0, 2, 3, 1).reshape(-1, self.cells_a_slide, height * width, channels)
        healthy = by_slide[:, : self.healthy_a_slide].float()
        mean = healthy.mean(dim=(1, 2))
        variance = (healthy - mean[:, None, None]).square().mean(dim=(1, 2))
        self._remember(mean.detach().mean(dim=0), variance.detach().mean(dim=0))
        gain = self.weight / (variance + self.eps).sqrt()
        shift = self.bias - mean * gain
        normalised = torch.addcmul(shift[:, None, None], by_slide, gain[:, None, None])
        return normalised.reshape(cells, height, width, channels).permute(0, 3, 1, 2)

    def _held(self) -> tuple[Tensor, Tensor, Tensor]:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            raise ValueError("a slide's statistics have nowhere to go: track_running_stats is off")
        return self.running_mean, self.running_var, self.num_batches_tracked

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        held_mean, held_variance, batches = self._held()
        batches += 1
        weight = max(WINDOW, 1 / int(batches))
        held_mean.lerp_(mean, weight)
        held_variance.lerp_(variance, weight)

    def _measure(self, features: Tensor) -> None:
        held_mean, held_variance, _ = self._held()
        # Two plain sums over places: `var_mean` over channels-last features takes five times as long.
        by_place = features.float().permute(0, 2, 3, 1).reshape(-1, features.shape[1])
        mean = by_place.mean(dim=0)
        variance = ((by_place * by_place).mean(dim=0) - mean * mean).clamp(min=0)
        weight = len(features) / (len(features) + TYPICAL_CELLS)
        held_mean.lerp_(mean, weight)
        held_variance.lerp_(variance, weight)


def expect_batches(network: nn.Module, healthy_a_slide: int, infected_a_slide: int) -> None:
    """Tell a network's normalisations how its training batches are laid out."""
    for layer in _norms(network):
        layer.healthy_a_slide = healthy_a_slide
        layer.cells_a_slide = healthy_a_slide + infected_a_slide


@torch.no_grad()
def measure(network: nn.Module, inputs: Tensor) -> tuple[Tensor, FeatureStatistics]:
    """Draw the statistics a network holds towards those of some cells, and give its outputs by these.

    Layer by layer, each on features that are already normalised by the new statistics; the network is left
    with them in it. A slide is measured so from the typical one, and a field from its slide.

    Parameters
    ----------
    network
        With its normalisations as `hold` or training left them.
    inputs
        (N, C, H, W). Without a single cell there is nothing to measure: a `ValueError` says so.

    Returns
    -------
    What the network gives of the inputs, and the statistics.
    """
    if len(inputs) == 0:
        raise ValueError("no cell to measure a slide on")
    for layer in _norms(network):
        layer.measuring = True
    outputs: Tensor = network.eval()(inputs)
    values: list[float] = []
    for layer in _norms(network):
        layer.measuring = False
        mean, variance, _ = layer._held()
        values += mean.tolist() + variance.tolist()
    return outputs, tuple(values)


def measured(network: nn.Module, inputs: Tensor) -> FeatureStatistics:
    """The statistics alone that `measure` gives; the network is left with them in it."""
    return measure(network, inputs)[1]


def hold(network: nn.Module, statistics: FeatureStatistics) -> None:
    """Put a slide's statistics, as `measure` gave them, into a network of the same form."""
    layers = _norms(network)
    expected = 2 * sum(layer.num_features for layer in layers)
    if len(statistics) != expected:
        raise ValueError(f"{len(statistics)} feature statistics for a network that has {expected}")
    values = torch.from_numpy(np.asarray(statistics, np.float32))
    start = 0
    for layer in layers:
        mean, variance, _ = layer._held()
        for held in (mean, variance):
            held.copy_(values[start : start + layer.num_features])
            start += layer.num_features


def _norms(network: nn.Module) -> list[SlideNorm]:
    return [layer for layer in network.modules() if isinstance(layer, SlideNorm)]
