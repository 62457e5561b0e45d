"""A network of crops whose normalisations hold one slide's statistics at a time, as scoring uses it."""

from collections.abc import Iterator
from copy import deepcopy
from functools import lru_cache
from typing import Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.cells.classification import FeatureStatistics
from core.cells.crops import GREY
from models.graphs.crop_network import INPUT_LEVELS, KEPT
from models.graphs.second_look_graph import BATCH
from models.slide_norm import hold, measured

Network = TypeVar("Network", bound=nn.Module)


def as_input(crops: NDArray[np.uint8]) -> Tensor:
    """(N, S, S, 3) uint8 to (N, 3, S, S) float32 about zero, channels last in memory."""
    return (torch.from_numpy(crops).permute(0, 3, 1, 2).float() - GREY) / INPUT_LEVELS


class SlideNetwork(Generic[Network]):
    """A trained network with `models.slide_norm.SlideNorm` in it, from `as_input` to (N,) logits."""

    def __init__(self, network: Network, device: torch.device) -> None:
        self._network = network.eval().to(device).to(memory_format=torch.channels_last)
        self._device = device
        self._of_slide = lru_cache(maxsize=KEPT)(self._adapted)

    def feature_statistics(self, crops: NDArray[np.uint8]) -> FeatureStatistics:
        """Measure the slide on (N, S, S, 3) crops of its cells, nearly all of them healthy."""
        return measured(deepcopy(self._network), self._inputs(crops))

    @torch.inference_mode()
    def logits(self, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> NDArray[np.float32]:
        """(N,) logits, the log-odds of "infected", of (N, S, S, 3) crops of one slide."""
        network = self.network_of(statistics)
        parts = [network(batch).float().cpu().numpy() for batch in self._batches(crops)]
        return np.concatenate(parts) if parts else np.empty(0, np.float32)

    def network_of(self, statistics: FeatureStatistics) -> Network:
        """The network as it is for one slide or field, in eval mode, from `as_input` to (N,) logits."""
        return self._of_slide(statistics)

    def _batches(self, crops: NDArray[np.uint8]) -> Iterator[Tensor]:
        return (self._inputs(crops[start : start + BATCH]) for start in range(0, len(crops), BATCH))

    def _inputs(self, crops: NDArray[np.uint8]) -> Tensor:
        return as_input(crops).to(self._device)

    def _adapted(self, statistics: FeatureStatistics) -> Network:
        with torch.inference_mode(mode=False):  # it is kept, and maps need the gradients of what is kept
            network = deepcopy(self._network)
            hold(network, statistics)
        return network
