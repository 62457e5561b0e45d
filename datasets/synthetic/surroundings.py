"""What lies among the red cells of a smear: white cells, platelets, stain precipitate, dust, bubbles."""

import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.patch import (
    ANGLES,
    CHROMATIN,
    CYTOPLASM,
    HAEMOGLOBIN,
    LAYERS,
    PIGMENT,
    Patch,
    Shape,
    grid,
    mottle,
    soft_ellipse,
)


def draw_white_cell(rng: np.random.Generator, *, red_cell_diameter_px: float) -> Patch:
    """A granulocyte with a lobed nucleus, or a mononuclear cell with a round or bent one."""
    granulocyte = rng.random() < 0.65
    radius = red_cell_diameter_px * (rng.uniform(0.75, 1.0) if granulocyte else rng.uniform(0.6, 0.95))
    half = int(np.ceil(radius * 1.1)) + 1
    pixels = grid(half)
    x, y = pixels.x / np.float32(radius), pixels.y / np.float32(radius)
    direction = pixels.angle.astype(np.float32) * np.float32(2 * np.pi / ANGLES)
    bumps = sum(rng.normal(0, 0.035) * np.cos(k * direction + rng.uniform(0, 6)) for k in (2, 3, 5))
    line = np.minimum(1 + bumps, 1.1).astype(np.float32)
    distance = np.hypot(x, y)
    body = np.clip((line - distance) * np.float32(radius / 3), 0, 1)
    fine = mottle(rng, len(x), grain_px=max(1.5, radius / 18))
    coarse = mottle(rng, len(x), grain_px=max(2.0, radius / 6))

    nucleus = np.zeros_like(x)
    if granulocyte:
        lobes = int(rng.integers(2, 6))
        turn, bend = rng.uniform(0, 2 * np.pi), rng.uniform(1.0, 1.7)
        previous = None
        for k in range(lobes):
            at_angle = turn + bend * (k - (lobes - 1) / 2)
            away = rng.uniform(0.32, 0.48)
            at = (away * np.cos(at_angle), away * np.sin(at_angle))
            size = rng.uniform(0.2, 0.3)
            lobe = soft_ellipse(
                x, y, centre=at, radii=(size * rng.uniform(1.0, 1.5), size), angle=rng.uniform(0, 3), edge=0.2
            )
            np.maximum(nucleus, lobe, out=nucleus)
            if previous is not None:
                middle = ((at[0] + previous[0]) / 2, (at[1] + previous[1]) / 2)
                gap = (at[0] - previous[0], at[1] - previous[1])
                strand = soft_ellipse(
                    x,
                    y,
                    centre=middle,
                    radii=(float(np.hypot(*gap)) / 2 + 0.02, 0.07),
                    angle=float(np.arctan2(gap[1], gap[0])),
                    edge=0.4,
                )
                np.maximum(nucleus, strand, out=nucleus)
            previous = at
    else:
        size = rng.uniform(0.62, 0.86)
        shift = rng.uniform(-0.1, 0.1, 2)
        nucleus = soft_ellipse(
            x,
            y,
            centre=(shift[0], shift[1]),
            radii=(size, size * rng.uniform(0.75, 1.0)),
            angle=rng.uniform(0, np.pi),
            edge=0.1,
        )
        if rng.random() < 0.5:
            turn = rng.uniform(0, 2 * np.pi)
            dent_at = (size * np.cos(turn), size * np.sin(turn))
            dent = soft_ellipse(x, y, centre=dent_at, radii=(0.4, 0.22), angle=turn, edge=0.3)
            nucleus *= 1 - dent
    nucleus = nucleus * body

    amounts = np.zeros((LAYERS, *body.shape), np.float32)
    granules = np.clip(1 + np.float32(0.22 if granulocyte else 0.12) * fine, 0, 3)
    pale = body * (1 - np.float32(0.8) * nucleus)
    amounts[HAEMOGLOBIN] = np.float32(rng.uniform(0.1, 0.3) if granulocyte else 0.05) * pale * granules
    amounts[CYTOPLASM] = (
        np.float32(rng.uniform(0.08, 0.25) if granulocyte else rng.uniform(0.3, 0.8)) * pale * granules
    )
    clumps = np.clip(1 + np.float32(0.13) * coarse + np.float32(0.06) * fine, 0.5, 1.5)
    amounts[CHROMATIN] = np.float32(rng.uniform(0.8, 1.15)) * nucleus * clumps
    amounts[CHROMATIN] += np.float32(0.06) * pale * granules

    mask = distance <= line
    return Patch(amounts, mask, _extent_of(mask), Shape.LOBED if granulocyte else Shape.ROUND)


