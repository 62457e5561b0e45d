"""Drawn reference pictures: stages of two species, and what is taken for a parasite, on one sheet.

Readers see the sheet beside the keys of the board; ``python -m datasets.reference_pictures FILE`` writes it.
No patient's cells are on it. The trophozoite of P. falciparum is left out: in `datasets.synthetic.parasites`
it is specks, without the compact body by which one knows it.
"""

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from datasets.synthetic.parasites import Stage, infect, swelling
from datasets.synthetic.patch import (
    CHROMATIN,
    CYTOPLASM,
    HAEMOGLOBIN,
    LAYERS,
    PIGMENT,
    Shape,
    grid,
    soft_ellipse,
)
from datasets.synthetic.photograph import photograph
from datasets.synthetic.red_cells import RedCell, draw_red_cell
from datasets.synthetic.style import SmearStyle, Species
from datasets.synthetic.surroundings import draw_platelet

TILE_PX = 96
CELL_PX = 64
"""Width of a healthy cell."""
_FINER = 3
"""All is drawn so many times larger, and made smaller in the end."""
_STEP = 3
"""Between levels in the file: nobody sees it, and it makes the file a third smaller."""
_STYLE = SmearStyle(
    background=(236.0, 234.0, 240.0),
    haemoglobin=(0.17, 0.36, 0.27),
    chromatin=(0.62, 1.6, 0.58),
    cytoplasm=(0.62, 0.44, 0.12),
    pigment=(0.45, 0.8, 1.3),
    pallor=0.4,
    size_spread=0.0,
    irregularity=0.015,
    oval=0.0,
    burr=0.0,
    target=0.0,
    tear_drop=0.0,
    clumping=0.0,
    overlap_density=0.5,
    species=Species.FALCIPARUM,
    white_cells_per_1000_cells=0.0,
    platelets_per_100_cells=0.0,
    debris_per_field=0.0,
    vignetting=0.0,
    light_tilt=0.0,
    blur=0.012,
    halo=0.1,
    noise_sd=0.0,
    jpeg_quality=95,
    scale_bar=False,
)

Amounts = NDArray[np.float32]
"""(4, S, S) units of stain around the middle of a cell, layers as in `datasets.synthetic.patch`."""


def _infected(species: Species, stage: Stage, rng: np.random.Generator) -> Amounts:
    return infect(rng, _cell(rng, swelling(rng, species, stage)), species=species, stage=stage).amounts


def _with_platelet(rng: np.random.Generator) -> Amounts:
    amounts = _on_tile(_stain_of(_cell(rng)))
    platelet = draw_platelet(rng, red_cell_diameter_px=_FINER * CELL_PX).amounts
    across, down = (round(_FINER * (TILE_PX + CELL_PX * at) / 2) for at in _place(rng, 0.6))
    half = platelet.shape[1] // 2
    amounts[:, down - half : down + half + 1, across - half : across + half + 1] += platelet
    return amounts


def _with_grains_of_stain(rng: np.random.Generator) -> Amounts:
    """Black, with sharp edges."""
    cell = _cell(rng)
    amounts, middle = _stain_of(cell), _place(rng, 0.5)
    for _ in range(int(rng.integers(2, 9))):
        at = (middle[0] + rng.normal(0, 0.13), middle[1] + rng.normal(0, 0.13))
        size = rng.uniform(0.03, 0.08)
        grain = _ellipse(cell, at, (size * rng.uniform(1, 1.5), size), rng.uniform(0, np.pi), edge=0.3)
        for layer, most in ((CHROMATIN, 1.5), (CYTOPLASM, 1.2)):
            np.maximum(amounts[layer], np.float32(most) * grain, out=amounts[layer])
    return amounts


def _with_refracting_place(rng: np.random.Generator) -> Amounts:
    """Brighter than the slide itself, within a dark rim of the cell's own colour."""
    cell = _cell(rng)
    amounts, middle = _stain_of(cell), _place(rng, 0.6)
    size, stretch, angle = rng.uniform(0.09, 0.16), rng.uniform(1, 1.3), rng.uniform(0, np.pi)
    core = _ellipse(cell, middle, (size * stretch, size), angle, edge=0.4)
    outer = _ellipse(cell, middle, (1.45 * size * stretch, 1.45 * size), angle, edge=0.35)
    rim = np.clip(outer - core, 0, 1)
    amounts[HAEMOGLOBIN] = amounts[HAEMOGLOBIN] * (1 - core) + rim - np.float32(0.2) * core
    amounts[PIGMENT] += np.float32(0.25) * rim
    return amounts


