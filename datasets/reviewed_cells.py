"""Cells that readers decided on, from signed slides to a folder that trainings read beside published sets.

The folder holds `index.csv`, one row a cell, a PNG of each with its surroundings, and what the second look
saw in them (`datasets.laboratory_cells`). Patients are numbered: cells of one patient have one number in
common, by which no split cuts through them. Names of field images stand in `index.csv` as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.cells.crops import disk_masks, raw_crops
from core.errors import SmearscopeError
from core.files import read_csv, replacing_folder, shown_path, write_csv
from core.results.folder import ResultFolderError
from core.review import Decision, SignedResult, read_document
from core.review.learned_list import seen_list
from core.review.signed_result import SignedCell
from core.slides import open_slide
from core.slides.pixels import encoded
from core.store import Case, Role, SlideRecord
from datasets.cells import STORED_SIZE_PX, CellSet
from datasets.fields import AnnotationError, read_rgb, reading
from datasets.laboratory_cells import SeenCell, write_seen_cells

TRUTH = {Decision.ACCEPTED_BY_BOTH: 1, Decision.REJECTED: 0}
"""Accepted by two; rejected by two, or by the only reader. A cell of any other decision teaches nothing."""

_VIEW_OVER_CELL = 2.0
_BOX = ("x", "y", "width", "height")
_COLOUR = ("red", "green", "blue")
_COLUMNS = (
    "path",
    "infected",
    "patient",
    *_BOX,
    *_COLOUR,
    "slide",
    "signed_sha256",
    "field",
    "decision",
    "stages",
    *Role,
)


class ExportError(SmearscopeError):
    """Reviewed cells that cannot be written as asked; nothing was."""


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes
    ----------
    slides
        Signed slides, whose cells were written.
    infected, healthy
        Cells.
    left_out
        Cells of these slides that were unread, disputed, doubtful or accepted by one reader alone.
    beyond_field
        Cells decided on of which no middle lies on their field: earlier versions let them be marked.
    """

    slides: tuple[SlideRecord, ...]
    infected: int
    healthy: int
    left_out: int
    beyond_field: int


def write_reviewed_cells(folder: Path, records: Sequence[SlideRecord]) -> Exported:
    """Write the cells of the signed slides among `records`, by the last signed version of each.

    Raises
    ------
    ExportError
        Where `folder` is there already, or no slide is signed.
    SmearscopeError
        Where the images of a slide cannot be read any more.
    core.files.OutputError
        Where the folder cannot be written.
    """
    if folder.exists():
        raise ExportError(f"{shown_path(folder)} exists already: give another --out")
    signed = tuple(record for record in records if record.signatures)
    if not signed:
        raise ExportError("no slide is signed: only cells of signed slides are written")
    patients = patient_numbers([record.case for record in signed])
    left_out, beyond_field = 0, 0
    rows: list[dict[str, object]] = []
    seen: list[SeenCell] = []
    with replacing_folder(folder) as temporary:
        for record in signed:
            document = read_document(record.signatures[-1])
            decided = [cell for cell in document.readings if cell.decision in TRUTH]
            left_out += len(document.readings) - len(decided)
            written = _write_cells(temporary, record, document, decided, patients[record.case.id])
            beyond_field += len(decided) - len(written)
            rows += written
            seen += _seen_cells(record, decided, {str(row["path"]) for row in written})
        write_csv(temporary / "index.csv", _COLUMNS, ([row[name] for name in _COLUMNS] for row in rows))
        write_seen_cells(temporary, seen)
    infected = sum(row["infected"] == 1 for row in rows)
    return Exported(
        signed,
        infected=infected,
        healthy=len(rows) - infected,
        left_out=left_out,
        beyond_field=beyond_field,
    )


def reviewed_cells(root: Path) -> CellSet:
    """Cells as `write_reviewed_cells` wrote them; their group is the patient.

    Raises
    ------
    AnnotationError
        Naming the file and line that does not follow the layout.
    """
    index = root / "index.csv"
    if not index.is_file():
        raise AnnotationError(
            f"{index}: missing; give a folder of `smearscope export --format reviewed_cells`"
        )
    with reading(index, "the file"), index.open(encoding="utf-8", newline="") as file:
        rows = list(read_csv(file))
    if not rows:
        raise AnnotationError(f"{index}: lists no cell; export slides whose cells were decided on")
    crops, masks, colours = [], [], []
    for line, row in enumerate(rows, start=2):
        try:
            box = np.array([[float(row[side]) for side in _BOX]], np.float32)
            colours.append([float(row[channel]) for channel in _COLOUR])
            known = row["infected"] in ("0", "1") and bool(row["patient"]) and bool((box[:, 2:] > 0).all())
        except (KeyError, TypeError, ValueError) as error:
            raise AnnotationError(f"{index}: line {line}: {error!r}; export the cells anew") from error
        if not known:
            raise AnnotationError(f"{index}: line {line}: no truth, patient or box; export the cells anew")
        crops.append(raw_crops(read_rgb(root / row["path"]), box, STORED_SIZE_PX))
        masks.append(disk_masks(box, STORED_SIZE_PX))
    return CellSet(
        crops=np.concatenate(crops),
        masks=np.concatenate(masks),
        colour=np.array(colours, np.float32),
        infected=np.array([row["infected"] == "1" for row in rows]),
        source=np.full(len(rows), "reviewed_cells"),
        group=np.array([row["patient"] for row in rows]),
    )