def draw_platelet(rng: np.random.Generator, *, red_cell_diameter_px: float) -> Patch:
    """A small purple granular body with a paler seam."""
    radius = red_cell_diameter_px * rng.uniform(0.12, 0.25)
    half = int(np.ceil(radius * 1.5)) + 1
    pixels = grid(half)
    x, y = pixels.x / np.float32(radius), pixels.y / np.float32(radius)
    direction = pixels.angle.astype(np.float32) * np.float32(2 * np.pi / ANGLES)
    bumps = sum(rng.normal(0, 0.1) * np.cos(k * direction + rng.uniform(0, 6)) for k in (2, 3, 4))
    line = np.clip(1 + bumps, 0.7, 1.4).astype(np.float32)
    rho = np.hypot(x, y) / line
    texture = np.clip(1 + np.float32(0.4) * mottle(rng, len(x), grain_px=max(1.2, radius / 4)), 0, 2.2)
    amounts = np.zeros((LAYERS, *rho.shape), np.float32)
    core = np.clip((np.float32(0.85) - rho) * np.float32(2.5), 0, 1)
    amounts[CHROMATIN] = np.float32(rng.uniform(0.15, 0.5)) * core * texture
    amounts[CYTOPLASM] = np.float32(rng.uniform(0.05, 0.4)) * np.clip((1 - rho) * 4, 0, 1)
    mask = rho <= 1
    return Patch(amounts, mask, _extent_of(mask), Shape.GRANULAR)


def draw_debris(rng: np.random.Generator, *, red_cell_diameter_px: float) -> NDArray[np.float32]:
    """(4, S, S) amounts of stain of something that is no cell at all."""
    kind = rng.choice(4, p=(0.45, 0.25, 0.15, 0.15))
    if kind == 0:
        return _precipitate(rng, red_cell_diameter_px)
    if kind == 1:
        return _dust(rng, red_cell_diameter_px)
    if kind == 2:
        return _bubble(rng, red_cell_diameter_px)
    return _smudge(rng, red_cell_diameter_px)


def _precipitate(rng: np.random.Generator, diameter_px: float) -> NDArray[np.float32]:
    """Purple-black grains of stain, one or a heap."""
    grains = 1 if rng.random() < 0.5 else int(rng.integers(3, 16))
    spread = diameter_px * rng.uniform(0.08, 0.25) if grains > 1 else 0.0
    half = int(np.ceil(diameter_px * 0.1 + 2.5 * spread)) + 2
    pixels = grid(half)
    amounts = np.zeros((LAYERS, *pixels.x.shape), np.float32)
    for _ in range(grains):
        at = np.clip(rng.normal(0, spread, 2), -2.4 * spread, 2.4 * spread) if grains > 1 else np.zeros(2)
        size = diameter_px * rng.uniform(0.02, 0.065)
        spot = soft_ellipse(
            pixels.x,
            pixels.y,
            centre=(at[0], at[1]),
            radii=(size * rng.uniform(1, 1.6), size),
            angle=rng.uniform(0, np.pi),
            edge=0.6,
        )
        np.maximum(amounts[CHROMATIN], spot * np.float32(rng.uniform(0.5, 1.1)), out=amounts[CHROMATIN])
    amounts[CYTOPLASM] = np.float32(rng.uniform(0, 0.8)) * amounts[CHROMATIN]
    amounts[PIGMENT] = np.float32(rng.uniform(0, 0.5)) * amounts[CHROMATIN]
    return amounts


def _dust(rng: np.random.Generator, diameter_px: float) -> NDArray[np.float32]:
    """A black speck."""
    size = diameter_px * rng.uniform(0.02, 0.09)
    pixels = grid(int(np.ceil(size * 2)) + 2)
    spot = soft_ellipse(
        pixels.x,
        pixels.y,
        centre=(0.0, 0.0),
        radii=(size * rng.uniform(1, 1.8), size),
        angle=rng.uniform(0, np.pi),
        edge=0.6,
    )
    # Black of three colours: each takes what the others let through.
    mixture = np.array((0, 0.4, 1.6, 0.9), np.float32) * np.float32(rng.uniform(0.6, 1.6))
    return _stained(mixture, spot)


def _bubble(rng: np.random.Generator, diameter_px: float) -> NDArray[np.float32]:
    """A refractile drop: a thin dark ring; on a cell it looks like an empty parasite."""
    size = diameter_px * rng.uniform(0.06, 0.14)
    pixels = grid(int(np.ceil(size * 2)) + 1)
    ring = np.exp(-(((pixels.radius - np.float32(size)) / np.float32(0.3 * size)) ** 2))
    mixture = np.array((0.3, 0.02, 0.35, 0.2), np.float32) * np.float32(rng.uniform(0.5, 1.2))
    return _stained(mixture, ring)


def _smudge(rng: np.random.Generator, diameter_px: float) -> NDArray[np.float32]:
    """A faint cloud of plasma or of a burst cell."""
    size = diameter_px * rng.uniform(0.4, 1.2)
    pixels = grid(int(np.ceil(size)) + 1)
    cloud = np.clip(1 - pixels.radius / np.float32(size), 0, 1)
    cloud *= np.clip(0.5 + mottle(rng, len(cloud), grain_px=max(2.0, size / 3)), 0, 2)
    mixture = np.array((0.2, 0.05, 0.1, 0), np.float32) * np.float32(rng.uniform(0.4, 1.2))
    return _stained(mixture, cloud)


def _stained(mixture: NDArray[np.float32], thickness: NDArray[np.float32]) -> NDArray[np.float32]:
    """(4, S, S): the same mixture of stains everywhere, more or less of it."""
    amounts: NDArray[np.float32] = mixture[:, None, None] * thickness
    return amounts


def _extent_of(mask: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    """The edges of the pixels of a mask, seen from the centre of the middle pixel."""
    half = len(mask) // 2
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return columns[0] - half - 0.5, rows[0] - half - 0.5, columns[-1] - half + 0.5, rows[-1] - half + 0.5
