"""How sharp single cells are, told from the steepness of their edges."""

import cv2
import numpy as np
from numpy.typing import NDArray


def edge_blur(image: NDArray[np.uint8], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Spread of each cell's edge, over the cell's width.

    A step of height c blurred by a Gaussian of standard deviation s is at its steepest c / (s sqrt(2 pi)).
    From the steepest slope in the box and the box's range of levels follows s.

    Parameters
    ----------
    image
        (H, W, 3) RGB, at one cell width for all fields: the measure cannot be finer than the pixels.
    boxes
        (N, 4) x, y, width, height in pixels of `image`.

    Returns
    -------
    (N,) float32, s over the box's mean side; about 0.02 to 0.06 for a sharp picture of cells 28 px wide,
    infinite where the box shows no edge at all.
    """
    # Haemoglobin absorbs green; it has the best contrast.
    green = cv2.extractChannel(image, 1)
    slope = cv2.magnitude(cv2.Scharr(green, cv2.CV_32F, 1, 0), cv2.Scharr(green, cv2.CV_32F, 0, 1))
    height, width = green.shape
    blur = np.full(len(boxes), np.inf, np.float32)
    for index, (x, y, box_width, box_height) in enumerate(boxes):
        rows = slice(max(0, int(y)), min(height, int(y + box_height) + 1))
        columns = slice(max(0, int(x)), min(width, int(x + box_width) + 1))
        levels = green[rows, columns]
        if levels.size == 0:
            continue
        steepest = cv2.minMaxLoc(slope[rows, columns])[1] / 32
        lowest, highest, *_ = cv2.minMaxLoc(levels)
        if steepest > 0:
            blur[index] = (
                (highest - lowest) / (steepest * np.sqrt(2 * np.pi)) / np.sqrt(box_width * box_height)
            )
    return blur
