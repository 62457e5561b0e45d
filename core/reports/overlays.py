"""Activation maps to look at: laid over their images, and side by side on sheets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.reports.drawing import INK, PALE_INK, SUSPECT, Colour, blank, text_width, write
from core.slides.pixels import Canvas
from core.wording import RESEARCH_USE_ONLY

STRONGEST_OPACITY = 0.6
"""Of the map where it is 1; the image stays visible below."""
TRUTH: Colour = (0, 255, 0)
"""Contour of the ground truth, green as in the report (El Mhamdi El Alaoui 2023)."""

_MARGIN = 24
_GAP = 14
_HEAD = 108
_LINE = 18
_SCALE_PX = 96
_SCALE_REMARK = "of each map's largest value; an empty map has nothing that speaks for the class"


@dataclass(frozen=True, eq=False)
class MapTile:
    """A picture of a sheet: an image, with a map over it or without, and the lines below it.

    Attributes
    ----------
    image
        (H, W, 3) uint8, RGB.
    captions
        Lines below it, the first in ink, the others paler; too long ones are shortened in their middle.
    activation_map
        (h, w) in [0, 1] on a grid of its own that covers the image; None shows the image alone.
    region
        (H, W) bool: the ground truth, drawn as a contour.
    """

    image: NDArray[np.uint8]
    captions: tuple[str, ...]
    activation_map: NDArray[np.float32] | None = None
    region: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        _check(self.image, self.activation_map, self.region)


def overlaid(
    image: Canvas,
    activation_map: NDArray[np.float32],
    *,
    opacity: float = STRONGEST_OPACITY,
    region: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """Lay an activation map over an RGB image in viridis, the stronger the more opaque.

    Where the map is 0 the image is unchanged.

    Parameters
    ----------
    image
        (H, W, 3) uint8.
    activation_map
        (h, w) in [0, 1]; brought to (H, W) bilinearly, by area averages where it is the larger one.
    opacity
        Of the map where it is 1, in [0, 1].
    region
        (H, W) bool: the ground truth, whose contour is drawn in green.

    Raises
    ------
    ValueError
        If a shape does not fit or a value lies outside [0, 1].
    """
    _check(image, activation_map, region)
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity must lie in [0, 1]; it is {opacity!r}")
    smooth = _brought_to(activation_map.astype(np.float32), image.shape[0], image.shape[1])
    weight = opacity * smooth[..., None]
    marked = np.asarray(np.rint(image * (1 - weight) + colours(smooth) * weight), np.uint8)
    return marked if region is None else contoured(marked, region)


def contoured(image: Canvas, region: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The image with the inner edge of an (H, W) region in green, and in ink beside it to stand out."""
    thickness = max(1, round(min(image.shape[:2]) / 120))
    padded = cv2.copyMakeBorder(region.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    distance = np.asarray(cv2.distanceTransform(padded, cv2.DIST_C, 3))[1:-1, 1:-1]
    marked = image.copy()
    marked[(distance > 0) & (distance <= 2 * thickness)] = INK
    marked[(distance > 0) & (distance <= thickness)] = TRUTH
    return marked


def colours(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Viridis, RGB, of (H, W) values in [0, 1]: equal steps look equal, also to the colour-blind."""
    levels = np.rint(255 * values).astype(np.uint8)
    return np.asarray(cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS)[..., ::-1], np.uint8)


def colour_scale(page: Canvas, left: int, top: int) -> None:
    """Draw the colours from 0 to 1 with their numbers, `scale_width_px()` wide and 14 px high."""
    scale = colours(np.linspace(0, 1, _SCALE_PX)[None])
    write(page, left, top, "0", 14, 14, PALE_INK)
    page[top + 3 : top + 14, left + 13 : left + 13 + _SCALE_PX] = scale
    write(page, left + 18 + _SCALE_PX, top, "1", 14, 14, PALE_INK)


def scale_width_px() -> int:
    """Width that `colour_scale` takes."""
    return 18 + _SCALE_PX + text_width("1", 14)


def map_sheet(
    title: str, summary: str, columns: Sequence[str], rows: Sequence[Sequence[MapTile]], tile_px: int = 160
) -> NDArray[np.uint8]:
    """Draw images and their maps side by side: a row an image, a column a method, or before and after.

    Parameters
    ----------
    title, summary
        For the head; line breaks become spaces, and what is too long is shortened in its middle.
    columns
        Heading of each column, the image's own among them.
    rows
        One tile a column; a row may be shorter.
    tile_px
        Longer side of a drawn image.

    Returns
    -------
    (H, W, 3) uint8, RGB.
    """
    lines = max((len(tile.captions) for row in rows for tile in row), default=0)
    pitch_down = tile_px + 6 + lines * _LINE + _GAP
    pitch_right = tile_px + _GAP
    foot = _HEAD + 24 + len(rows) * pitch_down
    width = 2 * _MARGIN + max(len(columns) * pitch_right - _GAP, 320)
    room = width - 2 * _MARGIN
    beside = _MARGIN + scale_width_px() + 14
    legend = wrapped(_SCALE_REMARK, 14, width - _MARGIN - beside)
    has_truth = any(tile.region is not None for row in rows for tile in row)
    truth_top = foot + (len(legend) - 1) * _LINE + 24
    page = blank(truth_top + (38 if has_truth else 14), width)
    write(page, _MARGIN, 16, title, 26, room)
    write(page, _MARGIN, 52, summary, 16, room)
    write(page, _MARGIN, 76, RESEARCH_USE_ONLY, 14, room, SUSPECT)
    for column, heading in enumerate(columns):
        write(page, _MARGIN + column * pitch_right, _HEAD, heading, 15, tile_px)
    for number, row in enumerate(rows):
        for column, tile in enumerate(row):
            _draw_tile(page, tile, _MARGIN + column * pitch_right, _HEAD + 24 + number * pitch_down, tile_px)
    colour_scale(page, _MARGIN, foot)
    for number, line in enumerate(legend):
        write(page, beside, foot + number * _LINE, line, 14, width - _MARGIN - beside, PALE_INK)
    if has_truth:
        write(page, _MARGIN, truth_top, "green: the ground truth", 14, room, PALE_INK)
    return page


def wrapped(text: str, size_px: int, width_px: int) -> list[str]:
    """Lines of whole words, each no wider than a width unless one word is."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size_px) <= width_px:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def reduced(tile: MapTile, tile_px: int) -> MapTile:
    """The tile with its image and region at the size they are drawn at, to be kept in their place."""
    height, width = _fitted_to(tile.image, tile_px)
    region = tile.region
    if region is not None:
        region = _brought_to(region.astype(np.float32), height, width) >= 0.5
    return MapTile(_scaled(tile.image, height, width), tile.captions, tile.activation_map, region)


def _draw_tile(page: Canvas, tile: MapTile, left: int, top: int, tile_px: int) -> None:
    drawn = reduced(tile, tile_px)
    image, (height, width) = drawn.image, drawn.image.shape[:2]
    if drawn.activation_map is not None:
        image = overlaid(image, drawn.activation_map, region=drawn.region)
    elif drawn.region is not None:
        image = contoured(image, drawn.region)
    # At the foot of its square, so that the captions of a row stand on one line below it.
    page[top + tile_px - height : top + tile_px, left : left + width] = image
    for number, caption in enumerate(tile.captions):
        ink = PALE_INK if number else INK
        write(page, left, top + tile_px + 6 + number * _LINE, caption, 14, tile_px, ink)


def _fitted_to(image: Canvas, side_px: int) -> tuple[int, int]:
    """Height and width of an image whose longer side is brought to `side_px`."""
    scale = side_px / max(image.shape[:2])
    return max(1, round(image.shape[0] * scale)), max(1, round(image.shape[1] * scale))


def _scaled(image: Canvas, height: int, width: int) -> Canvas:
    method = cv2.INTER_AREA if height < image.shape[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), np.uint8)


def _brought_to(values: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    method = cv2.INTER_AREA if height < values.shape[0] else cv2.INTER_LINEAR
    # Bilinear weights add up to 1 but for rounding.
    return np.asarray(cv2.resize(values, (width, height), interpolation=method).clip(0, 1), np.float32)


def _check(
    image: Canvas, activation_map: NDArray[np.float32] | None, region: NDArray[np.bool_] | None
) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
        raise ValueError(f"image must be (H, W, 3) uint8; it is {image.shape} {image.dtype}")
    if activation_map is not None:
        if activation_map.ndim != 2 or 0 in activation_map.shape:
            raise ValueError(f"activation_map must be (h, w); it is {activation_map.shape}")
        low, high = float(activation_map.min()), float(activation_map.max())
        if not (low >= 0 and high <= 1):
            raise ValueError(f"activation_map must lie in [0, 1]; it goes from {low!r} to {high!r}")
    if region is not None and (region.shape != image.shape[:2] or region.dtype != np.bool_):
        raise ValueError(f"region must be {image.shape[:2]} bool, as the image; it is {region.shape}")
