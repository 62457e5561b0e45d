"""What the pages read of the tables of a result: its fields, and the cells of one of them."""

import pytest

from app.result_tables import FieldRow, boxes_of, cells_of, fields_of
from core.store import SlideRecord
from tests.scored_slides import box_of


def fields(record: SlideRecord) -> tuple[FieldRow, ...]:
    assert record.taken_in is not None
    return fields_of(record.taken_in.folder, record.taken_in.sha256)


def test_fields_are_those_that_could_be_read(record: SlideRecord) -> None:
    assert [(row.number, row.name, row.cells, row.called) for row in fields(record)] == [
        (0, "field1.png", 10, 2),
        (1, "field2.png", 10, 2),
    ]


def test_the_cells_of_a_field_are_its_own_with_their_boxes(record: SlideRecord) -> None:
    assert record.taken_in is not None
    of_first, of_none = (
        cells_of(record.taken_in.folder, record.taken_in.sha256, field)
        for field in ("field1.png", "gone.png")
    )
    boxes = boxes_of(of_first)
    assert boxes[3] == pytest.approx(box_of(3))
    assert set(of_first["field"].to_pylist()) == {"field1.png"}
    assert boxes_of(of_none).shape == (0, 4)
