"""Cells strewn over a slide without touching, and photographs of parts of it."""

import numpy as np
from numpy.typing import NDArray

from core.overlap import Pattern

Points = NDArray[np.complex128]


def strewn(width: float, height: float, seed: int) -> Points:
    """Places .9 cell widths apart and more, at random, as densely as they come to lie by trying."""
    draw = np.random.default_rng(seed)
    tried = draw.uniform(0, width, 900) + 1j * draw.uniform(0, height, 900)
    kept: list[complex] = []
    for place in tried.tolist():
        if all(abs(place - other) >= 0.9 for other in kept):
            kept.append(place)
    return np.array(kept)


def photograph(
    slide: Points,
    corner: complex,
    *,
    degrees: float = 0.0,
    width: float = 12.0,
    height: float = 9.0,
    noise: float = 0.0,
    missed: float = 0.0,
    seed: int = 0,
) -> Pattern:
    """What a camera turned by so much shows whose first pixel lies at `corner` of the slide.

    Each place is off by about `noise` cell widths, and a share `missed` is not there.
    """
    draw = np.random.default_rng(seed)
    seen = (slide - corner) * np.exp(-1j * np.radians(degrees))
    inside = (seen.real > 0) & (seen.real < width) & (seen.imag > 0) & (seen.imag < height)
    inside &= draw.random(len(slide)) >= missed
    off = draw.normal(0, noise, len(slide)) + 1j * draw.normal(0, noise, len(slide))
    return Pattern((seen + off)[inside], width, height)
