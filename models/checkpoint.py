"""Weights and cards on disk: safetensors beside JSON, never a pickle."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from core.errors import SmearscopeError
from models.cards import ClassifierCard, DetectorCard, PairCard, read_card
from models.classifier import Classifier, ClassifierNetwork
from models.detector import Detector, DetectorNetwork

RELEASED = Path(__file__).parent / "released"
FILES = ("detector.safetensors", "detector.json", "classifier.safetensors", "classifier.json")


class CheckpointError(SmearscopeError):
    """Weights that are missing, damaged, or of another network."""


@dataclass(frozen=True)
class Models:
    """A detector and a classifier ready to score, and what is known of them."""

    detector: Detector
    classifier: Classifier
    card: PairCard


def load_models(name: str = "released", device: str = "cpu") -> Models:
    """Load the two networks and their cards.

    Parameters
    ----------
    name
        ``released`` for the weights that ship, else a folder holding the files of `FILES`.
    device
        As torch names it.

    Raises
    ------
    CheckpointError, models.cards.CardError
        Naming the file and what is wrong with it.
    """
    folder = load_folder(name)
    detector_card = read_card(folder / "detector.json", DetectorCard)
    classifier_card = read_card(folder / "classifier.json", ClassifierCard)
    classifier = ClassifierNetwork(classifier_card.width)
    load_weights(classifier, folder / "classifier.safetensors")
    fuse(classifier)
    digest = hashlib.blake2b(digest_size=8)
    for file in FILES:
        digest.update((folder / file).read_bytes())
    pair = f"{detector_card.name} + {classifier_card.name}"
    return Models(
        detector=load_detector(folder / "detector.safetensors", device),
        classifier=Classifier(classifier, torch.device(device)),
        card=PairCard(pair, f"{pair} {digest.hexdigest()}", detector_card, classifier_card),
    )


def load_detector(weights: Path, device: str = "cpu") -> Detector:
    """Load a detector alone, ready to locate; raises `CheckpointError`."""
    network = DetectorNetwork()
    load_weights(network, weights)
    fuse(network)
    return Detector(network, torch.device(device))


def load_folder(name: str) -> Path:
    """The folder that a model's name stands for; raises `CheckpointError` where a file is missing."""
    folder = RELEASED if name == "released" else Path(name)
    for file in FILES:
        if not (folder / file).is_file():
            raise CheckpointError(
                f"{folder / file}: missing; --model takes 'released' or a folder with {', '.join(FILES)}"
            )
    return folder


def save_weights(network: nn.Module, path: Path) -> None:
    """Write a network's weights in half precision: half the size, and no score moves by more than noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    weights = {
        name: value.half().contiguous() if value.is_floating_point() else value.contiguous()
        for name, value in network.state_dict().items()
    }
    save_file(weights, path)


def load_weights(network: nn.Module, path: Path) -> None:
    """Read weights into a network of the same form."""
    try:
        weights = load_file(path)
        network.load_state_dict({name: value.float() for name, value in weights.items()})
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path}: not a safetensors file ({error}); copy it anew") from error
    except RuntimeError as error:
        raise CheckpointError(
            f"{path}: weights of another network; use the version they were made with"
        ) from error


def fuse(network: nn.Module) -> None:
    """Make each convolution and the batch normalisation behind it one, in place; for scoring only."""
    network.eval()
    for block in network.modules():
        if isinstance(block, nn.Sequential) and len(block) > 1:
            convolution, normalisation = block[0], block[1]
            if isinstance(convolution, nn.Conv2d) and isinstance(normalisation, nn.BatchNorm2d):
                block[0] = fuse_conv_bn_eval(convolution, normalisation)
                block[1] = nn.Identity()
