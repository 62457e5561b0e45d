"""Training tiles for the detector: a random window of a random field, and the maps it should give."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.cells.detection import DETECTOR_CELL_DIAMETER_PX, STRIDE_PX, ObjectKind
from datasets.augmentation import field_augmentation
from datasets.fields import AnnotatedField
from datasets.foreground import BOX_OVER_CELL, NoCellsError, foreground_diameter_px, foreground_mask
from datasets.synthetic import random_style, render_field

TILE_PX = 256
STORED_DIAMETER_PX = 36.0
"""Fields are kept at this cell diameter: above what is trained on, so that tiles are never blown up much."""
SCALES = (0.7, 1.4)
"""Range of the cell diameter in a tile over the detector's: the scale of a new slide is an estimate."""
SOURCES_WITH_GAPS = frozenset({"chula_rbc12", "cbc_count"})
"""Sets in which many cells are not marked: dark regions without a mark teach nothing there."""
SOURCES_WITHOUT_BORDER_CELLS = frozenset({"iml_malaria"})
ON_INFECTED = 0.5
"""Share of tiles laid over an infected cell, in fields that have one."""
CENTRE_SPREAD = 0.11
"""Standard deviation of a centre's Gaussian over the box's mean side."""


@dataclass(frozen=True)
class StoredField:
    """A field scaled to `STORED_DIAMETER_PX`, with what its annotation does not speak about.

    Attributes
    ----------
    source
        Name of the set.
    image
        (H, W, 3) uint8.
    boxes
        (N, 4) centre x, y, width, height, pixels of `image`; NaN sides where only centres are known.
    kind, infected
        (N,) values of `ObjectKind`; (N,) bool.
    silent
        (3, H, W) bool: where the absence of a mark of that kind says nothing.
    """

    source: str
    image: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    kind: NDArray[np.uint8]
    infected: NDArray[np.bool_]
    silent: NDArray[np.bool_]


@dataclass(frozen=True)
class TileBatch:
    """Tiles and targets; arrays of the first axis B, grid axes h = w = `TILE_PX / STRIDE_PX`.

    Attributes
    ----------
    images
        (B, TILE_PX, TILE_PX, 3) uint8, not yet white-balanced.
    heat, heat_weight
        (B, 3, h, w) in [0, 1].
    size, offset, size_weight, offset_weight
        (B, 2, h, w), (B, 2, h, w), (B, 1, h, w), (B, 1, h, w).
    """

    images: NDArray[np.uint8]
    heat: NDArray[np.float32]
    heat_weight: NDArray[np.float32]
    size: NDArray[np.float32]
    offset: NDArray[np.float32]
    size_weight: NDArray[np.float32]
    offset_weight: NDArray[np.float32]


def cell_diameter_px(field: AnnotatedField, image: NDArray[np.uint8]) -> float:
    """Mean side of the field's red cells: from its boxes, else from the dark regions."""
    red = field.boxes[field.kind == ObjectKind.RED_CELL]
    sides = np.sqrt(red[:, 2] * red[:, 3])
    if np.isfinite(sides).any():
        return float(np.nanmedian(sides))
    return foreground_diameter_px(image)


def store(field: AnnotatedField) -> StoredField | None:
    """Scale a field for training; None where its cell diameter cannot be told (no red cell at all)."""
    image = field.image()
    try:
        diameter_px = cell_diameter_px(field, image)
    except NoCellsError:
        return None
    return _stored(field, image, diameter_px)


