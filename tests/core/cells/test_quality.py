"""Focus and stain of a field, by hand on discs of known colours."""

import math
from dataclasses import astuple

import numpy as np
import pytest
from numpy.typing import NDArray

from core.cells.detection import ObjectKind
from core.cells.lit_area import LitArea
from core.cells.located import LocatedCells
from core.cells.quality import field_quality
from core.cells.reference import SlideReference
from tests.drawn_cells import Colour, boxes_around, disc_picture, grid_centres

CENTRES = grid_centres(300, 400, 50)
REFERENCE = SlideReference(40.0, (200.0, 120.0, 160.0))


def cells(kind: ObjectKind = ObjectKind.RED_CELL, blur: float = 0.03) -> LocatedCells:
    count = len(CENTRES)
    return LocatedCells(
        cell_diameter_px=36.0,
        negative=False,
        lit=LitArea(400, 300, None),
        boxes=boxes_around(CENTRES, 36),
        detection_score=np.ones(count, np.float32),
        kind=np.full(count, kind, np.uint8),
        blur=np.full(count, blur, np.float32),
        why_not=np.full(count, ""),
    )


def picture(cell: Colour, background: Colour) -> NDArray[np.uint8]:
    return disc_picture(300, 400, CENTRES, 36, cell, background)


def test_stain_is_the_density_of_the_cells_against_the_background() -> None:
    quality = field_quality(picture((199, 119, 159), (239, 239, 219)), cells(), REFERENCE)
    assert quality.background == pytest.approx((239 + 239 + 219) / 3, abs=0.06)
    # log10 of 240/200, 240/120 and 220/160.
    assert quality.density_red == pytest.approx(0.0792, abs=0.003)
    assert quality.density_green == pytest.approx(0.3010, abs=0.003)
    assert quality.density_blue == pytest.approx(0.1383, abs=0.003)


def test_a_dimmer_lamp_changes_the_background_and_not_the_density() -> None:
    bright = field_quality(picture((200, 120, 160), (240, 240, 240)), cells(), REFERENCE)
    dim = field_quality(picture((100, 60, 80), (120, 120, 120)), cells(), REFERENCE)
    assert dim.background == bright.background / 2
    assert astuple(dim)[2:6] == pytest.approx(astuple(bright)[2:6], abs=0.01)


def test_colour_is_seen_where_the_channels_differ_and_taken_as_there_where_no_cell_is() -> None:
    for cell, there in (((200, 120, 160), True), ((160, 156, 158), True), ((150, 150, 150), False)):
        assert field_quality(picture(cell, (240,) * 3), cells(), REFERENCE).shows_colour == there
    assert field_quality(picture((0, 0, 0), (240,) * 3), cells(ObjectKind.PLATELET), REFERENCE).shows_colour


def test_focus_is_the_median_of_the_red_cells() -> None:
    located = cells()
    located.blur[:3] = np.inf
    located.kind[-4:] = ObjectKind.WHITE_CELL
    located.blur[-4:] = 0.9
    assert field_quality(picture((200, 120, 160), (240,) * 3), located, REFERENCE).edge_blur == 0.03


@pytest.mark.parametrize("kind", [ObjectKind.WHITE_CELL, ObjectKind.PLATELET])
def test_a_field_without_red_cells_has_no_quality(kind: ObjectKind) -> None:
    quality = field_quality(picture((200, 120, 160), (240,) * 3), cells(kind), REFERENCE)
    *measures, negative = astuple(quality)
    assert all(math.isnan(value) for value in measures)
    assert not negative


def test_a_few_dark_objects_do_not_change_the_stain() -> None:
    image = picture((200, 120, 160), (240,) * 3)
    dark = image.copy()
    for x, y in CENTRES[:4]:
        dark[int(y) - 18 : int(y) + 18, int(x) - 18 : int(x) + 18] = 20
    stains = [astuple(field_quality(one, cells(), REFERENCE))[1:5] for one in (dark, image)]
    assert stains[0] == stains[1]
