"""Networks of torch on disk: what is written comes back, and what is damaged is named."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision.models import mobilenet_v2

from core.cells.crops import CROP_SIZE_PX, GREY, SURROUNDED_SIZE_PX
from core.files import OutputError
from models.checkpoint import (
    load_classifier,
    load_detector,
    load_pretrained,
    load_second_look,
    load_weights,
    save_weights,
    torch_device,
)
from models.classifier import ClassifierNetwork
from models.detector_network import DetectorNetwork
from models.second_look import SecondLookNetwork
from models.slide_norm import SlideNorm, expect_batches, hold
from models.weights import CheckpointError
from tests.full_disk import full_disk
from tests.models.made_networks import answering, trained_looking


def test_weights_come_back_within_half_precision(tmp_path: Path) -> None:
    written, read = trained_looking(ClassifierNetwork(8)), ClassifierNetwork(8)
    save_weights(written, tmp_path / "new" / "w.safetensors")
    load_weights(read, tmp_path / "new" / "w.safetensors")
    for name, value in written.state_dict().items():
        torch.testing.assert_close(read.state_dict()[name], value, rtol=1e-3, atol=1e-6)
        assert read.state_dict()[name].dtype == value.dtype


def test_scores_survive_the_round_trip(tmp_path: Path) -> None:
    written, read = trained_looking(ClassifierNetwork(8)), ClassifierNetwork(8).eval()
    save_weights(written, tmp_path / "w.safetensors")
    load_weights(read, tmp_path / "w.safetensors")
    images = torch.randn(16, 3, CROP_SIZE_PX, CROP_SIZE_PX)
    with torch.inference_mode():
        torch.testing.assert_close(read(images), written(images), rtol=0, atol=0.02)


def test_weights_take_two_bytes_each(tmp_path: Path) -> None:
    network = ClassifierNetwork(24)
    save_weights(network, tmp_path / "w.safetensors")
    numbers = sum(value.numel() for value in network.state_dict().values())
    assert (tmp_path / "w.safetensors").stat().st_size < 2.1 * numbers + 10_000


def test_weights_that_the_disk_has_no_room_for_are_named_and_those_before_stay(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_weights(ClassifierNetwork(4), path)
    before = path.read_bytes()
    with full_disk(room_bytes=1000), pytest.raises(OutputError, match=r"cannot write .*w\.safetensors"):
        save_weights(ClassifierNetwork(8), path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", [b"", b"not weights", None])
def test_damaged_weights_are_named(damage: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_weights(ClassifierNetwork(4), path)
    path.write_bytes(path.read_bytes()[:-100] if damage is None else damage)
    with pytest.raises(
        CheckpointError, match=r"w\.safetensors: not a safetensors file .*copy it anew"
    ) as caught:
        load_weights(ClassifierNetwork(4), path)
    assert "\n" not in str(caught.value)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"none\.safetensors"):
        load_weights(ClassifierNetwork(4), tmp_path / "none.safetensors")


@pytest.mark.parametrize("other", [ClassifierNetwork(8), DetectorNetwork()])
def test_weights_of_another_network_are_refused(other: nn.Module, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_weights(other, path)
    with pytest.raises(CheckpointError, match=r"w\.safetensors: weights of another network") as caught:
        load_weights(ClassifierNetwork(4), path)
    assert "\n" not in str(caught.value)


def test_a_detector_is_loaded_alone(tmp_path: Path) -> None:
    network = trained_looking(DetectorNetwork())
    save_weights(network, tmp_path / "d.safetensors")
    assert load_detector(tmp_path / "d.safetensors").cell_diameter_px == 28.0


def test_a_classifier_is_loaded_alone(tmp_path: Path) -> None:
    save_weights(trained_looking(ClassifierNetwork(4)), tmp_path / "c.safetensors")
    crops = np.full((2, CROP_SIZE_PX, CROP_SIZE_PX, 3), 150, np.uint8)
    classifier = load_classifier(tmp_path / "c.safetensors", 4)
    assert len(classifier.logits(crops, classifier.feature_statistics(crops))) == 2


def test_a_classifier_of_another_width_than_said_is_refused(tmp_path: Path) -> None:
    save_weights(ClassifierNetwork(4), tmp_path / "c.safetensors")
    with pytest.raises(CheckpointError, match=r"c\.safetensors: weights of another network"):
        load_classifier(tmp_path / "c.safetensors", 8)


def test_a_second_look_is_loaded_alone_and_says_what_the_written_one_says(tmp_path: Path) -> None:
    network = answering(SecondLookNetwork())
    save_weights(network, tmp_path / "s.safetensors")
    crops = np.random.default_rng(0).integers(
        0, 256, (3, SURROUNDED_SIZE_PX, SURROUNDED_SIZE_PX, 3), np.uint8
    )
    second_look = load_second_look(tmp_path / "s.safetensors")
    statistics = second_look.feature_statistics(crops)
    hold(network, statistics)
    with torch.inference_mode():
        expected = network((torch.from_numpy(crops).permute(0, 3, 1, 2).float() - GREY) / 48)
    np.testing.assert_allclose(second_look.logits(crops, statistics), expected.numpy(), atol=0.02)


@pytest.fixture(scope="module")
def imagenet(tmp_path_factory: pytest.TempPathFactory) -> tuple[nn.Module, Path]:
    """Torchvision's MobileNetV2, with drawn weights, and the file of them."""
    network = answering(mobilenet_v2())
    path = tmp_path_factory.mktemp("weights") / "mobilenet_v2.safetensors"
    save_file(network.state_dict(), path)
    return network, path


