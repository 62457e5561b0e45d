"""Convolutions that have taken in the normalisation behind them."""

from itertools import pairwise

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fuse(network: nn.Module) -> None:
    """Make each convolution and the batch normalisation behind it one, in place; for scoring only."""
    network.eval()
    for block in network.modules():
        if isinstance(block, nn.Sequential):
            for place, (convolution, normalisation) in enumerate(pairwise(list(block))):
                if isinstance(convolution, nn.Conv2d) and isinstance(normalisation, nn.BatchNorm2d):
                    block[place] = fuse_conv_bn_eval(convolution, normalisation)
                    block[place + 1] = nn.Identity()
