"""One field with every located cell framed in the colour of its call."""

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

INFECTED = (222, 30, 30)
HEALTHY = (0, 130, 105)
NOT_COUNTED = (125, 125, 125)


def frame_colour(call: str, *, evaluable: bool) -> tuple[int, int, int]:
    """Red, green, blue of a cell's frame; a cell that does not count is grey whatever it was called."""
    if not evaluable:
        return NOT_COUNTED
    return INFECTED if call == "infected" else HEALTHY


def annotated_field(
    image: NDArray[np.uint8],
    boxes: NDArray[np.float32],
    calls: Iterable[str],
    evaluable: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """Draw the calls onto a copy of a field, with a key to the colours in a strip below it.

    Parameters
    ----------
    image
        (H, W, 3) uint8, RGB.
    boxes
        (N, 4) x, y of the top-left corner, width, height, pixels.
    calls
        N of "infected", "healthy" or, for cells that do not count, anything.
    evaluable
        (N,) whether the cell counts.

    Returns
    -------
    NDArray
        (H + strip, W, 3) uint8, RGB.
    """
    width_px = image.shape[1]
    line_px = max(2, round(width_px / 640))
    picture = image.copy()
    # Infected cells last, so that no neighbour's frame lies over theirs.
    frames = sorted(
        (
            (frame_colour(call, evaluable=bool(counts)), np.round(box).astype(int).tolist())
            for box, call, counts in zip(boxes, calls, evaluable, strict=True)
        ),
        key=lambda frame: (frame[0] == INFECTED, frame[0] == HEALTHY),
    )
    for colour, (x, y, width, height) in frames:
        thickness = 2 * line_px if colour == INFECTED else line_px
        cv2.rectangle(picture, (x, y), (x + width - 1, y + height - 1), colour, thickness, cv2.LINE_AA)
    return np.vstack([picture, _key(width_px, [colour for colour, _ in frames])])


def _key(width_px: int, colours: list[tuple[int, int, int]]) -> NDArray[np.uint8]:
    """(strip, width_px, 3) one square, word and number for each colour."""
    scale = width_px / 1600
    height_px = round(60 * scale)
    strip = np.full((height_px, width_px, 3), 255, np.uint8)
    entries = [
        ("called infected", INFECTED),
        ("called healthy", HEALTHY),
        ("located, not counted", NOT_COUNTED),
    ]
    for place, (words, colour) in enumerate(entries):
        left = round((20 + 520 * place) * scale)
        top, bottom = round(15 * scale), round(45 * scale)
        cv2.rectangle(strip, (left, top), (left + bottom - top, bottom), colour, -1)
        cv2.putText(
            strip,
            f"{words}: {colours.count(colour)}",
            (left + round(45 * scale), round(41 * scale)),
            cv2.FONT_HERSHEY_SIMPLEX,
            1.05 * scale,
            (30, 30, 30),
            max(1, round(2 * scale)),
            cv2.LINE_AA,
        )
    return strip
