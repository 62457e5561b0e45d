"""A second look: each object against its slide's own cells, its surroundings with it."""

import numpy as np
import torch
from numpy.typing import NDArray

from core.cells.crops import SURROUNDED_SIZE_PX
from models.graphs.second_look_graph import BATCH
from models.second_look import SecondLook, SecondLookNetwork
from models.slide_network import as_input
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


def test_logits_are_those_of_the_network_that_holds_the_slides_statistics() -> None:
    network, crops = random_network(), random_crops(5)
    second_look = SecondLook(random_network(), CPU)
    statistics = second_look.feature_statistics(crops)
    hold(network, statistics)
    with torch.inference_mode():
        features = network.features(as_input(crops))
        maps = torch.einsum("nchw,c->nhw", features, network.head.weight[0])
        expected = maps.mean(dim=(1, 2)) + network.head.bias  # of the class activation map, which is exact
    np.testing.assert_allclose(second_look.logits(crops, statistics), expected.numpy(), rtol=1e-4, atol=1e-4)


def test_a_look_gives_the_same_logits_to_the_last_bit_and_the_features_that_they_are_made_of() -> None:
    second_look, crops = SecondLook(random_network(), CPU), random_crops(BATCH + 3)
    statistics = second_look.feature_statistics(crops[:10])
    sight = second_look.look(crops, statistics)
    np.testing.assert_array_equal(sight.logits, second_look.logits(crops, statistics))
    assert sight.features.shape == (BATCH + 3, 96)
    assert sight.features.dtype == np.float16
    head = second_look.network_of(statistics).head
    weight, bias = head.weight[0].detach().numpy(), head.bias.item()
    # Features are rounded to 11 bits, the logits are not.
    rounding = np.abs(sight.features.astype(np.float32)) @ np.abs(weight) * 2**-11 + 1e-4
    assert (np.abs(sight.features @ weight + bias - sight.logits) <= rounding).all()


def test_a_look_at_nothing_has_no_rows() -> None:
    second_look = SecondLook(random_network(), CPU)
    sight = second_look.look(random_crops(0), second_look.feature_statistics(random_crops(3)))
    assert (sight.logits.shape, sight.features.shape) == ((0,), (0, 96))
