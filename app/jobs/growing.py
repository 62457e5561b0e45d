"""More fields for a slide that is here: never for one that is signed, whoever signs it meanwhile."""

from collections.abc import Callable, Iterable
from pathlib import Path

from app.jobs.intake import HandedIn, TakenFiles, add_files
from app.workplace import Workplace
from core.store import ScoringStep, StoredSlide


def add_fields(
    workplace: Workplace,
    slide: StoredSlide,
    files: Iterable[HandedIn],
    *,
    by: str,
    check: Callable[[Path], None],
) -> TakenFiles:
    """Add images to a slide's folder and have it scored again: all of them or none.

    `check` is called with the folder in which they wait: what it raises keeps them out, and changes nothing.

    Before the first of them is moved in, the slide is put on record as stopped: from then on nobody can sign
    it, and whoever is signing it is refused. A kill in between leaves it stopped, to be gone on with.

    Raises
    ------
    app.jobs.intake.IntakeError, core.files.OutputError
        As `app.jobs.intake.add_files` does.
    core.store.StoreError
        Where the slide is signed, also by now; nothing was added.
    """

    def open_slide(waiting: Path) -> None:
        check(waiting)
        workplace.store.open_for_fields(slide.id, by=by)

    taken = add_files(files, slide.folder, before_moving=open_slide)
    workplace.store.note_scoring(slide.id, ScoringStep.QUEUED, by=by)
    return taken
