"""A second look: each object against its slide's own cells, its surroundings with it."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.cells.crops import SURROUNDED_SIZE_PX
from models.second_look import BATCH, SecondLook, SecondLookNetwork, as_input
from models.slide_norm import hold
from tests.models.made_networks import answering

CPU = torch.device("cpu")


def random_network() -> SecondLookNetwork:
    torch.manual_seed(1)
    network = SecondLookNetwork()
    answering(network)
    return network


def random_crops(count: int, seed: int = 0) -> NDArray[np.uint8]:
    size = (count, SURROUNDED_SIZE_PX, SURROUNDED_SIZE_PX, 3)
    return np.random.default_rng(seed).integers(0, 256, size, np.uint8)


def test_the_last_features_lie_sixteen_pixels_apart_and_each_crop_has_one_logit() -> None:
    network, images = SecondLookNetwork().eval(), torch.zeros(2, 3, SURROUNDED_SIZE_PX, SURROUNDED_SIZE_PX)
    with torch.inference_mode():
        assert network.features(images).shape == (2, 96, SURROUNDED_SIZE_PX // 16, SURROUNDED_SIZE_PX // 16)
        assert network(images).shape == (2,)


def test_log_odds_are_those_of_the_network_that_holds_the_slides_statistics() -> None:
    network, crops = random_network(), random_crops(5)
    second_look = SecondLook(random_network(), CPU)
    statistics = second_look.feature_statistics(crops)
    hold(network, statistics)
    with torch.inference_mode():
        features = network.features(as_input(crops))
        maps = torch.einsum("nchw,c->nhw", features, network.head.weight[0])
        expected = maps.mean(dim=(1, 2)) + network.head.bias  # of the class activation map, which is exact
    np.testing.assert_allclose(
        second_look.log_odds(crops, statistics), expected.numpy(), rtol=1e-4, atol=1e-4
    )


def test_two_slides_in_turn_are_each_scored_by_their_own_statistics() -> None:
    slides, second_look = [random_crops(8), random_crops(8) // 3], SecondLook(random_network(), CPU)
    statistics = [second_look.feature_statistics(crops) for crops in slides]
    alone = [
        SecondLook(random_network(), CPU).log_odds(crops, own)
        for crops, own in zip(slides, statistics, strict=True)
    ]
    for turn in (0, 1, 0):
        np.testing.assert_array_equal(second_look.log_odds(slides[turn], statistics[turn]), alone[turn])
    assert np.abs(second_look.log_odds(slides[0], statistics[1]) - alone[0]).max() > 0.01


def test_a_measured_slide_leaves_the_network_as_it_was() -> None:
    network = random_network()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    second_look, crops = SecondLook(network, CPU), random_crops(4)
    second_look.log_odds(crops, second_look.feature_statistics(crops))
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_many_crops_are_scored_as_one_by_one_in_order() -> None:
    second_look, crops = SecondLook(random_network(), CPU), random_crops(BATCH + 3)
    statistics = second_look.feature_statistics(crops[:10])
    together = second_look.log_odds(crops, statistics)
    assert together.shape == (BATCH + 3,)
    for index in (0, BATCH - 1, BATCH, BATCH + 2):
        alone = second_look.log_odds(crops[index : index + 1], statistics)
        assert together[index] == pytest.approx(float(alone[0]), abs=1e-3)


def test_no_crops_have_no_log_odds() -> None:
    second_look = SecondLook(random_network(), CPU)
    statistics = second_look.feature_statistics(random_crops(3))
    assert second_look.log_odds(random_crops(0), statistics).shape == (0,)


def test_statistics_of_another_network_are_refused() -> None:
    with pytest.raises(ValueError, match="feature statistics for a network that has"):
        SecondLook(random_network(), CPU).log_odds(random_crops(2), (1.0, 2.0))
