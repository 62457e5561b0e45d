"""Two pictures laid on each other by what they show along their borders, however few whole cells that is.

A narrow strip holds no constellation of cells, and yet nothing is so like it as the same strip: pieces of
cells, their outlines and what lies between them. All shifts of one picture over the other are tried at once
(normalised correlation by Fourier transform, as Lewis 1995), at a few turns and a coarse size; the best are
refined (Evangelidis and Psarakis 2008) and judged at a finer one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from core.overlap.pictures import correlation_of
from core.overlap.placement import Placement

COARSE_PX, FINE_PX = 8.0, 20.0
"""Widths of a cell at which shifts are tried, and at which pictures are judged; less on pictures with so many
cells that these would be larger than the following."""
MOST_COARSE, MOST_FINE = 1e5, 5e5
"""Pixels of a picture at which shifts are tried, and at which pictures are judged, at the most."""
TURNS = np.radians((-5.0, -3.0, -1.0, 1.0, 3.0, 5.0))
"""Photographs that follow each other are turned by no more, and a degree aside they are still alike."""
BRIGHTEST = 2.5
"""Detail beyond so many times its usual size is cut: a white cell must not outweigh all red ones."""
CELLS_DETAIL = 0.995
"""Share of a picture's places of less detail than its cells' strongest, however few they are. Usual detail is
no less than would leave these uncut: where most is empty glass the median is noise, and cells cut at noise
are all alike."""
LEAST_AREA = 3.0
"""Squares of a cell's width below which what two pictures share is not looked at."""
LARGEST_SHARE = 0.5
"""Of the picture: more is found by the cells, and what the camera puts at one place of all pictures lies at a
share of 1."""
PEAKS = 4
"""Shifts, the best of all, that are refined."""
FLAT = 0.05
"""Variance of detail, of its usual, that an empty strip is taken to have: noise alone is like noise."""
REFINEMENTS = 30
BLUR = 0.6
"""Of the finer sketch, in its pixels: one photograph may have been taken a little out of focus."""
AROUND_PX = 4
"""Of the second picture around the strip, for the strip to move into."""
REFINED_PX = 3
"""Side of the filter by which both pictures are blurred while they are refined."""
SAME_STRIP = 7.0
"""Evidence from which a strip is one. Before detail was bounded by that of the cells, of 11,000 pairs of real
fields of different places none had more than 5, and each .3 more left a third of them (`benchmarks.overlaps
--parts different`)."""
LARGEST_TURN = np.radians(5.5)
"""Whatever is refined to a larger turn has been led astray."""
LIKELY = 4.0
"""Evidence at the coarse size from which the finer one is looked at: chance gives it to one pair in 200."""
CORRELATES = 0.75
"""Correlation that one strip has on two photographs, however they were lit, at least."""
MOST_CORRELATED = 0.95
"""More counts as this much: two photographs of one strip differ more, while two smooth cells may be alike to
a hundredth and still are two, so that evidence is to come from many places."""
STANDS_OUT = 0.3
"""By how much it exceeds that half a cell aside, in all directions: along a line that crosses all pictures,
as the rim of a caption does, every place is like the next."""


@dataclass(frozen=True, eq=False)
class GreyPicture:
    """A photograph in grey, of `MOST_FINE` pixels at most.

    Attributes
    ----------
    grey
        (h, w) uint8.
    hidden
        (h, w) where it does not show the slide, but a caption.
    shrunk
        Pixels of the photograph to one of it.
    """

    grey: NDArray[np.uint8]
    hidden: NDArray[np.bool_]
    shrunk: float


@dataclass(frozen=True, eq=False)
class Sketch:
    """A photograph in grey, small, without what is wider than a cell, in units of its usual detail.

    Attributes
    ----------
    coarse, fine
        (h, w) float32; NaN where it does not show the slide.
    coarse_px, fine_px
        Pixels to a cell on either.
    """

    coarse: NDArray[np.float32]
    fine: NDArray[np.float32]
    coarse_px: float
    fine_px: float


