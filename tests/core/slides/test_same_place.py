"""Which pictures show one place, whatever a file says of them."""

import time

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.slides.same_place import Glimpse, glimpse, is_one_place, may_be_one_place, places_among
from datasets.synthetic.field import render_field
from datasets.synthetic.style import random_style

Image = NDArray[np.uint8]
STYLE = random_style(np.random.default_rng(7))


def field(index: int) -> Image:
    """A drawn field of 40 cells: different indices are different places under one light."""
    return render_field(
        STYLE, seed=7, index=index, width_px=640, height_px=480, cell_diameter_px=50.0, cells=40
    )[0]


FIELDS = [field(index) for index in range(4)]


def blurred(image: Image, spread_px: float) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), spread_px), np.uint8)


def in_black(image: Image) -> Image:
    """As a telephone at the eyepiece shows it."""
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    lit = np.hypot(rows - image.shape[0] / 2, columns - image.shape[1] / 2) < 0.48 * image.shape[0]
    return np.asarray(image * lit[..., np.newaxis].astype(np.uint8), np.uint8)


@pytest.mark.parametrize(
    "other",
    [
        blurred(FIELDS[0], 6),
        np.asarray(cv2.resize(FIELDS[0], (160, 120), interpolation=cv2.INTER_AREA), np.uint8),
        (FIELDS[0] * 0.7).astype(np.uint8),
        np.asarray(cv2.imdecode(cv2.imencode(".jpg", FIELDS[0], [cv2.IMWRITE_JPEG_QUALITY, 40])[1], 1)),
    ],
    ids=["out of focus", "reduced", "darker", "compressed"],
)
def test_one_place_is_known_again(other: Image) -> None:
    assert is_one_place(glimpse(FIELDS[0]), glimpse(other))


@pytest.mark.parametrize("shown", [lambda image: image, in_black], ids=["whole", "round"])
def test_different_fields_are_different_places_though_they_share_light_and_rim(shown: object) -> None:
    seen = [glimpse(shown(image)) for image in FIELDS]  # type: ignore[operator]  # one of the two above
    for first in range(4):
        for second in range(first):
            assert not is_one_place(seen[first], seen[second])
            assert not may_be_one_place(seen[first], seen[second])


def test_a_blank_picture_is_told_to_be_no_place() -> None:
    blank = glimpse(np.full((480, 640, 3), 230, np.uint8))
    assert not is_one_place(blank, blank)
    assert not is_one_place(blank, glimpse(FIELDS[0]))


def test_far_out_of_focus_a_cell_turns_from_dark_to_light_and_only_a_declared_stack_is_believed() -> None:
    turned = glimpse(255 - blurred(FIELDS[0], 5))
    assert not is_one_place(glimpse(FIELDS[0]), turned)
    assert may_be_one_place(glimpse(FIELDS[0]), turned)
    assert not may_be_one_place(glimpse(FIELDS[1]), turned)


def looks(*images: Image) -> list[Glimpse | None]:
    return [glimpse(image) for image in images]


def test_pictures_are_put_together_place_by_place_in_order() -> None:
    first, second = FIELDS[:2]
    seen = looks(first, second, blurred(second, 5), blurred(first, 5), FIELDS[2])
    assert places_among(seen, [None] * 5) == ((0, 3), (1, 2), (4,))


def test_a_stack_of_which_some_planes_show_nothing_is_one_place_where_the_file_says_so() -> None:
    blank = np.full((480, 640, 3), 230, np.uint8)
    seen = looks(blank, FIELDS[0], blank)
    assert places_among(seen, ["stack"] * 3) == ((0, 1, 2),)
    assert places_among(seen, [None] * 3) == ((0,), (1,), (2,))


def test_a_stack_that_shows_different_fields_is_none_and_a_blank_plane_does_not_join_them() -> None:
    blank = np.full((480, 640, 3), 230, np.uint8)
    seen = looks(FIELDS[0], blank, FIELDS[1])
    assert places_among(seen, ["stack"] * 3) == ((0,), (1,), (2,))


def sparse(*centres: tuple[int, int], spread_px: float = 1.5) -> Image:
    """A field with a round cell at each centre, and the noise of a camera."""
    image = np.full((480, 640, 3), 225, np.uint8)
    for centre in centres:
        cv2.circle(image, centre, 26, (200, 130, 150), -1, cv2.LINE_AA)
    noise = np.random.default_rng(len(centres)).normal(0, 2, image.shape)
    return np.clip(blurred(image, spread_px) + noise, 0, 255).astype(np.uint8)


def test_fields_of_one_cell_each_are_as_many_places_whatever_stack_they_are_said_to_be() -> None:
    fields = [sparse(centre) for centre in ((90, 90), (300, 120), (520, 90), (150, 380), (420, 350))]
    each = tuple((index,) for index in range(5))
    assert places_among(looks(*fields), ["stack"] * 5) == each
    assert places_among(looks(*fields, FIELDS[0]), ["stack"] * 6) == (*each, (5,))


@pytest.mark.parametrize("mark", ["stack", None])
def test_a_field_with_a_cell_nearly_where_another_has_its_own_is_another_place(mark: str | None) -> None:
    assert places_among(looks(sparse((300, 120)), sparse((316, 126))), [mark] * 2) == ((0,), (1,))


@pytest.mark.parametrize("centres", [((300, 120),), ((300, 120), (150, 380))], ids=["a cell", "two cells"])
def test_a_stack_of_a_sparse_field_is_one_place_however_far_out_of_focus_its_planes_are(
    centres: tuple[tuple[int, int], ...],
) -> None:
    planes = [sparse(*centres, spread_px=spread) for spread in (20, 12, 5, 1.5, 5, 12)]
    turned = np.asarray(255 - planes[2], np.uint8)
    blank = np.full((480, 640, 3), 225, np.uint8)
    seen = looks(*planes, turned, blank)
    assert places_among(seen, ["stack"] * 8) == (tuple(range(8)),)


def test_a_plane_that_lost_its_texture_by_blur_belongs_to_its_stack() -> None:
    faint = (225 + (blurred(FIELDS[0], 25).astype(float) - 225) * 0.15).astype(np.uint8)
    assert places_among(looks(FIELDS[0], blurred(FIELDS[0], 8), faint), ["stack"] * 3) == ((0, 1, 2),)


def test_hundreds_of_different_frames_are_told_apart_within_seconds() -> None:
    order = np.random.default_rng(0)
    frame = glimpse(FIELDS[0])
    frames = [frame[order.permutation(64)] for _ in range(600)]
    begun = time.process_time()
    assert len(places_among(frames, [None] * 600)) == 600
    assert time.process_time() - begun < 5  # comparing each pair on its own took 13


def test_a_picture_that_cannot_be_decoded_stands_alone() -> None:
    assert places_among([None, glimpse(FIELDS[0]), None], [None] * 3) == ((0,), (1,), (2,))