def _with_howell_jolly_body(rng: np.random.Generator) -> Amounts:
    """One round dot of chromatin and nothing else."""
    cell = _cell(rng)
    amounts, size = _stain_of(cell), rng.uniform(0.1, 0.15)
    amounts[CHROMATIN] += np.float32(1.1) * _ellipse(cell, _place(rng, 0.65), (size, size), 0.0, edge=0.35)
    return amounts


_falciparum, _vivax = (
    partial(partial, _infected, Species.FALCIPARUM),
    partial(partial, _infected, Species.VIVAX),
)
DRAWN: Mapping[str, tuple[Callable[[np.random.Generator], Amounts], tuple[int, int, int]]] = {
    "falciparum ring": (_falciparum(Stage.RING), (35, 34, 25)),
    "falciparum schizont": (_falciparum(Stage.SCHIZONT), (2, 10, 13)),
    "falciparum gametocyte": (_falciparum(Stage.GAMETOCYTE), (1, 6, 2)),
    "vivax ring": (_vivax(Stage.RING), (31, 49, 43)),
    "vivax trophozoite": (_vivax(Stage.TROPHOZOITE), (0, 8, 11)),
    "vivax schizont": (_vivax(Stage.SCHIZONT), (4, 9, 14)),
    "vivax gametocyte": (_vivax(Stage.GAMETOCYTE), (2, 7, 12)),
    "platelet": (_with_platelet, (0, 11, 2)),
    "stain": (_with_grains_of_stain, (1, 5, 10)),
    "refracting": (_with_refracting_place, (3, 8, 12)),
    "howell-jolly": (_with_howell_jolly_body, (0, 10, 14)),
}
"""The rows of the sheet from its top: what draws each, and with which seeds, chosen by eye among many."""


def drawn_picture(draw: Callable[[np.random.Generator], Amounts], seed: int) -> NDArray[np.uint8]:
    """(`TILE_PX`, `TILE_PX`, 3) RGB: one cell with what is drawn into it."""
    rng = np.random.default_rng(seed)
    image = photograph(rng, _on_tile(draw(rng)), _STYLE, cell_diameter_px=_FINER * CELL_PX)
    smaller = Image.fromarray(image).resize((TILE_PX, TILE_PX), Image.Resampling.LANCZOS)
    return np.asarray(smaller)


def reference_sheet() -> NDArray[np.uint8]:
    """All pictures as RGB: a row for each kind of `DRAWN`, three pictures in it."""
    rows = [
        np.concatenate([drawn_picture(draw, seed) for seed in seeds], axis=1)
        for draw, seeds in DRAWN.values()
    ]
    return np.concatenate(rows)


def write_reference_sheet(file: Path) -> None:
    """Write the sheet as a PNG, small enough for browsers."""
    coarser = np.rint(reference_sheet() / _STEP) * _STEP
    Image.fromarray(coarser.astype(np.uint8)).save(file, optimize=True)


def _cell(rng: np.random.Generator, times_wider: float = 1.0) -> RedCell:
    return draw_red_cell(rng, _STYLE, shape=Shape.ROUND, radius_px=times_wider * _FINER * CELL_PX / 2)


def _stain_of(cell: RedCell) -> Amounts:
    amounts = np.zeros((LAYERS, *cell.patch.mask.shape), np.float32)
    amounts[: len(cell.patch.amounts)] = cell.patch.amounts
    return amounts


def _place(rng: np.random.Generator, reach: float) -> tuple[float, float]:
    """A point drawn evenly in a disk around the middle of a cell, in radii of the cell."""
    away, turn = reach * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi)
    return float(away * np.cos(turn)), float(away * np.sin(turn))


def _ellipse(
    cell: RedCell, centre: tuple[float, float], radii: tuple[float, float], angle: float, *, edge: float
) -> NDArray[np.float32]:
    """An ellipse on a cell, in radii of the cell."""
    pixels, radius = grid(cell.patch.mask.shape[0] // 2), np.float32(cell.radius_px)
    return soft_ellipse(
        pixels.x / radius, pixels.y / radius, centre=centre, radii=radii, angle=angle, edge=edge
    )


def _on_tile(amounts: Amounts) -> Amounts:
    """Stain in the middle of a tile; what is wider than that is cut."""
    side = _FINER * TILE_PX
    spare = side - amounts.shape[1]
    before = spare // 2
    if spare < 0:
        return amounts[:, -before : side - before, -before : side - before]
    margins = (before, spare - before)
    return np.pad(amounts, ((0, 0), margins, margins))


if __name__ == "__main__":
    write_reference_sheet(Path(sys.argv[1]))
