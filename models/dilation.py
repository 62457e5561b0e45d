"""A finer last feature map from the same weights: dilation takes the place of the last stride."""

import itertools

from torch import nn

from models.backbones import Backbone, BackboneError


def dilate_last_stage(network: nn.Module, backbone: Backbone) -> None:
    """Let the last stage keep the resolution of the one before it; twice as many cells a side.

    The strided convolutions of the stage step by 1, and the spatial ones after them reach twice as far
    (Chen 2017, "Rethinking atrous convolution", section 3.1): every second cell of a row is what it was, and
    those between are new. Weights stay as they are, and so does what the network expects of images.

    Parameters
    ----------
    network
        Made by this backbone; changed in place, on any device.
    backbone
        One that names its `last_stage`.

    Raises
    ------
    BackboneError
        For a backbone that has no such stage.
    """
    if not backbone.last_stage:
        raise BackboneError(
            f"{backbone.name}: its last stage cannot be dilated; leave dilate_last_stage out, or false"
        )
    modules = itertools.dropwhile(lambda named: named[0] != backbone.last_stage, network.named_modules())
    strided = False
    for _, module in modules:
        if not isinstance(module, nn.Conv2d):
            continue
        if max(module.stride) > 1:
            module.stride, strided = (1, 1), True
        elif strided:
            # "Same" padding, as in all of these stages, grows with the reach.
            down, across = (2 * (side // 2) for side in module.kernel_size)
            module.dilation, module.padding = (2, 2), (down, across)
