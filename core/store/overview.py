"""All slides at once, for lists that are looked at again and again: only what has changed is read anew."""

from typing import NamedTuple

from sqlalchemy import Connection, func, select

from core.store.records import SlideRecord
from core.store.rows import records_of
from core.store.tables import AUDIT, CASES, SLIDES


class _Mark(NamedTuple):
    """Equal for two moments between which nothing was written about a slide: every write leaves an entry."""

    last_entry: int
    patient: str | None


class Overview:
    """Keeps the records it has read, and gives each again until something is written about its slide."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[_Mark, SlideRecord]] = {}

    def records(self, connection: Connection) -> tuple[SlideRecord, ...]:
        """All that is held of all slides, in the order in which they were added."""
        marks, kept = _marks(connection), dict(self._kept)
        changed = [slide for slide, mark in marks.items() if slide not in kept or kept[slide][0] != mark]
        if changed:
            for record in records_of(connection, None if len(changed) == len(marks) else changed):
                kept[record.slide.id] = (marks[record.slide.id], record)
            self._kept = kept
        return tuple(kept[slide][1] for slide in marks)


def _marks(connection: Connection) -> dict[int, _Mark]:
    query = (
        select(SLIDES.c.id, CASES.c.patient, func.max(AUDIT.c.id).label("last_entry"))
        .join(CASES, CASES.c.id == SLIDES.c.case_id)
        .join(AUDIT, AUDIT.c.slide_id == SLIDES.c.id)
        .group_by(SLIDES.c.id, CASES.c.patient)
        .order_by(SLIDES.c.id)
    )
    return {row.id: _Mark(row.last_entry, row.patient) for row in connection.execute(query)}
