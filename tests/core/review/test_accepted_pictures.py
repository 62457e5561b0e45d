"""Pictures of accepted cells: as photographed, pixel for pixel, and nothing invented beyond the field."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.review import read_cells
from core.review.accepted_pictures import accepted_pictures
from core.store import Role, SlideRecord, Store, StoreError
from tests.scored_slides import image_of, read_all, scored_slide


def pixels(png: bytes) -> NDArray[np.uint8]:
    """RGB."""
    read = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert read is not None
    return np.asarray(read[..., ::-1], np.uint8)


def test_each_pixel_is_that_of_the_field_and_beyond_it_there_is_the_colour_of_the_background(
    store: Store, finished: SlideRecord
) -> None:
    _, _, _, marked = finished.candidates
    picture = pixels(accepted_pictures(finished.slide.folder, read_cells(finished))[marked.id])
    # A cell 30.25 pixels wide at position 7, its middle at 300.1, 20.1: 2.3 times as wide are 70 pixels,
    # from 265 and -15 on.
    assert picture.shape == (70, 70, 3)
    assert (picture[15:] == image_of(10)[:55, 265:335]).all()
    assert (picture[:15] == 230).all()


def test_every_cell_that_anybody_accepted_has_one_those_agreed_on_first(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=6, fields=3)
    read_all(store, record, "+-++--", reader="Anna", role=Role.FIRST)
    record = read_all(store, record, "--+++-", reader="Ben", role=Role.SECOND)
    numbers = [cell.id for cell in record.candidates]
    # Of three fields in turn; the third and fourth were accepted by both, the first and fifth by one.
    pictures = accepted_pictures(record.slide.folder, read_cells(record))
    assert list(pictures) == [numbers[2], numbers[3], numbers[0], numbers[4]]
    colours = {number: tuple(pixels(png)[35, 35]) for number, png in pictures.items()}
    assert colours == {
        numbers[2]: (0, 60, 120),
        numbers[3]: (10, 60, 120),
        numbers[0]: (0, 60, 120),
        numbers[4]: (10, 60, 120),
    }


def test_where_nothing_was_accepted_no_image_is_looked_for(store: Store, tmp_path: Path) -> None:
    record = read_all(store, scored_slide(store, tmp_path, listed=2), "--", reader="Anna", role=Role.FIRST)
    assert accepted_pictures(tmp_path / "gone", read_cells(record)) == {}


def test_a_field_that_is_gone_is_an_error(store: Store, finished: SlideRecord) -> None:
    (finished.slide.folder / "field2.png").unlink()
    with pytest.raises(StoreError, match=r"images has no image of field2\.png any more: put it back, then"):
        accepted_pictures(finished.slide.folder, read_cells(finished))
