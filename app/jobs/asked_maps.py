"""Activation maps of any cell, made when they are first asked for, by a process that has the networks loaded.

What is asked for is a file, so that a request outlives the server and the process that was to answer it.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from app.jobs.start import start_maps
from app.pictures.tiles import NoMapYetError, NoTileError, Picture
from app.workplace import Workplace
from core.files import write_bytes
from core.scoring.slide_run import LEDGER_FOLDER
from core.store import Candidate, Slide, TakenIn

REFUSED_SECONDS = 60
"""A refusal holds for this long: a full disk or a folder out of reach is mended some time."""


@dataclass(frozen=True)
class AskedMap:
    """The maps of one cell, as the result of its slide asks for them."""

    slide_id: int
    result_id: int
    candidate_id: int

    def asked(self, folder: Path) -> Path:
        """The file that asks."""
        return folder / f"{self.slide_id}-{self.result_id}-{self.candidate_id}.asked"

    def refused(self, folder: Path) -> Path:
        """The file that says why there is none."""
        return folder / f"{self.slide_id}-{self.result_id}-{self.candidate_id}.refused"

    def why_refused(self, folder: Path) -> str | None:
        """Why there is none; None where that was not tried, or not lately."""
        file = self.refused(folder)
        try:
            lately = time.time() - file.stat().st_mtime < REFUSED_SECONDS
            return file.read_text(encoding="utf-8") if lately else None
        except FileNotFoundError:
            return None


def asked_for(folder: Path) -> tuple[AskedMap, ...]:
    """What is asked for, what was asked for last first: somebody is looking at it."""
    ages: dict[Path, int] = {}
    for file in folder.glob("*.asked"):
        try:
            ages[file] = file.stat().st_mtime_ns
        except FileNotFoundError:
            continue  # answered meanwhile
    return tuple(
        AskedMap(*map(int, file.stem.split("-"))) for file in sorted(ages, key=ages.__getitem__, reverse=True)
    )


def map_picture(
    workplace: Workplace, slide: Slide, taken_in: TakenIn, candidate: Candidate, kind: str
) -> Picture | None:
    """The picture of a map; None where it is being made and to be asked for again.

    Parameters
    ----------
    kind
        ``map-`` and the name of a method.

    Raises
    ------
    NoTileError
        Where there can be none.
    """
    try:
        return workplace.tiles.picture(slide, taken_in, candidate, kind)
    except NoMapYetError:
        if not (taken_in.folder / LEDGER_FOLDER).is_dir():
            raise NoTileError("the scores that the slide's result was made from are gone") from None
        wanted, folder = AskedMap(slide.id, taken_in.id, candidate.id), workplace.asked_maps
        if (why := wanted.why_refused(folder)) is not None:
            raise NoTileError(why) from None
        if not wanted.asked(folder).exists():
            folder.mkdir(parents=True, exist_ok=True)
            write_bytes(wanted.asked(folder), b"")
        start_maps(workplace)
        return None
