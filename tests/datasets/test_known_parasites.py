"""Marked parasites are found again in the list of their slide."""

import numpy as np
import pytest

from core.cells.located import WhyNot
from core.results.fields import FieldRow
from core.results.folder import ResultTables
from core.results.tables import CellRows
from datasets.fields import AnnotationError
from datasets.interchange.labelled import CellClass, LabelledField, LabelledObject
from datasets.known_parasites import negative_slide, positive_slide

NAN = float("nan")
BOXES = [(10, 10, 20, 20), (50, 10, 20, 20), (10, 50, 20, 20)]
"""Of the cells of the first field; the second has one at the first place."""


def tables(first: tuple[float, ...] = (0.2, 0.9, 0.6, 0.4), second: float = NAN) -> ResultTables:
    def row(name: str) -> FieldRow:
        return FieldRow(name, 100, 100, 2, 2, 0, None, name, "")

    cells = CellRows(
        field=np.array([0, 0, 0, 1], np.int32),
        boxes=np.array([*BOXES, BOXES[0]], np.float32),
        detection_score=np.ones(4, np.float32),
        infected_score=np.array(first, np.float32),
        second_score=np.array([NAN, second, NAN, NAN], np.float32),
        why_not=np.array([list(WhyNot).index(WhyNot.EVALUABLE)] * 4, np.uint8),
    )
    return ResultTables((row("a.jpg"), row("b.jpg")), cells)


def marked(
    name: str, *boxes: tuple[float, float, float, float], label: str = CellClass.INFECTED
) -> LabelledField:
    return LabelledField(name, 100, 100, tuple(LabelledObject(*box, label=label) for box in boxes))


def values(*fields: LabelledField, of: ResultTables | None = None) -> tuple[list[float], int]:
    slide = positive_slide("slide", of or tables(), fields)
    return sorted(np.round(slide.rank_value, 3).tolist()), slide.parasites


def test_a_parasite_has_the_score_of_the_cell_that_is_marked_on_its_own_field() -> None:
    assert values(marked("a.jpg", BOXES[0])) == ([0.2], 1)
    assert values(marked("b.jpg", BOXES[0])) == ([0.4], 1)
    assert values(marked("a.jpg", BOXES[1], BOXES[2]), marked("b.jpg")) == ([0.6, 0.9], 2)


def test_what_the_second_look_has_seen_stands_above_all_else() -> None:
    assert values(marked("a.jpg", BOXES[1], BOXES[2]), of=tables(second=0.1)) == ([0.6, 2.1], 2)


def test_a_parasite_that_was_not_located_or_not_looked_at_is_one_that_is_missed() -> None:
    assert values(marked("a.jpg", BOXES[0], (80, 80, 15, 15))) == ([0.2], 2)
    assert values(marked("a.jpg", BOXES[0], BOXES[1]), of=tables((NAN, 0.9, 0.6, 0.4))) == ([0.9], 2)


def test_healthy_marks_are_no_parasites() -> None:
    with pytest.raises(AnnotationError, match="no marked object is infected"):
        values(marked("a.jpg", BOXES[0], label=CellClass.HEALTHY))


def test_a_marked_image_may_stand_in_a_folder() -> None:
    assert values(marked("images/a.jpg", BOXES[0])) == ([0.2], 1)


def test_marked_images_of_another_slide_are_named_with_their_number() -> None:
    with pytest.raises(AnnotationError, match=r"slide: 2 of 3 marked images .* such as other\.jpg"):
        values(marked("a.jpg", BOXES[0]), marked("other.jpg"), marked("x/that.jpg"))


def test_two_marked_images_of_one_field_are_refused() -> None:
    with pytest.raises(AnnotationError, match="the same field"):
        values(marked("a.jpg", BOXES[0]), marked("again/a.jpg", BOXES[0]))


def test_a_negative_slide_is_all_that_was_looked_at() -> None:
    free = negative_slide("slide", tables((NAN, 0.9, 0.6, 0.4), second=0.5).cells)
    assert sorted(np.round(free.rank_value, 3).tolist()) == [0.4, 0.6, 2.5]
    with pytest.raises(AnnotationError, match="slide: no cell was looked at"):
        negative_slide("slide", tables((NAN,) * 4).cells)
