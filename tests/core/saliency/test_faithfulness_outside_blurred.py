"""The surroundings blurred and the region left sharp, by hand."""

import math

import pytest
import torch
from torch import Tensor

from core.saliency.faithfulness import outside_blurred, right_outside_blurred
from core.saliency.regions import MeasureError

NOWHERE = torch.zeros(1, 1, 224, dtype=torch.bool)
ROW = torch.zeros(1, 1, 1, 224)


def region(*inside: int) -> Tensor:
    """(1, 1, 224) bool: these pixels."""
    return NOWHERE.index_fill(2, torch.tensor(inside), 1)


def test_a_point_of_a_row_of_224_px_becomes_a_bell_of_10_px_and_keeps_its_sum() -> None:
    image = ROW.clone()
    image[..., 112] = 5
    blurred = outside_blurred(image, NOWHERE)[0, 0, 0]
    height = 5 / (10 * math.sqrt(2 * math.pi))
    assert blurred[112].item() == pytest.approx(height, rel=1e-5)
    assert blurred[102].item() == blurred[122].item() == pytest.approx(height * math.exp(-1 / 2), rel=1e-5)
    assert blurred[132].item() == pytest.approx(height * math.exp(-2), rel=1e-5)
    assert blurred.sum().item() == pytest.approx(5, rel=1e-5)


def test_the_blur_grows_with_the_side_and_is_worked_out_down_and_across() -> None:
    image = torch.zeros(1, 1, 448, 224)
    image[..., 224, 112] = 1
    blurred = outside_blurred(image, torch.zeros(1, 448, 224, dtype=torch.bool))[0, 0]
    assert (blurred[244, 112] / blurred[224, 112]).item() == pytest.approx(math.exp(-1 / 2), rel=1e-5)
    assert (blurred[224, 122] / blurred[224, 112]).item() == pytest.approx(math.exp(-1 / 2), rel=1e-5)


def test_a_region_stays_as_it_is_and_shines_into_its_surroundings() -> None:
    image = ROW.clone()
    image[..., 112] = 5
    found = outside_blurred(image, region(112, 113))[0, 0, 0]
    assert found[112:114].tolist() == [5, 0]
    assert found[111].item() == pytest.approx(5 / (10 * math.sqrt(2 * math.pi)) * math.exp(-1 / 200))


def test_one_colour_stays_one_colour_up_to_the_border() -> None:
    image = torch.tensor([0.3, -0.7])[None, :, None, None].expand(1, 2, 9, 5)
    torch.testing.assert_close(outside_blurred(image, torch.zeros(1, 9, 5, dtype=torch.bool)), image)


def sharpest(images: Tensor) -> Tensor:
    """Two logits: the highest pixel, and a half."""
    highest = images.flatten(1).amax(dim=1)
    return torch.stack([highest, torch.full_like(highest, 0.5)], dim=1)


def test_an_answer_is_right_while_what_it_rests_on_is_in_the_region_of_its_own_image() -> None:
    images = ROW.repeat(4, 1, 1, 1)
    images[..., 60] = 1
    regions = torch.cat([region(60), region(61), region(61), region(60)])
    found = right_outside_blurred(sharpest, images, regions, torch.tensor([0, 0, 1, 1]))
    assert found.tolist() == [1, 0, 1, 0]


def test_nothing_is_said_without_a_region_and_a_full_one_leaves_the_image() -> None:
    images = ROW.repeat(2, 1, 1, 1)
    images[..., 60] = 1
    found = right_outside_blurred(sharpest, images, torch.cat([NOWHERE, ~NOWHERE]), torch.tensor([1, 0]))
    assert found[0].isnan()
    assert found[1] == 1


def test_regions_of_another_size_or_type_are_refused() -> None:
    with pytest.raises(MeasureError, match=r"regions \(1, 1, 224\)"):
        outside_blurred(torch.zeros(1, 1, 1, 9), NOWHERE)
    with pytest.raises(MeasureError, match="bool"):
        outside_blurred(ROW, NOWHERE.float())
