"""Pictures of single cells for the reader at a screen: cut-outs at a known scale, maps to lay over them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.reports.drawing import INK, PAPER
from core.reports.overlays import colours
from core.slides.pixels import Canvas

JPEG_QUALITY = 92
_BAR_STEPS = (1.0, 2.0, 5.0)
_LONGEST_BAR = 0.4


@dataclass(frozen=True)
class Window:
    """A square of a field, in pixels of the field; it may reach over the field's border.

    Attributes
    ----------
    left, top
        Its corner; pixel (0, 0) of the field covers [0, 1) x [0, 1).
    side
        Above 0.
    """

    left: float
    top: float
    side: float


@dataclass(frozen=True)
class ScaleBar:
    """A bar of a round length.

    Attributes
    ----------
    um
        Its length.
    share
        Of the picture's side, in (0, 0.4].
    """

    um: float
    share: float


def window_around(box: tuple[float, float, float, float], cell_widths: float) -> Window:
    """The square about the middle of a cell's box that is `cell_widths` times as wide as the cell.

    Parameters
    ----------
    box
        x, y, width, height in pixels of the field; the cell's width is the geometric mean of its sides.
    cell_widths
        Above 0.
    """
    x, y, width, height = box
    side = max(math.sqrt(width * height) * cell_widths, 1.0)
    return Window(x + width / 2 - side / 2, y + height / 2 - side / 2, side)


def cut_out(
    image: Canvas, window: Window, side_px: int, beyond: tuple[int, int, int] = PAPER
) -> NDArray[np.uint8]:
    """The part of a field in a window, scaled to `side_px`; one colour where the window leaves the field.

    Nothing is invented beyond the border: a reader must see that the picture ends there.

    Parameters
    ----------
    beyond
        Red, green, blue of what lies outside; the field's background is less glaring than paper.

    Returns
    -------
    (side_px, side_px, 3) uint8, RGB.
    """
    scale = side_px / window.side
    source, left, top, reduced = image, 0, 0, 1.0
    if scale < 1:
        # Averages over what falls into one pixel: sampling alone would drop parasites of a few pixels. Two
        # pixels on each side are more than the shift below takes.
        wide_px = side_px + 4
        left, top = math.floor(window.left - 2 / scale), math.floor(window.top - 2 / scale)
        part = _part(image, left, top, round(wide_px / scale), beyond)
        source = np.asarray(cv2.resize(part, (wide_px, wide_px), interpolation=cv2.INTER_AREA), np.uint8)
        reduced = wide_px / len(part)
    # Pixel centres lie at whole numbers for OpenCV, at halves in windows.
    placed = np.array(
        [
            [scale / reduced, 0.0, scale * (0.5 / reduced + left - window.left) - 0.5],
            [0.0, scale / reduced, scale * (0.5 / reduced + top - window.top) - 0.5],
        ]
    )
    return np.asarray(
        cv2.warpAffine(
            source,
            placed,
            (side_px, side_px),
            flags=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=beyond,
        ),
        np.uint8,
    )


def _part(image: Canvas, left: int, top: int, side: int, beyond: tuple[int, int, int]) -> NDArray[np.uint8]:
    """(side, side, 3): a square of a field, one colour where it leaves the field."""
    part = np.full((side, side, 3), beyond, np.uint8)
    inside = image[max(0, top) : max(0, top + side), max(0, left) : max(0, left + side)]
    row, column = max(0, -top), max(0, -left)
    part[row : row + inside.shape[0], column : column + inside.shape[1]] = inside
    return part


def with_corners(picture: Canvas, window: Window, box: tuple[float, float, float, float]) -> Canvas:
    """Mark a cell of a cut-out by four corners in ink, edged with paper to stand out on either ground."""
    side_px = picture.shape[0]
    scale = side_px / window.side
    gap = side_px / 60
    low = (scale * (box[0] - window.left) - gap, scale * (box[1] - window.top) - gap)
    high = (low[0] + scale * box[2] + 2 * gap, low[1] + scale * box[3] + 2 * gap)
    arm, thickness = max(4, side_px // 24), max(1, side_px // 220)
    marked = picture.copy()
    for colour, width in ((PAPER, 3 * thickness), (INK, thickness)):
        for x, along in ((round(low[0]), arm), (round(high[0]), -arm)):
            for y, down in ((round(low[1]), arm), (round(high[1]), -arm)):
                cv2.line(marked, (x, y), (x + along, y), colour, width)
                cv2.line(marked, (x, y), (x, y + down), colour, width)
    return marked


def map_layer(
    activation_map: NDArray[np.floating], map_cell_widths: float, cell_widths: float, side_px: int
) -> NDArray[np.uint8]:
    """An activation map as a picture to lay over a cut-out of the same cell, as opaque as the map is strong.

    Parameters
    ----------
    activation_map
        (S, S) in [0, 1], on a square about the middle of the cell.
    map_cell_widths, cell_widths
        How many cell widths wide the map's square and the cut-out are; the map is nowhere outside its own.
    side_px
        Of the cut-out.

    Returns
    -------
    (side_px, side_px, 4) uint8, RGBA: viridis, with the map as alpha. Laid over with an opacity o, it gives
    what `core.reports.overlays.overlaid` draws with `opacity=o`.

    Raises
    ------
    ValueError
        If the map is not square or leaves [0, 1].
    """
    if activation_map.ndim != 2 or activation_map.shape[0] != activation_map.shape[1]:
        raise ValueError(f"activation_map must be (S, S); it is {activation_map.shape}")
    low, high = float(activation_map.min()), float(activation_map.max())
    if not (low >= 0 and high <= 1):
        raise ValueError(f"activation_map must lie in [0, 1]; it goes from {low!r} to {high!r}")
    scale = side_px * map_cell_widths / cell_widths / activation_map.shape[0]
    middle = (side_px - scale * activation_map.shape[0]) / 2
    placed = np.array([[scale, 0.0, scale * 0.5 - 0.5 + middle], [0.0, scale, scale * 0.5 - 0.5 + middle]])
    # Its rim is repeated one pixel wide, so that it does not fade out within its own square.
    values = cv2.warpAffine(
        activation_map.astype(np.float32),
        placed,
        (side_px, side_px),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    ).clip(0, 1)
    where = np.abs(np.arange(side_px) + 0.5 - side_px / 2) <= scale * activation_map.shape[0] / 2
    values = np.where(where[:, None] & where[None, :], values, 0)
    return np.dstack([colours(values), np.rint(255 * values).astype(np.uint8)])


def scale_bar(window: Window, um_per_pixel: float) -> ScaleBar:
    """The longest bar of 1, 2 or 5 times a power of ten µm that takes at most 40 % of a window's side."""
    room_um = _LONGEST_BAR * window.side * um_per_pixel
    power = 10.0 ** math.floor(math.log10(room_um))
    longest = max(step for step in _BAR_STEPS if step * power <= room_um * (1 + 1e-9)) * power
    return ScaleBar(longest, longest / (window.side * um_per_pixel))


