"""Sheets of a run's images with their maps before and after guiding."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.cam import Method, activation_maps, normalised
from core.cam.output import class_probability
from core.files import OutputError, read_csv, replacing_folder
from core.reports.overlays import MapTile, map_sheet
from core.study.changes import Answer, Chosen, chosen_images
from core.training.checkpoints import load_epoch
from core.training.passes import GuidedNetwork
from scripts.guided.guided_run import GuidedRun
from scripts.guided.image_sources import Part

IMAGES_A_SHEET = 12
IMAGES_A_ROW = 2
TILE_PX = 192

Rows = list[dict[str, str]]


def draw_sheets(
    run: GuidedRun,
    part: Part,
    trained: Path,
    folder: Path,
    tables: tuple[Path, Path],
    epoch: int,
    method: Method,
) -> None:
    """Draw a sheet for each kind of change that there is.

    Parameters
    ----------
    run
        Its network is left with the weights of `epoch`.
    part
        The images that were measured.
    trained
        Folder of the training.
    folder
        For the sheets, `KIND.png`; there once it is whole.
    tables
        `images.csv` of the measures at epoch 0 and at `epoch`.
    epoch
        After guiding.
    method
        Of the maps.

    Raises
    ------
    core.errors.SmearscopeError
        Where weights or images cannot be read, or the folder not be written.
    """
    # The objective may have looked at maps of another method.
    guided = replace(run.guided, method=method)
    rows = (_rows(tables[0]), _rows(tables[1]))
    chosen = chosen_images(_answers(rows[0]), _answers(rows[1]), IMAGES_A_SHEET)
    kinds = [kind for kind in chosen if kind.images]
    wanted = sorted({index for kind in kinds for index in kind.images})
    tiles: dict[int, list[MapTile]] = {index: [_plain(run, part, index, rows[0][index])] for index in wanted}
    for number, table in zip((0, epoch), rows, strict=True):
        load_epoch(trained, number, run.guided.network, run.guided.objective)
        for index in wanted:
            tiles[index].append(_mapped(run, guided, part, index, table[index]))
    with replacing_folder(folder) as temporary:
        for sheet_of in kinds:
            columns = ("image", "epoch 0", f"epoch {epoch}") * IMAGES_A_ROW
            lines = [
                [tile for index in sheet_of.images[start : start + IMAGES_A_ROW] for tile in tiles[index]]
                for start in range(0, len(sheet_of.images), IMAGES_A_ROW)
            ]
            sheet = map_sheet(sheet_of.kind.title, _summary(sheet_of), columns, lines, TILE_PX)
            path = temporary / f"{sheet_of.kind.name}.png"
            if not cv2.imwrite(str(path), sheet[..., ::-1]):
                raise OutputError(f"{path}: cannot be written; check that there is space")


def _summary(kind: Chosen) -> str:
    return f"{len(kind.images)} of {kind.of} images, from the lowest MAGTR at epoch 0"


def _rows(path: Path) -> Rows:
    with path.open(newline="", encoding="utf-8") as file:
        return list(read_csv(file))


def _answers(rows: Rows) -> Sequence[Answer]:
    return [Answer(row["truth"] == row["prediction"], float(row["magtr"])) for row in rows]


def _plain(run: GuidedRun, part: Part, index: int, row: dict[str, str]) -> MapTile:
    sample = part.samples[index]
    captions = (row["truth"].split(",")[0], Path(row["path"]).name)
    return MapTile(_picture(run, sample.image), captions, None, sample.region.numpy())


def _mapped(run: GuidedRun, guided: GuidedNetwork, part: Part, index: int, row: dict[str, str]) -> MapTile:
    sample = part.samples[index]
    device = next(guided.network.parameters()).device
    images, classes = sample.image[None].to(device), torch.tensor([sample.class_index], device=device)
    made = activation_maps(guided.network, images, guided.method, classes, guided.layer)
    probability = float(class_probability(made.logits, classes))
    captions = (
        row["prediction"].split(",")[0],
        f"true class: p = {probability:.2f}",
        f"MAGTR {float(row['magtr']):.2f}, EPG {float(row['epg']):.2f}",
    )
    # As it is measured.
    shown = normalised(guided.at_image_size(made.maps, images), "max")[0].cpu().numpy()
    return MapTile(_picture(run, sample.image), captions, shown, sample.region.numpy())


def _picture(run: GuidedRun, inputs: Tensor) -> NDArray[np.uint8]:
    """(H, W, 3) of (3, H, W) network input."""
    image = run.normalisation.images(inputs[None])[0].permute(1, 2, 0)
    return np.asarray((image * 255).round().clamp(0, 255).byte().numpy(), np.uint8)
