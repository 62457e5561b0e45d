"""A model as scoring loads it: three networks and their cards, without torch."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from core.cells.crops import CROP_SIZE_PX, GREY, SURROUNDED_SIZE_PX
from models import loading
from models.cards import FILES, CardError, load_card, model_folder
from models.checkpoint import save_weights
from models.classifier import ClassifierNetwork
from models.loading import load_models
from models.slide_norm import hold
from models.weights import CheckpointError
from tests.models.made_cards import WIDTH, write_models
from tests.models.made_networks import trained_looking


def test_a_model_is_loaded_ready_to_score(tmp_path: Path) -> None:
    models = load_models(str(write_models(tmp_path / "with spaces é")))
    crops = np.full((3, CROP_SIZE_PX, CROP_SIZE_PX, 3), 150, np.uint8)
    statistics = models.classifier.feature_statistics(crops)
    evaluable = np.array([True, False, True])
    assert models.classifier.score_field(crops, evaluable, statistics).infected_score.shape == (3,)
    surrounded = np.full((3, SURROUNDED_SIZE_PX, SURROUNDED_SIZE_PX, 3), 150, np.uint8)
    second = models.second_look.feature_statistics(surrounded)
    assert models.second_look.look(surrounded, second).logits.shape == (3,)
    assert models.card.name == "detector 1 + classifier 1 + second look 1"
    assert models.card.classifier.width == WIDTH
    assert models.detector.locate(np.full((40, 60, 3), 200, np.uint8)).boxes.shape[1] == 4


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_loaded_networks_score_as_the_written_ones(device: str, tmp_path: Path) -> None:
    folder = write_models(tmp_path)
    network = trained_looking(ClassifierNetwork(WIDTH))
    save_weights(network, folder / "classifier.safetensors")
    crops = np.random.default_rng(0).integers(0, 256, (5, CROP_SIZE_PX, CROP_SIZE_PX, 3), np.uint8)
    loaded = load_models(str(folder), device).classifier
    statistics = loaded.feature_statistics(crops)
    scores = loaded.score_field(crops, np.zeros(5, bool), statistics).infected_score
    hold(network, statistics)
    images = (torch.from_numpy(crops).permute(0, 3, 1, 2).float() - GREY) / 48
    with torch.inference_mode():
        np.testing.assert_allclose(scores, network(images).sigmoid().numpy(), atol=0.01)


@pytest.mark.parametrize("file", FILES)
def test_the_identity_tells_models_apart_by_any_byte_of_any_file(file: str, tmp_path: Path) -> None:
    folder = write_models(tmp_path)
    first = load_card(str(folder)).identity
    assert load_card(str(folder)).identity == first
    content = (folder / file).read_bytes()
    changed = content.rstrip() if file.endswith(".json") else content[:-1] + bytes([content[-1] ^ 1])
    (folder / file).write_bytes(changed)
    assert load_card(str(folder)).identity != first


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_of_a_model_is_named(file: str, tmp_path: Path) -> None:
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


@pytest.mark.parametrize("name", ["detector", "classifier", "second_look"])
def test_a_damaged_card_of_a_model_is_named(name: str, tmp_path: Path) -> None:
    folder = write_models(tmp_path)
    (folder / f"{name}.json").write_text("{}")
    with pytest.raises(CardError, match=rf"{name}\.json: name"):
        load_models(str(folder))


def test_a_graphics_card_is_asked_for_in_vain_where_torch_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loading, "find_spec", lambda name: None)
    with pytest.raises(CheckpointError, match=r'--device cuda: .*pip install "\.\[train\]"'):
        load_models(device="cuda")
    load_models(device="auto")


def test_torch_runs_the_networks_on_a_card_as_onnx_runtime_does_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The way to the card, walked on the processor."""
    monkeypatch.setattr(loading, "_card_to_run_on", lambda: True)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    by_torch, by_graphs = load_models(device="auto"), load_models(device="cpu")
    assert type(by_torch.classifier) is not type(by_graphs.classifier)
    drawn = np.random.default_rng(1)
    picture = drawn.integers(0, 256, (96, 128, 3), np.uint8)
    crops = drawn.integers(60, 200, (6, CROP_SIZE_PX, CROP_SIZE_PX, 3), np.uint8)
    surrounded = drawn.integers(60, 200, (3, SURROUNDED_SIZE_PX, SURROUNDED_SIZE_PX, 3), np.uint8)
    there, here = by_torch.detector.locate(picture), by_graphs.detector.locate(picture)
    np.testing.assert_allclose(there.boxes, here.boxes, atol=1e-3)
    statistics = by_torch.classifier.feature_statistics(crops)
    np.testing.assert_allclose(
        by_graphs.classifier.feature_statistics(crops), statistics, rtol=1e-4, atol=1e-5
    )
    evaluable = np.array([True, True, False, True, True, False])
    scores = [
        one.classifier.score_field(crops, evaluable, statistics).infected_score
        for one in (by_torch, by_graphs)
    ]
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-5)
    of_second = by_torch.second_look.feature_statistics(surrounded)
    logits = [one.second_look.look(surrounded, of_second).logits for one in (by_torch, by_graphs)]
    np.testing.assert_allclose(logits[0], logits[1], rtol=1e-4, atol=1e-3)


def test_a_model_is_loaded_without_torch() -> None:
    code = (
        "import sys; from models.loading import load_models; load_models(); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
