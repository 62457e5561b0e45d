"""Single cells cut from a field, brought to one size, one colour and one background."""

import cv2
import numpy as np
from numpy.typing import NDArray

from core.cells.levels import MEDIAN, counts, percentile

CROP_SIZE_PX = 48
CROP_CELL_DIAMETER_PX = 42.0
"""Width of a cell's box in its crop: the geometric mean of the sides is scaled to it."""
SURROUNDED_SIZE_PX = 96
SURROUNDED_CELL_DIAMETER_PX = 56.0
"""The same two for a second look, which sees more of a cell and what lies around it."""
GREY = 128
"""Level, in each channel, to which the typical cell colour is mapped; also the fill outside a cell."""
LEVELS_PER_DENSITY = 56.0
"""Levels that one unit of natural optical density spans: from a tenth to ten times the typical light."""
DARK_LIGHT = 6.0
"""Levels added before the logarithm: a channel that the stain has all but blackened holds noise, and the
logarithm of noise would fill the crop with it."""
LOGARITHMS = np.log(np.arange(256, dtype=np.float32) + np.float32(DARK_LIGHT))
CELLS_FOR_A_COLOUR = 20
"""A field with fewer cells takes the colour of its slide."""
LARGEST_COLOUR_SAMPLE = 40
"""Cells that a field's colour is taken from, about: more would cost time and change nothing."""
MASK_MARGIN = 1.0
"""Width of the disk kept over that of the box, which itself leaves some room around the cell."""


def scaled(image: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    """Resize by a factor: area averages when shrinking, so that no speck appears or goes by aliasing."""
    height, width = (max(1, round(side * factor)) for side in image.shape[:2])
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), np.uint8)


def background_colour(image: NDArray[np.uint8]) -> tuple[int, int, int]:
    """Red, green, blue of the empty background of an image."""
    return background_of(image[::8, ::8].reshape(-1, 3))


def background_of(pixels: NDArray[np.uint8]) -> tuple[int, int, int]:
    """Red, green, blue of the background of (N, 3) pixels: the median of their brightest fifth, by green."""
    bright = pixels[pixels[:, 1] >= percentile(counts(pixels[:, 1]), 80)]
    red, green, blue = (percentile(counts(channel), MEDIAN) for channel in bright.T)
    return int(red), int(green), int(blue)


def raw_crops(
    image: NDArray[np.uint8],
    boxes: NDArray[np.float32],
    crop_size_px: int = CROP_SIZE_PX,
    cell_diameter_px: float = CROP_CELL_DIAMETER_PX,
    *,
    beyond: tuple[int, ...] | None = None,
) -> NDArray[np.uint8]:
    """Cut square windows around boxes and bring the cells in them to one width.

    Parameters
    ----------
    image
        (H, W, C) uint8, RGB or one channel of it.
    boxes
        (N, 4): x, y, width, height in pixels of `image`; they may reach over its border.
    crop_size_px
        Side S of the crops.
    cell_diameter_px
        Width of a cell's box in its crop. The cell keeps it, so a larger crop shows more surroundings.
    beyond
        What lies outside the image looks like this; like the image's background if None. Pixels repeated
        from the border would make streaks that look like nothing on a slide.

    Returns
    -------
    (N, S, S, C) uint8.
    """
    crops = np.empty((len(boxes), crop_size_px, crop_size_px, image.shape[2]), np.uint8)
    if len(boxes) == 0:
        return crops
    sides = np.sqrt(boxes[:, 2] * boxes[:, 3]) * (crop_size_px / cell_diameter_px)
    windows = np.maximum(np.rint(sides), 2).astype(int)
    lefts = np.rint(boxes[:, 0] + boxes[:, 2] / 2 - windows / 2).astype(int)
    tops = np.rint(boxes[:, 1] + boxes[:, 3] / 2 - windows / 2).astype(int)
    height, width = image.shape[:2]
    over = (lefts < 0) | (tops < 0) | (lefts + windows > width) | (tops + windows > height)
    fill = np.array(background_colour(image) if beyond is None and over.any() else beyond or 0, np.uint8)
    places = zip(lefts.tolist(), tops.tolist(), windows.tolist(), over.tolist(), strict=True)
    for crop, (left, top, window, reaches_over) in zip(crops, places, strict=True):
        if reaches_over:
            shown = _framed(image, left, top, window, fill)
        else:
            shown = image[top : top + window, left : left + window]
        cv2.resize(
            shown,
            (crop_size_px, crop_size_px),
            dst=crop,
            # Area averaging where a cell is wider on the field than in its crop, as most are.
            interpolation=cv2.INTER_AREA if window > crop_size_px else cv2.INTER_LINEAR,
        )
    return crops


