"""A field with its cells drawn in: what leads the slide's list, what was counted, what was left out."""

import cv2
import numpy as np
from numpy.typing import NDArray

from core.reports.drawing import PALE_INK, PAPER, RED, Colour, blank, text_width, write
from core.slides.pixels import Canvas
from core.wording import RESEARCH_USE_ONLY

COUNTED: Colour = (96, 138, 104)
LEFT_OUT: Colour = (150, 160, 190)

_STRIP = 28
_LEGEND = ("on the list, with rank", "counted", "dotted: outside the count")


def annotated_field(
    image: NDArray[np.uint8],
    boxes: NDArray[np.float32],
    why_not: NDArray[np.str_],
    ranks: NDArray[np.integer],
) -> NDArray[np.uint8]:
    """Draw the objects of a field: those of the list bold with their rank, the others thin.

    What is outside the count is dotted, whether it is on the list or not.

    Parameters
    ----------
    image
        (H, W, 3) uint8, RGB.
    boxes
        (N, 4): x, y, width, height in pixels of `image`; they may reach over its border.
    why_not
        (N,) strings, empty where the cell is evaluable.
    ranks
        (N,) rank on its slide, from 1 on, of what is to be shown as on the list; 0 for the others.

    Returns
    -------
    (H + strip, W, 3) uint8, RGB: the field, and below it a strip with the legend.

    Raises
    ------
    ValueError
        If the arrays are not aligned or the image is not RGB.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"image must be (H, W, 3) uint8; it is {image.shape} {image.dtype}")
    for name, values in (("why_not", why_not), ("ranks", ranks)):
        if len(values) != len(boxes):
            raise ValueError(
                f"{name} must have one entry for each of {len(boxes)} boxes; it has {len(values)}"
            )
    height, width = image.shape[:2]
    page = blank(height + _STRIP, width)
    page[:height] = image
    field = page[:height]
    typical = float(np.median(boxes[:, 2:])) if len(boxes) else 40.0
    thin, bold = max(1, round(typical / 40)), max(3, round(typical / 14))
    # Those of the list last, the first of it on top: nothing covers them.
    for index in np.argsort(np.where(ranks > 0, -ranks, np.iinfo(int).min), kind="stable"):
        corners = _corners(boxes[index], width, height)
        if corners is None:
            continue
        listed = bool(ranks[index])
        if why_not[index]:
            _dotted(field, corners, bold if listed else thin, RED if listed else LEFT_OUT)
        else:
            _framed(field, corners, RED if listed else COUNTED, bold if listed else thin)
        if listed:
            _rank(field, corners, str(ranks[index]), max(14, round(typical / 3)))
    _legend(page[height:])
    return page


_Corners = tuple[int, int, int, int]


def _corners(box: NDArray[np.float32], width: int, height: int) -> _Corners | None:
    """First and last pixel of a box within the image; None where nothing of it is."""
    left, top = max(0, round(float(box[0]))), max(0, round(float(box[1])))
    right = min(width, round(float(box[0] + box[2]))) - 1
    bottom = min(height, round(float(box[1] + box[3]))) - 1
    return (left, top, right, bottom) if right >= left and bottom >= top else None


def _framed(canvas: Canvas, corners: _Corners, colour: Colour, thickness: int) -> None:
    """Draw a frame inside the corners."""
    left, top, right, bottom = corners
    inside = canvas[top : bottom + 1, left : right + 1]
    inside[:thickness] = inside[-thickness:] = colour
    inside[:, :thickness] = inside[:, -thickness:] = colour


def _dotted(canvas: Canvas, corners: _Corners, thickness: int, colour: Colour) -> None:
    """Draw a frame of dots inside the corners."""
    left, top, right, bottom = corners
    inside, dot = canvas[top : bottom + 1, left : right + 1], thickness + 1
    for side in (
        inside[:dot],
        inside[-dot:],
        inside[:, :dot].swapaxes(0, 1),
        inside[:, -dot:].swapaxes(0, 1),
    ):
        dotted = np.arange(side.shape[1]) % (3 * dot) < dot
        side[:, dotted] = colour


def _rank(canvas: Canvas, corners: _Corners, rank: str, size_px: int) -> None:
    """Put the rank on a flag above the box, moved inside the image where it would leave it."""
    height, width = canvas.shape[:2]
    tall, long = size_px + 6, text_width(rank, size_px) + 8
    left = max(0, min(corners[0], width - long))
    top = max(0, min(corners[1] - tall, height - tall))
    cv2.rectangle(canvas, (left, top), (left + long - 1, top + tall - 1), RED, cv2.FILLED)
    write(canvas, left + 4, top, rank, size_px, long, PAPER)


def _legend(strip: Canvas) -> None:
    size, left, width = 14, 10, strip.shape[1]
    for number, meaning in enumerate(_LEGEND):
        box = (left, 6, left + 15, 21)
        if left + 16 <= width:
            if number == 0:
                _framed(strip, box, RED, 3)
            elif number == 1:
                _framed(strip, box, COUNTED, 1)
            else:
                _dotted(strip, box, 1, LEFT_OUT)
        left += 22
        write(strip, left, 5, meaning, size, width - left)
        left += text_width(meaning, size) + 18
    write(strip, left, 5, RESEARCH_USE_ONLY, size, width - left - 10, PALE_INK)
