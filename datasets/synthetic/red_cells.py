"""Red cells: outlines, bodies, pale centres."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.patch import ANGLES, CYTOPLASM, HAEMOGLOBIN, LAYERS, Grid, Patch, Shape, grid
from datasets.synthetic.style import SmearStyle

_TURN = (np.arange(ANGLES) * (2 * np.pi / ANGLES)).astype(np.float32)
_COSINE, _SINE = np.cos(_TURN), np.sin(_TURN)
# Waves around a cell, the finer the lower.
_WAVES = np.concatenate([(np.cos(k * _TURN) / k, np.sin(k * _TURN) / k) for k in (2, 3, 4, 5)])
_PROFILE_STEPS = 256
_RHO = np.linspace(0.0, 1.0, _PROFILE_STEPS, dtype=np.float32)
# A cell is nearly flat and rounded off at its rim.
_BODY = np.append(np.sqrt(1 - _RHO**8), np.float32(0))


@dataclass(frozen=True)
class RedCell:
    """A red cell before it is laid on the field.

    Attributes
    ----------
    patch
        Its stain; four layers where it is infected or young, else one.
    radius_px
        Its mean radius.
    outline_px
        (`ANGLES`,) distance of its line from its middle by direction.
    """

    patch: Patch
    radius_px: float
    outline_px: NDArray[np.float32]


def random_shape(rng: np.random.Generator, style: SmearStyle) -> Shape:
    """A shape in the shares of the style."""
    draw = rng.random()
    for shape, share in (
        (Shape.OVAL, style.oval),
        (Shape.BURR, style.burr),
        (Shape.TARGET, style.target),
        (Shape.TEAR_DROP, style.tear_drop),
    ):
        if draw < share:
            return shape
        draw -= share
    return Shape.ROUND


def draw_red_cell(rng: np.random.Generator, style: SmearStyle, *, shape: Shape, radius_px: float) -> RedCell:
    """A red cell of a mean radius in pixels, turned at random."""
    outline = _outline(rng, shape, style.irregularity) * np.float32(radius_px)
    half = int(np.ceil(outline.max())) + 1
    pixels = grid(half)
    # Steps of the profiles a pixel, by direction.
    pace = np.take(np.float32(_PROFILE_STEPS - 1) / outline, pixels.angle)
    steps = pixels.radius * pace
    body = np.take(_BODY, steps.astype(np.intp), mode="clip")
    body *= _pallor(rng, style, shape, pace)
    body *= _tilt_and_amount(rng, pixels, radius_px)
    amounts = body[None]
    # A young red cell: larger stain, bluish.
    if rng.random() < 0.008:
        amounts = np.zeros((LAYERS, *body.shape), np.float32)
        amounts[HAEMOGLOBIN] = body
        amounts[CYTOPLASM] = body * np.float32(rng.uniform(0.15, 0.4))
    x, y = outline * _COSINE, outline * _SINE
    extent = (float(x.min()), float(y.min()), float(x.max()), float(y.max()))
    return RedCell(Patch(amounts, steps <= _PROFILE_STEPS - 1, extent, shape), radius_px, outline)


def _outline(rng: np.random.Generator, shape: Shape, irregularity: float) -> NDArray[np.float32]:
    """(`ANGLES`,) radius by direction, about 1 on the average."""
    start = rng.uniform(0, 2 * np.pi)
    elongation = rng.uniform(1.16, 1.5) if shape is Shape.OVAL else 1 + abs(rng.normal(0, 0.05))
    stretch = np.sqrt(elongation)
    theta = _TURN - np.float32(start)
    radius = 1 / np.hypot(np.cos(theta) / np.float32(stretch), np.sin(theta) * np.float32(stretch))
    heights = rng.normal(0, irregularity * 1.4, len(_WAVES)).astype(np.float32)
    radius += heights @ _WAVES
    if shape is Shape.BURR:
        # Spikes at uneven distances: the direction is bent before it is waved.
        spikes = rng.integers(9, 18)
        bent = _TURN + np.float32(rng.uniform(0.1, 0.35)) * np.sin(2 * theta)
        wave = np.maximum(np.cos(spikes * bent), 0) ** 2
        uneven = 1 + np.float32(0.5) * np.cos(3 * _TURN + np.float32(rng.uniform(0, 6)))
        radius += np.float32(rng.uniform(0.05, 0.13)) * wave * uneven - np.float32(0.04)
    elif shape is Shape.TEAR_DROP:
        away = np.abs((theta + np.pi) % (2 * np.pi) - np.pi)
        radius += np.float32(rng.uniform(0.3, 0.75)) * np.exp(-away / np.float32(rng.uniform(0.2, 0.35)))
        radius *= np.float32(0.92)
    outline: NDArray[np.float32] = radius.astype(np.float32, copy=False)
    return outline


def _pallor(
    rng: np.random.Generator, style: SmearStyle, shape: Shape, pace: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(S, S) share of the body that is left where the centre of the cell is thin."""
    depth = np.clip(style.pallor + rng.normal(0, 0.12), 0, 0.95)
    width = rng.uniform(0.3, 0.55)
    sharpness = rng.uniform(2.0, 4.0)
    # The thin place is seldom right in the middle: look it up from a point shifted by whole pixels.
    half = len(pace) // 2
    reach = half // 6
    right, down = (int(step) for step in rng.integers(-reach, reach + 1, 2))
    wide = grid(half + reach).radius
    side = 2 * half + 1
    shifted = wide[reach + down : reach + down + side, reach + right : reach + right + side]
    thin = np.exp(-((_RHO / np.float32(width)) ** np.float32(sharpness)))
    if shape is Shape.TARGET:
        depth = max(depth, rng.uniform(0.4, 0.75))
        ring = np.float32(rng.uniform(0.42, 0.56))
        thin = np.exp(-(((_RHO - ring) / np.float32(rng.uniform(0.13, 0.2))) ** 2))
    profile = np.append(1 - np.float32(depth) * thin, np.float32(1)).astype(np.float32)
    return np.take(profile, (shifted * pace).astype(np.intp), mode="clip")


def _tilt_and_amount(rng: np.random.Generator, pixels: Grid, radius_px: float) -> NDArray[np.float32]:
    """(S, S) factor: how thick this cell is, and thicker on one side than on the other."""
    amount = max(0.3, rng.normal(1.0, 0.07))
    # A cell emptied of its haemoglobin.
    if rng.random() < 0.004:
        amount = rng.uniform(0.2, 0.4)
    right, down = rng.normal(0, 0.05 * amount / radius_px, 2)
    factor: NDArray[np.float32] = pixels.x * np.float32(right)
    factor += pixels.y * np.float32(down)
    factor += np.float32(amount)
    return factor
