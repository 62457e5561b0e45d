"""What the training of both looks lowers: cross-entropy, and where the activation maps of parasites fall."""

from dataclasses import dataclass

import torch
from lightning_fabric.wrappers import _FabricModule
from torch import Tensor, nn
from torch.nn import functional

from core.cam import Placing, maps_of, placing_of, recorded
from core.saliency.objectives import Objective
from core.saliency.regions import placed_shares
from scripts.settings.guided_settings import ObjectiveSettings


@dataclass(frozen=True)
class CellLoss:
    """The objective of a batch of cells.

    Attributes
    ----------
    objective, label_smoothing
        As a configuration has them.
    layer, placing
        Of the class activation map: the layer it is made of, and where its places lie in a crop.
    """

    objective: Objective
    label_smoothing: float
    layer: str
    placing: Placing

    def __call__(self, network: nn.Module, inputs: Tensor, infected: Tensor, parasites: Tensor) -> Tensor:
        """Mean over a batch.

        Only infected cells whose parasite is plain to see guide; what makes a cell healthy is all of it.

        Parameters
        ----------
        network
            From (N, C, S, S) inputs to (N,) logits.
        inputs, infected, parasites
            (N, C, S, S), (N,) truth of 0 and 1, (N, S, S) bool; on any device.
        """
        device = next(network.parameters()).device
        inputs, truth = inputs.to(device), infected.to(device)
        truth = truth * (1 - 2 * self.label_smoothing) + self.label_smoothing
        if not self.objective.takes_maps:
            return functional.binary_cross_entropy_with_logits(network(inputs), truth)
        own = network.module if isinstance(network, _FabricModule) else network
        with recorded(own, self.layer) as recording:
            logits = network(inputs)
            sums = maps_of(recording, logits, inputs, "cam").sums
        entropies = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
        shares = placed_shares(parasites.to(device), self.placing, *sums.shape[1:])
        mean: Tensor = self.objective(entropies, sums, shares).mean()
        return mean


def cell_loss(
    network: nn.Module, crop_size_px: int, layer: str, objective: ObjectiveSettings, label_smoothing: float
) -> CellLoss:
    """The loss of a network of square crops."""
    placing = placing_of(network, torch.zeros(1, 3, crop_size_px, crop_size_px), layer)
    return CellLoss(Objective(objective.name, objective.weights), label_smoothing, layer, placing)
