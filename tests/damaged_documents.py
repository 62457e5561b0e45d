"""How what is no image is read: results, ledgers, databases, archives, annotations, cards, settings.

A result that is read from files that were damaged must be the one that they held.
"""

import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from app.jobs.intake import take_in_files
from app.jobs.progress import ScoringProgress, read_progress
from core.results.features import FEATURES
from core.results.folder import LIST, features_of, read_result_folder
from core.review import sign
from core.scoring.ledger import kept_captions, kept_field
from core.scoring.slide_run import LEDGER_FOLDER, score_slide
from core.scoring.workers import LocalWorkers
from core.slides import open_slide
from core.store import Role, Store
from datasets.boxed_images.layouts import examined
from datasets.boxed_images.voc_annotation import voc_annotation
from datasets.malaria_fields import iml_malaria
from datasets.reviewed_cells import reviewed_cells, write_reviewed_cells
from models.cards import RELEASED, SecondLookCard, read_card
from models.weights import Weights
from scripts.settings.configuration import read_settings
from tests.coloured_cells import DotCard, NoProgress, load_models, options, save_slide
from tests.damaged_reading import Files, Readable
from tests.scored_slides import PARASITE, read_all, scored_slide

CONFIGURATIONS = RELEASED.parent / "configs"
BOXES = (
    "path,wnid,name,width_px,height_px,x0,y0,x1,y1\n"
    "field1.png,n1,ring,240,200,1,2,30,40\nfield2.png,n2,none,240,200,5,5,60,70\n"
)
VOC = (
    "<annotation><size><width>240</width><height>200</height></size><object><name>ring</name>"
    "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40</ymax></bndbox></object></annotation>"
)
IML = json.dumps(
    [{"image_name": "a.png", "objects": [{"type": "ring", "bbox": {"x": 1, "y": 2, "w": 30, "h": 40}}]}]
)


class _Handed(io.BytesIO):
    def __init__(self, path: Path) -> None:
        super().__init__(path.read_bytes())
        self.name = path.name


def _score_again(folder: Path) -> None:
    """Go on with a run whose ledger may be damaged; what comes of it must be the result."""
    with LocalWorkers(load_models, 1) as workers:
        score_slide(
            open_slide(folder / "slide", name="slide"),
            folder / "out",
            DotCard(),
            workers,
            options(),
            NoProgress(),
        )
    for name, content in _SCORED.items():
        if name.startswith("out/") and Path(name).name in ("cells.parquet", "result.json", "candidates.csv"):
            assert (folder / name).read_bytes() == content, f"{name} is another"


def _read_kept(folder: Path) -> None:
    """What a map on demand takes from a ledger."""
    for field in ("field1.png", "field4.png"):
        kept_field(folder / "out" / LEDGER_FOLDER, field, DotCard().identity)
    kept_captions(folder / "out" / LEDGER_FOLDER)


def _take_in(folder: Path) -> None:
    """Take a result into a store, which reads all of it, and its features."""
    read = read_result_folder(folder / "out")
    features_of(folder / "out", read.sha256)
    features_of.cache_clear()


def _open_store(folder: Path) -> None:
    store = Store.in_folder(folder)
    try:
        store.records()
        store.audit()
        store.read(1, 2, PARASITE, reader="Anna", role=Role.FIRST)
    finally:
        store.close()


def _hand_in(folder: Path) -> None:
    (archive,) = folder.iterdir()
    taken = take_in_files([_Handed(archive)], folder / "new")
    assert {file.name for file in (folder / "new").iterdir()} == set(taken.images)


def _ignoring(read: Callable[[Path], object]) -> Callable[[Path], None]:
    """A reader of which only is asked whether it can."""

    def ask(path: Path) -> None:
        read(path)

    return ask


def _contents(folder: Path, first: str) -> Files:
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {first: files[first]} | files


