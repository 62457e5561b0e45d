"""Sums over a set: means where defined, and one best threshold for all images."""

import pytest
import torch

from core.saliency.localisation import box_overlaps, energy, max_box_acc, max_box_acc_v2, pointing_game
from core.saliency.set_measures import ImageMeasures, image_measures, joined, set_measures

BOXES = [torch.tensor([[1, 1, 4, 4]]), torch.tensor([[0, 0, 2, 7], [5, 0, 7, 7]]), torch.zeros((0, 4)).long()]


def regions() -> torch.Tensor:
    inside = torch.zeros(3, 8, 8, dtype=torch.bool)
    for region, boxes in zip(inside, BOXES, strict=True):
        for x0, y0, x1, y1 in boxes.tolist():
            region[y0 : y1 + 1, x0 : x1 + 1] = True
    return inside


MAPS = torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(4))


def test_a_set_is_summed_up_over_the_images_that_have_a_region() -> None:
    found = set_measures(image_measures(MAPS, regions(), BOXES))
    assert found.images == 3
    assert found.epg == pytest.approx(energy(MAPS, regions())[:2].mean().item())
    assert found.pointing_game == pytest.approx(pointing_game(MAPS, regions())[:2].mean().item())
    overlaps = box_overlaps(MAPS, BOXES)
    assert found.max_box_acc == max_box_acc(overlaps.largest).value
    assert found.max_box_acc_v2 == max_box_acc_v2(overlaps.any).value


def test_batches_put_together_are_the_set() -> None:
    inside = regions()
    batches = [image_measures(MAPS[i : i + 1], inside[i : i + 1], BOXES[i : i + 1]) for i in range(3)]
    whole = image_measures(MAPS, inside, BOXES)
    for name in ImageMeasures.__dataclass_fields__:
        torch.testing.assert_close(getattr(joined(batches), name), getattr(whole, name), equal_nan=True)


def test_a_map_that_is_the_region_has_every_measure_at_its_best() -> None:
    inside = regions()[:1]
    found = set_measures(image_measures(inside.float(), inside, BOXES[:1]))
    best = (found.magtr, found.epg, found.epg_above_area, found.pointing_game, found.max_box_acc_v2)
    assert (*best, found.pixel_overlap) == pytest.approx([1] * 6)
    assert found.mangtr == 0
    assert found.share_above_half == pytest.approx(16 / 64)


def test_maps_of_zeros_are_counted_and_score_nothing() -> None:
    found = set_measures(image_measures(torch.zeros_like(MAPS), regions(), BOXES))
    assert found.empty_maps == 3
    assert (found.magtr, found.epg, found.pointing_game, found.max_box_acc) == (0, 0, 0, 0)


def test_a_part_of_a_set_is_measured_like_a_set_of_its_own() -> None:
    whole = image_measures(MAPS, regions(), BOXES)
    part = set_measures(whole.of(torch.tensor([False, True, False])))
    assert part == set_measures(image_measures(MAPS[1:2], regions()[1:2], BOXES[1:2]))
