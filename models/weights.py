"""Weights on disk: safetensors, never a pickle, read as arrays and held against what a network has."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from core.errors import SmearscopeError


class CheckpointError(SmearscopeError):
    """Weights that are missing, damaged, or of another network."""


class Weights:
    """The arrays of a safetensors file, each taken out by its name and shape.

    Raises
    ------
    CheckpointError
        Where the file is none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._values = load_file(path)
        except (OSError, SafetensorError) as error:
            raise not_safetensors(path, error) from error

    def take(self, name: str, *shape: int) -> NDArray[np.float32]:
        """One array in single precision; raises `CheckpointError` where there is none of this shape."""
        value = self._values.pop(name, None)
        if value is None or value.shape != shape:
            raise of_another_network(self._path)
        return value.astype(np.float32)

    def check_all_taken(self) -> None:
        """Raise `CheckpointError` where the file holds more than the network has."""
        if any(not name.endswith(".num_batches_tracked") for name in self._values):
            raise of_another_network(self._path)


def not_safetensors(path: Path, error: Exception) -> CheckpointError:
    """What is said of a file that cannot be read."""
    return CheckpointError(f"{path}: not a safetensors file ({error}); copy it anew")


def of_another_network(path: Path) -> CheckpointError:
    """What is said of a file with the weights of another network."""
    return CheckpointError(f"{path}: weights of another network; use the version they were made with")
