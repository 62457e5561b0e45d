"""Training of the second look: mining on fields that a first look has not seen, and a network that learns."""

from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from safetensors.torch import load_file, save_file

from core.training.loop import Schedule
from datasets.fields import annotated_field
from models.graphs.crop_network import INPUT_LEVELS
from models.second_look import SecondLookNetwork
from models.slide_norm import measured
from scripts.cell_networks.train_second_look import half_of, train_second_look, without_half
from scripts.settings.configuration import LayoutSettings, SecondLookSettings
from scripts.settings.guided_settings import ObjectiveSettings
from tests.datasets.test_classification import cells_of
from tests.datasets.test_second_look_batches import SOURCES, source

CPU = Fabric(accelerator="cpu", devices=1)


def settings(steps: int = 3, objective: str = "cross-entropy") -> SecondLookSettings:
    return SecondLookSettings(
        network="second_look",
        detector="detector.yaml",
        first_look="classifier.yaml",
        backbone="weights/backbone.safetensors",
        frozen_blocks=4,
        sources=("iml_malaria",),
        malaria_free=(),
        batch=LayoutSettings(slides=2, typical=3, leading=2, foreign=1, infected=4),
        schedule=Schedule(steps, 0.002, 0.0, 0.1, 0.5),
        label_smoothing=0.02,
        objective=ObjectiveSettings(name=objective),
        seed=0,
    )


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights named as torchvision names those of MobileNetV2."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "backbone.safetensors"
    weights = {
        name: value.contiguous()
        for name, value in SecondLookNetwork().state_dict().items()
        if name.startswith("features")
    }
    save_file(weights, path)
    return path


def test_the_halves_of_a_set_are_its_fields_in_their_order() -> None:
    fields = [annotated_field(Path(f"{number}.png"), "set", [], frozenset()) for number in range(5)]
    first, second = (half_of(fields, second_half=flag) for flag in (False, True))
    assert [field.path.stem for field in first] == ["0", "1"]
    assert [field.path.stem for field in second] == ["2", "3", "4"]


@pytest.mark.parametrize(
    ("slides", "first_half"),
    [("aaab", 3), ("abbbbb", 1), ("aabbcc", 2), ("aaaa", 2), ("abcd", 2), ("a", 0)],
)
def test_a_set_of_several_slides_is_cut_between_two_of_them(slides: str, first_half: int) -> None:
    fields = [
        annotated_field(Path(f"{number}.png"), "set", [], frozenset(), slide=slide)
        for number, slide in enumerate(slides)
    ]
    assert len(half_of(fields, second_half=False)) == first_half
    assert len(half_of(fields, second_half=True)) == len(slides) - first_half


def test_cells_of_a_half_are_left_out_by_their_slide() -> None:
    fields = [
        annotated_field(Path(f"{number}.png"), "set", [], frozenset(), slide=slide)
        for number, slide in enumerate("pppq")
    ]
    cells = cells_of("set", 2, 3)  # all of slide "p"
    assert len(without_half(cells, fields, second_half=False)) == 0
    assert len(without_half(cells, fields, second_half=True)) == 5


def test_cells_of_a_half_are_left_out_by_their_field() -> None:
    fields = [annotated_field(Path(f"{name}.png"), "set", [], frozenset()) for name in ("p", "q")]
    cells = cells_of("set", 2, 3)  # all of field "p"
    assert len(without_half(cells, fields, second_half=False)) == 0
    assert len(without_half(cells, fields, second_half=True)) == 5


def test_the_first_blocks_keep_their_weights_and_the_same_seed_gives_the_same_network(backbone: Path) -> None:
    one, other = (train_second_look(SOURCES, settings(), backbone, CPU) for _ in range(2))
    trained, again = dict(one.named_parameters()), dict(other.named_parameters())
    for name, value in trained.items():
        torch.testing.assert_close(value, again[name])
    frozen = {name for name, value in one.named_parameters() if name.startswith(("features.0", "features.3"))}
    published = load_file(backbone)
    for name in frozen:
        torch.testing.assert_close(trained[name], published[name])
    moved = (trained["features.10.conv.0.0.weight"] - published["features.10.conv.0.0.weight"]).abs().max()
    assert moved > 0


@pytest.mark.slow
def test_it_learns_to_tell_cells_with_a_dark_dot(backbone: Path) -> None:
    network = train_second_look(SOURCES, settings(steps=60), backbone, CPU)
    held_out = source("new", 20, 40)
    crops = held_out.crops[:, 16:112, 16:112]
    levels = np.log(crops + 6.0) - np.log(held_out.colour + 6.0)[:, None, None]
    inputs = torch.from_numpy((56 * levels / INPUT_LEVELS).astype(np.float32)).permute(0, 3, 1, 2)
    measured(network, inputs[torch.from_numpy(~held_out.infected)])
    with torch.inference_mode():
        odds = network(inputs)
    infected = torch.from_numpy(held_out.infected)
    assert odds[infected].min() > odds[~infected].max()


def test_a_guided_second_look_learns_something_else(backbone: Path) -> None:
    plain = train_second_look(SOURCES, settings(), backbone, CPU)
    guided = train_second_look(SOURCES, settings(objective="energy-dice"), backbone, CPU)
    assert torch.isfinite(guided.head.weight).all()
    assert (plain.head.weight - guided.head.weight).abs().max() > 1e-5
