"""Single cells from crop sets and fields, in one form, each with its slide's colour."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.cells.crops import CROP_CELL_DIAMETER_PX
from core.cells.detection import ObjectKind
from datasets.cells import (
    STORED_SIZE_PX,
    CellSet,
    field_cells,
    joined,
    marked_cells,
    nih_cells,
    plasmocount_cells,
    westlake_cells,
)
from datasets.fields import AnnotatedField, AnnotationError
from tests.drawn_cells import CELL, Colour, boxes_around, disc_picture


def save(path: Path, image: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image[..., ::-1])


def blackened(height_px: int, width_px: int, diameter_px: float, cell: Colour) -> NDArray[np.uint8]:
    """A cell that fills its picture, black around it."""
    centre = (width_px / 2, height_px / 2)
    return disc_picture(height_px, width_px, [centre], diameter_px, cell, background=(0, 0, 0))


def write_nih(root: Path, patients: dict[str, Colour]) -> Path:
    lines = ["path,infected,patient,field"]
    for patient, cell in patients.items():
        for number, size in enumerate((70, 84)):
            name = f"Parasitized/{patient}_{number}.png"
            save(root / name, blackened(size, size + 4, size - 4, cell))
            lines.append(f"{name},{number},{patient},IMG_{number}")
    index = root / "index.csv"
    index.write_text("\n".join(lines) + "\n")
    return index


def write_westlake(root: Path, centres: list[tuple[float, float]]) -> Path:
    lines = ["path,infected,slide,field"]
    for number, centre in enumerate(centres):
        name = f"infected/57546_0{number}_1.png"
        save(root / name, disc_picture(80, 80, [centre], 56))
        lines.append(f"{name},{number % 2},57546,57546_0{number}")
    index = root / "index.csv"
    index.write_text("\n".join(lines) + "\n")
    return index


def annotated(
    path: Path, boxes: NDArray[np.float32], kind: list[ObjectKind], infected: list[bool], source: str = "set"
) -> AnnotatedField:
    stage = tuple("ring" if flag else "" for flag in infected)
    return AnnotatedField(
        path, source, boxes, np.array(kind, np.uint8), np.array(infected), stage, frozenset(ObjectKind)
    )


def test_nih_cells_fill_their_disk_and_hide_the_black_paint(tmp_path: Path) -> None:
    write_nih(tmp_path, {"C1": (190, 120, 150)})
    cells = nih_cells(tmp_path)
    assert cells.crops.shape == (2, STORED_SIZE_PX, STORED_SIZE_PX, 3)
    for crop, mask in zip(cells.crops, cells.masks, strict=True):
        share = crop[mask] / np.array([190, 120, 150])
        assert share.min() > 0.5
        assert np.median(share) == 1
        # The cell is 1 / 1.15 of its box, less a rim of about a pixel.
        width = 2 * np.sqrt(mask.sum() / np.pi)
        assert 0.9 < width / (CROP_CELL_DIAMETER_PX / 1.15) < 1.0


def test_nih_cells_carry_the_colour_of_their_patient(tmp_path: Path) -> None:
    colours = {"C1": (190, 120, 150), "C2": (150, 90, 170)}
    write_nih(tmp_path, colours)
    cells = nih_cells(tmp_path)
    assert cells.group.tolist() == ["C1", "C1", "C2", "C2"]
    assert cells.infected.tolist() == [False, True, False, True]
    assert set(cells.source) == {"nih_cells"}
    for group, colour in zip(cells.group, cells.colour, strict=True):
        assert colour.tolist() == list(colours[str(group)])


def test_an_nih_picture_without_a_cell_is_left_out(tmp_path: Path) -> None:
    index = write_nih(tmp_path, {"C1": CELL})
    save(tmp_path / "Uninfected" / "black.png", np.zeros((60, 60, 3), np.uint8))
    with index.open("a") as file:
        file.write("Uninfected/black.png,0,C1,IMG_9\n")
    assert len(nih_cells(tmp_path)) == 2


def test_westlake_cells_are_cut_around_the_cell_in_the_middle(tmp_path: Path) -> None:
    write_westlake(tmp_path, [(40, 40), (36, 44)])
    cells = westlake_cells(tmp_path)
    assert cells.group.tolist() == ["57546_00", "57546_01"]
    assert cells.infected.tolist() == [False, True]
    for crop in cells.crops:
        dark = crop[..., 1] < 176
        assert 2 * np.sqrt(dark.sum() / np.pi) == pytest.approx(CROP_CELL_DIAMETER_PX / 1.15, abs=1)
        rows, columns = np.nonzero(dark)
        assert (rows.mean(), columns.mean()) == pytest.approx((29.5, 29.5), abs=0.8)


def test_a_westlake_crop_without_a_clear_cell_is_taken_at_the_published_size(tmp_path: Path) -> None:
    # Nothing in the middle: the window is then the middle 56 px, widened, as for a cell of 56 px.
    write_westlake(tmp_path, [(40, 40), (140, 140)])
    found = westlake_cells(tmp_path)
    assert len(found) == 2
    np.testing.assert_array_equal(found.masks[1], found.masks[0])


def test_plasmocount_cells_are_grouped_by_field_and_as_wide_as_other_cells(tmp_path: Path) -> None:
    save(tmp_path / "infected" / "f0_1.png", disc_picture(200, 200, [(100, 100)], 140))
    save(tmp_path / "infected" / "f1_1.png", disc_picture(200, 200, [(10, 10)], 20))
    (tmp_path / "index.csv").write_text("path,infected,field\ninfected/f0_1.png,1,0\ninfected/f1_1.png,1,1\n")
    cells = plasmocount_cells(tmp_path)
    assert cells.group.tolist() == ["0", "1"]
    assert cells.infected.all()
    dark = cells.crops[0][..., 1] < 176
    assert 2 * np.sqrt(dark.sum() / np.pi) == pytest.approx(CROP_CELL_DIAMETER_PX / 1.15, abs=1)


@pytest.mark.parametrize("reader", [nih_cells, plasmocount_cells, westlake_cells])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "missing"),
        ("path,infected,patient,field\n", "lists no cell"),
        ("path,infected\na.png,1\n", "line 2: no path, infected and"),
        ("path,infected,patient,field\na.png,1\n", "line 2: no path, infected and"),
        ("path,infected,patient,field\na.png,yes,C1,F1\n", "line 2: infected is 'yes', not 0 or 1"),
    ],
)
def test_a_damaged_index_is_named(reader: type, content: str | None, said: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "index.csv").write_text(content)
    with pytest.raises(AnnotationError, match=rf"index\.csv: {said}"):
        reader(tmp_path)


@pytest.mark.parametrize("reader", [nih_cells, plasmocount_cells, westlake_cells])
def test_a_listed_image_that_is_not_there_is_named(reader: type, tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text("path,infected,patient,field\nlost.png,1,C1,F1\n")
    with pytest.raises(AnnotationError, match=r"lost\.png: cannot be decoded"):
        reader(tmp_path)


def test_marked_cells_are_the_red_ones_with_boxes(tmp_path: Path) -> None:
    centres = [(60.0, 60.0), (150.0, 60.0), (60.0, 150.0), (150.0, 150.0)]
    save(tmp_path / "f1.png", disc_picture(200, 200, centres, 50))
    boxes = boxes_around(centres, 56)
    boxes[3, 2:] = np.nan
    kinds = [ObjectKind.RED_CELL, ObjectKind.WHITE_CELL, ObjectKind.RED_CELL, ObjectKind.RED_CELL]
    cells = marked_cells([annotated(tmp_path / "f1.png", boxes, kinds, [False, False, True, False])])
    assert cells.infected.tolist() == [False, True]
    assert cells.group.tolist() == ["f1", "f1"]
    assert cells.colour.tolist() == [list(CELL)] * 2


def test_cells_of_different_fields_have_their_own_colours(tmp_path: Path) -> None:
    centres, told = [(60.0, 60.0), (140.0, 60.0)], []
    for name, colour in (("a", CELL), ("b", (150, 90, 170))):
        save(tmp_path / f"{name}.png", disc_picture(120, 200, centres, 50, colour))
        field = annotated(
            tmp_path / f"{name}.png", boxes_around(centres, 56), [ObjectKind.RED_CELL] * 2, [False] * 2
        )
        told.append((field, field.boxes, np.array([True, False])))
    empty = (told[0][0], np.empty((0, 4), np.float32), np.empty(0, bool))
    cells = field_cells([empty, *told])
    assert cells.group.tolist() == ["a", "a", "b", "b"]
    assert cells.infected.tolist() == [True, False, True, False]
    assert cells.colour[::2].tolist() == [list(CELL), [150, 90, 170]]


def numbered(count: int, source: str) -> CellSet:
    return CellSet(
        crops=np.full((count, 4, 4, 3), 9, np.uint8) * np.arange(count, dtype=np.uint8)[:, None, None, None],
        masks=np.ones((count, 4, 4), bool),
        colour=np.arange(3 * count, dtype=np.float32).reshape(count, 3),
        infected=np.arange(count) % 2 == 1,
        source=np.full(count, source),
        group=np.array([f"g{index}" for index in range(count)]),
    )


def test_sets_are_joined_in_order_and_taken_apart_again() -> None:
    first, second = numbered(3, "short"), numbered(4, "a longer name")
    both = joined([first, second])
    assert len(both) == 7
    assert both.source.tolist() == ["short"] * 3 + ["a longer name"] * 4
    again = both.take(both.source == "a longer name")
    for name in ("crops", "masks", "colour", "infected", "source", "group"):
        np.testing.assert_array_equal(getattr(again, name), getattr(second, name))
    assert both.take(np.array([4, 0])).group.tolist() == ["g1", "g0"]


@pytest.mark.slow
@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("reader", "count", "infected", "groups"),
    [
        (nih_cells, 22013, 10989, 160),
        (westlake_cells, 13855, 1855, None),
        (plasmocount_cells, 188, 188, 5),
    ],
)
def test_the_real_crop_sets_are_read_whole(
    shared_data: Path, reader: type, count: int, infected: int, groups: int | None
) -> None:
    cells = reader(shared_data / reader.__name__)
    assert len(cells) == count
    assert int(cells.infected.sum()) == infected
    assert groups is None or len(np.unique(cells.group)) == groups


def test_cells_of_one_slide_have_one_colour_and_one_group(tmp_path: Path) -> None:
    centres, told = [(60.0, 60.0), (140.0, 60.0)], []
    for name, colour in (("a", CELL), ("b", (150, 90, 170))):
        save(tmp_path / f"{name}.png", disc_picture(120, 200, centres, 50, colour))
        kinds, infected = [ObjectKind.RED_CELL] * 2, [False] * 2
        field = annotated(tmp_path / f"{name}.png", boxes_around(centres, 56), kinds, infected)
        told.append((replace(field, slide="S7"), field.boxes, np.array(infected)))
    cells = field_cells(told)
    assert cells.group.tolist() == ["S7"] * 4
    assert len(np.unique(cells.colour, axis=0)) == 1