def test_a_second_look_begins_with_the_features_of_torchvisions_network(
    imagenet: tuple[nn.Module, Path],
) -> None:
    network, path = imagenet
    theirs = nn.Sequential(*list(network.get_submodule("features").children())[:14])
    own = SecondLookNetwork().eval()
    head = own.head.weight.clone()
    load_pretrained(own, path)
    for module in own.modules():
        if isinstance(module, SlideNorm):
            module.eps = 1e-5  # as theirs; it is added to variances before they divide
    images = torch.randn(2, 3, SURROUNDED_SIZE_PX, SURROUNDED_SIZE_PX)
    with torch.inference_mode():
        expected, found = theirs(images), own.features(images)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert torch.equal(own.head.weight, head)


def test_what_a_first_batch_measures_takes_the_place_of_what_was_seen_of_imagenet(
    imagenet: tuple[nn.Module, Path],
) -> None:
    own = SecondLookNetwork()
    load_pretrained(own, imagenet[1])
    expect_batches(own, healthy_a_slide=4, infected_a_slide=2)
    images = torch.randn(6, 3, 32, 32)
    own.train()(images)
    measured = own.get_submodule("features.0.0")(images)[:4].mean(dim=(0, 2, 3))  # of the healthy cells
    held = own.get_buffer("features.0.1.running_mean")
    torch.testing.assert_close(held, measured, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"features.13.conv.2.weight": None},
            r"there is no features\.13\.conv\.2\.weight of 96 x 576 x 1 x 1",
        ),
        ({"features.1.conv.0.1.bias": torch.zeros(31)}, r"there is no features\.1\.conv\.0\.1\.bias of 32;"),
    ],
)
def test_weights_that_are_not_those_of_imagenets_network_are_named_with_what_is_missing(
    change: dict[str, Tensor | None], said: str, imagenet: tuple[nn.Module, Path], tmp_path: Path
) -> None:
    changed = {**imagenet[0].state_dict(), **change}
    save_file({key: value for key, value in changed.items() if value is not None}, tmp_path / "w.safetensors")
    with pytest.raises(CheckpointError, match=rf"w\.safetensors: not MobileNetV2 .*{said}"):
        load_pretrained(SecondLookNetwork(), tmp_path / "w.safetensors")


def test_a_file_that_is_not_there_is_no_beginning(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"none\.safetensors: not a safetensors file"):
        load_pretrained(SecondLookNetwork(), tmp_path / "none.safetensors")


def test_a_graphics_processor_that_is_not_there_is_said_to_be_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(CheckpointError, match="--device cpu"):
        torch_device("cuda")
    assert torch_device("auto").type == "cpu"
