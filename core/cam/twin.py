"""A second network of the same parameters, to be looked through and rebuilt in place of the user's own."""

import copy

from torch import nn


def twin_of(network: nn.Module) -> nn.Module:
    """Copy a network's modules and buffers, in eval mode and without hooks; its parameters are the same ones.

    A pass of the twin, or a trace of it, sets no attribute of the network. What fails to be copied is the
    caller's to handle: any object may hang on a module.
    """
    shared: dict[int, object] = {id(parameter): parameter for parameter in network.parameters()}
    for module in network.modules():
        shared |= {
            id(value): type(value)() for name, value in vars(module).items() if name.endswith("_hooks")
        }
    twin = copy.deepcopy(network, shared)
    for module in twin.modules():
        module.training = False
    return twin
