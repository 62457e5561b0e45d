"""A field of a synthetic smear: cells laid on a slide, seen through a microscope, with the exact truth."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.cells.detection import ObjectKind
from core.errors import SmearscopeError
from core.slides import PIXEL_LIMIT
from datasets.synthetic.parasites import Stage, infect, random_stage, swelling
from datasets.synthetic.patch import HAEMOGLOBIN, LAYERS, Patch, Shape
from datasets.synthetic.photograph import photograph
from datasets.synthetic.placement import place_among
from datasets.synthetic.red_cells import draw_red_cell, random_shape
from datasets.synthetic.style import SmearStyle
from datasets.synthetic.surroundings import draw_debris, draw_platelet, draw_white_cell

_SMALLEST_CELL_PX = 12
_MOST_LAYERS = 4
"""More cells lie on each other than a smear has anywhere."""


class ImpossibleSmearError(SmearscopeError):
    """Options that no field can be drawn with."""


@dataclass(frozen=True)
class FieldTruth:
    """What lies on a synthetic field, as aligned arrays: white cells, red cells, platelets in this order.

    Attributes
    ----------
    width_px, height_px
        Size of the image.
    boxes
        (N, 4) float32: x, y of the top-left corner, width, height, pixels: the object's own extent. It
        reaches over the image's edge where the object does.
    kind
        (N,) uint8, values of `core.cells.detection.ObjectKind`.
    infected
        (N,) bool.
    stage
        (N,) of the parasite; `Stage.NONE` where there is none.
    cut_by_edge
        (N,) bool: a part of the object lies outside the image.
    covered
        (N,) float32 in [0, 1]: share of the object's visible pixels that a red or white cell shares.
    shape
        (N,) how it was drawn.
    """

    width_px: int
    height_px: int
    boxes: NDArray[np.float32]
    kind: NDArray[np.uint8]
    infected: NDArray[np.bool_]
    stage: tuple[Stage, ...]
    cut_by_edge: NDArray[np.bool_]
    covered: NDArray[np.float32]
    shape: tuple[Shape, ...]

    def __len__(self) -> int:
        return len(self.boxes)

    def visible_boxes(self) -> NDArray[np.float32]:
        """(N, 4) the boxes cut to the image, as an annotator would draw them."""
        size = np.array((self.width_px, self.height_px), np.float32)
        first = np.clip(self.boxes[:, :2], 0, size)
        last = np.clip(self.boxes[:, :2] + self.boxes[:, 2:], 0, size)
        return np.concatenate((first, last - first), axis=1)


@dataclass(frozen=True)
class _Laid:
    """An object and the pixel its middle lies on."""

    patch: Patch
    x: int
    y: int
    kind: ObjectKind
    stage: Stage = Stage.NONE


def render_field(
    style: SmearStyle,
    *,
    seed: int,
    index: int,
    width_px: int = 1280,
    height_px: int = 960,
    cell_diameter_px: float = 66.0,
    cells: int = 110,
    parasitaemia: float = 0.01,
) -> tuple[NDArray[np.uint8], FieldTruth]:
    """Draw one field; it depends on the arguments alone, not on what was drawn before.

    Parameters
    ----------
    style
        The look of the slide.
    seed, index
        Number of the slide and of the field on it, from 0.
    width_px, height_px
        Size of the image.
    cell_diameter_px
        Mean width of a red cell.
    cells
        Red cells on the field, whole or cut by its edge.
    parasitaemia
        Chance of each red cell to be infected, 0 to 1.

    Returns
    -------
    (height_px, width_px, 3) uint8 RGB image, and what is on it.

    Raises
    ------
    ImpossibleSmearError
        If a number is negative, a share is outside [0, 1], or a cell is larger than the image.
    """
    check_options(
        seed=seed,
        index=index,
        width_px=width_px,
        height_px=height_px,
        cell_diameter_px=cell_diameter_px,
        cells=cells,
        parasitaemia=parasitaemia,
    )
    rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(1, index))))
    style = _field_style(rng, style)
    objects = _lay_objects(rng, style, width_px, height_px, cell_diameter_px, cells, parasitaemia)

    amounts = np.zeros((LAYERS, height_px, width_px), np.float32)
    layers_of_cells = np.zeros((height_px, width_px), np.uint8)
    for item in objects:
        _add(amounts, item.patch.amounts, item.x, item.y, style.overlap_density)
        if item.kind is not ObjectKind.PLATELET:
            on_field, on_patch = _meeting(item.patch.mask.shape[0], item.x, item.y, width_px, height_px)
            layers_of_cells[on_field] += item.patch.mask[on_patch]
    for _ in range(rng.poisson(style.debris_per_field)):
        debris = draw_debris(rng, red_cell_diameter_px=cell_diameter_px)
        _add(amounts, debris, int(rng.integers(width_px)), int(rng.integers(height_px)), 1.0)

    truth = _truth(objects, layers_of_cells)
    return photograph(rng, amounts, style, cell_diameter_px=cell_diameter_px), truth


def check_options(
    *,
    seed: int,
    index: int,
    width_px: int,
    height_px: int,
    cell_diameter_px: float,
    cells: int,
    parasitaemia: float,
) -> None:
    """Raise `ImpossibleSmearError` unless a field can be drawn with these options of `render_field`."""
    for name, value in (("seed", seed), ("index", index), ("cells", cells)):
        if value < 0:
            raise ImpossibleSmearError(f"{name} is {value}: give 0 or more")
    if not 0 <= parasitaemia <= 1:
        raise ImpossibleSmearError(f"parasitaemia is {parasitaemia}: give a share between 0 and 1")
    if not cell_diameter_px >= _SMALLEST_CELL_PX:
        raise ImpossibleSmearError(
            f"cell diameter is {cell_diameter_px} px: give {_SMALLEST_CELL_PX} or more"
        )
    # Room for the largest cells, and for the field to be more than one cell.
    needed = int(np.ceil(2 * cell_diameter_px))
    if width_px * height_px > PIXEL_LIMIT:
        raise ImpossibleSmearError(
            f"field is {width_px} x {height_px} px: give at most {PIXEL_LIMIT // 1_000_000} million pixels"
        )
    if min(width_px, height_px) < needed:
        raise ImpossibleSmearError(
            f"field is {width_px} x {height_px} px, too small for cells of {cell_diameter_px:g} px: "
            f"give at least {needed} x {needed}, or smaller cells"
        )
    most = int(_MOST_LAYERS * width_px * height_px / cell_diameter_px**2)
    if cells > most:
        raise ImpossibleSmearError(
            f"cells is {cells}: on a field of {width_px} x {height_px} px give at most {most} of "
            f"{cell_diameter_px:g} px, or smaller cells"
        )


def _field_style(rng: np.random.Generator, style: SmearStyle) -> SmearStyle:
    """The slide's look as this field shows it: a little thicker or thinner, brighter, sharper."""
    thickness = rng.lognormal(0, 0.05)
    light = rng.normal(1, 0.01)
    red, green, blue = (float(np.clip(value * light, 0, 255)) for value in style.background)
    density_red, density_green, density_blue = (float(value * thickness) for value in style.haemoglobin)
    return replace(
        style,
        background=(red, green, blue),
        haemoglobin=(density_red, density_green, density_blue),
        blur=float(style.blur * rng.lognormal(0, 0.2)),
        clumping=float(np.clip(style.clumping * rng.lognormal(0, 0.2), 0, 0.95)),
    )


