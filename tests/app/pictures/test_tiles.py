"""Pictures of cells: each shows the cell it is of, and is cut once."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.pictures.tiles import CELL_WIDTHS, NEIGHBOUR_PX, SIDE_PX, NoTileError, bars_of, pictured_cell
from app.workplace import Workplace
from core.errors import UnreadableImageError
from core.store import SlideRecord


def pixels(content: bytes) -> NDArray[np.uint8]:
    """(H, W, 3 or 4), red first."""
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert image is not None
    order = cv2.COLOR_BGRA2RGBA if image.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(image, order), np.uint8)


def tile(workplace: Workplace, record: SlideRecord, position: int, kind: str) -> NDArray[np.uint8]:
    assert record.taken_in is not None
    picture = workplace.tiles.picture(record.slide, record.taken_in, record.candidates[position], kind)
    return pixels(picture.content)


@pytest.mark.parametrize("kind", list(CELL_WIDTHS))
@pytest.mark.parametrize("position", [0, 2])
def test_the_cell_lies_in_the_middle_of_its_picture(
    workplace: Workplace, record: SlideRecord, kind: str, position: int
) -> None:
    image = tile(workplace, record, position, kind)
    side = SIDE_PX[kind]
    assert image.shape == (side, side, 3)
    # The cells of a field differ in red, by ten levels from one to the next.
    cell = int(record.candidates[position].box[0] // 40)
    assert image[side // 2, side // 2] == pytest.approx([10 * cell, 60, 120], abs=8)


def test_neighbours_are_the_nearest_healthy_cells_and_never_the_cell_itself(
    workplace: Workplace, record: SlideRecord
) -> None:
    image = tile(workplace, record, 0, "neighbours")
    middle, pitch = NEIGHBOUR_PX // 2, NEIGHBOUR_PX + 6
    reds = [
        int(image[middle + pitch * row, middle + pitch * column, 0]) for row in (0, 1) for column in (0, 1)
    ]
    # Cells 0 and 1 of the field are candidates: 2, 3, 4 and 5 are next.
    assert reds == pytest.approx([20, 30, 40, 50], abs=4)


def test_a_picture_is_cut_once_and_then_kept(
    workplace: Workplace, record: SlideRecord, tmp_path: Path
) -> None:
    first = tile(workplace, record, 0, "cell")
    (tmp_path / "slide" / "images" / record.candidates[0].field).write_bytes(b"")
    (tmp_path / "slide" / "images" / record.candidates[1].field).write_bytes(b"")
    assert np.array_equal(tile(workplace, record, 0, "cell"), first)
    with pytest.raises(UnreadableImageError):
        tile(workplace, record, 1, "around")


def test_maps_are_kept_by_cell_and_method_and_come_as_a_layer_for_the_large_picture(
    workplace: Workplace, record: SlideRecord
) -> None:
    candidate = record.candidates[0]
    values = np.zeros((48, 48), np.float32)
    values[24:, :] = 1
    slide, model = record.slide.id, "dots 1"
    assert record.taken_in is not None
    cell = pictured_cell(record.taken_in, candidate)
    workplace.tiles.keep_maps(slide, "another model", cell, {"cam": 1 - values})
    workplace.tiles.keep_maps(slide, model, cell, {"cam": values})
    layer = tile(workplace, record, 0, "map-cam")
    side = SIDE_PX["cell"]
    assert layer.shape == (side, side, 4)
    assert layer[side // 2 + 40, side // 2, 3] == 255
    assert layer[side // 2 - 40, side // 2, 3] == 0


@pytest.mark.parametrize("kind", ["map-cam", "map-../../secret", "nothing", "map-*", "field"])
def test_what_there_is_no_picture_of_is_said(workplace: Workplace, record: SlideRecord, kind: str) -> None:
    with pytest.raises(NoTileError):
        tile(workplace, record, 0, kind)


def test_bars_need_a_scale_and_are_of_the_picture_they_stand_in() -> None:
    assert bars_of((0, 0, 70, 70), None) is None
    bars = bars_of((0, 0, 70, 70), 0.1)
    assert bars is not None
    # 2.4 cell widths of 7 µm are 16.8 µm, 10 are 70 µm.
    assert [(bar.um, round(bar.share, 3)) for bar in bars] == [(5.0, 0.298), (20.0, 0.286)]


def test_a_field_that_was_replaced_since_it_was_scored_gives_no_picture_of_another_cell(
    workplace: Workplace, record: SlideRecord, tmp_path: Path
) -> None:
    field = record.candidates[0].field
    assert cv2.imwrite(str(tmp_path / "slide" / "images" / field), np.zeros((60, 410, 3), np.uint8))
    with pytest.raises(NoTileError, match="was replaced since it was scored: score the slide again"):
        tile(workplace, record, 0, "cell")
