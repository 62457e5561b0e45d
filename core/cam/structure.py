"""What was found out about a network's structure, kept while it consists of the same modules."""

import weakref
from collections.abc import Callable, Hashable
from typing import TypeVar

from torch import nn

Found = TypeVar("Found")


class _Structure:
    """Answers about one network, valid while it consists of the same modules."""

    def __init__(self, network: nn.Module) -> None:
        self._modules = [weakref.ref(module) for module in network.modules()]
        self.answers: dict[Hashable, object] = {}

    def is_of(self, network: nn.Module) -> bool:
        modules = list(network.modules())
        return len(modules) == len(self._modules) and all(
            reference() is module for reference, module in zip(self._modules, modules, strict=True)
        )


_KNOWN: weakref.WeakKeyDictionary[nn.Module, _Structure] = weakref.WeakKeyDictionary()


def remembered(network: nn.Module, question: Hashable, find: Callable[[], Found]) -> Found:
    """Answer a question about a network's structure, by `find` the first time.

    The answer is forgotten with the network, or when one of its modules is replaced, added or taken away. It
    must not hold the network itself.
    """
    structure = _KNOWN.get(network)
    if structure is None or not structure.is_of(network):
        structure = _KNOWN[network] = _Structure(network)
    if question not in structure.answers:
        structure.answers[question] = find()
    answer: Found = structure.answers[question]  # type: ignore[assignment] # the question fixes the type
    return answer
