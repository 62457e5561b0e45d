"""Which located objects count: each reason not to, alone and together."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.cells.crops import scaled
from core.cells.detection import Cells, ObjectKind
from core.cells.located import (
    LocatedCells,
    WhyNot,
    clumped,
    cut_by_border,
    find_cells,
    red_cell_like,
    stained_share,
)
from core.cells.reference import SlideReference
from core.slides.field import Rectangle
from tests.drawn_cells import (
    CELL,
    NarrowDetector,
    ToldDetector,
    boxes_around,
    disc_picture,
    field_of,
    grid_centres,
    located,
)

REFERENCE = SlideReference(28.0, CELL)
SIDE = 28.0


def found(
    centres: list[tuple[float, float]],
    cells: Cells | None = None,
    blur_px: float = 0.0,
    owned: Rectangle | None = None,
) -> LocatedCells:
    """Discs of 24 px on a picture of 200 x 160, with boxes of 28 px unless `cells` are given."""
    image = disc_picture(160, 200, centres, 24, blur_px=blur_px)
    told = located(boxes_around(centres, SIDE)) if cells is None else cells
    return find_cells(field_of(image, owned), ToldDetector(told), REFERENCE)


def test_a_whole_sharp_single_cell_counts() -> None:
    cells = found([(100, 80)])
    assert cells.why_not.tolist() == [""]
    assert cells.boxes.tolist() == [[86, 66, 28, 28]]
    assert cells.detection_score.tolist() == [pytest.approx(0.9)]


@pytest.mark.parametrize("centre", [(5, 80), (195, 80), (100, 4), (100, 156), (-3, 80), (100, 165)])
def test_a_cell_cut_by_the_border_is_an_edge_cell(centre: tuple[float, float]) -> None:
    assert found([centre]).why_not.tolist() == ["edge"]


def test_a_box_that_all_but_touches_the_border_is_taken_for_a_cut_cell() -> None:
    # The box is 28 px wide; 2 % of that are 0.56 px.
    assert found([(14.6, 80)]).why_not.tolist() == [""]
    assert found([(14.5, 80)]).why_not.tolist() == ["edge"]


def test_overlapping_cells_that_cannot_be_judged_apart_are_a_clump() -> None:
    # Boxes 14 px apart share half of each; 20 px apart, 0.29.
    assert found([(80, 80), (94, 80)]).why_not.tolist() == ["clump", "clump"]
    assert found([(80, 80), (100, 80)]).why_not.tolist() == ["", ""]


def test_a_small_cell_inside_a_large_one_s_box_makes_both_a_clump() -> None:
    boxes = np.array([[60, 60, 40, 40], [70, 70, 14, 14], [150, 100, 28, 28]], np.float32)
    assert clumped(boxes, np.zeros(3, np.uint8)).tolist() == [True, True, False]


def test_a_platelet_on_a_cell_makes_no_clump() -> None:
    boxes = np.concatenate([boxes_around([(80, 80)], 28), boxes_around([(82, 80)], 9)])
    kinds = np.array([ObjectKind.RED_CELL, ObjectKind.PLATELET], np.uint8)
    cells = found([(80, 80)], Cells(boxes, np.full(2, 0.9, np.float32), kinds))
    assert cells.why_not.tolist() == ["", "not a red cell"]


def test_a_red_cell_under_a_white_one_is_a_clump() -> None:
    boxes = np.concatenate([boxes_around([(80, 80)], 28), boxes_around([(84, 80)], 50)])
    kinds = np.array([ObjectKind.RED_CELL, ObjectKind.WHITE_CELL], np.uint8)
    cells = found([(80, 80)], Cells(boxes, np.full(2, 0.9, np.float32), kinds))
    assert cells.why_not.tolist() == ["clump", "not a red cell"]


@pytest.mark.parametrize("kind", [ObjectKind.WHITE_CELL, ObjectKind.PLATELET])
def test_other_kinds_are_not_red_cells(kind: ObjectKind) -> None:
    assert found([(80, 80)], located(boxes_around([(80, 80)], SIDE), kind)).why_not.tolist() == [
        "not a red cell"
    ]


def test_objects_of_an_impossible_size_are_not_red_cells() -> None:
    # 0.45 and 1.9 times the slide's 28 px are 12.6 and 53.2 px.
    boxes = np.concatenate([boxes_around([(80, 80)], side) for side in (12, 13, 53, 54)])
    like = red_cell_like(boxes, np.full(4, ObjectKind.RED_CELL, np.uint8), 28.0)
    assert like.tolist() == [False, True, True, False]
    assert found([(80, 80)], located(boxes_around([(80, 80)], 12))).why_not.tolist() == ["not a red cell"]


def test_a_scale_bar_is_not_a_red_cell() -> None:
    image = disc_picture(160, 200, [(40, 80)], 24)
    image[78:82, 80:120] = 0  # a bar as a camera burns it in
    boxes = boxes_around([(40, 80), (100, 80)], SIDE)
    cells = find_cells(field_of(image), ToldDetector(located(boxes)), REFERENCE)
    assert cells.why_not.tolist() == ["", "not a red cell"]


def test_the_stained_share_is_the_part_of_the_inner_disk_that_a_cell_fills() -> None:
    image = disc_picture(160, 200, [(80, 80)], 200)
    image[:, 80:] = image.max()
    # The left half of the box is cell, the right half background.
    half = located(boxes_around([(80, 80)], SIDE))
    assert stained_share(image, half, REFERENCE)[0] == pytest.approx(0.5, abs=0.04)


def test_the_pale_cells_of_one_field_count_on_a_slide_of_dark_ones() -> None:
    centres = grid_centres(280, 320, 40.0)
    image = disc_picture(280, 320, centres, 24, cell=(220, 185, 190))
    dark_slide = SlideReference(28.0, (150.0, 40.0, 90.0))
    assert len(centres) >= 30
    cells = find_cells(field_of(image), ToldDetector(located(boxes_around(centres, SIDE))), dark_slide)
    assert set(cells.why_not) == {""}


@pytest.mark.parametrize(
    ("kind", "gap_px", "expected"),
    [
        (ObjectKind.WHITE_CELL, 2.0, False),
        (ObjectKind.WHITE_CELL, -1.0, False),
        (ObjectKind.WHITE_CELL, -4.0, True),  # 4 of 28 px shared: a seventh
        (ObjectKind.RED_CELL, -4.0, False),
        (ObjectKind.PLATELET, -4.0, False),
    ],
)
def test_a_red_cell_at_a_white_one_cannot_be_judged(kind: ObjectKind, gap_px: float, expected: bool) -> None:
    boxes = np.array([[0, 0, 28, 28], [28 + gap_px, 0, 40, 40]], np.float32)
    assert clumped(boxes, np.array([ObjectKind.RED_CELL, kind], np.uint8)).tolist()[0] is expected


@pytest.mark.parametrize(("width_px", "looked_at_px"), [(33, [640]), (36, [640, 498]), (21, [640, 853])])
def test_a_field_of_another_cell_width_than_its_slide_is_taken_by_itself(
    width_px: int, looked_at_px: list[int]
) -> None:
    seen = []

    class Watching(NarrowDetector):
        def locate(self, image: NDArray[np.uint8]) -> Cells:
            seen.append(image.shape[1])
            return super().locate(image)

    centres = grid_centres(480, 640, 80.0)
    field = field_of(disc_picture(480, 640, centres, width_px))
    cells = find_cells(field, Watching(), SlideReference(28.0, CELL))
    assert len(cells.boxes) == len(centres)
    assert seen == [pytest.approx(expected, rel=0.05) for expected in looked_at_px]


def test_a_photograph_may_be_of_any_magnification_and_a_region_is_of_its_scan_s() -> None:
    image = disc_picture(480, 640, grid_centres(480, 640, 80.0), 36)
    for owned, cells_found in ((None, len(grid_centres(480, 640, 80.0))), (Rectangle(0, 0, 600, 480), 0)):
        cells = find_cells(field_of(image, owned), NarrowDetector(), SlideReference(130.0, CELL))
        assert len(cells.boxes) == cells_found


def test_an_object_that_the_detector_doubts_is_not_counted() -> None:
    told = located(boxes_around([(80, 80), (130, 80)], SIDE))
    doubted = Cells(told.boxes, np.array([0.39, 0.41], np.float32), told.kind)
    cells = find_cells(
        field_of(disc_picture(160, 200, [(80, 80), (130, 80)], 24)), ToldDetector(doubted), REFERENCE
    )
    assert cells.why_not.tolist() == ["not a red cell", ""]


def test_a_blurred_cell_is_out_of_focus() -> None:
    # 0.085 of a 28 px box is a blur of 2.4 px.
    assert found([(80, 80)], blur_px=1).why_not.tolist() == [""]
    assert found([(80, 80)], blur_px=4).why_not.tolist() == ["out of focus"]


def test_the_weightiest_reason_is_given() -> None:
    middle, corner = [(80.0, 80.0), (94.0, 80.0)], [(4.0, 80.0), (18.0, 80.0)]
    elsewhere = Rectangle(150, 0, 200, 160)
    assert found(middle, blur_px=4).why_not[0] == "out of focus"
    assert found(corner, blur_px=4).why_not[0] == "edge"
    platelets = located(boxes_around(corner, SIDE), ObjectKind.PLATELET)
    assert found(corner, platelets, blur_px=4).why_not[0] == "not a red cell"
    assert found(corner, platelets, blur_px=4, owned=elsewhere).why_not[0] == "duplicate"


@given(st.floats(-10, 320))
def test_a_cell_of_overlapping_regions_belongs_to_exactly_one(x: float) -> None:
    # Two regions of 200 px that overlap by 100, side by side on a slide of 300 px: each owns half of it.
    regions = [(0, Rectangle(0, 0, 150, 160)), (100, Rectangle(50, 0, 200, 160))]
    image = disc_picture(160, 200, [(100, 80)], 24)
    owners = 0
    for left, owned in regions:
        told = ToldDetector(located(boxes_around([(x - left, 80)], SIDE)))
        owners += find_cells(field_of(image, owned), told, REFERENCE).why_not[0] != WhyNot.DUPLICATE
    assert owners == 1


def test_a_field_without_objects_has_no_cells() -> None:
    cells = found([])
    assert len(cells.boxes) == len(cells.why_not) == len(cells.blur) == 0


def test_bare_glass_has_no_cells_and_costs_no_look_of_the_detector() -> None:
    class Refusing(ToldDetector):
        def locate(self, image: NDArray[np.uint8]) -> Cells:
            raise AssertionError("asked")

    told = located(boxes_around([(100, 80)], SIDE))
    region = replace(field_of(disc_picture(160, 200, [], 24)), name="scan.svs#x=0,y=0")
    cells = find_cells(region, Refusing(told), REFERENCE)
    assert (len(cells.boxes), cells.cell_diameter_px, cells.negative) == (0, 28.0, False)
    assert cells.lit.depth_px is None


@pytest.mark.parametrize("diameter_px", [20, 40, 70])
def test_fields_of_any_scale_come_back_in_their_own_pixels(diameter_px: int) -> None:
    centres = grid_centres(331, 497, 2.2 * diameter_px)
    image = disc_picture(331, 497, centres, diameter_px)
    reference = SlideReference(float(diameter_px), CELL)
    cells = find_cells(field_of(image), NarrowDetector(), reference)
    assert (cells.why_not == "").all()
    middles = cells.boxes[:, :2] + cells.boxes[:, 2:] / 2
    expected = sorted(centres, key=lambda centre: (centre[1], centre[0]))
    order = np.lexsort((middles[:, 0], np.rint(middles[:, 1] / diameter_px)))
    np.testing.assert_allclose(middles[order], expected, atol=diameter_px / 14)
    np.testing.assert_allclose(cells.boxes[:, 2:], diameter_px, rtol=0.12)


def test_the_field_is_shown_to_the_detector_at_its_own_scale() -> None:
    seen: list[tuple[int, ...]] = []

    class Watching(ToldDetector):
        def locate(self, image: NDArray[np.uint8]) -> Cells:
            seen.append(image.shape)
            return self.cells

    image = disc_picture(300, 400, [(200, 150)], 56)
    region = Rectangle(0, 0, 368, 300)
    find_cells(field_of(image, region), Watching(located(boxes_around([], 1))), SlideReference(56.0, CELL))
    assert seen == [(150, 200, 3)]


def test_shrinking_averages_and_never_gives_an_empty_picture() -> None:
    checks = np.indices((8, 8)).sum(axis=0) % 2 * 200
    picture = np.repeat(checks[..., None], 3, axis=2).astype(np.uint8)
    assert (scaled(picture, 0.5) == 100).all()
    assert scaled(picture, 0.01).shape == (1, 1, 3)


def test_only_the_side_that_is_cut_matters() -> None:
    boxes = np.array([[5, 5, 50, 40], [-4, 5, 50, 40], [60, 5, 50, 40], [10, 70, 20, 40]], np.float32)
    assert cut_by_border(boxes, 100, 100).tolist() == [False, True, True, True]
