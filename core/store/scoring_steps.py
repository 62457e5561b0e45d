"""What happens to the scoring of a slide, step by step; each in a transaction that its caller holds."""

from sqlalchemy import Connection

from core.store.records import ScoringStep, StoreError
from core.store.rows import slide_of
from core.store.tables import SCORING_STEPS
from core.store.writes import append, note, now
from core.wording import sentence

_STEPS_FROM = {
    ScoringStep.QUEUED: set(ScoringStep) - {ScoringStep.QUEUED},
    ScoringStep.SCORING: {ScoringStep.QUEUED},
    ScoringStep.STOPPED: {ScoringStep.QUEUED, ScoringStep.SCORING},
    ScoringStep.FAILED: {ScoringStep.SCORING},
}
"""What must have come before a step; `SCORED` comes with a result alone (`before_result`)."""


def append_step(connection: Connection, slide_id: int, step: ScoringStep, who: str, detail: str) -> None:
    """Write a step; raises `StoreError` where it cannot follow the last one."""
    last = slide_of(connection, slide_id).scoring
    if last not in _STEPS_FROM.get(step, set()):
        raise StoreError(sentence("store.step", last=last, step=step))
    append(connection, SCORING_STEPS, slide_id=slide_id, step=step, detail=detail, at=now())
    note(connection, who, f"scoring: {step}", slide_id)


def before_result(connection: Connection, slide_id: int) -> ScoringStep:
    """The last step, where a result may follow it.

    Raises `StoreError` where the slide was stopped, or queued anew, while the result was being made: it is of
    other fields, or another review budget, than the slide is to have.
    """
    last = slide_of(connection, slide_id).scoring
    if last not in {ScoringStep.SCORING, ScoringStep.SCORED}:
        raise StoreError(sentence("store.step", last=last, step=ScoringStep.SCORED))
    return last


def append_opening(connection: Connection, slide_id: int, who: str) -> None:
    """Stop a slide's scoring, done or not, because fields are about to be added."""
    append(connection, SCORING_STEPS, slide_id=slide_id, step=ScoringStep.STOPPED, detail="fields", at=now())
    note(connection, who, "fields added", slide_id)
