"""Weights and cards on disk: what is written comes back, and what is damaged is named."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from core.crops import CROP_SIZE_PX
from models.cards import FILES, CardError, model_folder
from models.checkpoint import (
    CheckpointError,
    fuse,
    load_detector,
    load_models,
    load_weights,
    save_weights,
    torch_device,
)
from models.classifier import ClassifierNetwork
from models.detector import DetectorNetwork
from tests.models.made_cards import WIDTH, write_models


def trained_looking(network: nn.Module) -> nn.Module:
    """Batch normalisation that has seen something, so that leaving it out would show."""
    torch.manual_seed(3)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            nn.init.normal_(module.running_mean, std=0.3)
            nn.init.uniform_(module.running_var, 0.3, 3.0)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
    return network.eval()


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


def test_fusing_leaves_the_classifier_s_outputs_as_they_are() -> None:
    network = trained_looking(ClassifierNetwork(8))
    images = torch.randn(4, 3, CROP_SIZE_PX, CROP_SIZE_PX)
    with torch.inference_mode():
        before = network(images)
        fuse(network)
        torch.testing.assert_close(network(images), before, rtol=0, atol=1e-4)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())


def test_fusing_leaves_the_detector_s_outputs_as_they_are() -> None:
    network = trained_looking(DetectorNetwork())
    images = torch.randn(2, 3, 64, 96)
    with torch.inference_mode():
        before = network(images)
        fuse(network)
        for fused, plain in zip(network(images), before, strict=True):
            torch.testing.assert_close(fused, plain, rtol=0, atol=1e-4)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())


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


def test_a_pair_is_loaded_ready_to_score(tmp_path: Path) -> None:
    models = load_models(str(write_models(tmp_path / "with spaces é")))
    crops = np.full((3, CROP_SIZE_PX, CROP_SIZE_PX, 3), 150, np.uint8)
    assert models.classifier.infected_score(crops).shape == (3,)
    assert models.card.name == "detector 1 + classifier 1"
    assert models.card.classifier.width == WIDTH
    assert models.detector.locate(np.full((40, 60, 3), 200, np.uint8)).boxes.shape[1] == 4


def test_loaded_networks_score_as_the_written_ones(tmp_path: Path) -> None:
    folder = write_models(tmp_path)
    network = trained_looking(ClassifierNetwork(WIDTH))
    save_weights(network, folder / "classifier.safetensors")
    crops = np.random.default_rng(0).integers(0, 256, (5, CROP_SIZE_PX, CROP_SIZE_PX, 3), np.uint8)
    loaded = load_models(str(folder)).classifier.logits(crops)
    images = (torch.from_numpy(crops).permute(0, 3, 1, 2).float() - 160) / 48
    with torch.inference_mode():
        np.testing.assert_allclose(loaded, network(images).numpy(), atol=0.02)


def test_the_identity_tells_pairs_apart_by_any_byte(tmp_path: Path) -> None:
    folder = write_models(tmp_path)
    first = load_models(str(folder)).card.identity
    assert load_models(str(folder)).card.identity == first
    card = folder / "detector.json"
    card.write_text(card.read_text().replace("0.97", "0.98"))
    assert load_models(str(folder)).card.identity != first


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_of_a_pair_is_named(file: str, tmp_path: Path) -> None:
    folder = write_models(tmp_path)
    (folder / file).unlink()
    with pytest.raises(CardError, match=f"{file}: missing; --model takes 'released'"):
        load_models(str(folder))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"nowhere/detector\.safetensors: missing"):
        model_folder(str(tmp_path / "nowhere"))


def test_a_card_of_another_width_does_not_fit_the_weights(tmp_path: Path) -> None:
    folder = write_models(tmp_path)
    save_weights(ClassifierNetwork(2 * WIDTH), folder / "classifier.safetensors")
    with pytest.raises(CheckpointError, match=r"classifier\.safetensors: weights of another network"):
        load_models(str(folder))


def test_a_damaged_card_of_a_pair_is_named(tmp_path: Path) -> None:
    folder = write_models(tmp_path)
    (folder / "classifier.json").write_text("{}")
    with pytest.raises(CardError, match=r"classifier\.json: name"):
        load_models(str(folder))


def test_a_detector_is_loaded_alone(tmp_path: Path) -> None:
    network = trained_looking(DetectorNetwork())
    save_weights(network, tmp_path / "d.safetensors")
    assert load_detector(tmp_path / "d.safetensors").cell_diameter_px == 28.0


def test_a_graphics_processor_that_is_not_there_is_said_to_be_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(CheckpointError, match="--device cpu"):
        torch_device("cuda")
    assert torch_device("auto").type == "cpu"
