"""The first of a slide's list: drawn with their activation maps and written for review."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.cells.crops import CROP_CELL_DIAMETER_PX, background_colour, cut_crops
from core.cells.scored_field import ScoringModels
from core.reports.candidates import TILE_PX, CandidatePicture, candidate_image, contact_sheet
from core.reports.review_tiles import cut_out, window_around
from core.results.fields import FieldRow
from core.results.tables import CellRows, RankedCell, first_ranked, image_name, write_candidates_list
from core.scoring.field_pictures import FieldCandidates
from core.scoring.field_tasks import SlideInWork, read_as_scored
from core.scoring.ledger import Ledger
from core.scoring.workers import Workers
from core.slides.pixels import encoded, resized

VIEW_PX = 192
VIEW_OVER_CROP = 2.0
"""How much further a view for people reaches than the classifier's crop."""


def candidates_by_field(
    ledger: Ledger, rows: Sequence[FieldRow], cells: CellRows, review_budget: int
) -> tuple[FieldCandidates, ...]:
    """The first `review_budget` objects of a slide's list, field by field."""
    listed: dict[str, list[RankedCell]] = defaultdict(list)
    for cell in first_ranked(rows, cells, review_budget):
        listed[cell.field].append(cell)
    others = cells.whole & (cells.rank > review_budget)
    bounds = np.searchsorted(cells.field, np.arange(len(rows) + 1)).tolist()
    by_field = []
    for number, row in enumerate(rows):
        scored = ledger.get(row.name).scored if row.name in listed else None
        if scored is not None:
            here = slice(bounds[number], bounds[number + 1])
            by_field.append(
                FieldCandidates(
                    field=row.name,
                    content_hash=scored.content_hash,
                    cell_colour=scored.cell_colour,
                    feature_statistics=scored.feature_statistics,
                    cells=tuple(listed[row.name]),
                    other_boxes=cells.boxes[here][others[here]],
                )
            )
    return tuple(by_field)


def write_candidates(
    folder: Path,
    by_field: Sequence[FieldCandidates],
    slide: SlideInWork,
    *,
    looked_at: int,
    evaluable: int,
    workers: Workers[ScoringModels],
) -> None:
    """Write into an empty folder: an image a candidate, `candidates.csv` with the list, `contact_sheet.jpg`.

    Raises
    ------
    UnreadableImageError
        Where a field cannot be read any more, or is not the one that was scored.
    core.files.OutputError
        Where the folder cannot be written.
    """
    thumbnails: dict[int, CandidatePicture] = {}
    for _, drawn in workers.map(draw_candidates, [(slide, one) for one in by_field]):
        for thumbnail, png in drawn:
            (folder / image_name(thumbnail.rank)).write_bytes(png)
            thumbnails[thumbnail.rank] = thumbnail
    write_candidates_list(folder / "candidates.csv", ranked_list(by_field))
    drawn_first = [thumbnails[rank] for rank in sorted(thumbnails)]
    sheet = contact_sheet(slide.name, drawn_first, looked_at=looked_at, evaluable=evaluable)
    (folder / "contact_sheet.jpg").write_bytes(encoded(sheet, ".jpg"))


def ranked_list(by_field: Sequence[FieldCandidates]) -> list[RankedCell]:
    """All candidates of a slide, by rank."""
    return sorted((cell for one in by_field for cell in one.cells), key=lambda cell: cell.rank)


def draw_candidates(
    models: ScoringModels, task: tuple[SlideInWork, FieldCandidates]
) -> list[tuple[CandidatePicture, bytes]]:
    """Draw the candidates of one field: each as a thumbnail and as the PNG for review, map beside cell."""
    slide, candidates = task
    image = read_as_scored(slide, candidates.field, candidates.content_hash).image
    if slide.reference is None:
        raise ValueError(f"{slide.name}: no reference to draw its candidates by")
    looked_at = slide.reference.burned_in.painted_over(image)  # as they were scored
    boxes = np.array([cell.box for cell in candidates.cells], np.float32)
    crop_size_px = models.classifier.crop_size_px
    maps = models.classifier.activation_map(
        cut_crops(looked_at, boxes, candidates.cell_colour, crop_size_px), candidates.feature_statistics
    )
    if slide.pictures is not None:
        slide.pictures.of_candidates(image, candidates, maps)
    cell_widths = crop_size_px / CROP_CELL_DIAMETER_PX * VIEW_OVER_CROP
    drawn, beyond = [], background_colour(image)
    for cell, activation_map in zip(candidates.cells, maps, strict=True):
        candidate = CandidatePicture(
            rank=cell.rank,
            score=cell.infected_score,
            why_not=cell.why_not,
            field_name=cell.field,
            crop=cut_out(image, window_around(cell.box, cell_widths), VIEW_PX, beyond),
            activation_map=_map_of_view(activation_map),
            cell_width_px=VIEW_PX / cell_widths,
        )
        thumbnail = replace(
            candidate,
            crop=resized(candidate.crop, TILE_PX),
            activation_map=np.zeros((TILE_PX, TILE_PX), np.float32),  # the sheet shows none
            cell_width_px=candidate.cell_width_px * TILE_PX / VIEW_PX,
        )
        drawn.append((thumbnail, encoded(candidate_image(candidate), ".png")))
    return drawn


def _map_of_view(activation_map: NDArray[np.float32]) -> NDArray[np.float32]:
    """The classifier's map in the middle of the view; it has none further out."""
    inner = round(VIEW_PX / VIEW_OVER_CROP)
    rim = (VIEW_PX - inner) // 2
    view = np.zeros((VIEW_PX, VIEW_PX), np.float32)
    view[rim : rim + inner, rim : rim + inner] = cv2.resize(
        activation_map, (inner, inner), interpolation=cv2.INTER_LINEAR
    ).clip(0, 1)
    return view
