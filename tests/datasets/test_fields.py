"""What the readers of annotated sets share: how an image is read, and each object counted once."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cells.boxes import intersection_over_union
from core.cells.detection import ObjectKind
from datasets.fields import AnnotationError, Mark, annotated_field, read_rgb


@pytest.mark.parametrize("content", [None, b"", b"not an image"])
def test_an_image_that_does_not_decode_is_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AnnotationError, match=r"a\.jpg: cannot be decoded"):
        read_rgb(path)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_marks_of_one_cell_the_infected_one_stays(order: tuple[int, int]) -> None:
    marks = [
        Mark(ObjectKind.RED_CELL, 10, 10, 20, 20, infected=True),
        Mark(ObjectKind.RED_CELL, 12, 10, 20, 20),
    ]
    field = annotated_field(Path("a.jpg"), "set", [marks[number] for number in order], frozenset())
    assert field.boxes.tolist() == [[10, 10, 20, 20]]
    assert field.infected.tolist() == [True]


KINDS = st.sampled_from([ObjectKind.RED_CELL, ObjectKind.PLATELET])
MARKS = st.builds(
    Mark,
    KINDS,
    *(st.integers(0, 6), st.integers(0, 6)),
    *(st.sampled_from([4, 5, 6, math.nan]), st.integers(4, 6)),
    infected=st.booleans(),
)


@given(st.lists(MARKS, max_size=15))
def test_each_object_stays_once_as_all_pairs_would_tell(marks: list[Mark]) -> None:
    kept: list[Mark] = []
    for mark in sorted(marks, key=lambda mark: not mark.infected):
        alike = [one for one in kept if one.kind == mark.kind]
        if not any(shared(mark, one) > 0.5 for one in alike):
            kept.append(mark)
    field = annotated_field(Path("a.jpg"), "set", marks, frozenset())
    boxes = [mark.box for mark in marks if any(mark is one for one in kept)]
    np.testing.assert_array_equal(field.boxes, np.array(boxes, np.float32).reshape(-1, 4))


def shared(one: Mark, other: Mark) -> float:
    boxes = np.array([one.box, other.box], np.float32)
    return float(intersection_over_union(boxes[:1], boxes[1:])[0, 0])


def test_no_split_cuts_through_a_slide_or_where_there_is_none_through_a_field() -> None:
    of_patient = annotated_field(Path("day 1/7.png"), "set", [], frozenset(), slide="Trip 1")
    of_one_slide = annotated_field(Path("day 1/7.png"), "set", [], frozenset())
    assert (of_patient.group, of_one_slide.group) == ("Trip 1", "7")