def synthetic_fields(count: int, seed: int) -> list[StoredField]:
    """Draw fields of `count` different synthetic slides: overlaps, platelets on cells, debris, all known."""
    rng = np.random.default_rng(seed)
    stored = []
    for index in range(count):
        image, truth = render_field(
            random_style(rng),
            seed=seed,
            index=index,
            width_px=640,
            height_px=480,
            cell_diameter_px=STORED_DIAMETER_PX / BOX_OVER_CELL,
            cells=int(rng.integers(40, 160)),
            parasitaemia=0.05,
        )
        tight = truth.visible_boxes()
        room = tight[:, 2:] * (BOX_OVER_CELL - 1)
        field = AnnotatedField(
            path=Path(f"synthetic_{index:04d}"),
            source="synthetic",
            boxes=np.concatenate([tight[:, :2] - room / 2, tight[:, 2:] + room], axis=1).astype(np.float32),
            kind=truth.kind,
            infected=truth.infected,
            stage=tuple(str(stage) for stage in truth.stage),
            kinds_marked=frozenset(ObjectKind),
        )
        stored.append(_stored(field, image, STORED_DIAMETER_PX))
    return stored


def _stored(field: AnnotatedField, image: NDArray[np.uint8], diameter_px: float) -> StoredField:
    scale = STORED_DIAMETER_PX / diameter_px
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    scaled = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    boxes = np.concatenate([field.centres, field.boxes[:, 2:]], axis=1) * np.float32(scale)
    silent = np.zeros((len(ObjectKind), height, width), bool)
    unexplained = foreground_mask(scaled)
    for x, y, box_width, box_height in np.where(np.isnan(boxes), STORED_DIAMETER_PX, boxes):
        left, top = int(max(0, x - box_width / 2)), int(max(0, y - box_height / 2))
        unexplained[top : int(y + box_height / 2) + 1, left : int(x + box_width / 2) + 1] = False
    gaps = field.source in SOURCES_WITH_GAPS or not field.all_marked
    for kind in ObjectKind:
        if gaps or kind not in field.kinds_marked:
            silent[kind] = unexplained
    # Of these somebody said that they are no sure red cells; the detector may take them for one or not.
    for x, y, box_width, box_height in np.concatenate([field.unsure, field.not_red_cells]) * np.float32(
        scale
    ):
        left, top = int(max(0, x)), int(max(0, y))
        silent[:, top : int(y + box_height) + 1, left : int(x + box_width) + 1] = True
    if field.source in SOURCES_WITHOUT_BORDER_CELLS:
        band = int(STORED_DIAMETER_PX * 0.6)
        for edge in (np.s_[:, :band], np.s_[:, -band:], np.s_[:, :, :band], np.s_[:, :, -band:]):
            silent[edge] = True
    return StoredField(field.source, scaled, boxes, field.kind, field.infected, silent)


