"""What boards send to the server, and what each of them is told."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.board.entries import Written, write_entries
from app.cell_numbers import CellNumbers
from app.web.addresses import Writing
from app.wording import Words
from core.results.folder import ResultFolderError
from core.review import StageHead, is_anothers, stages_for, standing
from core.review.blindness import hides_notes, would_give_away
from core.store import Call as CellCall
from core.store import Role, SlideRecord, Store, notes_that_stand
from core.store.records import same_person

MOST_LOGS = 500
"""Logs that are remembered; one that is forgotten is told all its calls once more."""

Call = tuple[str, str | None, str | None]
"""A call, with its stage and its reason."""
Suggested = tuple[str, int]
"""A stage, and how probable it is in whole percent: 99 at most, as no machine is sure."""
Noted = tuple[str, str, bool]
"""Who wrote a note, what it says, and whether it is the reader's own."""


@dataclass
class _Told:
    """How far a log was dealt with, and what its board knows."""

    number: int = 0
    stands: int | None = None
    calls: Mapping[str, Call] = field(default_factory=dict)
    notes: Mapping[str, list[Noted]] = field(default_factory=dict)
    stages: Mapping[str, Suggested] = field(default_factory=dict)
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
    stage_head_of
        What suggests stages on the results of a model of some identity, if anything does.
    """

    def __init__(
        self,
        store: Store,
        secret: bytes,
        stage_head_of: Callable[[str], StageHead | None] = lambda identity: None,
    ) -> None:
        self._store, self._secret, self._stage_head_of = store, secret, stage_head_of
        self._told: OrderedDict[tuple[Writing, str], _Told] = OrderedDict()
        self._changing = threading.Lock()

    def answer(self, writing: Writing, log: str, entries: list[Any], knows: int = 0) -> dict[str, Any]:
        """Write the entries of a log; say how far that went, and what differs from what its board knows.

        Parameters
        ----------
        knows
            Where the record stood as of the last answer that the board has taken in: an answer may be lost.

        Returns
        -------
        ``number`` of the last entry that was dealt with, the cell whose reading was ``undone`` by it,
        ``problems`` in words, the ``calls`` that have changed by number of the cell and the ``notes`` by what
        they are on (None where nothing is left), or ``all`` of both, the ``stages`` that the machine suggests
        for the cells that the reader accepted without one, and where the slide's record ``stands``: it grows
        with whatever is written of it.

        Raises
        ------
        core.store.StoreError
            Where there is no such slide.
        """
        told = self._of(writing, log)
        with told.one_at_a_time:
            written = self._written(writing, entries, told.number) if entries else Written(told.number)
            record = self._store.record(writing.slide_id)
            shown = (record, writing.role, writing.reader, self._numbers(writing, record))
            calls, notes = calls_shown(*shown), notes_shown(*shown)
            everything = told.stands is None or told.stands != knows
            changed_calls = calls if everything else _changed(told.calls, calls)
            changed_notes = notes if everything else _changed(told.notes, notes)
            if told.stands != record.last_entry:  # boards ask every moment, and mostly nothing is new
                told.stages = stages_shown(*shown, self._stage_head_of)
            told.number, told.stands = written.number, record.last_entry
            told.calls, told.notes, stages = calls, notes, told.stages
        say = Words(writing.language)
        return {
            "number": written.number,
            "undone": written.undone,
            "problems": [say("board.not_written", why=say.error(problem)) for problem in written.problems],
            "stands": record.last_entry,
            "all": everything,
            "calls": changed_calls,
            "notes": changed_notes,
            "stages": stages,
        }

    def _written(self, writing: Writing, entries: list[Any], after: int) -> Written:
        return write_entries(
            self._store,
            writing.slide_id,
            entries,
            after,
            reader=writing.reader,
            role=writing.role,
            numbers=self._numbers(writing, self._store.record(writing.slide_id)),
        )

    def _of(self, writing: Writing, log: str) -> _Told:
        with self._changing:
            told = self._told.setdefault((writing, log), _Told())
            self._told.move_to_end((writing, log))
            while len(self._told) > MOST_LOGS:
                self._told.popitem(last=False)
        return told

    def _numbers(self, writing: Writing, record: SlideRecord) -> CellNumbers:
        return CellNumbers.of(self._secret, record, writing.reader, blind=writing.role == Role.SECOND)


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    return {key: now.get(key) for key in now.keys() | before.keys() if now.get(key) != before.get(key)}


def calls_shown(record: SlideRecord, role: Role, reader: str, numbers: CellNumbers) -> dict[str, Call]:
    """The call that stands on each cell that was read in a role, by the number that a board shows.

    The reader's own alone where it is a second reading, or they may still make one: others may have begun
    to read while a page stands open.
    """
    own_alone = role == Role.SECOND or would_give_away(record, reader)
    calls: dict[str, Call] = {}
    for candidate, readings in standing(record.readings).items():
        if role in readings and not (own_alone and is_anothers(readings, role, reader)):
            opinion = readings[role].opinion
            calls[str(numbers.shown(candidate))] = (str(opinion.call), opinion.stage, opinion.reason)
    return calls


def stages_shown(
    record: SlideRecord,
    role: Role,
    reader: str,
    numbers: CellNumbers,
    stage_head_of: Callable[[str], StageHead | None],
) -> dict[str, Suggested]:
    """The stage that the machine suggests for each cell that the reader called a parasite without one.

    Of no other cell: a suggestion must not sway the call, and a call is changed by who made it. Nothing
    where the model of the result suggests none, or the files of the result are gone.
    """
    accepted = {
        candidate
        for candidate, readings in standing(record.readings).items()
        if role in readings
        and not is_anothers(readings, role, reader)
        and readings[role].opinion.call == CellCall.PARASITE
        and readings[role].opinion.stage is None
    }
    if not accepted or record.taken_in is None:
        return {}
    head = stage_head_of(record.taken_in.result.model.identity)
    if head is None:
        return {}
    try:
        suggested = stages_for(record, accepted, head)
    except ResultFolderError:
        return {}
    return {
        str(numbers.shown(cell)): (one.stage, min(99, int(100 * one.probability)))
        for cell, one in suggested.items()
    }


def notes_shown(record: SlideRecord, role: Role, reader: str, numbers: CellNumbers) -> dict[str, list[Noted]]:
    """The notes on cells and fields, by what they are on: ``cell 12``, by its number, or ``field a.png``.

    Of who reads as second, or still may, their own alone: what others write may tell what they called.
    """
    own_alone = role == Role.SECOND or hides_notes(record, reader)
    laid_before_readers = {candidate.id for candidate in record.candidates}
    notes: dict[str, list[Noted]] = {}
    for note in notes_that_stand(record.notes):
        own = same_person(note.by, reader)
        if note.field is None or (own_alone and not own):
            continue
        if note.candidate_id is None:
            about = f"field {note.field}"
        elif note.candidate_id in laid_before_readers:
            about = f"cell {numbers.shown(note.candidate_id)}"
        else:
            continue
        notes.setdefault(about, []).append((note.by, note.text or "", own))
    return notes
