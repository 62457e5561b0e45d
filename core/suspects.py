"""The suspected cells of a slide, ranked, drawn with their activation maps and written for review."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.atomic import replacing_folder
from core.classification import FeatureStatistics
from core.crops import CELL_DIAMETER_PX, cut_crops
from core.csv_files import write_csv
from core.field_scoring import ScoringModels, SlideInWork, read_field
from core.reports.candidates import TILE_PX, Candidate, candidate_image, contact_sheet
from core.reports.drawing import encoded, resized
from core.workers import Workers

VIEW_PX = 192
VIEW_OVER_CROP = 2.0
"""How much further a view for people reaches than the classifier's crop."""


@dataclass(frozen=True)
class Suspect:
    """A cell called infected.

    Attributes
    ----------
    rank
        1 for the highest score of the slide.
    score
        Infected score in [0, 1].
    field_name
        Where it lies.
    box
        x, y, width, height in pixels of the field's image.
    cell_colour
        Red, green, blue of the field's typical cell, by which the suspect was normalised.
    feature_statistics
        What the classifier compared it with.
    """

    rank: int
    score: float
    field_name: str
    box: tuple[float, float, float, float]
    cell_colour: tuple[float, float, float]
    feature_statistics: FeatureStatistics


def write_suspects(
    folder: Path,
    suspects: Sequence[Suspect],
    slide: SlideInWork,
    slide_name: str,
    *,
    cells: int,
    calls: int,
    workers: Workers[ScoringModels],
) -> None:
    """Write `folder` anew: an image a suspect, `candidates.csv` with the ranked list, `contact_sheet.jpg`.

    Raises
    ------
    UnreadableImageError
        Where a field cannot be read any more.
    core.atomic.OutputError
        Where the folder cannot be written.
    """
    by_field = sorted(suspects, key=lambda suspect: suspect.field_name)
    tasks = [
        (slide, tuple(on_field)) for _, on_field in groupby(by_field, key=lambda suspect: suspect.field_name)
    ]
    thumbnails: dict[int, Candidate] = {}
    with replacing_folder(folder) as temporary:
        for _, drawn in workers.map(draw_suspects, tasks):
            for thumbnail, png in drawn:
                (temporary / image_name(thumbnail.rank)).write_bytes(png)
                thumbnails[thumbnail.rank] = thumbnail
        _write_ranked_list(temporary / "candidates.csv", suspects)
        sheet = contact_sheet(slide_name, cells, calls, [thumbnails[suspect.rank] for suspect in suspects])
        (temporary / "contact_sheet.jpg").write_bytes(encoded(sheet, ".jpg"))


def image_name(rank: int) -> str:
    """File name of a suspect's image."""
    return f"{rank:04d}.png"


def draw_suspects(
    models: ScoringModels, task: tuple[SlideInWork, tuple[Suspect, ...]]
) -> list[tuple[Candidate, bytes]]:
    """Draw the suspects of one field: each as a thumbnail and as the PNG for review, map beside cell."""
    slide, suspects = task
    image = read_field(slide, suspects[0].field_name).image
    boxes = np.array([suspect.box for suspect in suspects], np.float32)
    crop_size_px = models.classifier.crop_size_px
    maps = models.classifier.activation_map(
        cut_crops(image, boxes, suspects[0].cell_colour, crop_size_px), suspects[0].feature_statistics
    )
    drawn = []
    for suspect, box, activation_map in zip(suspects, boxes, maps, strict=True):
        candidate = Candidate(
            rank=suspect.rank,
            score=suspect.score,
            field_name=suspect.field_name,
            crop=_view(image, box, crop_size_px),
            activation_map=_map_of_view(activation_map),
            cell_width_px=CELL_DIAMETER_PX / crop_size_px * VIEW_PX / VIEW_OVER_CROP,
        )
        thumbnail = replace(
            candidate,
            crop=resized(candidate.crop, TILE_PX),
            activation_map=np.zeros((TILE_PX, TILE_PX), np.float32),  # the sheet shows none
            cell_width_px=candidate.cell_width_px * TILE_PX / VIEW_PX,
        )
        drawn.append((thumbnail, encoded(candidate_image(candidate), ".png")))
    return drawn


def _view(image: NDArray[np.uint8], box: NDArray[np.float32], crop_size_px: int) -> NDArray[np.uint8]:
    """The cell in the middle of its surroundings, `VIEW_PX` wide, on the grid of the classifier's crop."""
    side = float(np.sqrt(box[2] * box[3])) * crop_size_px / CELL_DIAMETER_PX * VIEW_OVER_CROP
    scale = VIEW_PX / max(side, 1.0)
    centre_x, centre_y = box[0] + box[2] / 2, box[1] + box[3] / 2
    # Pixel centres lie at whole numbers here, at halves in boxes.
    shift = np.array(
        [
            [scale, 0, VIEW_PX / 2 - scale * (centre_x - 0.5) - 0.5],
            [0, scale, VIEW_PX / 2 - scale * (centre_y - 0.5) - 0.5],
        ]
    )
    return np.asarray(
        cv2.warpAffine(
            image, shift, (VIEW_PX, VIEW_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        ),
        np.uint8,
    )


def _map_of_view(activation_map: NDArray[np.float32]) -> NDArray[np.float32]:
    """The classifier's map in the middle of the view; it has none further out."""
    inner = round(VIEW_PX / VIEW_OVER_CROP)
    rim = (VIEW_PX - inner) // 2
    view = np.zeros((VIEW_PX, VIEW_PX), np.float32)
    view[rim : rim + inner, rim : rim + inner] = cv2.resize(
        activation_map, (inner, inner), interpolation=cv2.INTER_LINEAR
    ).clip(0, 1)
    return view


def _write_ranked_list(path: Path, suspects: Iterable[Suspect]) -> None:
    write_csv(
        path,
        ["rank", "infected_score", "field", "x", "y", "width", "height", "image"],
        (
            [
                suspect.rank,
                f"{suspect.score:.6f}",
                suspect.field_name,
                *(f"{side:.2f}" for side in suspect.box),
                image_name(suspect.rank),
            ]
            for suspect in suspects
        ),
    )