def _lay_objects(
    rng: np.random.Generator,
    style: SmearStyle,
    width_px: int,
    height_px: int,
    cell_diameter_px: float,
    cells: int,
    parasitaemia: float,
) -> list[_Laid]:
    radius = cell_diameter_px / 2
    white = [
        draw_white_cell(rng, red_cell_diameter_px=cell_diameter_px)
        for _ in range(rng.poisson(style.white_cells_per_1000_cells * cells / 1000))
    ]
    infected = rng.random(cells) < parasitaemia
    sizes = radius * np.clip(rng.normal(1, style.size_spread, cells), 0.6, 1.5)
    stages = [random_stage(rng, style.species) if ill else Stage.NONE for ill in infected]
    sizes *= [swelling(rng, style.species, stage) for stage in stages]
    white_radii = np.array([len(patch.mask) / 2 for patch in white])
    x, y = place_among(
        rng,
        width_px,
        height_px,
        np.concatenate((white_radii, sizes)),
        clumping=np.concatenate((np.zeros(len(white)), np.full(cells, style.clumping))),
    )
    objects = [_Laid(patch, x[i], y[i], ObjectKind.WHITE_CELL) for i, patch in enumerate(white)]
    for i, stage in enumerate(stages):
        cell = draw_red_cell(rng, style, shape=random_shape(rng, style), radius_px=float(sizes[i]))
        patch = cell.patch
        if stage is not Stage.NONE:
            patch = infect(rng, cell, species=style.species, stage=stage)
        at = len(white) + i
        objects.append(_Laid(patch, x[at], y[at], ObjectKind.RED_CELL, stage))

    for _ in range(rng.poisson(style.platelets_per_100_cells * cells / 100)):
        patch = draw_platelet(rng, red_cell_diameter_px=cell_diameter_px)
        px, py = int(rng.integers(width_px)), int(rng.integers(height_px))
        # A platelet on a red cell is what is most often taken for a parasite.
        if rng.random() < 0.3:
            host = len(white) + int(rng.integers(cells))
            away, turn = 0.7 * radius * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi)
            px = int(np.clip(x[host] + away * np.cos(turn), 0, width_px - 1))
            py = int(np.clip(y[host] + away * np.sin(turn), 0, height_px - 1))
        objects.append(_Laid(patch, px, py, ObjectKind.PLATELET))
    return objects