def patient_numbers(cases: Sequence[Case]) -> dict[int, str]:
    """A name for the patient of each case that tells nothing of them, and is one for all their cases.

    Patients are the same where what was entered is, but for capitals and blanks. A case whose patient was
    erased or never entered stands for itself.
    """
    first: dict[str, int] = {}
    numbers = {}
    for case in sorted(cases, key=lambda case: case.id):
        entered = " ".join((case.patient or "").split()).casefold()
        number = first.setdefault(entered, case.id) if entered else case.id
        numbers[case.id] = f"patient_{number}"
    return numbers


def _write_cells(
    folder: Path,
    record: SlideRecord,
    document: SignedResult,
    cells: Sequence[SignedCell],
    patient: str,
) -> list[dict[str, object]]:
    """Write what lies on its field; give the rows of these cells."""
    slide, written = open_slide(record.slide.folder), []
    images: dict[str, NDArray[np.uint8]] = {}
    for cell in sorted(cells, key=lambda cell: cell.field):
        if cell.field not in images:
            images = {cell.field: slide.read_field(cell.field).image}
        if not _lies_on(images[cell.field], cell):
            continue
        image, left, top = _view(images[cell.field], cell)
        path = _path_of(record, cell)
        (folder / path).write_bytes(encoded(image, ".png"))
        stages = {str(reading.stage) for reading in cell.readings if reading.stage}
        said = {reading.role: f"{reading.reader}: {reading.call}" for reading in cell.readings}
        written.append(
            {
                "path": path,
                "infected": TRUTH[cell.decision],
                "patient": patient,
                **dict(zip(_BOX, (cell.x - left, cell.y - top, cell.width, cell.height), strict=True)),
                **dict(zip(_COLOUR, document.reference.cell_colour, strict=True)),
                "slide": record.slide.id,
                "signed_sha256": record.signatures[-1].sha256,
                "field": cell.field,
                "decision": str(cell.decision),
                "stages": " ".join(sorted(stages)),
                **{str(role): said.get(role, "") for role in Role},
            }
        )
    return written


def _path_of(record: SlideRecord, cell: SignedCell) -> str:
    return f"{record.slide.id}_{cell.candidate}.png"


def _seen_cells(record: SlideRecord, cells: Sequence[SignedCell], paths: set[str]) -> list[SeenCell]:
    """What the second look saw in the cells that have one of these paths; nothing where that was not kept."""
    try:
        seen = None if record.taken_in is None else seen_list(record.taken_in)
    except ResultFolderError:
        seen = None
    if seen is None or record.taken_in is None:
        return []
    model = record.taken_in.result.model.identity
    found = [
        (_path_of(record, cell), seen.index_at.get((cell.field, (cell.x, cell.y, cell.width, cell.height))))
        for cell in cells
    ]
    return [
        SeenCell(path, model, float(seen.log_odds[index]), seen.features[index])
        for path, index in found
        if index is not None and path in paths
    ]


def _lies_on(image: NDArray[np.uint8], cell: SignedCell) -> bool:
    """Whether the middle of a cell lies on its field, as `core.store` asks of every mark by now."""
    height, width = map(int, image.shape[:2])
    return 0 <= cell.x + cell.width / 2 < width and 0 <= cell.y + cell.height / 2 < height


def _view(image: NDArray[np.uint8], cell: SignedCell) -> tuple[NDArray[np.uint8], int, int]:
    """What of a field lies around a cell, and where it begins.

    It begins at even pixels: `core.cells.crops.raw_crops`, which rounds halves to even, then cuts the same
    crop from it as from the field; only what lies beyond the field takes the view's own background.
    """
    reach = _VIEW_OVER_CELL / 2 * max(cell.width, cell.height)
    left = max(0, 2 * int((cell.x + cell.width / 2 - reach) // 2))
    top = max(0, 2 * int((cell.y + cell.height / 2 - reach) // 2))
    right, bottom = int(cell.x + cell.width / 2 + reach) + 1, int(cell.y + cell.height / 2 + reach) + 1
    return image[top:bottom, left:right], left, top
