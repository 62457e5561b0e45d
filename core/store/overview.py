"""What was read of slides before, brought up to date: a decision costs the same on a slide of any size.

Every write leaves an entry in the audit trail within its transaction, and writes about one slide wait for
each other. So the entries since the last look say what is new, whichever process wrote it.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, func, select

from core.store.records import Reading, SlideRecord
from core.store.rows import reading_from, records_of, select_readings, slide_of
from core.store.tables import AUDIT, CASES, READINGS, SLIDES

_OF_READINGS = {"read", "undone"}
_MOST_ENTRIES = 200
"""More that is new since the last look is not worth taking over one by one."""


class Overview:
    """Keeps the records it has read, and reads anew only what was written since."""

    def __init__(self) -> None:
        self._kept: dict[int, SlideRecord] = {}

    def record(self, connection: Connection, slide_id: int) -> SlideRecord:
        """All that is held of a slide; raises `StoreError` where there is none."""
        # Taken before the connection's moment begins: what is kept is never newer than that.
        kept = self._kept.get(slide_id)
        record = None if kept is None else _up_to_date(connection, kept)
        if record is None:
            slide_of(connection, slide_id)
            (record,) = records_of(connection, [slide_id])
        self._kept[slide_id] = record
        return record

    def records(self, connection: Connection) -> tuple[SlideRecord, ...]:
        """All that is held of all slides, in the order in which they were added."""
        kept, last = dict(self._kept), _last_entries(connection)
        found = {
            slide: record
            for slide, (entry, patient) in last.items()
            if slide in kept
            and (record := kept[slide]).last_entry == entry
            and record.case.patient == patient
        }
        changed = [slide for slide in last if slide not in found]
        if changed:
            for record in records_of(connection, None if len(changed) == len(last) else changed):
                found[record.slide.id] = self._kept[record.slide.id] = record
        return tuple(found[slide] for slide in last)


def _up_to_date(connection: Connection, kept: SlideRecord) -> SlideRecord | None:
    """A record with the readings made and taken back since; None where anything else was written."""
    patient = connection.execute(select(CASES.c.patient).where(CASES.c.id == kept.case.id)).scalar_one()
    of_slide = select(AUDIT.c.id, AUDIT.c.what, AUDIT.c.detail).where(AUDIT.c.slide_id == kept.slide.id)
    new = connection.execute(of_slide.where(AUDIT.c.id > kept.last_entry).order_by(AUDIT.c.id)).all()
    if patient != kept.case.patient or not {entry.what for entry in new} <= _OF_READINGS:
        return None
    if not new:
        return kept
    if len(new) > _MOST_ENTRIES:
        return None
    numbers = {entry.detail["reading"] for entry in new}
    query = select_readings().where(READINGS.c.id.in_(numbers)).order_by(READINGS.c.id)
    changed = [reading_from(row) for row in connection.execute(query)]
    known = {candidate.id for candidate in kept.candidates}
    if any(reading.candidate_id not in known for reading in changed):
        return None  # what was listed once and is read again comes back before readers
    return replace(kept, readings=_merged(kept.readings, changed), last_entry=new[-1].id)


def _merged(before: Sequence[Reading], changed: Sequence[Reading]) -> tuple[Reading, ...]:
    """Readings in the order in which they were made; of each number the newer state."""
    readings = list(before)
    for reading in changed:
        place = bisect_left(readings, reading.id, key=lambda one: one.id)
        if place < len(readings) and readings[place].id == reading.id:
            readings[place] = reading
        else:
            readings.insert(place, reading)
    return tuple(readings)


def _last_entries(connection: Connection) -> dict[int, tuple[int, str | None]]:
    """The last entry about each slide, and its patient: equal where nothing was written about it."""
    query = (
        select(SLIDES.c.id, CASES.c.patient, func.max(AUDIT.c.id).label("last_entry"))
        .join(CASES, CASES.c.id == SLIDES.c.case_id)
        .join(AUDIT, AUDIT.c.slide_id == SLIDES.c.id)
        .group_by(SLIDES.c.id, CASES.c.patient)
        .order_by(SLIDES.c.id)
    )
    return {row.id: (row.last_entry, row.patient) for row in connection.execute(query)}
