"""Each method on a network of a few weights set by hand, against arithmetic.

This cuts across the modules of `core.cam`: all methods on the same network and image.
"""

import math

import pytest
import torch
from torch import Tensor

from core.cam import CAM, FIMFScoreCAM, GradCAM, GuidedGradCAM, Method, ScoreCAM, activation_maps
from tests.core.cam.small_networks import IMAGE, HandSet

FIRST, SECOND = torch.tensor([[1.0, 0.0], [3.0, 0.0]]), torch.tensor([[0.0, 2.0], [0.0, 0.0]])


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def one_map(method: str | Method, class_: int, layer: str | None = None) -> Tensor:
    return activation_maps(HandSet(), IMAGE, method, torch.tensor([class_]), layer).maps[0]


@pytest.mark.parametrize(("class_", "expected"), [(0, [[1, 4], [3, 0]]), (1, [[0, 2], [0, 0]])])
def test_cam_sums_the_channels_by_the_weights_of_the_class(class_: int, expected: list[list[float]]) -> None:
    assert one_map("cam", class_).tolist() == expected


@pytest.mark.parametrize("class_", [0, 1])
def test_grad_cam_is_cam_by_the_number_of_cells(class_: int) -> None:
    torch.testing.assert_close(one_map("grad-cam", class_), one_map("cam", class_) / 4)


def test_grad_cam_at_an_inner_layer_follows_the_gradient() -> None:
    # Before the ReLU the channels are x and -x. The gradient of logit 0 is 1/4 where x > 0 (two cells of
    # four) and 2/4 where x < 0 (one cell): a = (1/8, 1/8), and x - x is nothing.
    assert one_map("grad-cam", 0, "convolution").tolist() == [[0, 0], [0, 0]]
    # Class 1: a = (-1/8, 1/16), the map ReLU(-x/8 - x/16).
    assert one_map("grad-cam", 1, "convolution").tolist() == [[0, 3 / 8], [0, 0]]


def test_what_is_rectified_away_is_kept_beside_the_map_on_the_grid_of_the_layer() -> None:
    made = activation_maps(HandSet(), IMAGE, "grad-cam", torch.tensor([1]), "convolution", size="input")
    assert made.sums.tolist() == [[[-3 / 16, 6 / 16], [-9 / 16, 0]]]
    assert not made.sums.requires_grad


def test_guided_backpropagation_passes_only_what_is_positive() -> None:
    # Class 0: the gradient at the image is 1/4 where x > 0 and -2/4 where x < 0.
    made = activation_maps(HandSet(), IMAGE, "guided-grad-cam", torch.tensor([0]))
    assert made.signed is not None
    torch.testing.assert_close(made.signed[0, 0], torch.tensor([[1 / 16, -2 / 4], [3 / 16, 0]]))
    torch.testing.assert_close(made.maps[0], torch.tensor([[1 / 16, 2 / 4], [3 / 16, 0]]))
    # Class 1: the negative gradient of channel 0 is held back; the plain gradient would be -1/4 at x = 1.
    made = activation_maps(HandSet(), IMAGE, "guided-grad-cam", torch.tensor([1]))
    assert made.signed is not None
    torch.testing.assert_close(made.signed[0, 0], torch.tensor([[0, -1 / 8], [0, 0]]))


def test_score_cam_weighs_a_channel_by_the_probability_under_its_mask() -> None:
    # Mask 0 is [[1/3, 0], [1, 0]]: x there is [[1/3, 0], [3, 0]], the features average (10/12, 0) and the
    # logits are 5/6 and -5/6. Mask 1 leaves -2 alone: features (0, 1/2), logits 1 and 1/2.
    expected = sigmoid(5 / 3) * FIRST + sigmoid(1 / 2) * SECOND
    torch.testing.assert_close(one_map("score-cam", 0), expected)
    torch.testing.assert_close(one_map("score-cam", 1), sigmoid(-5 / 3) * FIRST + sigmoid(-1 / 2) * SECOND)


def test_score_cam_of_the_paper_is_a_softmax_of_the_logits_over_the_channels() -> None:
    first = sigmoid(5 / 6 - 1)
    torch.testing.assert_close(one_map("score-cam-paper", 0), first * FIRST + (1 - first) * SECOND)


def test_faster_score_cam_takes_the_channels_that_vary_most() -> None:
    # Channel 0 has cells 1, 0, 3, 0 and varies more than channel 1 with 0, 2, 0, 0.
    torch.testing.assert_close(one_map(ScoreCAM(max_channels=1), 0), sigmoid(5 / 3) * FIRST)


def test_fimf_score_cam_masks_the_features() -> None:
    # Where channel 0 is positive the features average (1, 0): logits 1 and -1. Where channel 1 is: 1 and 1/2.
    torch.testing.assert_close(one_map("fimf-score-cam", 0), sigmoid(2) * FIRST + sigmoid(1 / 2) * SECOND)
    torch.testing.assert_close(one_map(FIMFScoreCAM(max_channels=1), 0), sigmoid(2) * FIRST)


def test_fimf_score_cam_by_minmax_masks_the_features_in_part() -> None:
    # Channel 0 under itself: (1 * 1/3 + 3 * 1) / 4 = 10/12, channel 1 is masked away.
    expected = sigmoid(5 / 3) * FIRST + sigmoid(1 / 2) * SECOND
    torch.testing.assert_close(one_map(FIMFScoreCAM(template="minmax"), 0), expected)


@pytest.mark.parametrize("method", [CAM(), GradCAM(), GuidedGradCAM(), ScoreCAM(), FIMFScoreCAM()])
def test_without_classes_the_map_is_that_of_the_predicted_class(method: Method) -> None:
    made = activation_maps(HandSet(), IMAGE, method)
    assert made.classes.tolist() == [0]
    torch.testing.assert_close(made.logits, torch.tensor([[2.0, -0.5]]))
    torch.testing.assert_close(made.maps[0], one_map(method, 0))


def test_a_map_is_brought_to_the_size_of_the_image_between_the_centres_of_its_cells() -> None:
    image = torch.tensor([[[[8.0, 8.0, 0.0, 0.0]] * 4]])
    network = torch.nn.Sequential(torch.nn.AvgPool2d(2), HandSet())
    made = activation_maps(network, image, "cam", torch.tensor([0]), "1.features", size="input")
    # The cells of the layer are 8 and 0; align_corners=False puts the image's pixels at 1/4 and 3/4 between.
    torch.testing.assert_close(made.maps[0], torch.tensor([[8.0, 6.0, 2.0, 0.0]] * 4))
