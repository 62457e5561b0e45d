"""What boards send to the server, and what each of them is told."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.board.entries import write_entries
from app.cell_numbers import CellNumbers
from app.web.addresses import Writing
from app.wording import Words
from core.review import is_anothers, standing
from core.store import Role, SlideRecord, Store

MOST_LOGS = 500
"""Logs that are remembered; one that is forgotten is told all its calls once more."""

Call = tuple[str, str | None, str | None]
"""A call, with its stage and its reason."""


@dataclass
class _Told:
    """How far a log was dealt with, and what its board knows."""

    number: int = 0
    calls: Mapping[str, Call] = field(default_factory=dict)
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock)


class Logs:
    """Takes what boards send, by whatever page or tab, and tells them what stands.

    A board sends entries under the name of its log, again and again until it hears that they are dealt with;
    with no entry it asks what others, or the same person in another tab, have called since. A server that
    starts anew knows no log: what was written is not written again (`app.board.entries`).

    Parameters
    ----------
    store
        Where readings are written.
    secret
        Of the data folder, for the numbers before the blind.
    """

    def __init__(self, store: Store, secret: bytes) -> None:
        self._store, self._secret = store, secret
        self._told: OrderedDict[tuple[Writing, str], _Told] = OrderedDict()
        self._changing = threading.Lock()

    def answer(self, writing: Writing, log: str, entries: list[Any]) -> dict[str, Any]:
        """Write the entries of a log; say how far that went, and what differs from what its board knows.

        Returns
        -------
        ``number`` of the last entry that was dealt with, the cell whose reading was ``undone`` by it,
        ``problems`` in words, the ``calls`` that have changed by number of the cell (None where one was taken
        back), and where the slide's record ``stands``: it grows with whatever is written of it.

        Raises
        ------
        core.store.StoreError
            Where there is no such slide.
        """
        told = self._of(writing, log)
        with told.one_at_a_time:
            numbers = self._numbers(writing, self._store.record(writing.slide_id))
            written = write_entries(
                self._store,
                writing.slide_id,
                entries,
                told.number,
                reader=writing.reader,
                role=writing.role,
                numbers=numbers,
            )
            record = self._store.record(writing.slide_id)
            calls = calls_shown(record, writing.role, writing.reader, self._numbers(writing, record))
            changed = {
                cell: calls.get(cell)
                for cell in calls.keys() | told.calls.keys()
                if calls.get(cell) != told.calls.get(cell)
            }
            told.number, told.calls = written.number, calls
        say = Words(writing.language)
        return {
            "number": written.number,
            "undone": written.undone,
            "problems": [say("board.not_written", why=say.error(problem)) for problem in written.problems],
            "stands": record.last_entry,
            "calls": changed,
        }

    def _of(self, writing: Writing, log: str) -> _Told:
        with self._changing:
            told = self._told.setdefault((writing, log), _Told())
            self._told.move_to_end((writing, log))
            while len(self._told) > MOST_LOGS:
                self._told.popitem(last=False)
        return told

    def _numbers(self, writing: Writing, record: SlideRecord) -> CellNumbers:
        return CellNumbers.of(self._secret, record, writing.reader, blind=writing.role == Role.SECOND)


def calls_shown(record: SlideRecord, role: Role, reader: str, numbers: CellNumbers) -> dict[str, Call]:
    """The call that stands on each cell that was read in a role, by the number that a board shows.

    Of second readings, the reader's own alone.
    """
    calls: dict[str, Call] = {}
    for candidate, readings in standing(record.readings).items():
        if role in readings and not (role == Role.SECOND and is_anothers(readings, role, reader)):
            opinion = readings[role].opinion
            calls[str(numbers.shown(candidate))] = (str(opinion.call), opinion.stage, opinion.reason)
    return calls
