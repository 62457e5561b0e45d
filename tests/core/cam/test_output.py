"""What a network gives: logits, the probability of a class, and what is neither."""

import pytest
import torch
from torch import nn

from core.cam import CamError, activation_maps
from core.cam.output import class_probability, class_values, logit_table
from core.errors import SmearscopeError
from tests.core.cam.small_networks import drawn_images


def test_logits_are_a_row_an_image_and_a_single_logit_is_a_row_of_one() -> None:
    table = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert logit_table(table, 2) is table
    assert logit_table(torch.tensor([1.0, 2.0]), 2).tolist() == [[1], [2]]
    assert logit_table(torch.tensor(7.0), 1).tolist() == [[7]]
    assert class_values(table, torch.tensor([2, 0])).tolist() == [3, 4]


def test_the_probability_of_a_class_is_the_softmax_and_of_a_single_logit_the_sigmoid() -> None:
    logits = torch.tensor([[0.0, 0.0], [0.0, 3.0]]).log1p()  # weights 1 to 1 and 1 to 4
    torch.testing.assert_close(class_probability(logits, torch.tensor([0, 1])), torch.tensor([1 / 2, 4 / 5]))
    one = torch.tensor([[0.0], [3.0]]).log1p()
    torch.testing.assert_close(class_probability(one, torch.tensor([0, 0])), torch.tensor([1 / 2, 4 / 5]))


@pytest.mark.parametrize(
    ("tail", "named"),
    [
        (nn.Identity(), r"\(2, 3, 6, 6\)"),
        (nn.Flatten(0), r"\(216,\)"),
        (nn.AdaptiveMaxPool2d(1, return_indices=True), "tuple"),
    ],
    ids=["a map", "one row", "two outputs"],
)
def test_a_network_that_gives_no_logits_is_an_error(tail: nn.Module, named: str) -> None:
    network = nn.Sequential(nn.Conv2d(2, 3, 1), tail).double()
    with pytest.raises(CamError, match=rf"for 2 images the network must give logits .* gave {named}"):
        activation_maps(network, drawn_images())


def test_every_error_is_one_that_commands_print() -> None:
    assert issubclass(CamError, SmearscopeError)
