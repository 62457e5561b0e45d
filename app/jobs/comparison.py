"""Comparing two models on the reviewed slides of a data folder: what is asked for, and what came of it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from app.jobs.models_here import ModelHere
from app.workplace import Workplace
from core.files import write_bytes
from core.review import Decision, SignedResult, read_document
from core.review.model_comparison import Ranking
from core.store import Right, SlideRecord
from core.wording import RESEARCH_USE_ONLY

CONFIDENCE = 0.95


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ComparedSlide(_Record):
    """A signed slide, and where the list of each model has its accepted cells; None with why where it cannot.

    Attributes
    ----------
    left_out
        Cells that were laid before readers, and neither accepted by two nor rejected.
    """

    slide_id: int
    slide: str
    version: int
    left_out: int
    first: Ranking | None
    second: Ranking | None
    problem: str | None = None


class ModelComparison(_Record):
    """Two models on the slides that were signed at a time.

    Attributes
    ----------
    first, second
        Identities of the models.
    signed
        What was signed: a hash over the documents, by which it is seen that there are more by now.
    """

    notice: str = RESEARCH_USE_ONLY
    first: str
    second: str
    signed: str
    slides: tuple[ComparedSlide, ...]


class Asked(_Record):
    """Two models to compare, by their names."""

    first: str
    second: str
    by: str


@dataclass(frozen=True)
class ComparisonFiles:
    """Where a comparison stands in a data folder."""

    folder: Path

    @property
    def asked(self) -> Path:
        """What was asked for; there until it is done."""
        return self.folder / "asked.json"

    @property
    def failed(self) -> Path:
        """Why the last one came to nothing; there until the next is asked for."""
        return self.folder / "failed.txt"

    @property
    def progress(self) -> Path:
        """Of the slide that is being scored."""
        return self.folder / "progress.json"

    def of_pair(self, first: ModelHere, second: ModelHere) -> Path:
        """What came of a pair."""
        return self.folder / f"{first.digest}-{second.digest}.json"

    def scores(self, model: ModelHere, slide_id: int) -> Path:
        """A model's own scores of a slide."""
        return self.folder / model.digest / str(slide_id)


def comparison_files(workplace: Workplace) -> ComparisonFiles:
    """The files of a data folder's comparisons."""
    return ComparisonFiles(workplace.comparisons)


def ask(workplace: Workplace, first: ModelHere, second: ModelHere, *, by: str) -> None:
    """Ask for a comparison, where none is under way; `app.jobs.start.start_comparison` has it done.

    Raises
    ------
    core.store.StoreError
        Where the person may not.
    """
    who, files = workplace.store.people.require(by, Right.SEE_MODELS), comparison_files(workplace)
    if asked(workplace) is not None:
        return  # by somebody else, who waits for it
    files.failed.unlink(missing_ok=True)
    content = Asked(first=first.name, second=second.name, by=who).model_dump_json()
    write_bytes(files.asked, content.encode())


def take_back(workplace: Workplace, *, by: str) -> None:
    """Take the question back; raises as `ask` does."""
    workplace.store.people.require(by, Right.SEE_MODELS)
    comparison_files(workplace).asked.unlink(missing_ok=True)


def asked(workplace: Workplace) -> Asked | None:
    """What is being compared; None where nothing is, or the question is damaged and can be asked again."""
    try:
        return Asked.model_validate_json(comparison_files(workplace).asked.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def comparison_of(workplace: Workplace, first: ModelHere, second: ModelHere) -> ModelComparison | None:
    """What came of two models; None where they were not compared yet, or what came of them is damaged."""
    try:
        return ModelComparison.model_validate_json(
            comparison_files(workplace).of_pair(first, second).read_bytes()
        )
    except (FileNotFoundError, ValidationError):
        return None


def signed_slides(workplace: Workplace) -> tuple[SlideRecord, ...]:
    """Slides with a signed version, in the order in which they were added."""
    return tuple(record for record in workplace.store.records() if record.signatures)


def signed_hash(records: tuple[SlideRecord, ...]) -> str:
    """Changes with every slide that is signed, or signed anew."""
    text = " ".join(record.signatures[-1].sha256 for record in records)
    return hashlib.sha256(text.encode()).hexdigest()


def last_signed(record: SlideRecord) -> SignedResult:
    """The last signed version of a slide."""
    return read_document(record.signatures[-1])


def left_out(signed: SignedResult) -> int:
    """Cells of a signed result that teach nothing of a model: unread, in dispute or in doubt."""
    decided = (Decision.ACCEPTED_BY_BOTH, Decision.REJECTED)
    return sum(cell.decision not in decided for cell in signed.readings)
