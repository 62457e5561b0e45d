"""What the store holds, as plain records: who was offered which cell, who called it what, and when."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import chain, takewhile
from pathlib import Path
from typing import Any

from core.cells.boxes import Box
from core.cells.located import WhyNot
from core.errors import SmearscopeError
from core.results.result import SlideResult
from core.store.calls import Call, Reason, Role, Species, Stage
from core.store.notes import Note
from core.wording import sentence


class StoreError(SmearscopeError):
    """The store cannot be opened, or what is asked of it would break a rule; nothing was written."""


class DatabaseRefusesError(StoreError):
    """The database itself refuses, as for a full disk: the same may well be taken a little later."""


class ScoringStep(StrEnum):
    """What last happened to the scoring of a slide."""

    QUEUED = "queued"
    SCORING = "scoring"
    STOPPED = "stopped"
    FAILED = "failed"
    SCORED = "scored"


class CandidateKind(StrEnum):
    """Why a cell was laid before readers.

    Only what is read of the list, from its first on, enters the density. The others make a slide positive or
    suspicious.
    """

    LISTED = "listed"
    """Of the slide's list, by its rank."""
    SAMPLE = "sample"
    """Drawn at random from the list, beyond what is laid before readers."""
    MARKED = "marked"
    """Marked by a reader on the field; or read in the list of an earlier result, and not in this one's."""


@dataclass(frozen=True)
class Case:
    """A patient's slides.

    Attributes
    ----------
    patient
        As entered; None once it was erased.
    salt
        Random text that ties signed documents to `patient` without holding it; None once that was erased.
    """

    id: int
    patient: str | None
    salt: str | None
    created_at: datetime


@dataclass(frozen=True)
class Removal:
    """Who has taken a slide off the worklist, why, and when."""

    by: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class StoredSlide:
    """A slide of a case.

    Attributes
    ----------
    name
        Its identification as entered.
    folder
        Where its images lie.
    um_per_pixel
        Scale of all its fields; None where the files or the cells are to say.
    scoring, scoring_detail
        The last that happened to its scoring, and what is to be known of it, such as why it failed.
    red_cells_per_ul
        Measured for this patient; None where they were not.
    review_budget
        How many of the list are laid before readers to begin with; None as for every slide.
    sampled_on, laboratory_number, removed
        Of the sample; the number is erased with the patient. None of a slide on the worklist for `removed`.
    """

    id: int
    case_id: int
    name: str
    folder: Path
    um_per_pixel: float | None
    added_at: datetime
    scoring: ScoringStep
    scoring_detail: str
    red_cells_per_ul: float | None = None
    review_budget: int | None = None
    sampled_on: date | None = None
    laboratory_number: str | None = None
    removed: Removal | None = None


@dataclass(frozen=True)
class TakenIn:
    """A result of `smearscope score` as the store took it in; a slide with more fields has several.

    Attributes
    ----------
    folder
        Where its files lie, such as the pictures of the candidates.
    sha256
        Of the bytes of `result.json`.
    field_cells
        Evaluable cells by the name of each field that counts.
    """

    id: int
    slide_id: int
    folder: Path
    sha256: str
    result: SlideResult
    field_cells: dict[str, int]
    at: datetime


@dataclass(frozen=True)
class Candidate:
    """A cell laid before readers; the same box on the same field is the same cell in every result.

    Attributes
    ----------
    rank
        In the list of the slide's latest result, from 1 on; None for what is not listed.
    field, box
        Where it lies.
    infected_score
        By which it is ranked, in [0, 1]; None for what was marked by hand.
    why_not
        Why it is not an evaluable cell, empty where it is one; None for what was marked by hand.
    picture
        File name in `candidates/` of the result's folder; None where there is none.
    """

    id: int
    slide_id: int
    kind: CandidateKind
    rank: int | None
    field: str
    box: Box
    infected_score: float | None
    why_not: WhyNot | None
    picture: str | None

    @property
    def evaluable(self) -> bool:
        """Whether scoring counts it among the cells examined."""
        return self.why_not == WhyNot.EVALUABLE


@dataclass(frozen=True)
class Opinion:
    """What a reader says of a cell: the call, and what may go with it.

    Raises
    ------
    StoreError
        Where a reason is given for something else than no parasite, or a stage or species than a parasite.
    """

    call: Call
    reason: Reason | None = None
    stage: Stage | None = None
    species: Species | None = None

    def __post_init__(self) -> None:
        if self.reason and self.call != Call.NOT_PARASITE:
            raise StoreError(sentence("store.reason", reason=self.reason, call=self.call))
        if (self.stage or self.species) and self.call != Call.PARASITE:
            raise StoreError(sentence("store.stage", call=self.call))