def _scored_slide() -> Files:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        slide = save_slide(folder / "slide", fields=5)
        with LocalWorkers(load_models, 1) as workers:
            score_slide(
                open_slide(slide, name="slide"),
                folder / "out",
                DotCard(),
                workers,
                options(),
                NoProgress(),
            )
        return _contents(folder, "out/result.json")


def _database(*, with_log: bool) -> Files:
    with tempfile.TemporaryDirectory() as scratch:
        store = Store.in_folder(Path(scratch))
        record = scored_slide(store, Path(scratch), listed=4)
        store.read(1, record.candidates[0].id, PARASITE, reader="Anna", role=Role.FIRST)
        if with_log:  # what SQLite has not brought into the file yet, as after a power cut
            files = _contents(Path(scratch), "smearscope.sqlite-wal")
            store.close()
            return files
        store.close()
        return _contents(Path(scratch), "smearscope.sqlite")


def _archive() -> Files:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _SCORED.items():
            archive.writestr(name, content)
    return {"slide.zip": packed.getvalue()}


def _reviewed() -> Files:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        store = Store.in_folder(folder / "data")
        record = scored_slide(store, folder, listed=4)
        read_all(store, record, "++--", reader="Anna", role=Role.FIRST)
        read_all(store, record, "++--", reader="Ben", role=Role.SECOND)
        sign(store, 1, by="Anna")
        write_reviewed_cells(folder / "cells", store.records())
        store.close()
        return _contents(folder / "cells", "index.csv")


_SCORED = _scored_slide()
_FIELDS = {Path(name).name: content for name, content in _SCORED.items() if name.startswith("slide/")}
_PARTS = [name for name in _SCORED if ".ledger/part" in name]


def _damaging(first: str, read: Callable[[Path], None]) -> Readable:
    return Readable({first: _SCORED[first]} | _SCORED, read)


DOCUMENTS = {
    "run continued, manifest": _damaging("out/.ledger/manifest.json", _score_again),
    "run continued, part": _damaging(_PARTS[0], _score_again),
    "run continued, result": _damaging("out/result.json", _score_again),
    "map on demand, manifest": _damaging("out/.ledger/manifest.json", _read_kept),
    "map on demand, part": _damaging(_PARTS[0], _read_kept),
    **{
        f"result taken in, {name}": _damaging(f"out/{name}", _take_in)
        for name in ("result.json", "cells.parquet", "fields.parquet", FEATURES, LIST)
    },
    "database": Readable(_database(with_log=False), _open_store),
    "database, log": Readable(_database(with_log=True), _open_store),
    "zip handed in": Readable(_archive(), _hand_in),
    "reviewed cells": Readable(_reviewed(), _ignoring(reviewed_cells)),
    "boxes of images": Readable({"boxes.csv": BOXES.encode()} | _FIELDS, _ignoring(examined)),
    "annotation of a picture": Readable(
        {"a.xml": VOC.encode()}, lambda folder: _ignoring(voc_annotation)(folder / "a.xml")
    ),
    "annotations of fields": Readable({"annotations.json": IML.encode()}, _ignoring(iml_malaria)),
    "card of a model": Readable(
        {"card.json": (RELEASED / "second_look.json").read_bytes()},
        lambda folder: _ignoring(lambda path: read_card(path, SecondLookCard))(folder / "card.json"),
    ),
    "weights": Readable(
        {"w.safetensors": (RELEASED / "classifier.safetensors").read_bytes()},
        lambda folder: _ignoring(Weights)(folder / "w.safetensors"),
    ),
    "settings": Readable(
        {"s.yaml": (CONFIGURATIONS / "guided.yaml").read_bytes()},
        lambda folder: _ignoring(read_settings)(folder / "s.yaml"),
    ),
    "progress": Readable(
        {"1.json": json.dumps(asdict(ScoringProgress(5, 2, 60, 2, 1.5))).encode()},
        lambda folder: _ignoring(read_progress)(folder / "1.json"),
    ),
}
