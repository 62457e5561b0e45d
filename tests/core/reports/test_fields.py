"""The annotated field: signs that do not rest on colour, and boxes that reach over the border."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.reports.drawing import RED
from core.reports.fields import COUNTED, LEFT_OUT, annotated_field

WHITE = 255


def draw(
    boxes: list[tuple[float, float, float, float]],
    why_not: list[str],
    ranks: list[int],
    size: tuple[int, int] = (200, 300),
) -> np.ndarray:
    return annotated_field(
        np.full((*size, 3), WHITE, np.uint8),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(why_not, str),
        np.array(ranks, int),
    )


def painted(page: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return np.asarray((page[:200] == colour).all(axis=2))


def is_dotted(edge: np.ndarray) -> bool:
    return bool(0.2 < edge.mean() < 0.5 and np.count_nonzero(np.diff(edge.astype(int)) == 1) >= 2)


def test_a_cell_that_is_counted_has_a_closed_thin_frame_on_its_box() -> None:
    frame = painted(draw([(50, 60, 40, 30)], [""], [0]), COUNTED)
    assert frame[60, 50:90].all()
    assert frame[89, 50:90].all()
    assert frame[60:90, 50].all()
    assert frame[60:90, 89].all()
    assert frame.sum() == 2 * 40 + 2 * 28


def test_a_cell_of_the_list_has_a_frame_three_times_as_thick_and_its_rank_above() -> None:
    page = draw([(50, 60, 40, 30)], [""], [12])
    frame = painted(page, RED)
    assert frame[60:63, 50:90].all()
    assert frame[40:60, 50:60].any()
    assert (page[40:60, 50:80] == (250, 250, 248)).all(axis=2).any()  # the figures on the flag


def test_what_is_outside_the_count_is_dotted_on_the_list_or_not() -> None:
    box = [(50.0, 60.0, 80.0, 80.0)]
    plain = draw(box, ["out of focus"], [0])
    assert is_dotted(painted(plain, LEFT_OUT)[60, 50:130])
    assert not painted(plain, RED).any()
    listed = draw(box, ["clump"], [1])
    assert is_dotted(painted(listed, RED)[139, 50:130])
    assert not painted(listed, LEFT_OUT).any()


def test_a_cell_of_the_list_is_drawn_over_its_neighbours_and_the_first_over_the_others() -> None:
    one, other = (50, 60, 40, 40), (55, 60, 40, 40)
    over = draw([one, other], ["", ""], [7, 0])
    assert (painted(over, RED) == painted(draw([one], [""], [7]), RED)).all()
    both = draw([one, other], ["", ""], [1, 2])
    assert (both[60:100, 50:90] == draw([other, one], ["", ""], [2, 1])[60:100, 50:90]).all()


def test_field_stays_in_place_above_a_legend_and_the_image_given_is_untouched() -> None:
    image = np.random.default_rng(0).integers(0, 255, (90, 120, 3), dtype=np.uint8)
    before = image.copy()
    page = annotated_field(image, np.zeros((0, 4), np.float32), np.zeros(0, str), np.zeros(0, int))
    assert (page[:90] == image).all()
    assert page.shape[0] > 90
    assert page.shape[1] == 120
    annotated_field(image, np.array([[1, 1, 9, 9]], np.float32), np.array([""]), np.array([1]))
    assert (image == before).all()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.tuples(st.floats(-400, 400), st.floats(-400, 400), st.floats(0, 500), st.floats(0, 500)),
            st.sampled_from(["", "edge"]),
            st.integers(0, 99_999),
        ),
        max_size=6,
    ),
    st.tuples(st.integers(1, 60), st.integers(1, 60)),
)
def test_boxes_anywhere_and_images_of_any_size_are_drawn_without_harm(
    cells: list[tuple[tuple[float, float, float, float], str, int]], size: tuple[int, int]
) -> None:
    boxes, why_not, ranks = ([cell[part] for cell in cells] for part in range(3))
    page = draw(boxes, why_not, ranks, size)  # type: ignore[arg-type] # columns of a table
    assert page.shape == (size[0] + 28, size[1], 3)


def test_box_wholly_outside_leaves_no_trace() -> None:
    assert (draw([(400, 10, 20, 20)], [""], [1])[:200] == WHITE).all()


def test_arrays_that_are_not_aligned_are_named() -> None:
    with pytest.raises(ValueError, match="ranks must have one entry for each of 1 boxes; it has 2"):
        draw([(1, 1, 5, 5)], [""], [1, 0])
    with pytest.raises(ValueError, match=r"image must be \(H, W, 3\) uint8; it is \(9, 9\)"):
        annotated_field(
            np.zeros((9, 9), np.uint8),
            np.zeros((0, 4), np.float32),
            np.zeros(0, str),
            np.zeros(0, int),
        )
