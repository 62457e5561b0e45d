"""The store: cases, slides, what readers said of cells, and what was signed; nothing decided is ever lost."""

from collections.abc import Callable, Sequence
from copy import copy
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, select, update

from core.cells.boxes import Box
from core.files import shown_path
from core.results.folder import read_result_folder
from core.slides import FoundSlide
from core.store.calls import Role
from core.store.database import Database, url_of_folder
from core.store.field_readings import FieldReadings
from core.store.housekeeping import Housekeeping, append_details
from core.store.model_switches import ModelSwitches
from core.store.new_slides import append_case, append_slide
from core.store.note_writes import Notes
from core.store.offering import (
    append_more,
    append_opening,
    append_ranked,
    append_result,
    append_sample,
    append_step,
    before_result,
    candidate_at,
    result_of,
)
from core.store.overview import Overview
from core.store.people import People, Right
from core.store.reading_writes import append_reading, undo_last
from core.store.records import (
    AuditEntry,
    Candidate,
    CandidateKind,
    Case,
    Opinion,
    Reading,
    ScoringStep,
    SlideRecord,
    StoredSlide,
    StoreError,
    TakenIn,
)
from core.store.rows import audit_of, case_of, cases_of, records_of, result_with, slide_of, slides_of
from core.store.signatures import Signatures
from core.store.slide_settings import SlideSettings, append_settings
from core.store.tables import (
    CANDIDATES,
    CASES,
    FIELD_FLAGS,
    LABORATORY_NUMBERS,
    NOTES,
    SCORING_STEPS,
    SLIDES,
)
from core.store.writes import append, hold, hold_unsigned, note, now
from core.wording import sentence