def _tile(
    field: StoredField, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint8], NDArray[np.bool_]]:
    """A window of random place, scale and orientation: pixels, boxes in it, kinds, silence on the grid."""
    scale = DETECTOR_CELL_DIAMETER_PX / STORED_DIAMETER_PX * np.exp(rng.uniform(*np.log(SCALES)))
    height, width = field.image.shape[:2]
    reach_px = TILE_PX / scale
    left = rng.uniform(min(0, (width - reach_px) / 2), max(width - reach_px, (width - reach_px) / 2))
    top = rng.uniform(min(0, (height - reach_px) / 2), max(height - reach_px, (height - reach_px) / 2))
    if field.infected.any() and rng.random() < ON_INFECTED:
        # Infected cells are one in a hundred and the ones that must not be missed.
        x, y = field.boxes[rng.choice(np.flatnonzero(field.infected)), :2]
        left, top = (x, y) - rng.uniform(0.1, 0.9, 2) * reach_px
    affine = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]], np.float64)
    pixels = cv2.warpAffine(
        field.image, affine, (TILE_PX, TILE_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    grid = TILE_PX // STRIDE_PX
    planes = np.ascontiguousarray(field.silent.transpose(1, 2, 0).astype(np.uint8))
    # What lies beyond the picture is silent too: cells there were cut away, not absent.
    silent = cv2.warpAffine(
        planes,
        affine / STRIDE_PX,
        (grid, grid),
        flags=cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(1, 1, 1),
    ).astype(bool)
    boxes = (field.boxes * np.float32(scale)).copy()
    boxes[:, 0] -= left * scale
    boxes[:, 1] -= top * scale
    if rng.random() < 0.5:
        pixels, silent = pixels[:, ::-1], silent[:, ::-1]
        boxes[:, 0] = TILE_PX - boxes[:, 0]
    if rng.random() < 0.5:
        pixels, silent = pixels[::-1], silent[::-1]
        boxes[:, 1] = TILE_PX - boxes[:, 1]
    if rng.random() < 0.5:
        pixels, silent = pixels.transpose(1, 0, 2), silent.transpose(1, 0, 2)
        boxes = boxes[:, [1, 0, 3, 2]]
    inside = (boxes[:, 0] >= 0) & (boxes[:, 0] < TILE_PX) & (boxes[:, 1] >= 0) & (boxes[:, 1] < TILE_PX)
    return (
        np.ascontiguousarray(pixels, np.uint8),
        boxes[inside],
        field.kind[inside],
        silent.transpose(2, 0, 1),
    )


def target_maps(
    boxes: NDArray[np.float32], kind: NDArray[np.uint8], tile_px: int = TILE_PX
) -> tuple[NDArray[np.float32], ...]:
    """Heat, size, offset, size weight and offset weight that a perfect detector would give for boxes.

    `boxes` are centre x, y, width, height; NaN sides leave the size weight at zero.
    """
    grid = tile_px // STRIDE_PX
    heat = np.zeros((len(ObjectKind), grid, grid), np.float32)
    size, offset = np.zeros((2, 2, grid, grid), np.float32)
    size_weight, offset_weight = np.zeros((2, 1, grid, grid), np.float32)
    columns = np.arange(grid, dtype=np.float32)
    for (x, y, width, height), which in zip(boxes, kind, strict=True):
        side = np.sqrt(width * height)
        known = bool(np.isfinite(side))
        spread = CENTRE_SPREAD * (side if known else DETECTOR_CELL_DIAMETER_PX) / STRIDE_PX
        column, row = int(x // STRIDE_PX), int(y // STRIDE_PX)
        across = np.exp(-((columns - column) ** 2) / (2 * spread**2))
        down = np.exp(-((columns - row) ** 2) / (2 * spread**2))
        np.maximum(heat[which], down[:, None] * across[None, :], out=heat[which])
        for i in range(max(0, row - 1), min(grid, row + 2)):
            for j in range(max(0, column - 1), min(grid, column + 2)):
                weight = 1.0 if (i, j) == (row, column) else 0.3
                if weight < offset_weight[0, i, j]:
                    continue
                offset_weight[0, i, j] = weight
                offset[:, i, j] = x / STRIDE_PX - j, y / STRIDE_PX - i
                size_weight[0, i, j] = weight if known else 0.0
                if known:
                    size[:, i, j] = (
                        np.log(width / DETECTOR_CELL_DIAMETER_PX),
                        np.log(height / DETECTOR_CELL_DIAMETER_PX),
                    )
    return heat, size, offset, size_weight, offset_weight


def batches(
    fields_by_source: Mapping[str, Sequence[StoredField]], batch_size: int, steps: int, seed: int
) -> Iterator[TileBatch]:
    """Yield `steps` batches; each tile's source is drawn evenly, then a field of it, then a window."""
    rng = np.random.default_rng(seed)
    colours = field_augmentation(seed)
    sources = sorted(fields_by_source)
    for _ in range(steps):
        tiles = []
        for _ in range(batch_size):
            fields = fields_by_source[sources[rng.integers(len(sources))]]
            pixels, boxes, kind, silent = _tile(fields[int(rng.integers(len(fields)))], rng)
            heat, *rest = target_maps(boxes, kind)
            weight = np.where(silent & (heat < 0.05), 0, 1).astype(np.float32)
            tiles.append((colours(image=pixels)["image"], heat, weight, *rest))
        yield TileBatch(*(np.stack(part) for part in zip(*tiles, strict=True)))
