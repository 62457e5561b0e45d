"""Writing notes; what a person writes later on a thing takes the place of what they wrote before."""

from sqlalchemy import Connection, select

from core.store.database import Database
from core.store.notes import MOST_LETTERS, notes_that_stand
from core.store.people import People, Right
from core.store.records import StoreError, same_person
from core.store.rows import notes_of
from core.store.tables import CANDIDATES, NOTES
from core.store.writes import append, hold_unsigned, note, now
from core.wording import sentence


class Notes:
    """The notes of a store; each method is one transaction.

    An empty text takes the person's note back, and one that stands already is not written twice. Every method
    raises `StoreError` where the text is too long, or the slide is signed or removed.

    Parameters
    ----------
    database
        Holds them.
    people
        Say who may write them.
    """

    def __init__(self, database: Database, people: People) -> None:
        self._database, self._people = database, people

    def on_cell(self, slide_id: int, candidate_id: int, text: str, *, by: str) -> None:
        """Write a note on a cell that was laid before readers."""
        who = self._people.require(by, Right.READ)
        with self._database.writing() as connection:
            query = select(CANDIDATES.c.field).where(
                CANDIDATES.c.id == candidate_id, CANDIDATES.c.slide_id == slide_id
            )
            field = connection.execute(query).scalar()
            if field is None:
                raise StoreError(
                    sentence("store.no_candidate", slide=str(slide_id), candidate=str(candidate_id))
                )
            _append(connection, who, slide_id, text, candidate_id, field)

    def on_field(self, slide_id: int, field: str, text: str, *, by: str) -> None:
        """Write a note on a field."""
        self._write(slide_id, text, by, field)

    def on_slide(self, slide_id: int, text: str, *, by: str) -> None:
        """Write a note on the slide; it is erased with the patient."""
        self._write(slide_id, text, by, None)

    def _write(self, slide_id: int, text: str, by: str, field: str | None) -> None:
        who = self._people.require(by, Right.READ)
        with self._database.writing() as connection:
            _append(connection, who, slide_id, text, None, field)


def _append(
    connection: Connection, who: str, slide_id: int, text: str, candidate_id: int | None, field: str | None
) -> None:
    text = text.strip()
    if len(text) > MOST_LETTERS:
        raise StoreError(sentence("store.note_too_long", letters=len(text), most=MOST_LETTERS))
    hold_unsigned(connection, slide_id)
    if text == _standing(connection, who, slide_id, candidate_id, field):
        return
    about = {"candidate_id": candidate_id, "field": field}
    number = append(connection, NOTES, slide_id=slide_id, **about, by=who, text=text, at=now())
    # Not the text: what is erased with the patient must not stay in the audit trail.
    place = {"candidate": candidate_id, "field": field}
    named = {name: value for name, value in place.items() if value is not None}
    note(connection, who, "note written" if text else "note taken back", slide_id, note=number, **named)


def _standing(
    connection: Connection, who: str, slide_id: int, candidate_id: int | None, field: str | None
) -> str:
    """What a person's note on something says now; empty where there is none."""
    own = [
        one
        for one in notes_of(connection, [slide_id]).get(slide_id, ())
        if same_person(one.by, who) and (one.candidate_id, one.field) == (candidate_id, field)
    ]
    return next((one.text or "" for one in notes_that_stand(own)), "")
