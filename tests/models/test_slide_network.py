"""A network with one slide's statistics at a time: whatever came before, and however many crops there are."""

import numpy as np
import pytest
import torch

from core.cells.crops import GREY
from models.graphs.second_look_graph import BATCH
from models.second_look import SecondLook
from models.slide_network import as_input
from tests.models.test_second_look import CPU, random_crops, random_network


def test_two_slides_in_turn_are_each_scored_by_their_own_statistics() -> None:
    slides, second_look = [random_crops(8), random_crops(8) // 3], SecondLook(random_network(), CPU)
    statistics = [second_look.feature_statistics(crops) for crops in slides]
    alone = [
        SecondLook(random_network(), CPU).logits(crops, own)
        for crops, own in zip(slides, statistics, strict=True)
    ]
    for turn in (0, 1, 0):
        np.testing.assert_array_equal(second_look.logits(slides[turn], statistics[turn]), alone[turn])
    assert np.abs(second_look.logits(slides[0], statistics[1]) - alone[0]).max() > 0.01


def test_a_measured_slide_leaves_the_network_as_it_was() -> None:
    network = random_network()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    second_look, crops = SecondLook(network, CPU), random_crops(4)
    second_look.logits(crops, second_look.feature_statistics(crops))
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_many_crops_are_scored_as_one_by_one_in_order() -> None:
    second_look, crops = SecondLook(random_network(), CPU), random_crops(BATCH + 3)
    statistics = second_look.feature_statistics(crops[:10])
    together = second_look.logits(crops, statistics)
    assert together.shape == (BATCH + 3,)
    for index in (0, BATCH - 1, BATCH, BATCH + 2):
        alone = second_look.logits(crops[index : index + 1], statistics)
        assert together[index] == pytest.approx(float(alone[0]), abs=1e-3)


def test_no_crops_have_no_logits() -> None:
    second_look = SecondLook(random_network(), CPU)
    statistics = second_look.feature_statistics(random_crops(3))
    assert second_look.logits(random_crops(0), statistics).shape == (0,)


def test_statistics_of_another_network_are_refused() -> None:
    with pytest.raises(ValueError, match="feature statistics for a network that has"):
        SecondLook(random_network(), CPU).logits(random_crops(2), (1.0, 2.0))


def test_grey_is_zero_to_the_network() -> None:
    crops = np.full((1, 2, 2, 3), GREY, np.uint8)
    crops[0, 0, 1] = (GREY + 48, GREY - 48, GREY)
    values = as_input(crops)
    assert values.shape == (1, 3, 2, 2)
    assert values[0, :, 0, 1].tolist() == [1.0, -1.0, 0.0]
    assert values[0, :, 1].abs().max() == 0


def test_the_statistics_of_a_slide_do_not_depend_on_the_slides_before_it() -> None:
    second_look, crops = SecondLook(random_network(), CPU), random_crops(8)
    first = second_look.feature_statistics(crops)
    second_look.logits(crops // 3, second_look.feature_statistics(crops // 3))
    assert second_look.feature_statistics(crops) == first
