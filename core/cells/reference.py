"""What a slide's own cells look like: the measures by which all of them are normalised.

Nearly all cells of a slide are healthy, so every slide carries its own reference. It is measured on a few
fields and then fixed, so that cells scored early and late, and those of fields added later, are comparable.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.cells.blank import is_bare
from core.cells.burned_in import FIELDS_NEEDED, NO_CAPTIONS, BurnedIn, CaptionSearch
from core.cells.cell_width import OTHER_WIDTH, SURE, cell_diameter_px, fit_of, is_negative, locate_at
from core.cells.classification import CellClassifier, FeatureStatistics
from core.cells.crops import (
    SURROUNDED_CELL_DIAMETER_PX,
    cell_colour,
    densities,
    disk_masks,
    field_colour,
    normalise,
    raw_crops,
)
from core.cells.detection import CellDetector, Cells, ObjectKind
from core.cells.lit_area import LitArea, lit_area
from core.cells.second_look import SecondLook
from core.errors import SmearscopeError
from core.files import shown_path
from core.slides.field import Field

RED_CELL_BOX_UM = 8.6
"""Width of a red cell's box: a cell of 7.5 µm on a dried smear and the room that boxes leave around it."""
SURROUNDED_A_FIELD = 40
"""Cells of a field, about, that the second look measures the slide on: more would cost time alone."""
CELLS_WANTED = 400
"""Cells enough for a reference; once they are found, only a few fields more are looked at, for captions."""
WRONG_SCALE = 2.0
"""Ratio, either way, of the width that a scale gives to the one seen, from which the scale is doubted.
Smaller differences come right field by field (`core.cells.located.find_cells`)."""
FIELDS_TO_TRY_A_SCALE = 4
"""First fields that show anything on which a scale is tried though no cell was found by it: all widths are
tried on each, and of a large image hundreds may show no cell."""


class NoCellsError(SmearscopeError):
    """A slide on whose first fields no red cell is found."""


class NegativeError(NoCellsError):
    """A slide whose first fields are photographic negatives."""


class ScaleError(SmearscopeError):
    """Micrometres a pixel, as a file says, that the red cells seen speak against."""


@dataclass(frozen=True)
class SlideReference:
    """By what a slide's cells are normalised.

    Attributes
    ----------
    cell_diameter_px
        Mean side of a red cell's box, in pixels of the field images.
    cell_colour
        Median red, green, blue of the cells, 0 to 255; for fields with too few cells for a colour.
    feature_statistics
        What the classifier compares each cell with.
    burned_in
        Scale bars and captions that lie over the cells of every field.
    second_statistics
        What the second look compares each object with.
    objects_a_field
        How many objects of any kind were located on a field, on average; 0 where nobody counted.
    seen_diameter_px
        Width of the cells as they are seen, where it speaks against what a user's scale gives; else None.
    """

    cell_diameter_px: float
    cell_colour: tuple[float, float, float]
    feature_statistics: FeatureStatistics = ()
    burned_in: BurnedIn = NO_CAPTIONS
    second_statistics: FeatureStatistics = ()
    objects_a_field: float = 0.0
    seen_diameter_px: float | None = None


