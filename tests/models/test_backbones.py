"""Backbones: what they are, what their input is, and which weights they take and refuse."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor, nn

from core.cam import CellCentres, placing_of, recorded
from datasets.boxed_images import imagenette_boxed
from models import backbones
from models.backbones import (
    BACKBONES,
    IMAGENET_CATEGORIES,
    MEAN_AND_DEVIATION,
    MINUS_ONE_TO_ONE,
    BackboneError,
    WeightsFile,
    backbone_named,
    load_backbone,
    random_backbone,
)


def feature_map(network: nn.Module, layer: str, images: Tensor) -> tuple[Tensor, Tensor]:
    """Output of the layer, and the logits."""
    seen: list[Tensor] = []
    hook = network.get_submodule(layer).register_forward_hook(lambda _, __, output: seen.append(output))
    with torch.no_grad():
        logits = network(images)
    hook.remove()
    return seen[0].clone(), logits


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("resnet50v2", (2048, 7, 7)),
        ("resnet50", (2048, 7, 7)),
        ("vgg16", (512, 14, 14)),
        ("mobilenet_v2", (1280, 7, 7)),
        ("mobilenet_v3_small", (576, 7, 7)),
        ("small", (128, 8, 8)),
    ],
)
def test_a_backbone_says_its_last_feature_map_its_head_and_its_input_size(
    name: str, expected: tuple[int, int, int]
) -> None:
    backbone = BACKBONES[name]
    with torch.device("meta"):
        network = backbone.make(3)
    side = backbone.input_size_px
    features, logits = feature_map(network, backbone.feature_layer, torch.zeros(2, 3, side, side).to("meta"))
    assert features.shape == (2, *expected)
    assert logits.shape == (2, 3)
    linear = [module for module in network.modules() if isinstance(module, nn.Linear)]
    assert network.get_submodule(backbone.head) is linear[-1]


@pytest.mark.parametrize(
    ("name", "first_px", "pitch_px"),
    [
        ("resnet50v2", 0, 32),
        ("resnet50", 0, 32),
        ("vgg16", 7.5, 16),
        ("mobilenet_v2", 0, 32),
        ("mobilenet_v3_small", 0, 32),
        ("small", 0, 8),
    ],
)
def test_the_cells_of_a_backbone_look_at_known_places(name: str, first_px: float, pitch_px: float) -> None:
    backbone = BACKBONES[name]
    with torch.device("meta"):
        network, image = backbone.make(3), torch.zeros(1, 3, 224, 224)
        where = placing_of(network, image, backbone.feature_layer)
    assert where.down == where.across == CellCentres(first_px, pitch_px)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in BACKBONES if name != "mobilenet_v3_small"])
def test_a_cell_of_a_backbone_looks_about_the_centre_of_what_reaches_it(name: str) -> None:
    # With positive weights, averages for maxima and nothing clipped, each pixel reaches a cell by its share.
    backbone = BACKBONES[name]
    network = backbone.make(3).double().eval()
    where = placing_of(network, torch.zeros(1, 3, 64, 64, dtype=torch.float64), backbone.feature_layer)
    for path, module in list(network.named_modules()):
        if isinstance(module, nn.Conv2d):
            nn.init.constant_(module.weight, 1 / module.weight[0].numel())
        elif isinstance(module, nn.MaxPool2d):
            mean = nn.AvgPool2d(module.kernel_size, module.stride, module.padding)
            network.set_submodule(path, mean)
        elif isinstance(module, nn.BatchNorm2d | nn.ReLU | nn.ReLU6):
            network.set_submodule(path, nn.Identity())
    image = torch.ones(1, 3, 512, 512, dtype=torch.float64, requires_grad=True)
    with recorded(network, backbone.feature_layer) as recording:
        network(image)
    features = recording.activations
    cell = features.shape[2] // 2
    (reached,) = torch.autograd.grad(features[0, :, cell, cell].sum(), image)
    along = reached[0].abs().sum(dim=(0, 1))
    centre = float((along * torch.arange(512)).sum() / along.sum())
    assert where.across.first_px + cell * where.across.pitch_px == pytest.approx(centre, abs=0.05)


def test_every_backbone_is_listed_under_its_name_and_any_other_name_is_refused() -> None:
    assert {name: backbone.name for name, backbone in BACKBONES.items()} == {name: name for name in BACKBONES}
    with pytest.raises(BackboneError, match=r"'resnet51'; choose one of resnet50v2, resnet50, vgg16"):
        backbone_named("resnet51")


def test_random_weights_follow_the_seed_and_leave_the_random_state() -> None:
    before = torch.get_rng_state()
    first, same, other = (random_backbone("small", 3, seed).network for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    weights = [network.get_submodule("fc").weight for network in (first, same, other)]
    assert torch.equal(weights[0], weights[1])  # type: ignore[arg-type]
    assert not torch.equal(weights[0], weights[2])  # type: ignore[arg-type]
    assert not any(module.training for module in first.modules())


def test_no_class_is_refused() -> None:
    with pytest.raises(BackboneError, match="small: 0 classes; give 1 or more"):
        random_backbone("small", 0)


def test_pixels_are_scaled_as_the_weights_expect() -> None:
    images = torch.tensor([0, 51, 255], dtype=torch.uint8).expand(1, 1, 1, 3)
    scaled = MINUS_ONE_TO_ONE.inputs(images)
    assert scaled.shape == (1, 3, 1, 1)
    assert scaled.flatten().tolist() == pytest.approx([-1, -0.6, 1])
    # Colour by colour: (0 - .485) / .229, (.2 - .456) / .224, (1 - .406) / .225.
    assert MEAN_AND_DEVIATION.inputs(images).flatten().tolist() == pytest.approx(
        [-0.485 / 0.229, -0.256 / 0.224, 0.594 / 0.225]
    )


@given(st.integers(0, 2**32 - 1))
def test_input_and_image_are_each_others_inverse_for_both_kinds_of_images(seed: int) -> None:
    pixels = torch.randint(
        0, 256, (2, 4, 5, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed)
    )
    images = pixels.permute(0, 3, 1, 2).double() / 255
    for normalisation in (MEAN_AND_DEVIATION, MINUS_ONE_TO_ONE):
        inputs = normalisation.inputs(images)
        torch.testing.assert_close(normalisation.images(inputs), images)
        torch.testing.assert_close(normalisation.inputs(pixels), inputs.float())


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (torch.zeros(1, 3, 4, 4, dtype=torch.uint8), r"\(1, 3, 4, 4\) uint8; give \(N, H, W, 3\) uint8"),
        (torch.zeros(1, 4, 4, 3), r"\(1, 4, 4, 3\) float32"),
        (torch.zeros(3, 4, 4), r"\(3, 4, 4\) float32"),
        (torch.full((1, 3, 4, 4), 255.0), "from 255 to 255; give floating-point images in"),
        (torch.full((1, 3, 4, 4), -0.5), "from -0.5 to -0.5"),
    ],
)
def test_images_of_another_form_are_refused(images: Tensor, said: str) -> None:
    with pytest.raises(BackboneError, match=said):
        MEAN_AND_DEVIATION.inputs(images)


def save_small(path: Path, classes: int = 5) -> dict[str, Tensor]:
    state = {
        name: value.contiguous() for name, value in BACKBONES["small"].build(classes, 7).state_dict().items()
    }
    save_file(state, path)
    return state


def test_weights_in_half_precision_come_back_in_single_with_their_normalisation(tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    state = save_small(path)
    halved = {name: value.half() if value.is_floating_point() else value for name, value in state.items()}
    save_file(halved, path)
    loaded = load_backbone("small", 5, WeightsFile(path, MINUS_ONE_TO_ONE))
    assert loaded.normalisation is MINUS_ONE_TO_ONE
    for name, value in loaded.network.state_dict().items():
        assert value.dtype == state[name].dtype
        assert torch.equal(value, halved[name].to(value.dtype))


def test_weights_of_other_classes_give_the_trunk_and_a_fresh_head_from_the_seed(tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    state = save_small(path, classes=5)
    weights = WeightsFile(path, MEAN_AND_DEVIATION)
    loaded = load_backbone("small", 3, weights, seed=11)
    own = loaded.network.state_dict()
    assert all(torch.equal(own[name], value) for name, value in state.items() if not name.startswith("fc."))
    assert own["fc.weight"].shape == (3, 128)
    again = load_backbone("small", 3, weights, seed=11).network.state_dict()
    other = load_backbone("small", 3, weights, seed=12).network.state_dict()
    assert torch.equal(own["fc.weight"], again["fc.weight"])
    assert not torch.equal(own["fc.weight"], other["fc.weight"])


def test_weights_without_the_counters_of_batches_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    state = {k: v for k, v in save_small(path).items() if "num_batches" not in k}
    save_file(state, path)
    own = load_backbone("small", 5, WeightsFile(path, MEAN_AND_DEVIATION)).network.state_dict()
    assert all(torch.equal(own[name], value) for name, value in state.items())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fc.bias": None}, "not weights of small: fc.bias is missing"),
        ({"fc.weight": None}, "not weights of small: fc.weight is missing"),
        ({"layer4.0.conv1.weight": torch.zeros(1)}, "it has no place for layer4.0.conv1.weight"),
        (
            {"features.first.0.0.weight": torch.zeros(32, 1, 3, 3)},
            r"features.first.0.0.weight is \(32, 1, 3, 3\), not \(32, 3, 3, 3\)",
        ),
        (
            {"fc.weight": torch.zeros(9, 64), "fc.bias": torch.zeros(9)},
            r"fc.weight is \(9, 64\), not \(5, 128\)",
        ),
        ({"fc.bias": torch.zeros(9)}, r"fc.bias is \(9,\), not \(5,\)"),
    ],
)
def test_weights_that_do_not_fit_are_named_by_file_and_key(
    tmp_path: Path, change: dict[str, Tensor | None], said: str
) -> None:
    path = tmp_path / "other.safetensors"
    changed = {**save_small(path), **change}
    save_file({name: value for name, value in changed.items() if value is not None}, path)
    with pytest.raises(BackboneError, match=said) as error:
        load_backbone("small", 5, WeightsFile(path, MEAN_AND_DEVIATION))
    assert str(path) in str(error.value)


def test_a_file_that_is_missing_or_of_another_kind_is_named(tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    with pytest.raises(BackboneError, match=f"{path}: no such file"):
        load_backbone("small", 5, WeightsFile(path, MEAN_AND_DEVIATION))
    path.write_bytes(b"text")
    with pytest.raises(BackboneError, match=f"{path}: not a safetensors file"):
        load_backbone("small", 5, WeightsFile(path, MEAN_AND_DEVIATION))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of torchvision's, and no way to fetch anything into it."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def offline(url: str, *_: object) -> None:
        raise OSError(f"no network for {url}")

    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("resnet50", "resnet50-0676ba61.pth"),
        ("vgg16", "vgg16-397923af.pth"),
        ("mobilenet_v2", "mobilenet_v2-b0353104.pth"),
        ("mobilenet_v3_small", "mobilenet_v3_small-047dcff4.pth"),
    ],
)
def test_where_no_weights_are_the_error_says_which_file_to_put_where(
    cache: Path, name: str, file: str
) -> None:
    with pytest.raises(
        BackboneError, match=r"missing; put torchvision's file .* there, give a safetensors"
    ) as error:
        load_backbone(name, 1000)
    assert str(cache / file) in str(error.value)


def test_only_with_the_flag_is_a_download_tried(cache: Path) -> None:
    with pytest.raises(
        BackboneError, match=r"mobilenet_v2-b0353104.pth: could not be downloaded .*no network"
    ):
        load_backbone("mobilenet_v2", 1000, download=True)


@pytest.mark.parametrize("name", ["resnet50v2", "small"])
def test_a_backbone_without_published_weights_says_so(cache: Path, name: str) -> None:
    with pytest.raises(
        BackboneError, match=f"{name}: torchvision has no weights of it; give a safetensors file"
    ):
        load_backbone(name, 10, download=True)


def test_a_file_in_torchvisions_cache_is_read_if_it_is_the_one_its_name_says(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = BACKBONES["small"].build(5, 7).state_dict()
    made = cache / "made.pth"
    torch.save(state, made)
    digest = hashlib.sha256(made.read_bytes()).hexdigest()[:8]
    path = made.rename(cache / f"small-{digest}.pth")
    cached = replace(BACKBONES["small"], url=f"https://example.org/{path.name}")
    monkeypatch.setattr(backbones, "BACKBONES", {"small": cached})

    loaded = load_backbone("small", 5)
    assert torch.equal(loaded.network.state_dict()["fc.weight"], state["fc.weight"])

    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BackboneError, match=f"{path}: damaged, its SHA-256 begins"):
        load_backbone("small", 5)


@pytest.mark.shared_data
def test_mobilenet_v2_with_the_weights_given_knows_images_that_it_has_not_seen(shared_data: Path) -> None:
    images = imagenette_boxed(shared_data / "imagenette_boxed")
    chosen = [image for image in images if image.unseen_by_imagenet_weights][::10]
    weights = WeightsFile(shared_data / "weights" / "mobilenet_v2_imagenet.safetensors", MINUS_ONE_TO_ONE)
    loaded = load_backbone("mobilenet_v2", 1000, weights)
    inputs = loaded.normalisation.inputs(torch.from_numpy(np.stack([image.image() for image in chosen])))
    with torch.inference_mode():
        logits = loaded.network(inputs)
    truth = torch.tensor([IMAGENET_CATEGORIES.index(image.name) for image in chosen])
    assert sorted(set(truth.tolist())) == [0, 217, 482, 491, 497, 566, 569, 571, 574, 701]
    assert len(chosen) == 50
    # 27 of 50 of 1,000 classes at the first guess, 42 in the first five, as measured when this was written.
    assert (logits.argmax(dim=1) == truth).sum() >= 25
    assert (logits.topk(5).indices == truth[:, None]).any(dim=1).sum() >= 39
