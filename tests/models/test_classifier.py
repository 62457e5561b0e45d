"""The classifier: scores, and activation maps that add up to them."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.crops import CROP_SIZE_PX, GREY
from models.classifier import BATCH, Classifier, ClassifierNetwork, as_input

CPU = torch.device("cpu")


def random_network(width: int = 8) -> ClassifierNetwork:
    torch.manual_seed(1)
    network = ClassifierNetwork(width).eval()
    nn.init.normal_(network.head.weight, std=2.0)
    return network


def random_crops(count: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, CROP_SIZE_PX, CROP_SIZE_PX, 3), np.uint8)


class TwoPlanes(nn.Module):
    """Instead of learned features: how dark and how bright each sixteenth of a crop is."""

    def forward(self, images: Tensor) -> Tensor:
        coarse = nn.functional.avg_pool2d(images.mean(dim=1, keepdim=True), CROP_SIZE_PX // 4)
        return torch.cat([(-coarse).relu(), coarse.relu()], dim=1)


def network_by_hand(dark_weight: float, bright_weight: float) -> ClassifierNetwork:
    network = ClassifierNetwork(4).eval()
    network.features = nn.Sequential(TwoPlanes())
    network.head = nn.Linear(2, 1)
    with torch.no_grad():
        network.head.weight[:] = torch.tensor([[dark_weight, bright_weight]])
        network.head.bias[:] = -1.0
    return network


def dark_quarter() -> NDArray[np.uint8]:
    """Grey but for a dark sixteenth: rows 36 to 48, columns 12 to 24."""
    crop = np.full((1, CROP_SIZE_PX, CROP_SIZE_PX, 3), GREY, np.uint8)
    crop[0, 36:48, 12:24] = GREY - 96
    return crop


def test_the_mean_of_the_map_and_the_bias_are_the_logit() -> None:
    network, crops = random_network(), random_crops(5)
    with torch.inference_mode():
        features = network.features(as_input(crops))
        maps = torch.einsum("nchw,c->nhw", features, network.head.weight[0])
        expected = maps.mean(dim=(1, 2)) + network.head.bias
    np.testing.assert_allclose(Classifier(network, CPU).logits(crops), expected.numpy(), rtol=1e-4, atol=1e-4)


def test_a_logit_by_hand() -> None:
    # A sixteenth of the crop is 96 levels, or 2 units, darker: 3 * 2 / 16 - 1.
    logits = Classifier(network_by_hand(3.0, 5.0), CPU).logits(dark_quarter())
    assert logits.tolist() == [pytest.approx(3 * 2 / 16 - 1)]


def test_scores_are_the_logistic_of_the_logits() -> None:
    classifier, crops = Classifier(random_network(), CPU), random_crops(6)
    np.testing.assert_allclose(
        classifier.infected_score(crops), 1 / (1 + np.exp(-classifier.logits(crops))), rtol=1e-5
    )


def test_extreme_logits_give_scores_of_nothing_and_all_without_a_warning() -> None:
    crops = np.concatenate([dark_quarter(), dark_quarter()])
    with np.errstate(all="raise"):
        assert Classifier(network_by_hand(4e3, 0.0), CPU).infected_score(crops).tolist() == [1.0, 1.0]
    assert Classifier(network_by_hand(-4e3, 0.0), CPU).infected_score(crops).max() < 1e-30


def test_many_crops_are_scored_as_one_by_one_in_order() -> None:
    classifier, crops = Classifier(random_network(4), CPU), random_crops(BATCH + 5)
    together = classifier.logits(crops)
    assert together.shape == (BATCH + 5,)
    for index in (0, BATCH - 1, BATCH, BATCH + 4):
        assert together[index] == pytest.approx(
            float(classifier.logits(crops[index : index + 1])[0]), abs=1e-4
        )


def test_no_crops_have_no_scores() -> None:
    scores = Classifier(random_network(), CPU).infected_score(random_crops(0))
    assert scores.shape == (0,)
    assert scores.dtype == np.float32


def test_the_map_lights_up_where_the_network_looked() -> None:
    classifier = Classifier(network_by_hand(3.0, 0.0), CPU)
    (cam,) = classifier.activation_map(dark_quarter())
    assert cam.shape == (CROP_SIZE_PX, CROP_SIZE_PX)
    row, column = np.unravel_index(cam.argmax(), cam.shape)
    assert 36 <= row < 48
    assert 12 <= column < 24
    assert cam.max() == pytest.approx(1)
    assert cam[:24].max() == 0


def test_what_speaks_against_infection_leaves_the_map_dark() -> None:
    (cam,) = Classifier(network_by_hand(-3.0, 0.0), CPU).activation_map(dark_quarter())
    assert cam.max() == 0


def test_each_map_has_its_own_scale() -> None:
    faint = dark_quarter()
    faint[faint < GREY] = GREY - 10
    maps = Classifier(network_by_hand(3.0, 0.0), CPU).activation_map(np.concatenate([dark_quarter(), faint]))
    np.testing.assert_allclose(maps[0], maps[1], atol=1e-5)


def test_maps_of_random_networks_lie_between_nothing_and_all() -> None:
    maps = Classifier(random_network(), CPU).activation_map(random_crops(4))
    assert maps.min() >= 0
    assert maps.max() <= 1 + 1e-6


def test_no_crops_have_no_maps() -> None:
    assert Classifier(random_network(), CPU).activation_map(random_crops(0)).shape == (0, 48, 48)


def test_scoring_draws_no_dropout() -> None:
    network = random_network().train()
    classifier = Classifier(network, CPU)
    crops = random_crops(3)
    np.testing.assert_array_equal(classifier.logits(crops), classifier.logits(crops))


def test_grey_is_zero_to_the_network() -> None:
    crops = np.full((1, 2, 2, 3), GREY, np.uint8)
    crops[0, 0, 1] = (GREY + 48, GREY - 48, GREY)
    values = as_input(crops)
    assert values.shape == (1, 3, 2, 2)
    assert values[0, :, 0, 1].tolist() == [1.0, -1.0, 0.0]
    assert values[0, :, 1].abs().max() == 0


@pytest.mark.parametrize("width", [8, 24])
def test_the_width_sets_the_channels(width: int) -> None:
    network = ClassifierNetwork(width)
    assert network.head.in_features == 4 * width
    assert network.eval()(torch.zeros(2, 3, CROP_SIZE_PX, CROP_SIZE_PX)).shape == (2,)