def slide_reference(
    fields: Iterable[Field],
    detector: CellDetector,
    classifier: CellClassifier,
    second_look: SecondLook,
    um_per_pixel: float | None,
) -> SlideReference:
    """Measure a slide's reference on its first fields, as many as it takes to see enough cells.

    Parameters
    ----------
    fields
        Read one by one, no further than needed.
    um_per_pixel
        As the user gave it; else the field's own; else the width is estimated from the images.

    Raises
    ------
    NoCellsError
        Where no field shows a red cell.
    NegativeError
        Where those that show cells are negatives.
    ScaleError
        Where a file's scale is wrong: cells of the width that follows from it explain the first field that
        shows any less than half as well as cells of the width seen. What a user gave is taken all the same,
        and `SlideReference.seen_diameter_px` tells of it.
    """
    scale_checked = False
    seen: list[_SeenField] = []
    doubted: float | None = None
    negative = ""
    found = located = 0
    captions = CaptionSearch()
    tried = looked_at = 0
    for field in fields:
        looked_at += 1
        if is_bare(field):
            captions.look_at(field.image)
            continue
        tried += 1
        lit = lit_area(field.image)
        image = lit.painted_over(field.image)
        captions.look_at(image)
        scale = um_per_pixel if um_per_pixel is not None else field.um_per_pixel
        middle = lit.cropped(image)
        diameter_px = cell_diameter_px(middle, detector) if scale is None else RED_CELL_BOX_UM / scale
        if diameter_px is None:
            continue
        cells = locate_at(image, detector, diameter_px)
        if is_negative(image, detector, diameter_px, cells):
            negative = negative or field.name
            continue
        located += len(cells.boxes)
        red = _surely_whole(cells, lit)
        if scale is not None and not scale_checked and (red.any() or tried <= FIELDS_TO_TRY_A_SCALE):
            other_px = cell_diameter_px(middle, detector)
            scale_checked = other_px is not None
            if other_px is not None and _speaks_against(middle, detector, other_px, diameter_px):
                if um_per_pixel is None:
                    raise ScaleError(_wrong_scale(field, scale, other_px))
                doubted = round(other_px, 1)
        if not red.any():
            continue
        boxes = cells.boxes[red]
        step = max(1, -(-len(boxes) // SURROUNDED_A_FIELD))
        seen.append(
            _SeenField(
                diameter_px,
                raw_crops(image, boxes, classifier.crop_size_px),
                disk_masks(boxes, classifier.crop_size_px),
                raw_crops(image, boxes[::step], second_look.crop_size_px, SURROUNDED_CELL_DIAMETER_PX),
            )
        )
        found += len(boxes)
        if found >= CELLS_WANTED and captions.fields >= FIELDS_NEEDED:
            break
    if not seen and negative:
        raise NegativeError(
            f"{shown_path(negative)} is a negative, with bright cells on dark ground: invert it in the "
            "program that wrote it, and score the slide again"
        )
    if not seen:
        raise NoCellsError(_no_cells(um_per_pixel))
    alike = _of_one_width(seen)
    colour = cell_colour(
        np.concatenate([one.crops for one in alike]), np.concatenate([one.masks for one in alike])
    )
    colours = [np.asarray(field_colour(one.crops, one.masks, colour), np.float32) for one in alike]
    normalised = [normalise(one.crops, one.masks, own) for one, own in zip(alike, colours, strict=True)]
    wider = [densities(one.surrounded, own) for one, own in zip(alike, colours, strict=True)]
    widths = np.repeat([one.diameter_px for one in alike], [len(one.crops) for one in alike])
    return SlideReference(
        cell_diameter_px=round(float(np.median(widths)), 2),
        cell_colour=colour,
        objects_a_field=located / looked_at,
        feature_statistics=classifier.feature_statistics(np.concatenate(normalised)),
        burned_in=captions.result(),
        second_statistics=second_look.feature_statistics(np.concatenate(wider)),
        seen_diameter_px=doubted,
    )


@dataclass(frozen=True, eq=False)
class _SeenField:
    """What a field gives to its slide's reference: the width of its cells, and the cells."""

    diameter_px: float
    crops: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    surrounded: NDArray[np.uint8]


def _surely_whole(cells: Cells, lit: LitArea) -> NDArray[np.bool_]:
    """(N,) which are red cells, surely, that neither the picture's border nor the rim of its light cuts."""
    near, far = cells.boxes[:, :2], cells.boxes[:, :2] + cells.boxes[:, 2:]
    whole = (near >= 0).all(axis=1) & (far <= (lit.width, lit.height)).all(axis=1) & ~lit.cuts(cells.boxes)
    return np.asarray((cells.kind == ObjectKind.RED_CELL) & (cells.detection_score > SURE) & whole, bool)


def _of_one_width(fields: Sequence[_SeenField]) -> list[_SeenField]:
    """The fields of the width that most of the cells have; of two as many, of the larger.

    A folder may hold pictures by two objectives. Those of the others are brought to their own width one by
    one (`core.cells.located.find_cells`), but a width between two is nobody's.
    """
    widths = np.array([field.diameter_px for field in fields])
    cells = np.array([len(field.crops) for field in fields])
    alike = np.abs(np.log(widths[:, None] / widths[None])) <= np.log(OTHER_WIDTH)
    best = max(range(len(fields)), key=lambda one: (int(cells[alike[one]].sum()), widths[one]))
    return [field for field, same in zip(fields, alike[best], strict=True) if same]


def _no_cells(um_per_pixel: float | None) -> str:
    """What was looked for, and what may be wrong; in words that fit the command and the application."""
    images = "check that these are thin-smear images in which single red cells can be seen"
    if um_per_pixel is None:
        return f"no red cell was found on the fields looked at: give the scale in µm per pixel, or {images}"
    width_px = RED_CELL_BOX_UM / um_per_pixel
    return (
        f"no red cell of about {width_px:.0f} px, their width at {um_per_pixel:g} µm per pixel, was found on "
        f"the fields looked at: check this scale or leave it out, or {images}"
    )


def _speaks_against(
    image: NDArray[np.uint8], detector: CellDetector, seen_px: float, stated_px: float
) -> bool:
    """Whether cells of the width seen explain a picture far better than cells of the width stated."""
    if abs(np.log(seen_px / stated_px)) < np.log(WRONG_SCALE):
        return False
    stated, seen = (fit_of(image, detector, width).explained for width in (stated_px, seen_px))
    return stated < seen / 2


def _wrong_scale(field: Field, um_per_pixel: float, seen_px: float) -> str:
    return (
        f"{um_per_pixel:g} µm a pixel would make red cells {RED_CELL_BOX_UM / um_per_pixel:.0f} px wide, but "
        f"those of {shown_path(field.name)} are about {seen_px:.0f} px: give "
        f"{RED_CELL_BOX_UM / seen_px:.2g} µm per pixel, or what the microscope's calibration says"
    )