@dataclass(frozen=True, eq=False)
class Registration:
    """How one sketch lies on another, and what speaks for it.

    Attributes
    ----------
    matrix
        (2, 3) float64: takes a place of the first fine sketch to one of the second.
    correlation
        Of what both show.
    stands_out
        By how much it is above the highest half a cell aside; below 0 where so little speaks for one place
        that this was not looked at.
    evidence
        Fisher's z of the correlation, of `MOST_CORRELATED` at most, in standard errors:
        ``atanh(correlation)`` times the root of the number of places, of half a cell, that the detail is
        spread over.
    """

    matrix: NDArray[np.float64]
    correlation: float
    stands_out: float
    evidence: float

    @property
    def is_turned_too_far(self) -> bool:
        """Whether one is turned against the other as photographs in a row are not."""
        return bool(abs(np.arctan2(self.matrix[1, 0], self.matrix[0, 0])) > LARGEST_TURN)

    @property
    def holds(self) -> bool:
        """Whether both show one place."""
        is_like = self.evidence >= SAME_STRIP and self.correlation >= CORRELATES
        return is_like and self.stands_out >= STANDS_OUT and not self.is_turned_too_far


def in_grey(image: NDArray[np.uint8], captions: Sequence[tuple[int, int, int, int]] = ()) -> GreyPicture:
    """Of an (H, W, 3) RGB photograph, given its captions' x, y, width and height."""
    shrunk = max(1.0, math.sqrt(image.shape[0] * image.shape[1] / MOST_FINE))
    grey = _smaller(np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)), 1 / shrunk)
    hidden = np.zeros(grey.shape, bool)
    for x, y, across, down in captions:
        rows = slice(int(y / shrunk), math.ceil((y + down) / shrunk))
        hidden[rows, int(x / shrunk) : math.ceil((x + across) / shrunk)] = True
    return GreyPicture(grey.round().astype(np.uint8), hidden, shrunk)


def sketches(first: GreyPicture, second: GreyPicture, px_per_width: float) -> tuple[Sketch, Sketch]:
    """Both at one scale, with so many pixels of the photographs to a cell."""
    fine_px = min(FINE_PX, *(px_per_width / picture.shrunk for picture in (first, second)))
    pixels = max(
        picture.grey.size * (picture.shrunk * fine_px / px_per_width) ** 2 for picture in (first, second)
    )
    coarse_px = min(COARSE_PX, fine_px, fine_px * math.sqrt(MOST_COARSE / pixels))
    one, other = (
        _sketched(picture, px_per_width / picture.shrunk, fine_px, coarse_px) for picture in (first, second)
    )
    return one, other


def _sketched(picture: GreyPicture, px_per_width: float, fine_px: float, coarse_px: float) -> Sketch:
    small = _smaller(picture.grey, fine_px / px_per_width)
    fine = np.asarray(cv2.GaussianBlur(small, (0, 0), BLUR), np.float32)
    coarse = _smaller(fine, coarse_px / fine_px)
    hidden = picture.hidden
    return Sketch(_detail(coarse, hidden, coarse_px), _detail(fine, hidden, fine_px), coarse_px, fine_px)


