"""The process that makes the maps that readers ask for; `app.jobs.start.start_maps` starts it."""

import sys
import time
from functools import lru_cache
from pathlib import Path

import numpy as np

from app.jobs.asked_maps import AskedMap, asked_for
from app.jobs.models_here import model_of_identity
from app.jobs.scoring_process import DEVICE
from app.jobs.start import has_lock
from app.pictures.tiles import METHODS, decoded_field, pictured_cell
from app.workplace import Workplace, open_workplace
from core.cells.crops import cut_crops
from core.errors import SmearscopeError
from core.files import write_bytes
from core.scoring.ledger import kept_captions, kept_field
from core.scoring.priority import give_way
from core.scoring.slide_run import LEDGER_FOLDER
from core.store import Candidate, SlideRecord, StoredSlide, TakenIn
from models.loading import Models, load_models

SECONDS_BETWEEN = 0.1
IDLE_SECONDS = 300
MOST_AT_ONCE = 16
NICE = 5
"""Readers and their pages come before maps."""


def answer(workplace: Workplace) -> bool:
    """Make the maps that were asked for last, with others of the same field; give whether there were any."""
    folder = workplace.asked_maps
    asked = asked_for(folder)
    if not asked:
        return False
    try:
        record, taken_in = _slide_of(workplace, asked[0])
        cells = {candidate.id: candidate for candidate in record.candidates}
        first = cells[asked[0].candidate_id]
        together = [
            cell
            for one in asked
            if one.result_id == taken_in.id
            and (cell := cells.get(one.candidate_id)) is not None
            and cell.field == first.field
        ][:MOST_AT_ONCE]
        make_maps(workplace, record.slide, taken_in, together)
    except SmearscopeError as error:
        _refuse(folder, asked[0], str(error))
        return True
    except Exception:
        # Whoever asked is told. What state this process is in nobody knows: the next who asks begins another.
        _refuse(folder, asked[0], f"unexpected error: see {workplace.jobs / 'log.txt'}")
        raise
    made = {candidate.id for candidate in together}
    for one in asked:
        if one.result_id == asked[0].result_id and one.candidate_id in made:
            one.asked(folder).unlink(missing_ok=True)
    return True


def _slide_of(workplace: Workplace, wanted: AskedMap) -> tuple[SlideRecord, TakenIn]:
    """The slide of a cell, and the result whose maps are asked for."""
    record = workplace.store.record(wanted.slide_id)
    if record.taken_in is None or record.taken_in.id != wanted.result_id:
        # Maps by the model of another result are not what the page waits for.
        raise SmearscopeError("the slide has a new result: load the page again")
    return record, record.taken_in


def make_maps(
    workplace: Workplace, found: StoredSlide, taken_in: TakenIn, candidates: list[Candidate]
) -> None:
    """Make and keep the maps of some cells of one field, by the model of the slide's result.

    Raises
    ------
    SmearscopeError
        Where the model or its scores are gone, or the field cannot be read any more.
    """
    field, identity = candidates[0].field, taken_in.result.model.identity
    models = _loaded(model_of_identity(workplace, identity).source, identity)
    scored = kept_field(taken_in.folder / LEDGER_FOLDER, field, identity)
    if scored is None:
        raise SmearscopeError("the scores that the slide's result was made from are gone")
    decoded = decoded_field(found.folder, taken_in.id, field, scored.content_hash)
    image = kept_captions(taken_in.folder / LEDGER_FOLDER).painted_over(decoded)
    boxes = np.array([candidate.box for candidate in candidates], np.float32)
    crops = cut_crops(image, boxes, scored.cell_colour, models.classifier.crop_size_px)
    cells = [pictured_cell(taken_in, candidate) for candidate in candidates]
    for method in METHODS:
        missing = [
            number
            for number, cell in enumerate(cells)
            if not workplace.tiles.has_map(found.id, identity, cell, method)
        ]
        maps = models.classifier.map_by(method, crops[missing], scored.feature_statistics)
        for number, activation_map in zip(missing, maps, strict=True):
            workplace.tiles.keep_maps(found.id, identity, cells[number], {method: activation_map})


@lru_cache(maxsize=2)
def _loaded(source: str, _identity: str) -> Models:
    """The networks of a model; `_identity` tells those of replaced files from those before."""
    return load_models(source, DEVICE)


def _refuse(folder: Path, wanted: AskedMap, why: str) -> None:
    write_bytes(wanted.refused(folder), why.encode())
    wanted.asked(folder).unlink(missing_ok=True)


def main(folder: Path) -> None:
    """Answer until nobody has asked for a while."""
    give_way(NICE)
    workplace = open_workplace(folder)
    if not has_lock(workplace.asked_maps):
        return
    asked_last = time.monotonic()
    while time.monotonic() - asked_last < IDLE_SECONDS:
        if answer(workplace):
            asked_last = time.monotonic()
        else:
            time.sleep(SECONDS_BETWEEN)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
