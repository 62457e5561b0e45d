"""The slide's own reference: the width of its cells, told from the images, and their colour."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from core.cells.burned_in import FIELDS_NEEDED
from core.cells.cell_width import cell_diameter_px, fit_of, locate_at
from core.cells.crops import GREY, SURROUNDED_SIZE_PX
from core.cells.detection import CellDetector, Cells, ObjectKind
from core.cells.reference import (
    CELLS_WANTED,
    FIELDS_TO_TRY_A_SCALE,
    RED_CELL_BOX_UM,
    SURROUNDED_A_FIELD,
    NoCellsError,
    ScaleError,
    SlideReference,
)
from core.cells.reference import slide_reference as slide_reference_by
from core.errors import SmearscopeError
from core.slides.field import Field
from tests.drawn_cells import (
    CELL,
    Colour,
    NarrowDetector,
    RecordingClassifier,
    RecordingSecondLook,
    ToldDetector,
    boxes_around,
    disc_picture,
    field_of,
    grid_centres,
    located,
)

DETECTOR = NarrowDetector()


def slide_reference(
    fields: Iterable[Field], detector: CellDetector, um_per_pixel: float | None
) -> SlideReference:
    """With two looks that tell of how many cells their statistics are."""
    return slide_reference_by(fields, detector, RecordingClassifier(), RecordingSecondLook(), um_per_pixel)


def smear(diameter_px: float, cell: Colour = CELL, um_per_pixel: float | None = None) -> Field:
    """A picture of 480 x 640 px, covered with cells of one width."""
    centres = grid_centres(480, 640, 1.6 * diameter_px)
    return field_of(disc_picture(480, 640, centres, diameter_px, cell), um_per_pixel=um_per_pixel)


class ToldAtOneScale(ToldDetector):
    """Gives what it was told on a picture of 200 x 300 px, and nothing on one brought to another scale."""

    def locate(self, image: NDArray[np.uint8]) -> Cells:
        return self.cells if image.shape[:2] == (200, 300) else located(np.zeros((0, 4), np.float32))


EMPTY = field_of(np.full((480, 640, 3), 230, np.uint8))


@pytest.mark.parametrize("diameter_px", [14, 20, 31, 45, 64, 90, 130])
def test_the_width_of_cells_is_told_from_the_image(diameter_px: int) -> None:
    assert cell_diameter_px(smear(diameter_px).image, DETECTOR) == pytest.approx(diameter_px, rel=0.06)


def test_cells_of_different_sizes_give_the_middle_one() -> None:
    image = np.full((480, 640, 3), 230, np.uint8)
    widths = [36, 38, 40, 40, 42, 44, 46]
    for number, width in enumerate(widths * 6):
        y, x = 5 + 79 * (number // 7), 10 + 88 * (number % 7)
        image[y : y + 60, x : x + 60] = disc_picture(60, 60, [(30, 30)], width)
    assert cell_diameter_px(image, DETECTOR) == pytest.approx(40, rel=0.06)


def test_specks_between_the_cells_do_not_set_the_width() -> None:
    centres = grid_centres(480, 640, 80)
    specks = [(x + 40, y) for x, y in centres]
    image = np.minimum(disc_picture(480, 640, centres, 50), disc_picture(480, 640, specks, 16))
    assert cell_diameter_px(image, DETECTOR) == pytest.approx(50, rel=0.06)


@pytest.mark.parametrize(("side_px", "agreement"), [(28, 1.0), (14, 0.25), (56, 0.25)])
def test_cells_of_another_width_speak_against_the_one_supposed(side_px: float, agreement: float) -> None:
    told = ToldDetector(located(boxes_around([(50, 50), (150, 90)], side_px), score=0.8))
    fit = fit_of(np.full((200, 300, 3), 230, np.uint8), told, 28.0)
    assert fit.explained == pytest.approx(2 * 0.8 * agreement * side_px**2 / (200 * 300))
    assert fit.correction == pytest.approx(side_px / 28)
    assert fit.cells == 2


@pytest.mark.parametrize("shape", [(480, 640), (20, 20), (1, 1)])
def test_an_image_without_cells_has_no_width(shape: tuple[int, int]) -> None:
    assert cell_diameter_px(np.full((*shape, 3), 230, np.uint8), DETECTOR) is None


def test_the_reference_holds_the_width_and_colour_of_the_cells() -> None:
    reference = slide_reference([smear(40)], DETECTOR, None)
    assert reference.cell_diameter_px == pytest.approx(40, rel=0.06)
    assert reference.cell_colour == CELL


def test_infected_cells_and_blank_fields_leave_the_reference_as_it_is() -> None:
    field = smear(40)
    image = field.image.copy()
    for x, y in grid_centres(480, 640, 64)[::3]:
        image[int(y) - 5 : int(y) + 5, int(x) - 5 : int(x) + 5] = (60, 20, 90)
    found, expected = (
        slide_reference(fields, DETECTOR, None) for fields in ([EMPTY, field_of(image)], [field])
    )
    assert replace(found, objects_a_field=expected.objects_a_field) == expected


def test_the_colour_is_the_cells_own_whatever_their_number() -> None:
    few, many = (180, 100, 140), (200, 130, 160)
    sparse = field_of(disc_picture(480, 640, grid_centres(480, 640, 160), 40, few))
    assert slide_reference([sparse, smear(40, many)], DETECTOR, None).cell_colour == many


def test_the_classifier_measures_the_slide_on_the_cells_of_the_reference() -> None:
    cells = len(grid_centres(480, 640, 64))
    assert slide_reference([smear(40), smear(40)], DETECTOR, None).feature_statistics == (2 * cells, 0.5)


def test_fields_stained_in_different_ways_are_measured_alike_by_both_looks() -> None:
    classifier, second_look = RecordingClassifier(), RecordingSecondLook()
    slide_reference_by([smear(40), smear(40, (150, 60, 110))], DETECTOR, classifier, second_look, None)
    (crops,), (surrounded,) = classifier.measured, second_look.measured
    assert (np.median(crops, axis=(1, 2)) == GREY).all()
    assert (crops[:, 24, 24] == GREY).all()
    assert (surrounded[:, 48, 48] == GREY).all()


def test_the_second_look_measures_the_slide_on_some_cells_of_each_field_with_their_surroundings() -> None:
    second_look = RecordingSecondLook()
    fields = [smear(20), smear(20, (150, 60, 110))]
    reference = slide_reference_by(fields, DETECTOR, RecordingClassifier(), second_look, None)
    assert len(grid_centres(480, 640, 32)) > 5 * SURROUNDED_A_FIELD
    (crops,) = second_look.measured
    assert 0.8 * SURROUNDED_A_FIELD <= len(crops) / 2 <= SURROUNDED_A_FIELD
    assert list(reference.second_statistics) == [len(crops), 0.25]
    assert crops.shape[1:] == (SURROUNDED_SIZE_PX, SURROUNDED_SIZE_PX, 3)
    # A cell is 56 px wide, and the next begins 1.1 widths from its middle: 62 px, out of sight.
    assert (crops[:, 48, 48] == GREY).all()
    assert (crops[:, 48, 48 + 40] > GREY + 5).all()


def test_the_objects_of_a_field_are_counted_on_all_that_was_looked_at() -> None:
    cells = len(grid_centres(480, 640, 64))
    assert slide_reference([EMPTY, smear(40), smear(40)], DETECTOR, None).objects_a_field == 2 * cells / 3


def test_a_field_of_few_cells_is_measured_by_the_colour_of_the_slide() -> None:
    classifier = RecordingClassifier()
    sparse = field_of(disc_picture(480, 640, grid_centres(480, 640, 160), 40, (90, 40, 60)))
    slide_reference_by([smear(40), sparse], DETECTOR, classifier, RecordingSecondLook(), None)
    (crops,) = classifier.measured
    middle = crops[:, 24, 24]
    assert (middle[0] == GREY).all()
    assert (middle[-1] < GREY - 30).all()


def test_cells_that_the_border_cuts_make_no_reference() -> None:
    image = disc_picture(200, 300, [(100, 100)], 28)
    image[:, :20] = image[:, -20:] = (90, 40, 60)
    boxes = [[86, 86, 28, 28], [-9, 40, 28, 28], [281, 40, 28, 28], [-1, 0, 28, 28]]
    told = ToldAtOneScale(located(np.array(boxes, np.float32)))
    reference = slide_reference([field_of(image)], told, RED_CELL_BOX_UM / 28)
    assert reference.feature_statistics[0] == 1
    assert reference.cell_colour == CELL


def test_a_field_on_which_every_cell_is_cut_has_no_reference() -> None:
    told = ToldAtOneScale(located(np.array([[-9, 40, 28, 28], [40, 173, 28, 28]], np.float32)))
    with pytest.raises(NoCellsError):
        slide_reference([field_of(np.full((200, 300, 3), 150, np.uint8))], told, RED_CELL_BOX_UM / 28)


@pytest.mark.parametrize("given_by", ["user", "file"])
def test_a_known_scale_is_taken_at_its_word(given_by: str) -> None:
    # A red cell's box is 8.6 µm wide: 43 px at 0.2 µm a pixel.
    field = smear(37, um_per_pixel=0.2 if given_by == "file" else 0.9)
    reference = slide_reference([field], DETECTOR, 0.2 if given_by == "user" else None)
    assert reference.cell_diameter_px == 43.0


@pytest.mark.parametrize(("um_per_pixel", "width_px"), [(1.5, 6), (0.03, 287)])
def test_a_files_scale_that_the_cells_speak_against_is_refused_and_theirs_is_named(
    um_per_pixel: float, width_px: int
) -> None:
    field = smear(37, um_per_pixel=um_per_pixel)
    said = f"{um_per_pixel} µm a pixel would make red cells {width_px} px wide.* about 3[78] px: .* 0.23"
    with pytest.raises(ScaleError, match=said):
        slide_reference([EMPTY, field], DETECTOR, None)


def test_on_empty_glass_a_scale_is_tried_a_few_times_only_and_again_where_cells_are() -> None:
    class EagerDetector(NarrowDetector):
        """Finds cells at any width, and counts how often it looks."""

        smallest, largest, looks = 0.05, 20.0, 0

        def locate(self, image: NDArray[np.uint8]) -> Cells:
            self.looks += 1
            return super().locate(image)

    detector = EagerDetector()
    cell_diameter_px(EMPTY.image, detector)
    widths = detector.looks
    detector.looks = 0
    empty = [EMPTY] * (3 * FIELDS_TO_TRY_A_SCALE)
    slide_reference([*empty, smear(37)], detector, RED_CELL_BOX_UM / 37)
    assert detector.looks < len(empty) + 1 + (FIELDS_TO_TRY_A_SCALE + 2) * widths < len(empty) * widths
    assert slide_reference([*empty, smear(37)], detector, 1.5).seen_diameter_px == pytest.approx(37, rel=0.1)


def test_no_more_fields_are_read_than_it_takes() -> None:
    read = []

    def fields() -> Iterator[Field]:
        for number in range(10):
            read.append(number)
            yield smear(20)

    cells_a_field = len(grid_centres(480, 640, 32))
    slide_reference(fields(), DETECTOR, None)
    assert -(-CELLS_WANTED // cells_a_field) == 2  # enough for a width and a colour
    assert len(read) == FIELDS_NEEDED == 4  # and enough for what is on every field


@pytest.mark.parametrize("fields", [[], [EMPTY], [EMPTY, EMPTY]])
def test_a_slide_without_cells_is_said_to_have_none(fields: list[Field]) -> None:
    with pytest.raises(NoCellsError, match=r"no red cell was found .*: give the scale in µm per pixel"):
        slide_reference(fields, DETECTOR, None)


def test_who_gave_a_scale_is_told_of_which_cells_there_were_none_and_not_to_give_it() -> None:
    # 8.6 µm are 43 px at 0.2 µm a pixel.
    with pytest.raises(NoCellsError, match=r"no red cell of about 43 px, .* 0\.2 µm per pixel") as told:
        slide_reference([EMPTY], DETECTOR, 0.2)
    assert "check this scale or leave it out" in str(told.value)
    assert "give" not in str(told.value)


@pytest.mark.parametrize(("field", "um_per_pixel"), [(EMPTY, None), (EMPTY, 0.2), (smear(37), 1.5)])
def test_what_is_said_of_a_scale_names_no_option_that_the_application_does_not_have(
    field: Field, um_per_pixel: float | None
) -> None:
    with pytest.raises(SmearscopeError) as told:
        slide_reference([field], DETECTOR, um_per_pixel)
    assert "--" not in str(told.value)


@pytest.mark.parametrize(
    ("kind", "score"), [(ObjectKind.WHITE_CELL, 0.9), (ObjectKind.PLATELET, 0.9), (ObjectKind.RED_CELL, 0.3)]
)
def test_only_red_cells_that_are_sure_count(kind: ObjectKind, score: float) -> None:
    detector = ToldDetector(located(boxes_around([(50, 50)], 28), kind, score))
    with pytest.raises(NoCellsError):
        slide_reference([smear(40)], detector, 0.2)


def test_boxes_come_back_in_pixels_of_the_image() -> None:
    told = ToldDetector(
        Cells(np.array([[10, 20, 28, 30]], np.float32), np.ones(1, np.float32), np.zeros(1, np.uint8))
    )
    image = np.full((200, 300, 3), 230, np.uint8)
    np.testing.assert_allclose(locate_at(image, told, 56.0).boxes, [[20, 40, 56, 60]])


@pytest.mark.parametrize("widths", [(60, 60, 24, 24), (60, 60, 60, 60, 60, 24), (24, 60, 24, 24, 24)])
def test_the_width_of_a_slide_of_two_magnifications_is_that_of_one_of_them(widths: tuple[int, ...]) -> None:
    width_px = slide_reference([smear(width) for width in widths], DETECTOR, None).cell_diameter_px
    assert min(abs(width_px / width - 1) for width in (24, 60)) < 0.07


def test_a_users_scale_is_taken_against_what_is_seen_and_that_is_told() -> None:
    # 8.6 µm are 37 px at 0.232 µm a pixel, and 95.6 px at 0.09.
    class EagerDetector(NarrowDetector):
        smallest, largest = 0.05, 20.0

    reference = slide_reference([smear(37)], EagerDetector(), 0.09)
    assert reference.cell_diameter_px == pytest.approx(95.56, abs=0.01)
    assert reference.seen_diameter_px == pytest.approx(37, rel=0.1)
    assert slide_reference([smear(37)], EagerDetector(), 0.232).seen_diameter_px is None
