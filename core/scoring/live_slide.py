"""A slide that is still being photographed: each field is scored as it comes, and kept.

Its scores lie in a ledger of their own, never in that of the slide's result: they are measured against the
first field alone, because the others are not there yet.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from itertools import compress
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from core.cells.located import WhyNot
from core.cells.reference import NegativeError, NoCellsError, ScaleError, SlideReference
from core.cells.scored_field import ScoringModels
from core.errors import EmptySlideError
from core.files import write_bytes
from core.scoring.deadly_fields import entry_of_deadly, is_deadly, measured_reference
from core.scoring.field_tasks import FieldTask, SlideInWork, score_field
from core.scoring.judging import ModelCard
from core.scoring.ledger import Ledger, LedgerError, ScoringIdentity
from core.scoring.ledger_table import LedgerEntry
from core.scoring.live_tally import LiveField, LiveTally, cells_added, field_notes, tally_of
from core.scoring.overlap_pictures import DoubtfulOverlap, NeighbouringFields, by_borders, by_pictures
from core.scoring.overlapping import each_place_once
from core.scoring.slide_run import kept_reference
from core.scoring.survey import Survey, survey_slide
from core.scoring.workers import Workers
from core.slides import is_region, open_slide
from core.wording import Sentence, sentence

WINDOW = 24
"""Earlier fields that a new one is compared with: a row of a slide and the one before it. All others are
compared when the slide is closed."""
NO_SHARE = 0.0
"""The second look sees only what the first takes for parasites: it has no part in the count."""
_FIELDS = TypeAdapter(tuple[LiveField, ...])
Pair = TypeVar("Pair", DoubtfulOverlap, NeighbouringFields)
Outcome = TypeVar("Outcome")


class LiveSlide:
    """The fields of one slide so far, on disk; a watch that was killed goes on from there.

    Parameters
    ----------
    path, name
        Folder of the slide, and what its result is called.
    kept
        Folder for what is kept meanwhile; made where there is none.
    identity
        What is scored with: what was kept of another model is thrown away.
    card, workers
        What the models need to see, and the processes that hold them.
    um_per_pixel
        As given by the user.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        kept: Path,
        identity: ScoringIdentity,
        card: ModelCard,
        workers: Workers[ScoringModels],
        um_per_pixel: float | None,
    ) -> None:
        self._path, self._name, self._kept = path, name, kept
        self._card, self._workers = card, workers
        self._in_work = SlideInWork(path.absolute(), name, "", None, um_per_pixel)
        fields = _read_fields(kept / "fields.json")
        try:
            self._ledger = Ledger(kept, identity, resume=fields is not None)
        except LedgerError:  # of another model, or damaged: what is provisional is scored again
            self._ledger = Ledger(kept, identity, resume=False)
            fields = ()
        scored = self._ledger.column("name")
        self._fields = {
            (field.file, field.name): field
            for field in fields or ()
            if field.name in scored or not field.name
        }

    @property
    def fields(self) -> tuple[LiveField, ...]:
        """In the order in which they came."""
        return tuple(self._fields.values())

    @property
    def tally(self) -> LiveTally:
        """What they amount to."""
        return tally_of(self.fields)

    @property
    def taken(self) -> dict[str, str]:
        """State of each file that was dealt with."""
        return {field.file: field.state for field in self.fields}

    @property
    def measured_on(self) -> str:
        """The file whose fields all others are measured against; empty before the first that shows cells."""
        return str((self._ledger.reference or {}).get("measured_on", ""))

    def score(self, states: Mapping[str, str]) -> dict[str, tuple[LiveField, ...]]:
        """Score the fields of files that have come, or come anew.

        Parameters
        ----------
        states
            What the system says of each file, by its name, in the order in which they count.

        Returns
        -------
        The fields of each file; without those that cannot be read, and may be written still.
        """
        tasks: list[FieldTask] = []
        unscored: dict[str, LiveField] = {}
        for file, state in states.items():
            of_file = self._tasks(file, state)
            if isinstance(of_file, LiveField):
                unscored[file] = of_file
            else:
                tasks += of_file
        entries = {entry.name: entry for _, entry in self._workers.map(score_field, tasks, entry_of_deadly)}
        names = {file: [task.name for task in tasks if task.slide.files == (file,)] for file in states}
        not_whole = {
            file
            for file in states
            if any(_may_be_read_yet(entries[name]) for name in names[file])
            or not (names[file] or file in unscored)
        }
        whole = [file for file in states if file not in not_whole]
        for file in whole:
            for name in names[file]:
                self._ledger.add(entries[name])
        self._ledger.flush()
        self._fields = {key: field for key, field in self._fields.items() if field.file not in whole}
        for file in whole:
            if file in unscored:
                self._fields[file, ""] = unscored[file]
            for name in names[file]:
                self._fields[file, name] = self._tallied(entries[name], file)
        self._save()
        return {file: tuple(field for field in self.fields if field.file == file) for file in whole}

    def forget(self, file: str) -> bool:
        """Count the fields of a file no more, which is gone; whether there were any."""
        left = {key: field for key, field in self._fields.items() if field.file != file}
        had = len(left) < len(self._fields)
        self._fields = left
        if had:
            self._save()
        return had

    def close(self) -> None:
        """Give the ledger up; what is kept stays."""
        self._ledger.close()

    def _tasks(self, file: str, state: str) -> list[FieldTask] | LiveField:
        """What is to be scored of a file, nothing where it cannot be read; or why nothing on it counts."""
        try:
            names = open_slide(self._path, name=self._name, files=(file,)).field_names()
        except EmptySlideError:
            names = ()
        if not names or any(map(is_region, names)):
            return _left_out("", file, state, sentence("watch.large_image"))
        in_work = replace(self._in_work, state=state, files=(file,))
        try:
            reference, deadly = self._measured(in_work, names)
        except NegativeError:
            return _left_out("", file, state, sentence(f"watch.why.{WhyNot.NEGATIVE}"))
        except NoCellsError:
            return _left_out("", file, state, sentence("watch.no_cells"))
        except ScaleError as error:
            return _left_out("", file, state, sentence("as written", text=str(error)))
        if deadly:
            return _left_out("", file, state, sentence("watch.deadly"))
        if reference is None:
            return []
        in_work = replace(in_work, reference=reference)
        return [FieldTask(in_work, name, state, 1, NO_SHARE) for name in names]

    def _measured(
        self, in_work: SlideInWork, names: Sequence[str]
    ) -> tuple[SlideReference | None, tuple[str, ...]]:
        """The reference, of the first fields that showed cells, None where none can be read; what kills."""
        if (reference := kept_reference(self._ledger)) is not None:
            return reference, ()
        measured, deadly = measured_reference(self._workers, in_work, names)
        if measured is not None:
            self._ledger.reference = {**asdict(measured), "measured_on": "".join(in_work.files or ())}
        return measured, deadly

    def _tallied(self, entry: LedgerEntry, file: str) -> LiveField:
        """What a field that is in the ledger adds to those before it."""
        reference = kept_reference(self._ledger)
        if entry.unreadable or reference is None:
            return _left_out(entry.name, file, entry.source, sentence("watch.deadly"))
        survey = self._survey(entry.name, file, reference)
        return LiveField(
            name=entry.name,
            file=file,
            state=entry.source,
            cells=cells_added(survey),
            is_counted=not survey.fields[-1].why_excluded,
            notes=field_notes(survey, self._card, reference.cell_diameter_px),
        )

    def _survey(self, name: str, file: str, reference: SlideReference) -> Survey:
        """A field and the last ones before it, and any with the same pixels; each place is counted once."""
        files = {field.name: field.file for field in self.fields if field.name and field.name != name}
        content = self._ledger.column("content_hash")
        earlier = [one for one in files if one in content]
        near = {*earlier[-WINDOW:], *(one for one in earlier if content[one] == content[name])}
        names = [*(one for one in earlier if one in near), name]
        opened = tuple(sorted({file, *(files[one] for one in near)}))
        in_work = replace(
            self._in_work,
            state=json.dumps([content[one] for one in names]),
            files=opened,
            reference=reference,
        )
        return each_place_once(
            survey_slide(self._ledger, names, self._card.field_failure),
            {one: number for number, one in enumerate(names)},
            _of_one(name, partial(by_pictures, self._workers, in_work, _say_nothing), other=False),
            _of_one(name, partial(by_borders, self._workers, in_work, _say_nothing), other=None),
        )

    def _save(self) -> None:
        content = json.dumps([asdict(field) for field in self.fields], ensure_ascii=False)
        write_bytes(self._kept / "fields.json", content.encode())


def _read_fields(path: Path) -> tuple[LiveField, ...] | None:
    """The fields that were kept; None where there are none, or they cannot be read: they are scored again."""
    try:
        return _FIELDS.validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def _may_be_read_yet(entry: LedgerEntry) -> bool:
    """Whether a field could not be read, and may be read yet: its file may be written still."""
    return bool(entry.unreadable) and not is_deadly(entry.unreadable)


def _left_out(name: str, file: str, state: str, why: Sentence) -> LiveField:
    return LiveField(name, file, state, 0, is_counted=False, notes=(why,))


def _of_one(
    name: str, compare: Callable[[list[Pair]], Sequence[Outcome]], other: Outcome
) -> Callable[[Sequence[Pair]], list[Outcome]]:
    """Compare those pairs alone that one field is of: the others were compared when their later one came."""

    def compared(pairs: Sequence[Pair]) -> list[Outcome]:
        is_its = [name in (pair.first.name, pair.second.name) for pair in pairs]
        outcomes = iter(compare(list(compress(pairs, is_its))))
        return [next(outcomes) if its else other for its in is_its]

    return compared


def _say_nothing(_: str) -> None:
    """A picture that is gone again is compared when the slide is closed."""