def _smaller(grey: NDArray[Any], scale: float) -> NDArray[np.float32]:
    height, width = (max(1, round(side * scale)) for side in grey.shape)
    return np.asarray(cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def _detail(small: NDArray[np.float32], hidden: NDArray[np.bool_], cell_px: float) -> NDArray[np.float32]:
    detail = small - cv2.GaussianBlur(small, (0, 0), cell_px / 2)
    if hidden.any():  # and as far around as a caption's rim reaches
        wide = 2 * round(cell_px) + 1
        around = cv2.resize(hidden.astype(np.uint8), small.shape[::-1], interpolation=cv2.INTER_NEAREST)
        detail[cv2.dilate(around, np.ones((wide, wide), np.uint8)) > 0] = np.nan
    size = np.abs(detail[np.isfinite(detail)])
    if not size.size:
        return detail
    usual = max(1.4826 * float(np.median(size)), float(np.quantile(size, CELLS_DETAIL)) / BRIGHTEST, 1e-6)
    return np.asarray((detail / usual).clip(-BRIGHTEST, BRIGHTEST), np.float32)


def on_each_other(
    first: GreyPicture, second: GreyPicture, widths_px: tuple[float, float]
) -> Placement | None:
    """How one photograph lies on another with which it shares a strip; None where it shares none.

    Parameters
    ----------
    widths_px
        Width of a cell on each photograph; pixels are of one size on both.
    """
    px_per_width = math.sqrt(widths_px[0] * widths_px[1])
    one, other = sketches(first, second, px_per_width)
    found = registered(one, other)
    if found is None or not found.holds:
        return None
    turn = complex(found.matrix[0, 0], found.matrix[1, 0]) * widths_px[0] / widths_px[1]
    shift = complex(*found.matrix[:, 2]) * px_per_width / one.fine_px / widths_px[1]
    return Placement(turn, shift)


def registered(first: Sketch, second: Sketch) -> Registration | None:
    """The likeliest way to lay one photograph on the other, whether it holds or not; None where none is."""
    best: Registration | None = None
    for turn, across, down in _peaks(first.coarse, second.coarse, first.coarse_px):
        matrix = _about_middle(first.coarse.shape, turn)
        matrix[:, 2] += across, down
        coarse = _refined(first.coarse, second.coarse, matrix, first.coarse_px)
        if coarse is None or coarse.evidence < LIKELY:
            continue
        finer = _at_scale(coarse.matrix, first.fine_px / first.coarse_px)
        fine = _refined(first.fine, second.fine, finer, first.fine_px)
        if fine is None:
            continue
        if fine.holds:
            return fine
        if best is None or fine.evidence > best.evidence:
            best = fine
    return best


def _at_scale(matrix: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    """The same between two pictures so many times larger; a pixel's place is that of its middle."""
    shift = matrix[:, 2] + (matrix[:, :2] - np.eye(2)) @ (0.5, 0.5)
    shift = shift * scale - (matrix[:, :2] - np.eye(2)) @ (0.5, 0.5)
    return np.column_stack([matrix[:, :2], shift])


def _about_middle(shape: tuple[int, ...], turn: float) -> NDArray[np.float64]:
    middle = ((shape[1] - 1) / 2, (shape[0] - 1) / 2)
    return np.asarray(cv2.getRotationMatrix2D(middle, -np.degrees(turn), 1.0), np.float64)


def _peaks(
    first: NDArray[np.float32], second: NDArray[np.float32], cell_px: float
) -> list[tuple[float, int, int]]:
    """The likeliest turns about the middle, with the shifts that follow them, in pixels; best first."""
    first, second = np.nan_to_num(first), np.nan_to_num(second)
    (height, width), (rows, columns) = first.shape, second.shape
    room = tuple(fft.next_fast_len(side, real=True) for side in (height + rows, width + columns))
    across, down = np.arange(1 - width, columns), np.arange(1 - height, rows)
    on_second = _spans(across, width, columns), _spans(down, height, rows)
    on_first = on_second[0] - across, on_second[1] - down
    area = np.multiply.outer(np.diff(on_second[1], axis=0)[0], np.diff(on_second[0], axis=0)[0])
    area = area.astype(np.float32)
    tried = (area >= LEAST_AREA * cell_px**2) & (area <= LARGEST_SHARE * min(first.size, second.size))
    spectrum = fft.rfft2(second, room)
    flat = FLAT * area
    of_second = np.maximum(_energies(second, on_second), flat)
    best, best_turn = np.zeros(area.shape, np.float32), np.zeros(area.shape, np.int8)
    for number, turn in enumerate(TURNS.tolist()):
        about = _about_middle(first.shape, turn)
        turned = np.asarray(cv2.warpAffine(first, about, (width, height)), np.float32)
        agreement = fft.irfft2(fft.rfft2(turned, room).conj() * spectrum, room)
        shifted = np.roll(agreement, (height - 1, width - 1), (0, 1))[: len(down), : len(across)]
        correlation = shifted / np.sqrt(np.maximum(_energies(turned, on_first), flat) * of_second)
        better = correlation > best
        best[better], best_turn[better] = correlation[better], number
    evidence = np.where(tried, np.arctanh(best.clip(0, 0.98)) * np.sqrt(area), 0)
    aside = max(1, round(cell_px / 2))
    peaks = []
    for _ in range(PEAKS):
        row, column = np.unravel_index(int(evidence.argmax()), evidence.shape)
        if evidence[row, column] <= 0:
            break
        peaks.append((float(TURNS[best_turn[row, column]]), int(across[column]), int(down[row])))
        evidence[max(0, row - aside) : row + aside + 1, max(0, column - aside) : column + aside + 1] = 0
    return peaks


def _spans(shifts: NDArray[np.int64], side: int, other: int) -> NDArray[np.int64]:
    """(2, N) from where to where a side shifted so lies on another."""
    return np.stack([shifts.clip(0, other), (shifts + side).clip(0, other)])


def _energies(
    detail: NDArray[np.float32], spans: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> NDArray[np.float32]:
    """Sums of squares over each rectangle of the spans across and down."""
    sums = cv2.integral(detail * detail, sdepth=cv2.CV_64F)
    (left, right), (top, bottom) = spans
    columns = sums[:, right] - sums[:, left]
    return np.asarray(columns[bottom] - columns[top], np.float32)


def _refined(
    first: NDArray[np.float32], second: NDArray[np.float32], matrix: NDArray[np.float64], cell_px: float
) -> Registration | None:
    """The placement moved and turned until both agree best, judged; None where they share too little."""
    corner, strip = _strip(first, second, matrix)
    if min(strip.shape) < cell_px / 3:
        return None
    matrix = matrix.copy()
    matrix[:, 2] -= corner
    until = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, REFINEMENTS, 1e-4)
    back = cv2.invertAffineTransform(matrix).astype(np.float32)
    shown = np.isfinite(first).astype(np.uint8)
    try:
        _, found = cv2.findTransformECC(
            np.nan_to_num(strip), np.nan_to_num(first), back, cv2.MOTION_EUCLIDEAN, until, shown, REFINED_PX
        )
    except cv2.error:  # nothing to see there, or no way leads to anything better
        return None
    matrix = np.asarray(cv2.invertAffineTransform(np.asarray(found, np.float64)), np.float64)
    laid = _moved(first, matrix, strip.shape)
    here = _correlation(laid, strip, LEAST_AREA / 2 * cell_px**2)
    half = max(1, round(cell_px / 2))
    evidence = float(np.arctanh(min(max(here, 0.0), MOST_CORRELATED)) * np.sqrt(_places(laid, strip, half)))
    aside = 1.0
    if evidence >= SAME_STRIP:
        steps = ((half, 0), (-half, 0), (0, half), (0, -half))
        moved = (_moved(laid, np.array([[1, 0, x], [0, 1, y]], float), strip.shape) for x, y in steps)
        aside = max(_correlation(one, strip, cell_px**2) for one in moved)
    matrix[:, 2] += corner
    return Registration(matrix, here, here - aside, evidence)


def _strip(
    first: NDArray[np.float32], second: NDArray[np.float32], matrix: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The part of the second on which the first lies, with a little around it, and its upper left corner."""
    height, width = first.shape
    corners = np.array([(0, 0, 1), (width, 0, 1), (width, height, 1), (0, height, 1)]) @ matrix.T
    bounds = np.array(second.shape[::-1])
    begin = (np.floor(corners.min(axis=0)).astype(int) - AROUND_PX).clip(0, bounds)
    end = (np.ceil(corners.max(axis=0)).astype(int) + AROUND_PX).clip(0, bounds)
    return begin, np.ascontiguousarray(second[begin[1] : end[1], begin[0] : end[0]])


def _moved(
    picture: NDArray[np.float32], matrix: NDArray[np.float64], shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """The picture on another of this shape, NaN where it does not reach."""
    return np.asarray(cv2.warpAffine(picture, matrix, (shape[1], shape[0]), borderValue=np.nan), np.float32)


def _correlation(laid: NDArray[np.float32], strip: NDArray[np.float32], least_px: float) -> float:
    """Of what both show; 0 where that is too little."""
    shown = np.isfinite(laid) & np.isfinite(strip)
    if shown.sum() < least_px:
        return 0.0
    return correlation_of(laid[shown], strip[shown])


def _places(laid: NDArray[np.float32], strip: NDArray[np.float32], side: int) -> float:
    """Over how many blocks of half a cell the detail is spread: ``(Σ e)² / Σ e²`` of their energies e."""
    energy = np.nan_to_num(laid**2 + strip**2)
    rows, columns = (-(-length // side) for length in energy.shape)
    padded = np.zeros((rows * side, columns * side))
    padded[: energy.shape[0], : energy.shape[1]] = energy
    blocks = padded.reshape(rows, side, columns, side).sum(axis=(1, 3))
    return float(blocks.sum() ** 2 / max(1e-9, (blocks**2).sum()))
