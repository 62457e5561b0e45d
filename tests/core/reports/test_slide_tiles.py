"""Tiles of a whole slide: together they are its fields, at each scale, and nothing else."""

import numpy as np
import pytest
from numpy.typing import NDArray

from core.reports.drawing import PAPER
from core.reports.slide_tiles import (
    TILE_PX,
    composed,
    copy_for,
    highest_level,
    reduced_copies,
    tile_size,
)
from core.slides import PlacedField


@pytest.mark.parametrize(("side", "level"), [(1, 0), (512, 0), (513, 1), (1024, 1), (1025, 2), (20_480, 6)])
def test_the_highest_level_is_the_first_that_fits_one_tile(side: int, level: int) -> None:
    assert highest_level(side, 7) == highest_level(7, side) == level
    assert tile_size(side, 7, level, 1, 0)[0] == 0


def test_tiles_at_the_border_are_smaller() -> None:
    assert [tile_size(1300, 700, 0, column, row) for column, row in ((0, 0), (2, 0), (2, 1))] == [
        (512, 512),
        (276, 512),
        (276, 188),
    ]
    assert tile_size(1300, 700, 1, 1, 0) == (138, 350)


def test_tiles_are_made_from_the_next_finer_copy() -> None:
    assert [copy_for(level) for level in range(6)] == [1, 1, 4, 4, 16, 16]


def fields() -> dict[str, tuple[PlacedField, NDArray[np.uint8]]]:
    """Two fields with a gap of 40 pixels, each a ramp of its own."""
    found = {}
    for number, (name, left) in enumerate((("left", 0), ("right", 840))):
        ramp = np.linspace(20 + 100 * number, 100 + 100 * number, 800)
        image = np.repeat(np.tile(ramp, (600, 1))[..., None], 3, axis=2).astype(np.uint8)
        found[name] = (PlacedField(name, left, 0, 800, 600), image)
    return found


def whole(level: int) -> NDArray[np.uint8]:
    """All tiles of a level put together."""
    placed, width, height = fields(), 1640, 600

    def image_of(field: PlacedField, reduction: int) -> NDArray[np.uint8]:
        image = placed[field.name][1]
        return image if reduction == 1 else reduced_copies(image)[reduction]

    reduction = 2**level
    canvas = np.zeros((-(-height // reduction), -(-width // reduction), 3), np.uint8)
    for row in range(-(-canvas.shape[0] // TILE_PX)):
        for column in range(-(-canvas.shape[1] // TILE_PX)):
            size = tile_size(width, height, level, column, row)
            tile = composed(size, level, column, row, [one for one, _ in placed.values()], image_of)
            assert tile.shape == (size[1], size[0], 3)
            canvas[row * TILE_PX : row * TILE_PX + size[1], column * TILE_PX : column * TILE_PX + size[0]] = (
                tile
            )
    return canvas


def test_at_full_scale_the_tiles_are_the_fields_pixel_for_pixel_and_paper_between_them() -> None:
    canvas = whole(0)
    for field, image in fields().values():
        assert np.array_equal(canvas[:, field.left : field.left + 800], image)
    assert np.array_equal(canvas[:, 800:840], np.broadcast_to(PAPER, (600, 40, 3)))


@pytest.mark.parametrize("level", [1, 2])
def test_reduced_tiles_show_each_field_where_it_lies_in_the_mean_of_its_pixels(level: int) -> None:
    canvas, reduction = whole(level), 2**level
    for field, image in fields().values():
        left = field.left // reduction
        part = canvas[:, left : left + 800 // reduction].astype(float)
        mean = image.reshape(600 // reduction, reduction, 800 // reduction, reduction, 3).mean((1, 3))
        assert np.abs(part - mean).max() < 2.5


def test_at_the_highest_level_all_of_the_slide_is_one_tile() -> None:
    canvas = whole(2)
    assert canvas.shape == (150, 410, 3)
    assert canvas[75, 10, 0] < canvas[75, 190, 0] < canvas[75, 220, 0] < canvas[75, 400, 0]
