"""Networks of torch from and to their weights on disk: safetensors, never a pickle."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from core.files import write_bytes
from core.training.exactness import exact_on_cuda
from models.classifier import Classifier, ClassifierNetwork
from models.detector import Detector
from models.detector_network import DetectorNetwork, answer_of
from models.fusion import fuse
from models.second_look import SecondLook, SecondLookNetwork
from models.weights import CheckpointError, not_safetensors, of_another_network


def torch_device(device: str) -> torch.device:
    """The device of a name, ``auto`` being CUDA where there is one; `CheckpointError` where not there.

    On CUDA arithmetic is made exact (`core.training.exactness`) for this process.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise CheckpointError("--device cuda: torch finds no CUDA device here; give --device cpu or auto")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda":
        exact_on_cuda()
    return torch.device(device)


def load_detector(weights: Path, device: str = "cpu") -> Detector:
    """Load a detector alone, ready to locate; raises `CheckpointError`."""
    network = DetectorNetwork()
    load_weights(network, weights)
    fuse(network)
    return Detector(answer_of(network, torch_device(device)))


def load_classifier(weights: Path, width: int, device: str = "cpu") -> Classifier:
    """Load a classifier whose first stage has `width` channels; raises `CheckpointError`."""
    network = ClassifierNetwork(width)
    load_weights(network, weights)
    return Classifier(network, torch_device(device))


def load_second_look(weights: Path, device: str = "cpu") -> SecondLook:
    """Load a second look; raises `CheckpointError`."""
    network = SecondLookNetwork()
    load_weights(network, weights)
    return SecondLook(network, torch_device(device))


def load_pretrained(network: SecondLookNetwork, weights: Path) -> None:
    """Give a second look the weights that MobileNetV2 learned on ImageNet, as a training's beginning.

    Its last two stages and its head, which the second look does not have, are left where they are.

    Parameters
    ----------
    network
        Its features take the weights; its head stays as it was drawn.
    weights
        A safetensors file with the key names of torchvision's `mobilenet_v2`.

    Raises
    ------
    CheckpointError
        Where the file is none, or lacks a weight of this form.
    """
    given, own = _read(weights), network.state_dict()
    # What the normalisations have seen of ImageNet is of no slide: training begins to count anew.
    taken = {key for key in own if key.startswith("features.") and not key.endswith("num_batches_tracked")}
    for key in sorted(taken):
        if key not in given or given[key].shape != own[key].shape:
            form = f"{key} of {' x '.join(map(str, own[key].shape))}"
            raise CheckpointError(
                f"{weights}: not MobileNetV2 as torchvision has it, there is no {form}; "
                "give a safetensors file with the weights of its mobilenet_v2"
            )
    network.load_state_dict({**own, **{key: given[key].float() for key in taken}})


def save_weights(network: nn.Module, path: Path) -> None:
    """Write a network's weights in half precision: half the size, and no score moves by more than noise.

    Raises
    ------
    core.files.OutputError
        Where the file cannot be written.
    """
    weights = {
        name: value.half().contiguous() if value.is_floating_point() else value.contiguous()
        for name, value in network.state_dict().items()
    }
    # Not by `save_file`: its error on a full disk is no OSError, and its files are for their owner alone.
    write_bytes(path, save(weights))


def load_weights(network: nn.Module, path: Path) -> None:
    """Read weights into a network of the same form; raises `CheckpointError`."""
    weights = _read(path)
    try:
        network.load_state_dict({name: value.float() for name, value in weights.items()})
    except RuntimeError as error:
        raise of_another_network(path) from error


def _read(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise not_safetensors(path, error) from error
