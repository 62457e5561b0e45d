"""The layer that suggests stages, from and to its files beside a model."""

import hashlib
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from core.files import replacing, write_bytes
from core.review import StageHead
from core.store import Stage
from models.cards import StageCard, read_card, write_card
from models.graphs.second_look_graph import CHANNELS
from models.weights import Weights

WEIGHTS, CARD = "stage.safetensors", "stage.json"


def load_stage_head(folder: Path) -> StageHead | None:
    """The layer of a model; None where the model has none, or one of another second look.

    Raises
    ------
    models.weights.CheckpointError, models.cards.CardError
        Naming the file that is damaged and what is wrong with it.
    """
    if not (folder / WEIGHTS).is_file():
        return None
    card = read_card(folder / CARD, StageCard)
    if card.second_look_sha256 != sha256_of(folder / "second_look.safetensors"):
        return None
    weights, stages = Weights(folder / WEIGHTS), len(Stage)
    weight, bias = weights.take("weight", CHANNELS, stages), weights.take("bias", stages)
    weights.check_all_taken()
    confidence = {Stage(stage): probability for stage, probability in card.confidence.items()}
    return StageHead(weight.astype(np.float64), bias.astype(np.float64), confidence)


def write_stage_head(folder: Path, head: StageHead, card: StageCard) -> None:
    """Write the layer and its card, the weights in single precision.

    Raises
    ------
    core.files.OutputError
        Where they cannot be written.
    """
    weights = {"weight": head.weight.astype(np.float32), "bias": head.bias.astype(np.float32)}
    write_bytes(folder / WEIGHTS, save(weights))
    with replacing(folder / CARD) as temporary:
        write_card(card, temporary)


def sha256_of(path: Path) -> str:
    """Of the bytes of a file of weights."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
