"""A model's three networks and their cards, ready to score."""

import ctypes
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.cells.classification import CellClassifier, FeatureStatistics
from core.cells.detection import CellDetector
from core.cells.second_look import SecondLook
from core.errors import NEEDS_TORCH
from models.cards import ModelCards, load_card, model_folder
from models.graphs.classifier import GraphClassifier
from models.graphs.classifier_graph import ClassifierGraph
from models.graphs.detector_graph import load_detector
from models.graphs.second_look_graph import SecondLookGraph
from models.weights import CheckpointError


class ExplainedClassifier(CellClassifier, Protocol):
    """A classifier whose answers can be explained by several methods."""

    def map_by(
        self, method: str, crops: NDArray[np.uint8], statistics: FeatureStatistics
    ) -> NDArray[np.float32]:
        """(N, S, S) map by a method, each divided by its maximum."""
        ...


@dataclass(frozen=True)
class Models:
    """A model's networks ready to score, and what is known of them."""

    detector: CellDetector
    classifier: ExplainedClassifier
    second_look: SecondLook
    card: ModelCards


def load_models(name: str = "released", device: str = "cpu") -> Models:
    """Load the networks of a model and their cards.

    Parameters
    ----------
    name
        ``released`` for the weights that ship, else a folder holding the files of `models.cards.FILES`.
    device
        ``cpu`` for ONNX Runtime; ``cuda`` for torch on a graphics card; ``auto`` for the card where torch is
        installed and the machine has one.

    Raises
    ------
    models.weights.CheckpointError, models.cards.CardError
        Naming the file and what is wrong with it; or what ``cuda`` needs that is not here.
    """
    folder = model_folder(name)
    card = load_card(name)
    if device == "cuda" and find_spec("torch") is None:
        raise CheckpointError(f"--device cuda: {NEEDS_TORCH}; or give --device cpu")
    if device == "cuda" or (device == "auto" and _card_to_run_on()):
        from models import checkpoint

        return Models(
            checkpoint.load_detector(folder / "detector.safetensors", device),
            checkpoint.load_classifier(folder / "classifier.safetensors", card.classifier.width, device),
            checkpoint.load_second_look(folder / "second_look.safetensors", device),
            card,
        )
    return Models(
        load_detector(folder / "detector.safetensors"),
        GraphClassifier(ClassifierGraph(folder / "classifier.safetensors", card.classifier.width)),
        SecondLookGraph(folder / "second_look.safetensors"),
        card,
    )


def _card_to_run_on() -> bool:
    """Whether torch and a graphics card are here. Torch, which takes seconds to import, is asked last."""
    if find_spec("torch") is None:
        return False
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:  # no driver, so no card
        return False
    from torch import cuda

    return cuda.is_available()
