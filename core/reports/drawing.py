"""Text and pictures put on an RGB canvas: what the drawn reports share."""

from functools import cache

import cv2
import numpy as np

from core.slides.pixels import Canvas

Colour = tuple[int, int, int]

PAPER: Colour = (250, 250, 248)
INK: Colour = (34, 38, 44)
PALE_INK: Colour = (108, 114, 122)
RED: Colour = (206, 30, 38)

_WEIGHT = 400


@cache
def _font() -> cv2.FontFace:
    """OpenCV's own typeface, which draws accents, Greek, Cyrillic and Chinese in names of slides too."""
    return cv2.FontFace("sans")


def blank(height: int, width: int) -> Canvas:
    """(height, width, 3) of paper."""
    return np.full((height, width, 3), PAPER, np.uint8)


def text_width(text: str, size_px: int) -> int:
    """Pixels that one line of text takes."""
    left, _, width, _ = cv2.getTextSize((0, 0), text, (0, 0), _font(), size_px, _WEIGHT)
    return int(left + width)


def one_line(text: str) -> str:
    """Text without line breaks, tabs and unprintable characters, which would draw as boxes."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def fitted(text: str, size_px: int, width_px: int) -> str:
    """Shorten one line of text to a width by leaving out its middle; empty where not even "…" fits."""
    text = one_line(text)
    if text_width(text, size_px) <= width_px:
        return text
    shortened = ""
    for kept in range(len(text)):
        # Two letters of the end for each of the beginning: names of fields differ at the end.
        trial = text[: kept // 3] + "…" + text[len(text) - (kept - kept // 3) :]
        if text_width(trial, size_px) > width_px:
            break
        shortened = trial
    return shortened


def write(
    canvas: Canvas, left: int, top: int, text: str, size_px: int, width_px: int, colour: Colour = INK
) -> None:
    """Draw one line of text, `size_px` high, below and right of a place, shortened to a width."""
    cv2.putText(
        canvas, fitted(text, size_px, width_px), (left, top + size_px), colour, _font(), size_px, _WEIGHT
    )
