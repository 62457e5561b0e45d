"""What the detector's raw maps are pulled towards."""

import torch
from torch import Tensor
from torch.nn import functional

from models.detector_network import Maps


def centre_loss(logits: Tensor, heat: Tensor, weight: Tensor) -> Tensor:
    """Focal loss of the heat maps (Law & Deng 2018, eq. 1, with alpha 2 and beta 4), a scalar.

    A grid cell is a centre where `heat` is 1; near one, where it is close to 1, misses cost little.
    The sum is divided by the number of centres.
    """
    probability = logits.sigmoid()
    centre = (heat == 1).float()
    found = centre * (1 - probability) ** 2 * functional.logsigmoid(logits)
    quiet = (1 - centre) * (1 - heat) ** 4 * probability**2 * functional.logsigmoid(-logits)
    return -((found + quiet) * weight).sum() / centre.sum().clamp(min=1)


def detection_loss(
    maps: Maps,
    heat: Tensor,
    heat_weight: Tensor,
    size: Tensor,
    offset: Tensor,
    size_weight: Tensor,
    offset_weight: Tensor,
) -> Tensor:
    """Focal loss of the centres plus weighted absolute errors of log size and offset, a scalar."""
    size_error = ((maps.size - size).abs() * size_weight).sum() / size_weight.sum().clamp(min=1)
    offset_error = ((maps.offset - offset).abs() * offset_weight).sum() / offset_weight.sum().clamp(min=1)
    total: Tensor = centre_loss(maps.heat, heat, heat_weight) + 2.0 * size_error + 0.5 * offset_error
    return torch.as_tensor(total)
