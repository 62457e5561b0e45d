"""What the readers of annotated sets share: how an image is read, and each object counted once."""

from pathlib import Path

import pytest

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


def test_no_split_cuts_through_a_slide_or_where_there_is_none_through_a_field() -> None:
    of_patient = annotated_field(Path("day 1/7.png"), "set", [], frozenset(), slide="Trip 1")
    of_one_slide = annotated_field(Path("day 1/7.png"), "set", [], frozenset())
    assert (of_patient.group, of_one_slide.group) == ("Trip 1", "7")
