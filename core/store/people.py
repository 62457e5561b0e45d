"""Who may do what: roles held in the database, granted and withdrawn on record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Row, func, select

from core.files import shown_path
from core.store.database import Database
from core.store.reading_writes import append_look
from core.store.records import StoreError, person, same_person
from core.store.tables import ROLE_CHANGES
from core.store.writes import append, hold_table, note, now
from core.wording import sentence


class Right(StrEnum):
    """What somebody may do."""

    LOOK = "look"
    """See the worklist, slides, and what they come to."""
    SEE_PATIENTS = "see patients"
    """See patients as they were entered."""
    EXPORT = "export"
    """Take a signed result away."""
    BRING_IN = "bring in"
    """Bring slides in, and have them scored."""
    READ = "read"
    """Read a slide's cells as first or second reader."""
    ADJUDICATE = "adjudicate"
    """Settle what first and second reader differ on."""
    SIGN = "sign"
    """Sign a result, or begin an amendment."""
    AUDIT = "audit"
    """See who did what."""
    ERASE_PATIENT = "erase patient"
    """Erase the patient of a case."""
    NAME_PEOPLE = "name people"
    """Grant and withdraw roles."""
    SEE_MODELS = "see models"
    """See the cards of the models, and compare two on reviewed slides."""
    SWITCH_MODEL = "switch model"
    """Say with which model slides are scored."""


class StaffRole(StrEnum):
    """What somebody is in the laboratory; one person may be several."""

    TECHNICIAN = "technician"
    REVIEWER = "reviewer"
    SUPERVISOR = "supervisor"
    RESEARCHER = "researcher"


_TECHNICIAN = frozenset({Right.LOOK, Right.SEE_PATIENTS, Right.EXPORT, Right.BRING_IN, Right.READ})
_REVIEWER = _TECHNICIAN | {Right.ADJUDICATE, Right.SIGN, Right.SEE_MODELS}
RIGHTS: Mapping[StaffRole, frozenset[Right]] = {
    StaffRole.TECHNICIAN: _TECHNICIAN,
    StaffRole.REVIEWER: _REVIEWER,
    StaffRole.SUPERVISOR: _REVIEWER
    | {Right.AUDIT, Right.ERASE_PATIENT, Right.NAME_PEOPLE, Right.SWITCH_MODEL},
    StaffRole.RESEARCHER: frozenset({Right.LOOK, Right.EXPORT, Right.SEE_MODELS}),
}
"""What each role may do. Nothing else says so: the store, the pages and the routes all ask `People.may`."""


class NotAllowedError(StoreError):
    """Somebody has no role that lets them do this; nothing was written."""


@dataclass(frozen=True)
class Holder:
    """A role that somebody holds, since when, and who granted it."""

    person: str
    role: StaffRole
    by: str
    at: datetime


class People:
    """The people of a store, their roles, and what they have looked at.

    Parameters
    ----------
    database
        Holds the roles.
    asked
        Whether a role is asked for at all: not where nobody signs in, because anybody could give any name.
    """

    def __init__(self, database: Database, *, asked: bool) -> None:
        self._database = database
        self._asked = asked
        self._kept: tuple[int | None, tuple[Holder, ...]] = (None, ())

    def may(self, name: str, right: Right) -> bool:
        """Whether a person may do something, as of now."""
        if not self._asked:
            return True
        return any(right in RIGHTS[role] for role in self.roles_of(name))

    def require(self, name: str, right: Right) -> str:
        """Give a person's name with single spaces; raises `NotAllowedError` where they may not do this."""
        who = person(name)
        if not self.may(who, right):
            raise NotAllowedError(sentence("store.not_allowed", who=shown_path(who), right=right))
        return who

    def roles_of(self, name: str) -> frozenset[StaffRole]:
        """The roles that a person holds now."""
        return frozenset(holder.role for holder in self.holders() if same_person(holder.person, name))

    def holders(self) -> tuple[Holder, ...]:
        """All roles that are held now, in the order in which they were granted."""
        with self._database.reading() as connection:
            # Changes are only ever added: the same last one, the same holders.
            last: int | None = connection.execute(select(func.max(ROLE_CHANGES.c.id))).scalar_one()
            kept = self._kept
            if kept[0] != last:
                kept = self._kept = (last, _holders(connection))
        return kept[1]

    def grant(self, name: str, role: StaffRole, *, by: str) -> None:
        """Grant a role; who holds it already keeps it as it is."""
        self._change(name, role, self.require(by, Right.NAME_PEOPLE), granted=True)

    def withdraw(self, name: str, role: StaffRole, *, by: str) -> None:
        """Withdraw a role, as of now.

        Raises
        ------
        StoreError
            Where nobody else would be left who can grant roles.
        """
        self._change(name, role, self.require(by, Right.NAME_PEOPLE), granted=False)

    def name_supervisor(self, name: str, *, by: str) -> None:
        """Make somebody a supervisor, whoever asks: for who has the data folder itself at hand."""
        self._change(name, StaffRole.SUPERVISOR, person(by), granted=True)

    def note_looks(self, last_readings: Mapping[int, int], *, by: str) -> None:
        """Put on record that a person is shown what others called: they can be second reader no more.

        Parameters
        ----------
        last_readings
            The last reading that is shown, by number of its slide.
        """
        who = self.require(by, Right.LOOK)
        with self._database.writing() as connection:
            for slide_id, reading_id in sorted(last_readings.items()):
                append_look(connection, slide_id, reading_id, who)

    def _change(self, name: str, role: StaffRole, by: str, *, granted: bool) -> None:
        whom = person(name)
        with self._database.writing() as connection:
            hold_table(connection, ROLE_CHANGES)
            holders = _holders(connection)
            own = [one for one in holders if one.role == role and same_person(one.person, whom)]
            if bool(own) == granted:
                return
            others = [one for one in holders if one.role == role and one not in own]
            if role == StaffRole.SUPERVISOR and not granted and not others:
                raise StoreError(sentence("store.only_supervisor", who=shown_path(whom)))
            append(connection, ROLE_CHANGES, person=whom, role=role, granted=int(granted), by=by, at=now())
            note(connection, by, "role granted" if granted else "role withdrawn", person=whom, role=role)


def _holders(connection: Connection) -> tuple[Holder, ...]:
    last: dict[tuple[str, str], Row[tuple[object, ...]]] = {}
    for row in connection.execute(select(ROLE_CHANGES).order_by(ROLE_CHANGES.c.id)):
        last[row.person.casefold(), row.role] = row
    return tuple(
        Holder(row.person, StaffRole(row.role), row.by, row.at)
        for row in sorted(last.values(), key=lambda row: row.id)
        if row.granted
    )