def _meeting(
    side: int, x: int, y: int, width_px: int, height_px: int
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where a patch around a pixel lies on the field, and which part of the patch that is."""
    left, top = x - side // 2, y - side // 2
    rows = slice(max(top, 0), min(top + side, height_px))
    columns = slice(max(left, 0), min(left + side, width_px))
    on_patch = (slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left))
    return (rows, columns), on_patch


def _add(
    amounts: NDArray[np.float32], patch: NDArray[np.float32], x: int, y: int, overlap_density: float
) -> None:
    """Lay a patch on the field: stains add up, the bodies of red cells by `overlap_density`."""
    _, height_px, width_px = amounts.shape
    on_field, on_patch = _meeting(patch.shape[1], x, y, width_px, height_px)
    below, above = amounts[HAEMOGLOBIN][on_field], patch[HAEMOGLOBIN][on_patch]
    thinner = np.minimum(below, above)
    np.maximum(below, above, out=below)
    below += np.float32(overlap_density) * thinner
    for layer in range(1, len(patch)):
        amounts[layer][on_field] += patch[layer][on_patch]


def _truth(objects: list[_Laid], layers_of_cells: NDArray[np.uint8]) -> FieldTruth:
    height_px, width_px = layers_of_cells.shape
    covered = np.zeros(len(objects), np.float32)
    boxes = np.zeros((len(objects), 4), np.float32)
    for i, item in enumerate(objects):
        on_field, on_patch = _meeting(item.patch.mask.shape[0], item.x, item.y, width_px, height_px)
        mask, layers = item.patch.mask[on_patch], layers_of_cells[on_field]
        itself = 0 if item.kind is ObjectKind.PLATELET else 1
        covered[i] = np.count_nonzero(layers[mask] > itself) / np.count_nonzero(mask)
        left, top, right, bottom = item.patch.extent
        # Pixel i covers [i, i + 1): the centre of the middle pixel is half a pixel further.
        boxes[i] = (item.x + 0.5 + left, item.y + 0.5 + top, right - left, bottom - top)
    last = boxes[:, :2] + boxes[:, 2:]
    return FieldTruth(
        width_px=width_px,
        height_px=height_px,
        boxes=boxes,
        kind=np.array([item.kind for item in objects], np.uint8),
        infected=np.array([item.stage is not Stage.NONE for item in objects], bool),
        stage=tuple(item.stage for item in objects),
        cut_by_edge=np.any((boxes[:, :2] < 0) | (last > (width_px, height_px)), axis=1),
        covered=covered,
        shape=tuple(item.patch.shape for item in objects),
    )
