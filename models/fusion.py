"""Convolutions that have taken in the normalisation behind them."""

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fuse(network: nn.Module) -> None:
    """Make each convolution and the batch normalisation behind it one, in place; for scoring only."""
    network.eval()
    for block in network.modules():
        if isinstance(block, nn.Sequential) and len(block) > 1:
            convolution, normalisation = block[0], block[1]
            if isinstance(convolution, nn.Conv2d) and isinstance(normalisation, nn.BatchNorm2d):
                block[0] = fuse_conv_bn_eval(convolution, normalisation)
                block[1] = nn.Identity()
