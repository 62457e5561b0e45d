"""Which model scores slides: every switch is kept, the last one holds."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from core.store.database import Database
from core.store.people import People, Right
from core.store.tables import MODEL_SWITCHES
from core.store.writes import append, note, now


@dataclass(frozen=True)
class ModelSwitch:
    """From when on slides are scored with a model.

    Attributes
    ----------
    name
        As it is called in the data folder.
    identity
        Name and hash of weights and cards: another model under the same name has another.
    """

    name: str
    identity: str
    by: str
    at: datetime


class ModelSwitches:
    """The switches of a store.

    Parameters
    ----------
    database
        Holds them.
    people
        Say who may switch.
    """

    def __init__(self, database: Database, people: People) -> None:
        self._database = database
        self._people = people

    def all(self) -> tuple[ModelSwitch, ...]:
        """All switches, in order."""
        with self._database.reading() as connection:
            rows = connection.execute(select(MODEL_SWITCHES).order_by(MODEL_SWITCHES.c.id))
            return tuple(ModelSwitch(row.name, row.identity, row.by, row.at) for row in rows)

    def last(self) -> ModelSwitch | None:
        """The switch that holds; None where nobody has switched."""
        switches = self.all()
        return switches[-1] if switches else None

    def switch(self, name: str, identity: str, *, by: str) -> ModelSwitch:
        """Score slides with another model from now on; what is scored keeps the model it was scored with."""
        who, at = self._people.require(by, Right.SWITCH_MODEL), now()
        with self._database.writing() as connection:
            append(connection, MODEL_SWITCHES, name=name, identity=identity, by=who, at=at)
            note(connection, who, "model switched", model=name, identity=identity)
        return ModelSwitch(name, identity, who, at)
