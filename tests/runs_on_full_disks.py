"""A run on a disk that becomes full in the middle of it, and the same command when there is room again."""

import re
from dataclasses import dataclass
from pathlib import Path

from core.files import OutputError
from core.results.folder import ResultFolderError, read_result_folder
from core.scoring.batch import score_slides
from core.scoring.ledger import Ledger
from core.scoring.workers import LocalWorkers
from core.slides import find_slides
from tests.coloured_cells import DotCard, NoProgress, load_models, options
from tests.full_disk import Disk, in_child
from tests.output_files import contents, differences


@dataclass(frozen=True)
class Broken:
    """What came of a run on a disk that became full.

    Attributes
    ----------
    changes
        To the disk, till the run ended.
    faults
        What was wrong: an error that is not said, a result that is not whole, other bytes after resuming.
    """

    changes: int
    faults: tuple[str, ...]


def run(slide: Path, out: Path, budget: int) -> None:
    """Score as the command does, in this process; a slide that is not scored is an error."""
    with LocalWorkers(load_models, 1) as workers:
        batch = score_slides(
            [find_slides([slide])], out, DotCard(), workers, options(review_budget=budget), NoProgress()
        )
    assert batch.slides_not_scored == (), batch.slides_not_scored


def undisturbed(slide: Path, out: Path, budget: int) -> dict[str, bytes]:
    """The files of a run on a disk with room."""
    said = in_child(lambda: _said(slide, out, budget))
    assert said == "done", said
    return contents(out)


def broken(
    slide: Path, out: Path, budget: int, full_at: int, room_bytes: int | None, results: list[dict[str, bytes]]
) -> Broken:
    """Run with the disk full from a change on, look at what is there, and run with room.

    Parameters
    ----------
    out
        Empty, or with an earlier result.
    full_at, room_bytes
        As for `tests.full_disk.Disk`.
    results
        What may be there whole: earlier results, and last the one that must come of it.
    """

    def on_full_disk() -> str:
        disk = Disk(out, full_at, room_bytes)
        return f"{_said(slide, out, budget)} {disk.changes}"

    said, _, changes = in_child(on_full_disk).rpartition(" ")
    if not changes.isdigit() or said not in ("done", "full"):
        return Broken(0, (f"not said: {said} {changes}",))
    faults = [*_not_whole(out, results)]
    if said == "done" and int(changes) >= full_at and room_bytes is not None:
        faults += [f"said to be done: {name}" for name in differences(results[-1], contents(out))]
    if (said := in_child(lambda: _said(slide, out, budget))) != "done":
        faults.append(f"not resumed: {said}")
    faults += differences(results[-1], contents(out))
    return Broken(int(changes), tuple(faults))


def _said(slide: Path, out: Path, budget: int) -> str:
    Ledger.FIELDS_IN_A_PART = 2  # so that few fields are several parts; of this fork alone
    try:
        run(slide, out, budget)
    except OutputError as error:
        return "full" if re.fullmatch("cannot write .*", str(error)) else str(error)
    return "done"


def _not_whole(out: Path, results: list[dict[str, bytes]]) -> list[str]:
    """What is wrong with a result that is there: that it is half of one, or mixed."""
    if not (out / "slide" / "result.json").exists():
        return []
    try:
        read_result_folder(out / "slide")
    except ResultFolderError as error:
        return [f"half of a result: {error}"]
    of_slide = [{name: data for name, data in one.items() if name.startswith("slide/")} for one in results]
    found = {
        name: data
        for name, data in contents(out).items()
        if name.startswith("slide/") and ".part" not in name
    }
    return [] if found in of_slide else ["a result of which files are another's"]