@dataclass(frozen=True)
class Reading:
    """A call by a reader; never changed, never deleted.

    Attributes
    ----------
    undone_by
        Number of the undoing that took it back; None where it stands. Where a reader called a cell several
        times, the last call that was not taken back is theirs.
    """

    id: int
    slide_id: int
    candidate_id: int
    reader: str
    role: Role
    opinion: Opinion
    at: datetime
    undone_by: int | None


@dataclass(frozen=True)
class ReadField:
    """A reader's word on a whole field; never changed, never deleted.

    Attributes
    ----------
    whole
        Whether the reader has looked at all of it; False takes back that they had.
    """

    id: int
    slide_id: int
    field: str
    reader: str
    role: Role
    whole: bool
    at: datetime


@dataclass(frozen=True)
class FlaggedField:
    """A field to photograph again."""

    slide_id: int
    field: str
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class Amendment:
    """Why a signed slide is open to change again, and which version its next signature gives."""

    slide_id: int
    version: int
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class Signature:
    """A signed version of a slide's result.

    Attributes
    ----------
    version
        1, then one more for each amendment.
    document
        Canonical JSON, as text; see `core.review.signed_result`.
    sha256
        Of the document's UTF-8 bytes.
    """

    id: int
    slide_id: int
    version: int
    by: str
    at: datetime
    sha256: str
    document: str


@dataclass(frozen=True)
class Look:
    """Somebody has looked at what others called on a slide; never changed, never deleted.

    Attributes
    ----------
    last_reading_id
        Number of the last reading of the slide that was there to be seen.
    """

    id: int
    slide_id: int
    person: str
    last_reading_id: int
    at: datetime


@dataclass(frozen=True)
class AuditEntry:
    """One write, or one export: who, when, what. Holds no patient's identifier.

    Attributes
    ----------
    slide_id
        The slide it is about; None where it is about none or a whole case.
    what
        A word or two, the same for alike things: "read", "undone", "signed", …
    detail
        What exactly, such as the numbers of cell and reading.
    """

    id: int
    at: datetime
    who: str
    what: str
    slide_id: int | None
    detail: dict[str, Any]


@dataclass(frozen=True)
class SlideRecord:
    """All that the store holds of a slide, as of one moment.

    Attributes
    ----------
    taken_in
        The latest result; None before the slide was scored.
    candidates
        Listed ones by rank, then the others in the order in which they were offered.
    readings
        In the order in which they were made, with those that were taken back.
    flags
        Fields to photograph again, as they stand.
    signatures, amendments, looks, notes
        In order; looks say who has seen others' calls, notes are also those that no longer stand.
    last_entry
        Number of the last audit entry about the slide: a write of any kind makes it grow.
    fields_read
        What readers said of whole fields, in the order in which they did, with what was taken back.
    """

    case: Case
    slide: StoredSlide
    taken_in: TakenIn | None
    candidates: tuple[Candidate, ...]
    readings: tuple[Reading, ...]
    flags: tuple[FlaggedField, ...]
    signatures: tuple[Signature, ...]
    amendments: tuple[Amendment, ...]
    looks: tuple[Look, ...]
    notes: tuple[Note, ...]
    last_entry: int
    fields_read: tuple[ReadField, ...] = ()

    @property
    def locked(self) -> bool:
        """Whether the readings are signed and no amendment is open."""
        return len(self.signatures) > len(self.amendments)

    @property
    def laid_out(self) -> int:
        """How many of the list are laid before readers: all up to this rank.

        What was read in an earlier list may stand further down in this one, beyond a gap.
        """
        ranks = (candidate.rank for candidate in self.candidates)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], enumerate(ranks, start=1)))

    def role_of(self, reader: str) -> Role | None:
        """As what a person reads the slide; None where they have read nothing of it."""
        of_cells = ((one.reader, one.role) for one in self.readings)
        of_fields = ((one.reader, one.role) for one in self.fields_read)
        return next((role for name, role in chain(of_cells, of_fields) if same_person(name, reader)), None)


def person(name: str) -> str:
    """A person's name with single spaces; raises `StoreError` where nothing is left."""
    cleaned = " ".join(name.split())
    if not cleaned:
        raise StoreError(sentence("store.nobody"))
    return cleaned


def same_person(one: str, other: str) -> bool:
    """Whether two names are one, whatever their capitals."""
    return one.casefold() == other.casefold()
