"""What several methods do the same way: the weighted sum of channels, and maps at the size of the image."""

import torch

from core.cam.method import class_sum, upsampled


def test_channels_are_summed_by_each_images_own_weights() -> None:
    activations = torch.tensor([[[[1.0, 2.0]], [[10.0, 20.0]]]]).repeat(2, 1, 1, 1)
    weights = torch.tensor([[1.0, 0.0], [2.0, -1.0]])
    assert class_sum(weights, activations).tolist() == [[[1, 2]], [[-8, -16]]]


def test_the_sum_is_of_the_finer_type_of_the_two() -> None:
    activations = torch.ones(1, 2, 1, 2, dtype=torch.bfloat16)
    assert class_sum(torch.ones(1, 2), activations).dtype == torch.float32
    assert class_sum(torch.ones(1, 2, dtype=torch.bfloat16), activations.double()).dtype == torch.float64


def test_upsampled_cells_are_equal_parts_of_the_image() -> None:
    # The centres of the two cells lie at 1/4 and 3/4 of the width; outside them the border's values go on.
    made = upsampled(torch.tensor([[[8.0, 0.0]]]), torch.zeros(1, 3, 2, 4))
    assert made.tolist() == [[[8, 6, 2, 0], [8, 6, 2, 0]]]


def test_no_maps_are_upsampled_to_none() -> None:
    assert upsampled(torch.zeros(0, 3, 3), torch.zeros(0, 2, 6, 8)).shape == (0, 6, 8)
