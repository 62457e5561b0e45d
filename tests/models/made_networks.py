"""Networks that were never trained, made to look as if they were."""

import torch
from torch import nn


def trained_looking(network: nn.Module) -> nn.Module:
    """Batch normalisation that has seen something, so that leaving it out would show."""
    torch.manual_seed(3)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            nn.init.normal_(module.running_mean, std=0.3)
            nn.init.uniform_(module.running_var, 0.3, 3.0)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
    return network.eval()


def answering(network: nn.Module) -> nn.Module:
    """`trained_looking`, its convolutions drawn so wide that a deep network still tells images apart."""
    trained_looking(network)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
    return network
