"""A folder of a result as it is read again: the fields that its tables name."""

from pathlib import Path

from core.results.folder import fields_of
from core.store import Store
from tests.scored_slides import scored_slide


def test_fields_are_those_that_could_be_read(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path / "slide")
    assert record.taken_in is not None
    fields = fields_of(record.taken_in.folder, record.taken_in.sha256)
    assert [
        (number, row.name, row.evaluable_cells, row.called_infected)
        for number, row in enumerate(fields)
        if row.was_read
    ] == [
        (0, "field1.png", 10, 2),
        (1, "field2.png", 10, 2),
    ]
