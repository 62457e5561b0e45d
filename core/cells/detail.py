"""How much of what is fine in its cells a picture still shows, at the cells' own scale.

Two things take it: few pixels, also where a picture was enlarged afterwards, and strong compression. The
first leaves nothing at high spatial frequencies. The second hides in a JPEG file that was saved anew, at any
quality, or brought to another size; but it still shows the steps between the blocks of 8 px that it was first
coded in.
"""

import itertools
import math

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft2

from core.cells.crops import SURROUNDED_CELL_DIAMETER_PX, SURROUNDED_SIZE_PX, green_crops

COARSE, FINE = (2.0, 4.0), (8.0, 10.0)
"""Cycles a cell's width: of outlines of cells, and of the finest that a ring is told by. 20 px a cell hold
the latter just so."""
HIGHEST_CYCLES_A_PIXEL = 0.5
WINDOW = np.outer(np.hanning(SURROUNDED_SIZE_PX), np.hanning(SURROUNDED_SIZE_PX)).astype(np.float32)
CYCLES = (
    np.hypot(np.fft.fftfreq(SURROUNDED_SIZE_PX)[:, None], np.fft.rfftfreq(SURROUNDED_SIZE_PX)[None])
    * SURROUNDED_CELL_DIAMETER_PX
)
"""Of each place of a crop's spectrum, a cell's width."""
LARGEST_STEP = 24
"""Levels: the edge of a cell makes steps far above those between blocks."""
NEIGHBOURHOOD_PX = 17
NEAREST_PX, FARTHEST_PX = 3.0, 26.0
"""Distances between blocks that are looked for; 8 px where the picture has the size that it was coded at."""
LEAST_DISTANCES = 400
PX_A_DISTANCE = 3
"""How many of them are tried: the longer a row, the narrower are the peaks."""
FREQUENCIES = 8192
"""At least; more for a longer row."""
LEAST_SIDE_PX = 300
"""Shorter side below which steps cannot be told: by chance few cells make peaks as high as blocks do, in
23 of 120 parts of 150 px of fields as published; in parts of 300 px they do not."""
HARMONICS = 3
MOST_IN_STEP = 8
"""Largest denominator of a ratio of two lengths at which their pixels fall into step."""
DRIFT_PX = 1.5
"""How far, over a row, a length lies from those in step."""


def fine_detail(image: NDArray[np.uint8], boxes: NDArray[np.float32]) -> float:
    """Power of what is fine over that of what is coarse, round (N, 4) boxes of cells; decimal logarithm.

    Crops of narrower cells are enlarged, linearly, which takes of each frequency the fourth power of the sinc
    of its cycles a pixel; that is given back, so that a picture is not blamed for it.
    """
    green = green_crops(image, boxes, SURROUNDED_SIZE_PX, SURROUNDED_CELL_DIAMETER_PX)
    flat = green.astype(np.float32) - green.mean(axis=(1, 2), keepdims=True)
    spectrum = rfft2(flat * WINDOW)
    own_px = np.sqrt(boxes[:, 2] * boxes[:, 3])
    enlarged = own_px < SURROUNDED_CELL_DIAMETER_PX

    def power(low: float, high: float) -> NDArray[np.floating]:
        band = (low <= CYCLES) & (high > CYCLES)
        found = np.abs(spectrum[:, band]) ** 2
        cycles_a_pixel = np.minimum(CYCLES[band] / own_px[enlarged, None], HIGHEST_CYCLES_A_PIXEL)
        found[enlarged] /= np.sinc(cycles_a_pixel) ** 4
        return np.asarray(found.mean(axis=1))

    coarse, fine = power(*COARSE), power(*FINE)
    return float(np.median(np.log10((fine + 1) / (coarse + 1))))


def block_steps(image: NDArray[np.uint8], cell_diameter_px: float) -> float:
    """Levels by which green steps between the blocks of a compressed picture, at the scale of its cells.

    The mean step from pixel to pixel, a column or row, has peaks at one distance where there are blocks. NaN
    in a picture that is too small to tell, at that scale.
    """
    factor = min(1.0, SURROUNDED_CELL_DIAMETER_PX / cell_diameter_px)
    height, width = (round(side * factor) for side in image.shape[:2])
    if min(height, width) < LEAST_SIDE_PX:
        return math.nan
    height, width = _out_of_step(image.shape[0], height), _out_of_step(image.shape[1], width)
    own = cv2.extractChannel(image, 1)
    green = np.asarray(cv2.resize(own, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return min(
        _peaks(_mean_steps(green[:, 1:], green[:, :-1], axis=0)),
        _peaks(_mean_steps(green[1:], green[:-1], axis=1)),
    )


def _out_of_step(from_px: int, to_px: int) -> int:
    """The next length down, to which pixels are scaled without falling into step with those before.

    A picture that needs no scaling is made two pixels smaller, too: as it is, all its blocks are in step.
    Where four become three, each third takes its noise from fewer of them, and an edge between blocks is
    sharp all along the row or nowhere: steps would be .1 levels at one width of cells and .4 at the next.
    """

    def in_step(length_px: int) -> bool:
        shares = np.arange(1, MOST_IN_STEP + 1) * length_px / from_px
        off_px = np.abs(shares - np.rint(shares)) / np.arange(1, MOST_IN_STEP + 1) * from_px
        return bool((off_px < DRIFT_PX).any())

    shorter = itertools.count(to_px, -1)
    return next(length_px for length_px in shorter if length_px < 2 or not in_step(length_px))


def _mean_steps(level: NDArray[np.uint8], neighbour: NDArray[np.uint8], axis: int) -> NDArray[np.float32]:
    """Levels from each pixel to its neighbour, the mean over one axis."""
    _, steps = cv2.threshold(cv2.absdiff(level, neighbour), LARGEST_STEP, 0, cv2.THRESH_TRUNC)
    sums = np.asarray(cv2.reduce(steps, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S)).ravel()
    return sums.astype(np.float32) / np.float32(level.shape[axis])


def _peaks(steps: NDArray[np.float32]) -> float:
    """Levels of the peaks at one distance in the mean steps along a line."""
    around = cv2.blur(steps[None], (NEIGHBOURHOOD_PX, 1))[0]
    over = (steps - around) * np.hanning(len(steps))
    frequencies = max(FREQUENCIES, 1 << (len(over) - 1).bit_length())
    amplitude = np.abs(np.fft.rfft(over, frequencies)) * (4 / len(steps))
    orders = np.arange(1, HARMONICS + 1)[:, None]
    periods_px = np.geomspace(NEAREST_PX, FARTHEST_PX, max(LEAST_DISTANCES, len(steps) // PX_A_DISTANCE))
    at = np.rint(orders / periods_px * frequencies).astype(int)
    heights = np.where(at <= frequencies // 2, amplitude[np.minimum(at, frequencies // 2)], np.nan)
    return float(np.nanmean(heights, axis=0).max())
