"""What is true of a located object: one for a parasite at most, and nothing claimed of what lies beside."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.cells.detection import ObjectKind
from datasets.fields import AnnotatedField, Mark, annotated_field
from datasets.located_objects import IN_THE_MIDDLE, INSIDE, Truth, compared, located_fields
from tests.coloured_cells import draw_field, load_models

WIDTH, HEIGHT = 200, 100


def boxes(*each: tuple[float, float, float, float]) -> NDArray[np.float32]:
    return np.array(each, np.float32).reshape(-1, 4)


def truth_of(
    located: NDArray[np.float32], parasites: NDArray[np.float32], unsure: NDArray[np.float32] | None = None
) -> tuple[list[int], list[bool]]:
    nothing = np.empty((0, 4), np.float32)
    truth, found = compared(
        located, parasites, nothing if unsure is None else unsure, WIDTH, HEIGHT, reach=IN_THE_MIDDLE
    )
    return truth.tolist(), found.tolist()


def test_the_box_that_fits_best_is_the_parasites_and_what_lies_beside_is_not_known() -> None:
    located = boxes((10, 10, 20, 20), (16, 10, 20, 20), (60, 10, 20, 20))
    truth, found = truth_of(located, boxes((11, 10, 20, 20)))
    assert truth == [Truth.INFECTED, Truth.UNKNOWN, Truth.HEALTHY]
    assert found == [True]


def test_of_two_parasites_in_one_box_one_is_found() -> None:
    truth, found = truth_of(boxes((10, 10, 20, 20)), boxes((10, 10, 20, 20), (12, 10, 20, 20)))
    assert truth == [Truth.INFECTED]
    assert found == [True, False]


@pytest.mark.parametrize(
    ("middle", "expected"),
    [(20.0, Truth.INFECTED), (24.9, Truth.INFECTED), (25.1, Truth.UNKNOWN), (32.1, Truth.HEALTHY)],
)
def test_a_small_mark_is_found_by_the_box_in_whose_inner_half_its_middle_lies(
    middle: float, expected: Truth
) -> None:
    # The box reaches from 10 to 30 px: its half side is 10, the inner half ends at 25, beside ends at 32.
    truth, found = truth_of(boxes((10, 10, 20, 20)), boxes((middle - 2, 18, 4, 4)))
    assert truth == [expected]
    assert found == [expected == Truth.INFECTED]


def test_a_marked_parasite_is_found_anywhere_inside_a_box() -> None:
    nothing = np.empty((0, 4), np.float32)
    found = [
        compared(boxes((10, 10, 20, 20)), boxes((x - 2, 18, 4, 4)), nothing, WIDTH, HEIGHT, reach=INSIDE)[
            1
        ].tolist()
        for x in (29.9, 30.1)
    ]
    assert found == [[True], [False]]


def test_boxes_are_compared_by_what_lies_inside_the_picture() -> None:
    # Both show the same 10 columns of a cell that the border cuts; outside one reaches 10 px, the other 40.
    truth, found = truth_of(boxes((-10, 10, 20, 20)), boxes((-40, 10, 50, 20)))
    assert truth == [Truth.INFECTED]
    assert found == [True]


def test_what_nobody_could_tell_is_not_known() -> None:
    truth, found = truth_of(boxes((10, 10, 20, 20)), boxes(), boxes((11, 11, 20, 20)))
    assert truth == [Truth.UNKNOWN]
    assert found == []


def test_where_nothing_is_located_every_parasite_is_missed() -> None:
    assert truth_of(boxes(), boxes((10, 10, 20, 20))) == ([], [False])


def drawn(monkeypatch: pytest.MonkeyPatch, slide: str, name: str) -> AnnotatedField:
    image = draw_field(infected=(7,))
    monkeypatch.setattr(AnnotatedField, "image", lambda _: image)
    # The seventh disc of six a row, 24 px wide, 40 px apart.
    mark = Mark(ObjectKind.RED_CELL, 60 - 14, 60 - 14, 28, 28, infected=True)
    return annotated_field(Path(name), "set", [mark], frozenset({ObjectKind.RED_CELL}), slide=slide)


def test_annotated_fields_are_scored_as_a_slide_is_and_carry_their_truth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fields = [drawn(monkeypatch, "s", f"{number}.png") for number in range(2)]
    models = load_models()
    located = list(located_fields(fields, models))
    assert [field.annotated.path.name for field in located] == ["0.png", "1.png"]
    for field in located:
        assert field.found.tolist() == [True]
        assert field.cut.tolist() == [False]
        assert (field.truth == Truth.INFECTED).sum() == 1
        infected = field.truth == Truth.INFECTED
        assert field.scored.infected_score[infected] > field.scored.infected_score[~infected].max()


@pytest.mark.parametrize("all_marked", [True, False])
def test_where_not_all_is_marked_only_marked_objects_are_known(
    all_marked: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image = draw_field(infected=(7,))
    monkeypatch.setattr(AnnotatedField, "image", lambda _: image)
    # The seventh disc of six a row, 24 px wide, 40 px apart; a healthy one, and one that is no red cell.
    infected = Mark(ObjectKind.RED_CELL, 60 - 14, 60 - 14, 28, 28, infected=True)
    healthy = Mark(ObjectKind.RED_CELL, 100 - 14, 60 - 14, 28, 28)
    dirt = Mark(ObjectKind.RED_CELL, 140 - 14, 60 - 14, 28, 28)
    field = annotated_field(
        Path("a.png"),
        "set",
        [infected, healthy],
        frozenset({ObjectKind.RED_CELL}),
        not_red_cells=[dirt],
        all_marked=all_marked,
    )
    (located,) = located_fields([field], load_models())
    assert (located.truth == Truth.INFECTED).sum() == 1
    known = 2 if not all_marked else len(located.truth) - 1
    assert (located.truth == Truth.HEALTHY).sum() == known
    assert located.found.tolist() == [True]


def test_no_fields_are_no_slides() -> None:
    assert list(located_fields([], load_models())) == []


def test_a_slide_that_shows_no_cell_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = np.full((120, 160, 3), 235, np.uint8)
    field = annotated_field(Path("a.png"), "set", [], frozenset())
    monkeypatch.setattr(AnnotatedField, "image", lambda _: empty)
    assert list(located_fields([field], load_models())) == []