class Store:
    """Opens a database and brings it to this version's tables; any number of threads and processes may.

    Each method is one transaction: when it has returned, what it wrote survives a kill and a power cut. What
    readers decided is only ever added to. Every write leaves a line in the audit trail.

    Parameters
    ----------
    url
        Any SQLAlchemy URL.
    folder
        Data folder: slides within it are kept by their place in it, so that it can be moved.

    Raises
    ------
    StoreError
        Where it cannot be opened. Every method raises it where what is asked would break a rule.
    """

    def __init__(self, url: str, folder: Path | None = None) -> None:
        self._database = Database(url, folder)
        self._overview = Overview()
        self.people = People(self._database, asked=False)

    @classmethod
    def in_folder(cls, folder: Path) -> "Store":
        """Open the SQLite database of a data folder; both are made where there are none."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = error.strerror or str(error)
            raise StoreError(sentence("store.no_folder", folder=shown_path(folder), why=why)) from error
        return cls(url_of_folder(folder), folder)

    def asking_roles(self) -> "Store":
        """The same store for people who have signed in: each write asks for a role of who makes it."""
        asking = copy(self)
        asking.people = People(self._database, asked=True)
        return asking

    @property
    def settings(self) -> SlideSettings:
        """What is set of slides until they are signed."""
        return SlideSettings(self._database, self.people)

    @property
    def housekeeping(self) -> Housekeeping:
        """What slides are called, and which of them are off the worklist."""
        return Housekeeping(self._database, self.people)

    @property
    def notes(self) -> Notes:
        """What people write on cells, fields and slides."""
        return Notes(self._database, self.people)

    @property
    def field_readings(self) -> FieldReadings:
        """Which fields were read whole."""
        return FieldReadings(self._database, self.people)

    @property
    def models(self) -> ModelSwitches:
        """Which model scores slides."""
        return ModelSwitches(self._database, self.people)

    @property
    def signatures(self) -> Signatures:
        """What was signed, and what is open to be signed anew."""
        return Signatures(self._database, self.people)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    # Cases and slides

    def add_case(self, patient: str, *, by: str) -> Case:
        """Add a case; `patient` is kept as entered."""
        who = self.people.require(by, Right.BRING_IN)
        with self._database.writing() as connection:
            return append_case(connection, who, patient)

    def erase_patient(self, case_id: int, *, by: str) -> Case:
        """Take patient, laboratory numbers and notes on slides out of a case for good; all else stays.

        On SQLite it is overwritten in the file, and the write-ahead log is cut to nothing. Another server's
        files and logs may hold it still, and so do backups made before. Signed documents never held it.
        """
        who = self.people.require(by, Right.ERASE_PATIENT)
        with self._database.writing() as connection:
            case = case_of(connection, case_id)
            if case.patient is not None:
                connection.execute(update(CASES).where(CASES.c.id == case_id).values(patient=None, salt=None))
                of_case = select(SLIDES.c.id).where(SLIDES.c.case_id == case_id)
                numbers = update(LABORATORY_NUMBERS).where(LABORATORY_NUMBERS.c.slide_id.in_(of_case))
                connection.execute(numbers.values(number=None))
                of_slides = NOTES.c.slide_id.in_(of_case) & NOTES.c.field.is_(None)
                connection.execute(update(NOTES).where(of_slides).values(text=None))
                note(connection, who, "patient erased", case=case_id)
        self._database.empty_log()
        return Case(case_id, None, None, case.created_at)

    def add_slide(
        self, case_id: int, name: str, folder: Path, *, by: str, um_per_pixel: float | None = None
    ) -> StoredSlide:
        """Add a slide to a case and queue it for scoring; `name` is its identification as entered."""
        who = self.people.require(by, Right.BRING_IN)
        with self._database.writing() as connection:
            return append_slide(connection, who, case_id, name, folder, um_per_pixel)

    def bring_in(
        self,
        patient: str,
        slides: Sequence[FoundSlide],
        *,
        by: str,
        um_per_pixel: float | None = None,
        red_cells_per_ul: float | None = None,
        review_budget: int | None = None,
        sampled_on: date | None = None,
        laboratory_number: str | None = None,
    ) -> Case:
        """Add a case with its slides, and what is known of each; nothing where one of them is refused."""
        who = self.people.require(by, Right.BRING_IN)
        with self._database.writing() as connection:
            case = append_case(connection, who, patient)
            for slide in slides:
                number = append_slide(connection, who, case.id, slide.name, slide.path, um_per_pixel).id
                append_settings(connection, who, number, red_cells_per_ul, review_budget)
                append_details(connection, who, number, slide.name, sampled_on, laboratory_number)
        return case

    def slides(self) -> tuple[StoredSlide, ...]:
        """All slides, in the order in which they were added."""
        with self._database.reading() as connection:
            return slides_of(connection)

    def record(self, slide_id: int) -> SlideRecord:
        """All that is held of a slide, as of one moment; only what is new is read anew."""
        with self._database.reading() as connection:
            return self._overview.record(connection, slide_id)

    def records(self) -> tuple[SlideRecord, ...]:
        """All that is held of all slides, as of one moment; the unchanged is not read again."""
        with self._database.reading() as connection:
            return self._overview.records(connection)

    def cases(self) -> tuple[Case, ...]:
        """All cases, in the order in which they were added."""
        with self._database.reading() as connection:
            return cases_of(connection)

    def result(self, slide_id: int, sha256: str) -> TakenIn | None:
        """The result of a slide whose `result.json` has this hash, be it not the latest; None without one."""
        with self._database.reading() as connection:
            return result_with(connection, slide_id, sha256)

    # Scoring

    def note_scoring(self, slide_id: int, step: ScoringStep, *, by: str, detail: str = "") -> StoredSlide:
        """Say what happened to a slide's scoring; a slide is taken from the queue by one process alone.

        Raises
        ------
        StoreError
            Where the step cannot follow the last one, such as `SCORING` where another process has begun, or
            the slide is signed.
        """
        who = self.people.require(by, Right.BRING_IN)
        with self._database.writing() as connection:
            hold_unsigned(connection, slide_id)
            append_step(connection, slide_id, step, who, detail)
            return slide_of(connection, slide_id)

    def open_for_fields(self, slide_id: int, *, by: str) -> None:
        """Stop a slide's scoring, done or not, before fields are added: nobody can sign till then."""
        who = self.people.require(by, Right.BRING_IN)
        with self._database.writing() as connection:
            hold_unsigned(connection, slide_id)
            append_opening(connection, slide_id, who)

    def take_in_result(self, slide_id: int, folder: Path, *, by: str) -> SlideRecord:
        """Take in the folder that scoring wrote: its result, and the first of its list as candidates.

        A cell that an earlier result had listed is the same candidate, with its readings. The same result
        taken in again changes nothing.

        Raises
        ------
        StoreError
            Where the folder holds no finished result, or the slide is signed, or was stopped or queued anew.
        """
        who, read = self.people.require(by, Right.BRING_IN), read_result_folder(folder)
        with self._database.writing() as connection:
            hold_unsigned(connection, slide_id)
            last = before_result(connection, slide_id)
            result_id = append_result(connection, slide_id, folder, read)
            if result_id is not None or last != ScoringStep.SCORED:
                append(
                    connection,
                    SCORING_STEPS,
                    slide_id=slide_id,
                    step=ScoringStep.SCORED,
                    detail="",
                    at=now(),
                )
                note(connection, who, "result taken in", slide_id, result=result_id, sha256=read.sha256)
            return records_of(connection, [slide_id])[0]

    # Cells laid before readers

    def offer_more(self, slide_id: int, count: int, *, by: str) -> tuple[Candidate, ...]:
        """Offer the next of the slide's list, by rank; fewer where it ends."""
        return self._offer(slide_id, CandidateKind.LISTED, append_more, count, by)

    def draw_sample(self, slide_id: int, count: int, *, by: str) -> tuple[Candidate, ...]:
        """Offer cells drawn at random from the list, beyond what was offered of it; fewer where it ends."""
        return self._offer(slide_id, CandidateKind.SAMPLE, append_sample, count, by)

    def offer_ranked(self, slide_id: int, ranks: Sequence[int], *, by: str) -> tuple[Candidate, ...]:
        """Offer cells of the list by their ranks; those that are laid before readers already are left out."""
        who = self.people.require(by, Right.READ)
        with self._database.writing() as connection:
            hold_unsigned(connection, slide_id)
            offered = append_ranked(connection, slide_id, ranks)
            if offered:
                note(connection, who, "offered: ranked anew", slide_id, cells=len(offered))
        return offered

    def mark(
        self, slide_id: int, field: str, box: Box, opinion: Opinion, *, reader: str, role: Role
    ) -> Reading:
        """Read a cell by its place on a field: a candidate, or any other, also one never located."""
        who = self.people.require(reader, Right.ADJUDICATE if role == Role.ADJUDICATOR else Right.READ)
        with self._database.writing() as connection:
            hold_unsigned(connection, slide_id)
            number = candidate_at(connection, slide_id, field, box)
            return append_reading(connection, slide_id, number, who, role, opinion)

    # Readings

    def read(self, slide_id: int, candidate_id: int, opinion: Opinion, *, reader: str, role: Role) -> Reading:
        """Write what a reader says of a cell.

        A later reading of the same cell by the same reader takes the place of the earlier one, which stays on
        record. The same reading again is not written twice.

        Raises
        ------
        StoreError
            Where the reader reads this slide in another role, another person has read the cell in this one,
            or the slide is signed.
        """
        who = self.people.require(reader, Right.ADJUDICATE if role == Role.ADJUDICATOR else Right.READ)
        with self._database.writing() as connection:
            hold_unsigned(connection, slide_id)
            query = select(CANDIDATES.c.id).where(
                CANDIDATES.c.id == candidate_id, CANDIDATES.c.slide_id == slide_id
            )
            if connection.execute(query).one_or_none() is None:
                raise StoreError(
                    sentence("store.no_candidate", slide=str(slide_id), candidate=str(candidate_id))
                )
            return append_reading(connection, slide_id, candidate_id, who, role, opinion)

    def undo(self, slide_id: int, *, reader: str) -> Reading | None:
        """Take back the reader's last reading on a slide that still stands; None where there is none."""
        who = self.people.require(reader, Right.READ)
        with self._database.writing() as connection:
            hold_unsigned(connection, slide_id)
            return undo_last(connection, slide_id, who)

    def flag_field(self, slide_id: int, field: str, *, by: str) -> None:
        """Put a field on the list of those to photograph again."""
        self._flag(slide_id, field, by, flagged=True)

    def unflag_field(self, slide_id: int, field: str, *, by: str) -> None:
        """Take a field from the list of those to photograph again."""
        self._flag(slide_id, field, by, flagged=False)

    # The audit trail

    def audit(self, slide_id: int | None = None) -> tuple[AuditEntry, ...]:
        """The audit trail, oldest first; of one slide, or all of it."""
        with self._database.reading() as connection:
            return audit_of(connection, slide_id)

    def _offer(
        self,
        slide_id: int,
        kind: CandidateKind,
        append_cells: Callable[[Connection, int, int], tuple[Candidate, ...]],
        count: int,
        by: str,
    ) -> tuple[Candidate, ...]:
        who = self.people.require(by, Right.READ)
        if count < 1:
            raise StoreError(sentence("store.too_few_cells", count=str(count)))
        with self._database.writing() as connection:
            hold_unsigned(connection, slide_id)
            offered = append_cells(connection, slide_id, count)
            note(connection, who, f"offered: {kind}", slide_id, cells=len(offered))
        return offered

    def _flag(self, slide_id: int, field: str, by: str, *, flagged: bool) -> None:
        who = self.people.require(by, Right.READ)
        with self._database.writing() as connection:
            hold(connection, slide_id)
            result_of(connection, slide_id)
            append(
                connection,
                FIELD_FLAGS,
                slide_id=slide_id,
                field=field,
                flagged=int(flagged),
                by=who,
                reason="",  # nobody is asked for one
                at=now(),
            )
            note(connection, who, "field flagged" if flagged else "field unflagged", slide_id, field=field)
