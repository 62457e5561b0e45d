"""Who has looked at what others called: a second reading is worth nothing to one who has seen the first."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from core.store.records import Look, Reading, Role, StoreError
from core.store.rows import look_from, readings_of
from core.store.tables import LOOKS, READINGS
from core.store.writes import append, hold, note, now, same_person
from core.wording import sentence


def unseen_reading(readings: Sequence[Reading], looks: Sequence[Look], reader: str) -> int | None:
    """The last reading by others that a person would see now and has not seen yet.

    None where there is none, and for who has read the slide as first reader or adjudicator: what they see
    matters to no second reading, because it can never be theirs.
    """
    own = [reading for reading in readings if same_person(reading.reader, reader)]
    if any(reading.role != Role.SECOND for reading in own):
        return None
    others = [reading.id for reading in readings if not same_person(reading.reader, reader)]
    seen = _seen_up_to(looks, reader)
    return others[-1] if others and others[-1] > seen else None


def seen_cells(readings: Sequence[Reading], looks: Sequence[Look], reader: str) -> frozenset[int]:
    """Numbers of the candidates of which a person has seen another's call, be it taken back since."""
    until = _seen_up_to(looks, reader)
    return frozenset(
        reading.candidate_id
        for reading in readings
        if reading.id <= until and not same_person(reading.reader, reader)
    )


def has_seen_too_much(readings: Sequence[Reading], looks: Sequence[Look], reader: str) -> bool:
    """Whether a person has seen a call on a cell that is still to be read as second.

    Who was the second reader, and looked when all was read, may go on with cells that are added later.
    """
    seen = seen_cells(readings, looks, reader)
    standing = [reading for reading in readings if reading.undone_by is None and reading.candidate_id in seen]
    read_as_second = {reading.candidate_id for reading in standing if reading.role == Role.SECOND}
    return any(reading.candidate_id not in read_as_second for reading in standing)


def refuse_who_has_looked(connection: Connection, slide_id: int, candidate_id: int, reader: str) -> None:
    """Raise `StoreError` where a person cannot read a cell as second for what they have seen."""
    query = select(LOOKS).where(LOOKS.c.slide_id == slide_id).order_by(LOOKS.c.id)
    looks = [look_from(row) for row in connection.execute(query)]
    if not any(same_person(look.person, reader) for look in looks):
        return
    readings = readings_of(connection, [slide_id]).get(slide_id, ())
    if candidate_id in seen_cells(readings, looks, reader) or has_seen_too_much(readings, looks, reader):
        raise StoreError(sentence("store.has_looked", reader=reader))


def append_look(connection: Connection, slide_id: int, last_reading_id: int, who: str) -> None:
    """Put on record that a person sees a slide's readings up to one, unless they have seen it before."""
    hold(connection, slide_id)
    query = select(LOOKS).where(LOOKS.c.slide_id == slide_id, LOOKS.c.last_reading_id >= last_reading_id)
    if any(same_person(row.person, who) for row in connection.execute(query)):
        return
    last = select(func.max(READINGS.c.id)).where(READINGS.c.slide_id == slide_id)
    newest = connection.execute(last).scalar_one()
    if newest is None or last_reading_id > newest:
        raise StoreError(sentence("store.no_reading", slide=str(slide_id), reading=str(last_reading_id)))
    append(connection, LOOKS, slide_id=slide_id, person=who, last_reading_id=last_reading_id, at=now())
    note(connection, who, "looked at calls", slide_id, reading=last_reading_id)


def _seen_up_to(looks: Sequence[Look], reader: str) -> int:
    return max((look.last_reading_id for look in looks if same_person(look.person, reader)), default=0)