def nearest_boxes(
    boxes: NDArray[np.floating], box: tuple[float, float, float, float], most: int
) -> NDArray[np.intp]:
    """Positions of the (N, 4) boxes whose middles lie nearest to that of `box`, nearest first."""
    across = boxes[:, 0] + boxes[:, 2] / 2 - (box[0] + box[2] / 2)
    down = boxes[:, 1] + boxes[:, 3] / 2 - (box[1] + box[3] / 2)
    return np.asarray(np.argsort(np.hypot(across, down), kind="stable")[:most])


def mosaic(
    pictures: Sequence[Canvas], *, columns: int, rows: int, side_px: int, gap_px: int
) -> NDArray[np.uint8]:
    """Square pictures side by side, row by row; paper between them and where there is none.

    Parameters
    ----------
    pictures
        (side_px, side_px, 3) each, at most `columns` times `rows`.
    columns, rows
        Of the whole, whose size does not depend on the number of pictures.
    side_px, gap_px
        Of a picture, and between two.
    """
    pitch = side_px + gap_px
    page = np.full((rows * pitch - gap_px, columns * pitch - gap_px, 3), PAPER, np.uint8)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        page[row * pitch : row * pitch + side_px, column * pitch : column * pitch + side_px] = picture
    return page


def jpeg(picture: Canvas) -> bytes:
    """An RGB picture as a JPEG file."""
    bgr = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), np.uint8)
    return _encoded(".jpg", bgr, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))


def png(picture: NDArray[np.uint8]) -> bytes:
    """An RGBA picture, (H, W, 4), or one of grey levels, (H, W), as a PNG file."""
    levels = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGBA2BGRA)
    return _encoded(".png", np.asarray(levels, np.uint8), ())


def _encoded(ending: str, picture: NDArray[np.uint8], parameters: Sequence[int]) -> bytes:
    worked, encoded = cv2.imencode(ending, picture, parameters)
    if not worked:
        raise ValueError(f"cannot encode a picture of shape {picture.shape} as {ending}")
    return encoded.tobytes()
