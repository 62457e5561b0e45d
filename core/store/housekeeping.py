"""What a slide is called, when its sample was taken, its laboratory number; and slides off the worklist.

Every change is kept, the last one holds. A laboratory number can tell who a patient is, and goes with them.
"""

from datetime import date

from sqlalchemy import Connection, select

from core.store.database import Database
from core.store.offering import append_step
from core.store.people import People, Right
from core.store.records import ScoringStep, StoreError
from core.store.rows import case_of, slide_of
from core.store.tables import LABORATORY_NUMBERS, REMOVALS, SIGNATURES, SLIDE_DETAILS
from core.store.writes import append, hold, hold_unsigned, note, now
from core.wording import sentence


class Housekeeping:
    """Keeps the slides of a store in order.

    Parameters
    ----------
    database
        Holds them.
    people
        Say who may.
    """

    def __init__(self, database: Database, people: People) -> None:
        self._database, self._people = database, people

    def describe(
        self, slide_id: int, *, name: str, sampled_on: date | None, laboratory_number: str | None, by: str
    ) -> None:
        """Set what holds of a slide from now on; what is as it was is not written again.

        Raises
        ------
        StoreError
            Where the slide is signed or removed, it is left without a name, or its patient was erased and a
            laboratory number is given.
        """
        who = self._people.require(by, Right.BRING_IN)
        with self._database.writing() as connection:
            append_details(connection, who, slide_id, name, sampled_on, laboratory_number)

    def remove(self, slide_id: int, reason: str, *, by: str) -> None:
        """Take a slide off the worklist, and stop its scoring; nothing of it is deleted.

        Raises
        ------
        StoreError
            Where no reason is given, or the slide was ever signed or is removed already.
        """
        who, why = self._people.require(by, Right.BRING_IN), reason.strip()
        if not why:
            raise StoreError(sentence("store.no_reason_to_remove"))
        with self._database.writing() as connection:
            hold_unsigned(connection, slide_id)
            signed = select(SIGNATURES.c.id).where(SIGNATURES.c.slide_id == slide_id)
            if connection.execute(signed.limit(1)).first() is not None:
                raise StoreError(sentence("store.signed_is_kept"))
            if slide_of(connection, slide_id).scoring in {ScoringStep.QUEUED, ScoringStep.SCORING}:
                append_step(connection, slide_id, ScoringStep.STOPPED, who, "")
            append(connection, REMOVALS, slide_id=slide_id, removed=1, reason=why, by=who, at=now())
            note(connection, who, "slide removed", slide_id)

    def restore(self, slide_id: int, *, by: str) -> None:
        """Put a slide back on the worklist as it was; its scoring goes on when somebody resumes it."""
        who = self._people.require(by, Right.BRING_IN)
        with self._database.writing() as connection:
            hold(connection, slide_id)
            if slide_of(connection, slide_id).removed is None:
                return
            append(connection, REMOVALS, slide_id=slide_id, removed=0, reason="", by=who, at=now())
            note(connection, who, "slide restored", slide_id)


def append_details(
    connection: Connection,
    who: str,
    slide_id: int,
    name: str,
    sampled_on: date | None,
    laboratory_number: str | None,
) -> None:
    """Write what `Housekeeping.describe` does, in a transaction that the caller holds."""
    hold_unsigned(connection, slide_id)
    before, at = slide_of(connection, slide_id), now()
    name, number = name.strip(), (laboratory_number or "").strip() or None
    if not name:
        raise StoreError(sentence("store.no_slide_name"))
    if (name, sampled_on) != (before.name, before.sampled_on):
        details = {"slide_id": slide_id, "name": name, "sampled_on": sampled_on}
        append(connection, SLIDE_DETAILS, **details, by=who, at=at)
    # Neither name nor number stands in the audit trail: both may tell who the patient is.
    if name != before.name:
        note(connection, who, "slide renamed", slide_id)
    if sampled_on != before.sampled_on:
        day = None if sampled_on is None else sampled_on.isoformat()
        note(connection, who, "sample dated", slide_id, sampled_on=day)
    if number != before.laboratory_number:
        if case_of(connection, before.case_id).patient is None:
            raise StoreError(sentence("store.patient_is_erased"))
        append(connection, LABORATORY_NUMBERS, slide_id=slide_id, number=number, by=who, at=at)
        note(connection, who, "laboratory number set", slide_id)