def _framed(
    image: NDArray[np.uint8], left: int, top: int, window: int, fill: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """A square window of an image over whose border it reaches."""
    square = np.empty((window, window, image.shape[2]), np.uint8)
    square[:] = fill
    part = image[max(top, 0) : max(top + window, 0), max(left, 0) : max(left + window, 0)]
    down, across = max(-top, 0), max(-left, 0)
    square[down : down + part.shape[0], across : across + part.shape[1]] = part
    return square


def green_crops(
    image: NDArray[np.uint8],
    boxes: NDArray[np.float32],
    crop_size_px: int = CROP_SIZE_PX,
    cell_diameter_px: float = CROP_CELL_DIAMETER_PX,
) -> NDArray[np.uint8]:
    """(N, S, S) green channel of `raw_crops`, by which stain and detail are told; in a third of the time."""
    green = np.asarray(cv2.extractChannel(image, 1), np.uint8)[..., None]
    beyond = background_colour(image)[1:2]
    return raw_crops(green, boxes, crop_size_px, cell_diameter_px, beyond=beyond)[..., 0]


def disk_masks(
    boxes: NDArray[np.float32], crop_size_px: int = CROP_SIZE_PX, margin: float = MASK_MARGIN
) -> NDArray[np.bool_]:
    """(N, S, S) masks of the ellipse that each box inscribes, widened by `margin`, on its crop's grid."""
    mean_side = np.sqrt(boxes[:, 2] * boxes[:, 3])
    semi_axes = boxes[:, 2:] / mean_side[:, None] * (CROP_CELL_DIAMETER_PX / 2 * margin)
    offset = np.arange(crop_size_px, dtype=np.float32) + 0.5 - crop_size_px / 2
    across = (offset / semi_axes[:, :1]) ** 2
    down = (offset / semi_axes[:, 1:]) ** 2
    inside: NDArray[np.bool_] = down[:, :, None] + across[:, None, :] <= 1
    return inside


def cell_colour(crops: NDArray[np.uint8], masks: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Median RGB over all pixels of all cells: a parasite is too small a part of them to move it."""
    red, green, blue = (cell_level(crops[..., channel], masks) for channel in range(3))
    return red, green, blue


def cell_level(crops: NDArray[np.uint8], masks: NDArray[np.bool_]) -> float:
    """Median over all pixels of all cells in one channel (N, S, S) of their crops."""
    if not masks.any():
        raise ValueError("no cell pixel to take a colour from")
    return percentile(counts(crops, masks), MEDIAN)


def field_colour(
    crops: NDArray[np.uint8], masks: NDArray[np.bool_], otherwise: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Typical cell colour of one field, or that of its slide where the field has too few cells for one.

    Stain and light change across a smear, and folders mix slides: the nearest cells are the best measure.
    """
    red, green, blue = (
        field_level(crops[..., channel], masks, level) for channel, level in enumerate(otherwise)
    )
    return red, green, blue


def field_level(crops: NDArray[np.uint8], masks: NDArray[np.bool_], otherwise: float) -> float:
    """`field_colour` in one channel (N, S, S) of the crops."""
    if len(crops) < CELLS_FOR_A_COLOUR:
        return otherwise
    step = max(1, len(crops) // LARGEST_COLOUR_SAMPLE)
    return cell_level(crops[::step], masks[::step])


def densities(crops: NDArray[np.uint8], colour: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Optical density against the typical cell, as levels about `GREY`: darker than it is lower.

    Where stains add, densities add (Beer-Lambert): a parasite takes the same number of levels off a pale
    cell as off a dark one, and nothing saturates on a slide stained ten times as strongly as another.

    Parameters
    ----------
    crops
        (N, S, S, 3) uint8.
    colour
        (3,) or (N, 3): RGB of the typical cell of the field or slide, or of each crop's.
    """
    typical = np.log(np.asarray(colour, np.float32) + np.float32(DARK_LIGHT))
    level = LOGARITHMS[None, :, None] - np.broadcast_to(typical, (len(crops), 3))[:, None, :]
    tables = np.clip(np.rint(level * np.float32(LEVELS_PER_DENSITY) + GREY), 0, 255).astype(np.uint8)
    levels = np.empty_like(crops)
    for crop, table, out in zip(crops, tables, levels, strict=True):
        cv2.LUT(crop, table[None], dst=out)
    return levels


def normalise(
    crops: NDArray[np.uint8], masks: NDArray[np.bool_], colour: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """(N, S, S, 3) `densities` of crops; all outside the masks (N, S, S) is `GREY`."""
    levels = densities(crops, colour)
    if len(crops) == 0:
        return levels  # OpenCV copies no rows
    rows, width = len(crops) * crops.shape[1], crops.shape[2]
    grey = np.full((rows, width, 3), GREY, np.uint8)
    inside = np.ascontiguousarray(masks).view(np.uint8).reshape(rows, width)
    shown = cv2.copyTo(levels.reshape(rows, width, 3), inside, grey)
    return np.asarray(shown, np.uint8).reshape(crops.shape)


def cut_crops(
    image: NDArray[np.uint8],
    boxes: NDArray[np.float32],
    colour: tuple[float, float, float],
    crop_size_px: int = CROP_SIZE_PX,
) -> NDArray[np.uint8]:
    """Crops as a classifier takes them: one cell width, the typical cell colour grey, nothing around."""
    crops = raw_crops(image, boxes, crop_size_px)
    return normalise(crops, disk_masks(boxes, crop_size_px), np.asarray(colour, np.float32))


def surrounded_crops(
    image: NDArray[np.uint8],
    boxes: NDArray[np.float32],
    colour: tuple[float, float, float],
    crop_size_px: int = SURROUNDED_SIZE_PX,
) -> NDArray[np.uint8]:
    """Crops as a second look takes them: larger, and with all that lies around the cell."""
    crops = raw_crops(image, boxes, crop_size_px, SURROUNDED_CELL_DIAMETER_PX)
    return densities(crops, np.asarray(colour, np.float32))
