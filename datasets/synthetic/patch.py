"""Amounts of stain in a small square around one object: what everything on a smear is drawn as."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

# The layers of `Patch.amounts` and of a whole field: units of each stain, made visible by `SmearStyle`.
HAEMOGLOBIN, CHROMATIN, CYTOPLASM, PIGMENT = range(4)
LAYERS = 4

ANGLES = 360
_GRID_STEP_PX = 32


class Shape(StrEnum):
    """The outline of an object, or the name that a red cell has from it."""

    ROUND = "round"
    OVAL = "oval"
    BURR = "burr"
    TARGET = "target"
    TEAR_DROP = "tear-drop"
    CRESCENT = "crescent"
    LOBED = "lobed"
    GRANULAR = "granular"


@dataclass(frozen=True)
class Patch:
    """One object, drawn around the centre of a pixel.

    Attributes
    ----------
    amounts
        (L, S, S) float32, S odd: units of stain a pixel; L is `LAYERS`, or 1 for haemoglobin alone.
    mask
        (S, S) bool: the pixels whose centres lie within the object.
    extent
        left, top, right, bottom of the object in pixels, seen from the centre of the middle pixel.
    shape
        How it was drawn.
    """

    amounts: NDArray[np.float32]
    mask: NDArray[np.bool_]
    extent: tuple[float, float, float, float]
    shape: Shape


@dataclass(frozen=True)
class Grid:
    """Coordinates of the pixels of a patch, seen from its middle.

    Attributes
    ----------
    x, y, radius
        (S, S) float32, pixels.
    angle
        (S, S) integers in [0, `ANGLES`): the direction in steps of a full turn / `ANGLES`.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    radius: NDArray[np.float32]
    angle: NDArray[np.intp]


def grid(half_px: int) -> Grid:
    """The coordinates of a patch of side ``2 * half_px + 1``."""
    large_half = -(-half_px // _GRID_STEP_PX) * _GRID_STEP_PX
    large = _large_grid(large_half)
    cut = slice(large_half - half_px, large_half + half_px + 1)
    return Grid(large.x[cut, cut], large.y[cut, cut], large.radius[cut, cut], large.angle[cut, cut])


@lru_cache(maxsize=8)
def _large_grid(half_px: int) -> Grid:
    axis = np.arange(-half_px, half_px + 1, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    turn = np.arctan2(y, x) / (2 * np.pi)
    angle = np.rint(turn * ANGLES).astype(np.intp) % ANGLES
    return Grid(x, y, np.hypot(x, y), angle)


def turned(
    x: NDArray[np.float32], y: NDArray[np.float32], angle: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Coordinates in axes turned by an angle in radians."""
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return x * cosine + y * sine, y * cosine - x * sine


def soft_ellipse(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    *,
    centre: tuple[float, float],
    radii: tuple[float, float],
    angle: float,
    edge: float,
) -> NDArray[np.float32]:
    """1 within an ellipse, 0 outside, with a ramp of `edge` (a share of the radius) on its line."""
    along, across = turned(x - np.float32(centre[0]), y - np.float32(centre[1]), angle)
    distance = np.hypot(along / np.float32(radii[0]), across / np.float32(radii[1]))
    inside: NDArray[np.float32] = np.clip((1 - distance) / np.float32(edge) + np.float32(0.5), 0, 1)
    return inside


def mottle(rng: np.random.Generator, side: int, *, grain_px: float) -> NDArray[np.float32]:
    """(side, side) float32 smooth noise of mean 0 and standard deviation about 1."""
    coarse = max(4, round(side / grain_px))
    noise = rng.standard_normal((coarse, coarse), dtype=np.float32)
    # Cubic interpolation between independent values keeps about two thirds of their spread.
    smooth = cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)
    return (np.float32(1.4) * smooth).astype(np.float32, copy=False)
