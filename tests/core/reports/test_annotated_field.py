"""The annotated field: the pixels are the field's own, and each frame says what was called."""

import numpy as np
import pytest

from core.reports.annotated_field import HEALTHY, INFECTED, NOT_COUNTED, annotated_field, frame_colour

EMPTY = np.full((300, 400, 3), 200, np.uint8)
CELL = np.array([[100, 80, 60, 50]], np.float32)


@pytest.mark.parametrize(
    ("call", "evaluable", "colour"),
    [
        ("infected", True, INFECTED),
        ("healthy", True, HEALTHY),
        ("infected", False, NOT_COUNTED),
        ("", False, NOT_COUNTED),
    ],
)
def test_a_frame_has_the_colour_of_its_call(call: str, evaluable: bool, colour: tuple[int, int, int]) -> None:
    assert frame_colour(call, evaluable=evaluable) == colour
    picture = annotated_field(EMPTY, CELL, [call], np.array([evaluable]))
    assert tuple(picture[105, 100]) == colour
    assert tuple(picture[105, 159]) == colour
    assert tuple(picture[80, 130]) == colour
    assert tuple(picture[129, 130]) == colour


def test_the_field_is_untouched_but_for_the_frames() -> None:
    picture = annotated_field(EMPTY, CELL, ["healthy"], np.array([True]))
    field = picture[:300]
    changed = np.argwhere((field != EMPTY).any(axis=2))
    assert changed.min(axis=0).tolist() >= [76, 96]
    assert changed.max(axis=0).tolist() <= [133, 163]
    assert (field[90:120, 110:150] == 200).all()
    assert (EMPTY == 200).all(), "the field that was given is not drawn on"


def test_an_infected_cell_is_not_hidden_by_its_neighbour() -> None:
    both = np.concatenate([CELL, CELL])
    for calls in (["infected", "healthy"], ["healthy", "infected"]):
        picture = annotated_field(EMPTY, both, calls, np.array([True, True]))
        assert tuple(picture[105, 100]) == INFECTED


def test_a_field_without_cells_is_drawn() -> None:
    picture = annotated_field(EMPTY, np.empty((0, 4), np.float32), [], np.empty(0, bool))
    assert (picture[:300] == EMPTY).all()


def test_every_cell_needs_a_call() -> None:
    with pytest.raises(ValueError, match="zip"):
        annotated_field(EMPTY, CELL, [], np.array([True]))
