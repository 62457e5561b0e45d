"""Training tiles: the maps agree with the picture, and silence lies where annotators said nothing."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.cells.detection import DETECTOR_CELL_DIAMETER_PX, STRIDE_PX, ObjectKind
from datasets.detection import (
    SCALES,
    STORED_DIAMETER_PX,
    TILE_PX,
    StoredField,
    TileBatch,
    batches,
    cell_diameter_px,
    store,
    synthetic_fields,
    target_maps,
)
from datasets.fields import AnnotatedField
from datasets.foreground import BOX_OVER_CELL
from tests.drawn_cells import BACKGROUND, boxes_around, disc_picture, grid_centres

CENTRES = grid_centres(300, 400, 60)
OVAL = (44.0, 30.0)


def annotated(
    folder: Path,
    boxes: NDArray[np.float32],
    source: str = "txl_pbc",
    marked: frozenset[ObjectKind] = frozenset(ObjectKind),
    infected: int = 0,
) -> AnnotatedField:
    """Oval cells on a picture of 300 x 400, of which `boxes` are marked."""
    path = folder / "field.png"
    assert cv2.imwrite(str(path), disc_picture(300, 400, CENTRES, OVAL)[..., ::-1])
    flags = np.arange(len(boxes)) < infected
    return AnnotatedField(
        path,
        source,
        boxes,
        np.zeros(len(boxes), np.uint8),
        flags,
        tuple("ring" if f else "" for f in flags),
        marked,
    )


def stored(field: AnnotatedField) -> StoredField:
    result = store(field)
    assert result is not None
    return result


def some_batches(fields: dict[str, list[StoredField]], count: int, seed: int = 1) -> list[TileBatch]:
    return list(batches(fields, batch_size=4, steps=count, seed=seed))


def test_a_field_is_brought_to_one_cell_width(tmp_path: Path) -> None:
    field = stored(annotated(tmp_path, boxes_around(CENTRES, (64, 36))))
    # Boxes of 64 x 36 px have the mean side 48, which becomes 36: three quarters.
    assert field.image.shape == (225, 300, 3)
    np.testing.assert_allclose(field.boxes[:, :2], np.array(CENTRES) * 0.75, rtol=1e-5)
    np.testing.assert_allclose(field.boxes[:, 2:], [[48, 27]] * len(CENTRES), rtol=1e-5)


def test_where_only_centres_are_marked_the_picture_tells_the_width(tmp_path: Path) -> None:
    boxes = boxes_around(CENTRES, 40)
    boxes[:, :2] = CENTRES
    boxes[:, 2:] = np.nan
    field = annotated(tmp_path, boxes)
    expected = np.sqrt(44 * 30) * BOX_OVER_CELL
    assert cell_diameter_px(field, field.image()) == pytest.approx(expected, rel=0.05)
    np.testing.assert_allclose(
        stored(field).boxes[:, :2], np.array(CENTRES) * STORED_DIAMETER_PX / expected, rtol=0.05
    )


def test_a_field_without_any_cell_is_not_stored(tmp_path: Path) -> None:
    path = tmp_path / "blank.png"
    assert cv2.imwrite(str(path), np.full((80, 80, 3), 230, np.uint8))
    nothing = np.empty((0, 4), np.float32)
    none = np.empty(0, np.uint8)
    assert (
        store(AnnotatedField(path, "s", nothing, none, none.astype(bool), (), frozenset(ObjectKind))) is None
    )


def test_unmarked_cells_are_silent_only_in_sets_with_gaps(tmp_path: Path) -> None:
    boxes = boxes_around(CENTRES, (50, 36))
    for source, silent in (("chula_rbc12", True), ("txl_pbc", False)):
        field = stored(annotated(tmp_path, boxes[1:], source))
        scale = field.image.shape[1] / 400
        unmarked, marked = (np.array(CENTRES[index]) * scale for index in (0, 1))
        assert field.silent[:, int(unmarked[1]), int(unmarked[0])].tolist() == [silent] * 3
        assert not field.silent[:, int(marked[1]), int(marked[0])].any()
        assert not field.silent[:, 5, 5].any()


def test_where_cells_are_marked_in_part_an_unmarked_one_is_silent(tmp_path: Path) -> None:
    boxes = boxes_around(CENTRES, (50, 36))
    field = stored(replace(annotated(tmp_path, boxes[1:], "ours"), all_marked=False))
    scale = field.image.shape[1] / 400
    unmarked, marked = (np.array(CENTRES[index]) * scale for index in (0, 1))
    assert field.silent[:, int(unmarked[1]), int(unmarked[0])].all()
    assert not field.silent[:, int(marked[1]), int(marked[0])].any()


def test_a_dark_object_speaks_only_for_the_kinds_that_were_marked(tmp_path: Path) -> None:
    boxes = boxes_around(CENTRES, (50, 36))
    field = stored(annotated(tmp_path, boxes[1:], marked=frozenset({ObjectKind.RED_CELL})))
    x, y = (np.array(CENTRES[0]) * field.image.shape[1] / 400).astype(int)
    assert field.silent[:, y, x].tolist() == [False, True, True]


def test_the_border_is_silent_where_border_cells_were_not_marked(tmp_path: Path) -> None:
    field = stored(annotated(tmp_path, boxes_around(CENTRES, (50, 36)), "iml_malaria"))
    band = int(0.6 * STORED_DIAMETER_PX)
    assert field.silent[:, :band].all()
    assert field.silent[:, -band:].all()
    assert field.silent[:, :, :band].all()
    assert field.silent[:, :, -band:].all()
    assert not field.silent[0, band:-band, band:-band].any()


def test_the_maps_of_one_box_by_hand() -> None:
    box = np.array([[18.0, 9.0, 56.0, 14.0]], np.float32)
    heat, size, offset, size_weight, offset_weight = target_maps(
        box, np.array([ObjectKind.PLATELET]), tile_px=32
    )
    assert heat.shape == (3, 8, 8)
    # x 18 lies in column 4 (16 to 20), y 9 in row 2 (8 to 12).
    assert heat[ObjectKind.PLATELET, 2, 4] == heat.max() == 1
    assert heat[ObjectKind.RED_CELL].max() == heat[ObjectKind.WHITE_CELL].max() == 0
    # The mean side is 28 px or 7 grid cells; a neighbour is exp(-1 / (2 * 0.77²)) = 0.430.
    assert heat[ObjectKind.PLATELET, 2, 5] == pytest.approx(0.430, abs=1e-3)
    assert heat[ObjectKind.PLATELET, 3, 5] == pytest.approx(0.430**2, abs=1e-3)
    assert size[:, 2, 4] == pytest.approx([np.log(2), -np.log(2)])
    assert offset[:, 2, 4] == pytest.approx([0.5, 0.25])
    # Neighbours point to the same centre, with less weight.
    assert offset[:, 1, 5] == pytest.approx([-0.5, 1.25])
    assert size_weight[0, 1:4, 3:6].tolist() == [
        [pytest.approx(0.3)] * 3,
        [pytest.approx(0.3), 1, pytest.approx(0.3)],
        [pytest.approx(0.3)] * 3,
    ]
    assert size_weight.sum() == offset_weight.sum() == pytest.approx(1 + 8 * 0.3)


def test_a_centre_without_a_size_teaches_no_size() -> None:
    box = np.array([[18.0, 9.0, np.nan, np.nan]], np.float32)
    heat, size, _, size_weight, offset_weight = target_maps(box, np.array([ObjectKind.RED_CELL]), tile_px=32)
    assert heat[0, 2, 4] == 1
    assert np.isfinite(size).all()
    assert size_weight.sum() == 0
    assert offset_weight[0, 2, 4] == 1


def test_no_boxes_give_empty_maps() -> None:
    maps = target_maps(np.empty((0, 4), np.float32), np.empty(0, np.uint8), tile_px=32)
    assert all((each == 0).all() for each in maps)


def test_of_two_neighbours_each_keeps_its_own_centre() -> None:
    boxes = np.array([[18, 18, 28, 28], [22, 18, 28, 28]], np.float32)
    heat, _, offset, _, offset_weight = target_maps(boxes, np.zeros(2, np.uint8), tile_px=64)
    assert heat[0, 4, 4] == heat[0, 4, 5] == 1
    assert offset[:, 4, 4].tolist() == offset[:, 4, 5].tolist() == [0.5, 0.5]
    assert offset_weight[0, 4, 4] == offset_weight[0, 4, 5] == 1


def test_targets_lie_on_the_cells_of_their_tiles(tmp_path: Path) -> None:
    """Tiles are turned, mirrored, scaled and recoloured: centres and sizes must follow."""
    field = stored(annotated(tmp_path, boxes_around(CENTRES, OVAL)))
    checked = 0
    for batch in some_batches({"txl_pbc": [field]}, 8):
        for image, heat, size, offset in zip(batch.images, batch.heat, batch.size, batch.offset, strict=True):
            green = cv2.GaussianBlur(np.ascontiguousarray(image[..., 1]), (0, 0), 2)
            threshold, _ = cv2.threshold(green, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
            _, labels, statistics, middles = cv2.connectedComponentsWithStats(
                (green <= threshold).astype(np.uint8)
            )
            for row, column in np.argwhere(heat[ObjectKind.RED_CELL] == 1):
                x, y = (np.array([column, row]) + offset[:, row, column]) * STRIDE_PX
                label = labels[min(int(y), TILE_PX - 1), min(int(x), TILE_PX - 1)]
                left, top, width, height = statistics[label, :4]
                if label == 0 or left == 0 or top == 0 or left + width == TILE_PX or top + height == TILE_PX:
                    continue
                # The component's middle counts from pixel centres, which lie half a pixel inside.
                assert np.hypot(*(middles[label] + 0.5 - (x, y))) < 2
                sides = np.exp(size[:, row, column]) * DETECTOR_CELL_DIAMETER_PX
                np.testing.assert_allclose((width, height), sides, atol=4)
                checked += 1
    assert checked > 100


def test_tiles_show_cells_at_the_scales_of_training(tmp_path: Path) -> None:
    field = stored(annotated(tmp_path, boxes_around(CENTRES, 40)))
    sides = [
        np.exp(batch.size[:, 0][batch.heat[:, ObjectKind.RED_CELL] == 1])
        for batch in some_batches({"txl_pbc": [field]}, 20)
    ]
    ratios = np.concatenate(sides)
    assert SCALES[0] <= ratios.min() < 0.8
    assert 1.25 < ratios.max() <= SCALES[1]


def test_what_nobody_could_tell_or_is_no_red_cell_teaches_nothing(tmp_path: Path) -> None:
    boxes = boxes_around(CENTRES, (64, 36))
    plain = annotated(tmp_path, boxes[2:])
    told = replace(plain, unsure=boxes[:1], not_red_cells=boxes[1:2])
    before, after = stored(plain).silent, stored(told).silent
    newly = (after & ~before).any(axis=0)
    assert not before[:, newly].any()
    # Fields are stored at three quarters here: each box covers 48 x 27 px.
    for x, y in CENTRES[:2]:
        assert after[:, int(0.75 * y), int(0.75 * x)].all()
    assert newly.sum() == pytest.approx(2 * 48 * 27, rel=0.1)


def test_beyond_the_picture_nothing_is_taught(tmp_path: Path) -> None:
    # Stored 180 px wide: no tile of 256 px at any scale is filled by the picture.
    path = tmp_path / "small.png"
    assert cv2.imwrite(str(path), disc_picture(180, 180, [(90, 90)], 36)[..., ::-1])
    box = boxes_around([(90, 90)], 36)
    field = AnnotatedField(
        path, "s", box, np.zeros(1, np.uint8), np.zeros(1, bool), ("",), frozenset(ObjectKind)
    )
    for batch in some_batches({"s": [stored(field)]}, 4):
        corners = batch.heat_weight[:, :, [0, 0, -1, -1], [0, -1, 0, -1]]
        assert (corners == 0).any(axis=2).all()
        assert (batch.heat_weight[batch.heat == 1] == 1).all()
        assert batch.heat_weight.mean() > 0.1


def test_infected_cells_are_shown_more_often_than_they_occur(tmp_path: Path) -> None:
    """On a large field with one infected cell, at least about half the tiles hold it."""
    pitch = 60
    centres = grid_centres(1200, 1500, pitch)
    path = tmp_path / "large.png"
    assert cv2.imwrite(str(path), disc_picture(1200, 1500, centres, 34)[..., ::-1])
    flags = np.arange(len(centres)) == 0
    boxes = boxes_around(centres, 36)
    # The infected cell alone is long, so that its size tells it in the maps.
    boxes[0] = boxes_around(centres[:1], (72, 18))[0]
    kinds = np.zeros(len(centres), np.uint8)
    field = AnnotatedField(path, "s", boxes, kinds, flags, ("",) * len(centres), frozenset(ObjectKind))
    shown = 0
    for batch in some_batches({"s": [stored(field)]}, 10):
        for heat, size in zip(batch.heat[:, 0], batch.size, strict=True):
            long = np.abs(size[0] - size[1])[heat == 1]
            shown += bool((long > 1).any())
    # 40 tiles at one half or a little more: fewer than 11 has odds of under 1 in 1,000.
    assert 11 <= shown <= 35


def test_batches_repeat_by_seed(tmp_path: Path) -> None:
    fields = {"txl_pbc": [stored(annotated(tmp_path, boxes_around(CENTRES, 40)))]}
    first, again, other = (some_batches(fields, 2, seed) for seed in (5, 5, 6))
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.images, two.images)
        np.testing.assert_array_equal(one.heat_weight, two.heat_weight)
        np.testing.assert_array_equal(one.size, two.size)
    assert (first[0].images != other[0].images).any()


def test_batches_have_the_shapes_they_state(tmp_path: Path) -> None:
    fields = {"txl_pbc": [stored(annotated(tmp_path, boxes_around(CENTRES, 40)))]}
    (batch,) = some_batches(fields, 1)
    grid = TILE_PX // STRIDE_PX
    assert batch.images.shape == (4, TILE_PX, TILE_PX, 3)
    assert batch.heat.shape == batch.heat_weight.shape == (4, 3, grid, grid)
    assert batch.size.shape == batch.offset.shape == (4, 2, grid, grid)
    assert batch.size_weight.shape == batch.offset_weight.shape == (4, 1, grid, grid)


def test_sources_are_drawn_evenly_however_many_fields_they_have(tmp_path: Path) -> None:
    marked = stored(annotated(tmp_path, boxes_around(CENTRES, 40)))
    blank = np.full((300, 300, 3), BACKGROUND, np.uint8)
    nothing = (marked.boxes[:0], marked.kind[:0], marked.infected[:0], np.zeros((3, 300, 300), bool))
    empty = StoredField("b", blank, *nothing)
    drawn = some_batches({"a": [marked] * 9, "b": [empty]}, 25)
    with_cells = sum(int((batch.heat.max(axis=(1, 2, 3)) == 1).sum()) for batch in drawn)
    # 100 tiles, half of each source: outside 35 to 65 in 1 of 500 cases.
    assert 35 <= with_cells <= 65


def test_drawn_fields_come_at_the_stored_scale_and_speak_about_everything() -> None:
    fields = synthetic_fields(3, seed=4)
    again = synthetic_fields(3, seed=4)
    for field, same in zip(fields, again, strict=True):
        np.testing.assert_array_equal(field.image, same.image)
        red = field.boxes[field.kind == ObjectKind.RED_CELL]
        assert np.median(np.sqrt(red[:, 2] * red[:, 3])) == pytest.approx(STORED_DIAMETER_PX, rel=0.15)
        assert not field.silent.any()
    assert (fields[0].image != fields[1].image).any()


def test_centres_just_inside_the_tile_stay_on_the_grid() -> None:
    edge = np.array([[0, 0, 28, 28], [31.9, 31.9, 28, 28]], np.float32)
    heat = target_maps(edge, np.zeros(2, np.uint8), tile_px=32)[0]
    assert heat[0, 0, 0] == heat[0, 7, 7] == 1
