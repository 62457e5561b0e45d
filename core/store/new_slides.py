"""Writing a case, and slides into it; in a transaction that the caller holds."""

import secrets
from pathlib import Path

from sqlalchemy import Connection, select

from core.files import shown_path
from core.store.places import kept_place
from core.store.records import Case, ScoringStep, StoredSlide, StoreError
from core.store.rows import case_of, slide_of
from core.store.tables import CASES, SCORING_STEPS, SLIDES
from core.store.writes import append, hold_table, note, now
from core.wording import sentence


def append_case(connection: Connection, who: str, patient: str) -> Case:
    """Write a case; `patient` is kept as entered."""
    at, salt = now(), secrets.token_hex(16)
    number = append(connection, CASES, patient=patient, salt=salt, created_at=at)
    note(connection, who, "case added", case=number)
    return Case(number, patient, salt, at)


def append_slide(
    connection: Connection, who: str, case_id: int, name: str, folder: Path, um_per_pixel: float | None
) -> StoredSlide:
    """Write a slide of a case and queue it for scoring.

    Raises
    ------
    StoreError
        Where there is no such case, or the folder is another slide's.
    """
    at = now()
    hold_table(connection, SLIDES)
    case_of(connection, case_id)
    kept, folder = kept_place(connection, folder), folder.absolute()
    same = connection.execute(select(SLIDES.c.id).where(SLIDES.c.folder == kept)).first()
    if same is not None:
        raise StoreError(
            sentence(
                "store.same_folder",
                folder=shown_path(folder),
                slide=shown_path(slide_of(connection, same.id).name),
            )
        )
    number = append(
        connection,
        SLIDES,
        case_id=case_id,
        name=name,
        folder=kept,
        um_per_pixel=um_per_pixel,
        added_at=at,
    )
    append(connection, SCORING_STEPS, slide_id=number, step=ScoringStep.QUEUED, detail="", at=at)
    note(connection, who, "slide added", number, case=case_id)
    return StoredSlide(number, case_id, name, folder, um_per_pixel, at, ScoringStep.QUEUED, "")
