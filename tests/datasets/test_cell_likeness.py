"""What a picture is told by not to be one of a single red cell, and that no real cell is refused."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from datasets.cell_likeness import why_no_red_cell
from datasets.single_cells import single_cell
from tests.drawn_cells import disc_picture


def reason(image: NDArray[np.uint8]) -> str:
    cell = single_cell(image)
    assert cell is not None
    return why_no_red_cell(cell)


@pytest.mark.parametrize("colour", [(190, 120, 150), (170, 175, 210), (150, 160, 140), (215, 165, 160)])
def test_a_cell_of_any_stain_can_be_one(colour: tuple[int, int, int]) -> None:
    assert reason(disc_picture(80, 80, [(40, 40)], 60, colour)) == ""


def test_a_cell_with_a_dark_parasite_and_neighbours_at_the_border_can_be_one() -> None:
    # In the colours of Westlake's slide.
    image = disc_picture(80, 80, [(40, 40), (0, 0), (80, 75)], 56, (165, 170, 205), (215, 222, 238))
    image[28:46, 28:46] = (90, 60, 140)
    assert reason(image) == ""


def test_what_is_green_is_no_red_cell() -> None:
    assert "greener" in reason(disc_picture(80, 80, [(40, 40)], 60, (90, 170, 80)))


def test_what_is_as_varied_as_a_photograph_is_no_red_cell() -> None:
    dark = (np.indices((90, 90)) // 15).sum(axis=0) % 2 == 0
    chequered = np.where(dark[..., None], (20, 10, 10), (240, 180, 180)).astype(np.uint8)
    assert "vary more" in reason(chequered)


def test_four_whole_cells_are_a_field() -> None:
    image = disc_picture(200, 200, [(50, 50), (150, 50), (50, 150), (150, 150)], 50)
    assert "several cells" in reason(image)


@pytest.mark.shared_data
def test_no_real_cell_is_refused_and_most_photographs_are(shared_data: Path) -> None:
    def refused(folder: str) -> list[bool]:
        files = [
            path
            for path in sorted((shared_data / folder).rglob("*"))
            if path.suffix in (".jpg", ".png", ".JPEG")
        ]
        images = (cv2.imread(str(path)) for path in files[:: max(1, len(files) // 200)])
        cells = [single_cell(np.ascontiguousarray(image[..., ::-1])) for image in images if image is not None]
        return [cell is None or why_no_red_cell(cell) != "" for cell in cells]

    for cells in (
        "nih_cells/Parasitized",
        "nih_cells/Uninfected",
        "westlake_cells/infected",
        "westlake_cells/healthy",
    ):
        assert not any(refused(cells)), cells
    assert np.mean(refused("imagenette_boxed/val")) > 0.8
