"""A field of another magnification is brought to the width of its own cells, and a negative is named."""

import numpy as np
import pytest
from numpy.typing import NDArray

from core.cells.cell_width import at_own_width, is_negative, sure_share
from core.cells.detection import Cells, ObjectKind
from tests.drawn_cells import NarrowDetector, disc_picture, grid_centres

DETECTOR = NarrowDetector()


def smear(diameter_px: float) -> NDArray[np.uint8]:
    return disc_picture(480, 640, grid_centres(480, 640, 1.6 * diameter_px), diameter_px)


def cells(scores: list[float], kind: ObjectKind = ObjectKind.RED_CELL) -> Cells:
    count = len(scores)
    return Cells(
        np.zeros((count, 4), np.float32), np.array(scores, np.float32), np.full(count, kind, np.uint8)
    )


def test_the_share_of_sure_ones_is_of_red_cells_and_all_of_none() -> None:
    assert sure_share(cells([0.9, 0.5, 0.1, 0.2])) == 0.5
    assert sure_share(cells([0.1], ObjectKind.WHITE_CELL)) == 1.0


@pytest.mark.parametrize("supposed_px", [60.0, 80.0, 100.0])
def test_a_field_of_nearly_the_supposed_width_comes_to_its_own(supposed_px: float) -> None:
    image = smear(80)
    width_px, small, found = at_own_width(image, DETECTOR, supposed_px, tried=image)
    assert width_px == pytest.approx(80, rel=0.26)
    assert len(found) == len(grid_centres(480, 640, 128))
    assert small.shape[1] == round(640 * DETECTOR.cell_diameter_px / width_px)


class UnsureDetector(NarrowDetector):
    """Finds discs of any width, none of another width than its own surely; and no bright ones surely."""

    smallest, largest = 0.05, 20.0

    def locate(self, image: NDArray[np.uint8]) -> Cells:
        found = super().locate(image)
        ratio = np.sqrt(found.boxes[:, 2] * found.boxes[:, 3]) / self.cell_diameter_px
        sure = (np.abs(np.log(ratio)) < np.log(1.3)) & (image[0, 0].max() > 128)
        return Cells(found.boxes, np.where(sure, 0.9, 0.1).astype(np.float32), found.kind)


def test_a_field_of_quite_another_magnification_has_all_widths_tried() -> None:
    image, detector = smear(30), UnsureDetector()
    width_px, _, found = at_own_width(image, detector, 150.0, tried=image)
    assert width_px == pytest.approx(30, rel=0.1)
    assert sure_share(found) == 1.0
    assert at_own_width(image, detector, 150.0, tried=None)[0] == 150.0


class HalfSureDetector(UnsureDetector):
    """Takes what it finds at far too large a width for ten cells of about that, half of them surely."""

    def locate(self, image: NDArray[np.uint8]) -> Cells:
        found = super().locate(image)
        if not len(found) or found.boxes[:, 2].max() > 0.25 * self.cell_diameter_px:
            return found
        taken = found.boxes[:10].copy()
        taken[:, 2:] = 0.85 * self.cell_diameter_px
        return Cells(taken, np.array([0.9, 0.1] * 5, np.float32), found.kind[:10])


def test_half_of_the_cells_surely_found_are_no_proof_of_a_width() -> None:
    image, detector = smear(30), HalfSureDetector()
    width_px, _, found = at_own_width(image, detector, 150.0, tried=None)
    assert (width_px, sure_share(found)) == (150.0, 0.5)
    width_px, _, found = at_own_width(image, detector, 150.0, tried=image)
    assert width_px == pytest.approx(30, rel=0.1)
    assert sure_share(found) == 1.0


def test_a_width_by_which_nothing_is_found_is_doubted() -> None:
    image = smear(80)
    assert len(at_own_width(image, DETECTOR, 300.0, tried=None)[2]) == 0
    width_px, _, found = at_own_width(image, DETECTOR, 300.0, tried=image)
    assert width_px == pytest.approx(80, rel=0.1)
    assert len(found) == len(grid_centres(480, 640, 128))


def test_a_picture_without_cells_keeps_the_supposed_width() -> None:
    image = disc_picture(480, 640, [], 40)
    assert at_own_width(image, DETECTOR, 90.0, tried=image)[0] == 90.0


def test_a_negative_is_told_by_its_inverse() -> None:
    detector, image = UnsureDetector(), smear(40)
    for picture, negative in ((image, False), (255 - image, True)):
        found = cells([0.9 if not negative else 0.1] * 9)
        assert is_negative(np.asarray(picture, np.uint8), detector, 40.0, found) is negative
