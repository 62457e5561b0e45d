"""Leave a block of fields or a source out, train the detector on the rest, test on the part left out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import typer
from lightning_fabric import Fabric
from numpy.typing import NDArray
from skimage.util import montage
from tqdm import tqdm

from core.cells.boxes import centre_gains, intersection_over_union, matched
from core.cells.cell_width import cell_diameter_px, locate_at
from core.cells.detection import CellDetector, Cells, ObjectKind
from core.files import write_bytes
from core.training.figures import Share
from datasets.fields import AnnotatedField
from models.detector import Detector
from models.detector_network import answer_of
from models.fusion import fuse
from scripts.cell_networks.train_detector import train_detector
from scripts.settings.configuration import DetectorSettings

BLOCKS = 5
CHULA_KEPT_OUT = 40
SCALES = (0.5, 1.0, 2.0)
SHEET_CELLS = 240
"""Located cells without a mark that are put on a sheet, to be told from false ones by eye."""
SHEET_COLUMNS = 20
TILE_PX = 72

Parts = Iterator[tuple[str, dict[str, list[AnnotatedField]], dict[str, list[AnnotatedField]]]]
"""Name of what is left out, fields to train on, fields to test on, both by source."""


def parts(fields: dict[str, list[AnnotatedField]], plan: str) -> Parts:
    """What each plan leaves out. With each block of iml_malaria go the same 40 fields of chula_rbc12."""
    if plan == "sources":
        for source in fields:
            rest = {name: part for name, part in fields.items() if name != source}
            yield source, rest, {source: fields[source]}
        return
    count = len(fields["iml_malaria"])
    kept_out = slice(-CHULA_KEPT_OUT, None)
    for block in range(BLOCKS):
        inside = range(block * count // BLOCKS, (block + 1) * count // BLOCKS)
        test = {"iml_malaria": [fields["iml_malaria"][index] for index in inside]}
        rest = {
            **fields,
            "iml_malaria": [
                field for index, field in enumerate(fields["iml_malaria"]) if index not in inside
            ],
            "chula_rbc12": fields["chula_rbc12"][:-CHULA_KEPT_OUT],
        }
        if block == 0:
            test["chula_rbc12"] = fields["chula_rbc12"][kept_out]
        yield f"block {block + 1}", rest, test


def width_of_source(fields: list[AnnotatedField], detector: CellDetector, scale: float) -> float | None:
    """Median of the cell widths estimated on up to eight fields, as scoring does on a slide.

    Estimated anew on the resized images: a width carried over from another scale would test nothing.
    """
    sample = fields[:: max(1, len(fields) // 8)][:8]
    estimates = [cell_diameter_px(resized(field.image(), scale), detector) for field in sample]
    found = [estimate for estimate in estimates if estimate is not None]
    return float(np.median(found)) if found else None


def resized(image: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """The field as a camera of another resolution would have taken it."""
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=method), np.uint8)


def red_boxes(cells: Cells) -> NDArray[np.float32]:
    """Boxes of the objects taken for red cells."""
    red: NDArray[np.float32] = cells.boxes[cells.kind == ObjectKind.RED_CELL]
    return red


def tested(fields: list[AnnotatedField], detector: CellDetector, scale: float) -> dict[str, int]:
    """Counts of marked red cells, of those found, and of objects located, at one scale of the images.

    A slide has one cell width, but `txl_pbc` and `cbc_count` are of many slides: there each field is its own.
    """
    counts = dict.fromkeys(
        ("marked", "found", "infected", "infected_found", "located", "located_unmarked"), 0
    )
    one_slide = fields[0].source in ("iml_malaria", "chula_rbc12")
    common = width_of_source(fields, detector, scale) if one_slide else None
    for field in tqdm(fields, desc=f"{fields[0].source} x{scale}", unit="field", disable=None):
        image = resized(field.image(), scale)
        own = common if one_slide else cell_diameter_px(image, detector)
        red = field.kind == ObjectKind.RED_CELL
        located = red_boxes(locate_at(image, detector, own)) if own else np.empty((0, 4), np.float32)
        if np.isnan(field.boxes[red]).any():
            gains, least = centre_gains(field.centres[red] * np.float32(scale), located), 0.0
        else:
            gains, least = intersection_over_union(field.boxes[red] * np.float32(scale), located), 0.5
        found = matched(gains, least)
        infected = field.infected[red]
        counts["marked"] += len(found)
        counts["found"] += int(found.sum())
        counts["infected"] += int(infected.sum())
        counts["infected_found"] += int(found[infected].sum())
        counts["located"] += len(located)
        counts["located_unmarked"] += len(located) - int(found.sum())
    return counts


def sheet_of_unmarked(
    fields: list[AnnotatedField], detector: CellDetector, diameter_px: float, seed: int
) -> NDArray[np.uint8]:
    """Located red cells that carry no mark, a random sample of them, each in the middle of a tile.

    Some sets mark only part of their cells, so precision cannot be read off the marks; a person can count.
    """
    tiles: list[NDArray[np.uint8]] = []
    reach = round(diameter_px * 0.75)
    for field in fields:
        image = field.image()
        located = red_boxes(locate_at(image, detector, diameter_px))
        centres = field.centres[field.kind == ObjectKind.RED_CELL]
        unmarked = located[~matched(centre_gains(centres, located).T, 0.0)]
        framed = cv2.copyMakeBorder(image, reach, reach, reach, reach, cv2.BORDER_CONSTANT)
        for x, y in np.rint(unmarked[:, :2] + unmarked[:, 2:] / 2).astype(int):
            window = framed[max(0, y) : y + 2 * reach, max(0, x) : x + 2 * reach]
            tiles.append(np.asarray(cv2.resize(window, (TILE_PX, TILE_PX)), np.uint8))
    chosen = np.sort(np.random.default_rng(seed).permutation(len(tiles))[:SHEET_CELLS])
    if not len(chosen):
        return np.zeros((0, SHEET_COLUMNS * TILE_PX, 3), np.uint8)
    shape = (-(-len(chosen) // SHEET_COLUMNS), SHEET_COLUMNS)
    sheet = montage([tiles[index] for index in chosen], fill=(0, 0, 0), grid_shape=shape, channel_axis=-1)
    return np.asarray(sheet, np.uint8)


def validate_detector(
    fields: dict[str, list[AnnotatedField]],
    settings: DetectorSettings,
    plan: str,
    fabric: Fabric,
    sheets: Path,
) -> Iterator[dict[str, Any]]:
    """One row a part, source and scale; of `chula_rbc12` also a sheet of what was located without a mark."""
    for left_out, training, test in parts(fields, plan):
        network = train_detector(training, settings, fabric)
        fuse(network)
        detector = Detector(answer_of(network, torch.device("cpu")))
        for source, unseen in test.items():
            if source == "chula_rbc12" and (diameter_px := width_of_source(unseen, detector, 1.0)):
                sheet = sheet_of_unmarked(unseen, detector, diameter_px, settings.seed)
                if len(sheet):
                    _, encoded = cv2.imencode(".png", sheet[..., ::-1])
                    write_bytes(sheets / f"{source}_unmarked.png", encoded.tobytes())
            for scale in SCALES:
                counts = tested(unseen, detector, scale)
                recall = Share(counts["found"], counts["marked"])
                row = {"left_out": left_out, "source": source, "scale": scale, **counts}
                typer.echo(
                    f"{row}  recall {recall.value:.4f} ({recall.interval[0]:.4f}-{recall.interval[1]:.4f})"
                )
                yield row
