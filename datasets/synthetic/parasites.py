"""Malaria parasites by stage, drawn into the red cell that holds them."""

from dataclasses import replace
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from datasets.synthetic.patch import (
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
    turned,
)
from datasets.synthetic.red_cells import RedCell
from datasets.synthetic.style import Species

Layer: TypeAlias = NDArray[np.float32]


class Stage(StrEnum):
    """The stage of the parasite in a cell; empty where there is none."""

    NONE = ""
    RING = "ring"
    TROPHOZOITE = "trophozoite"
    SCHIZONT = "schizont"
    GAMETOCYTE = "gametocyte"


# In the blood of the skin P. falciparum shows rings and few gametocytes; P. vivax shows every stage.
_STAGE_SHARES = {
    Species.FALCIPARUM: {
        Stage.RING: 0.82,
        Stage.TROPHOZOITE: 0.1,
        Stage.SCHIZONT: 0.02,
        Stage.GAMETOCYTE: 0.06,
    },
    Species.VIVAX: {Stage.RING: 0.4, Stage.TROPHOZOITE: 0.3, Stage.SCHIZONT: 0.1, Stage.GAMETOCYTE: 0.2},
}


def random_stage(rng: np.random.Generator, species: Species) -> Stage:
    """A stage in the shares met in the species."""
    shares = _STAGE_SHARES[species]
    return list(shares)[rng.choice(len(shares), p=list(shares.values()))]


def swelling(rng: np.random.Generator, species: Species, stage: Stage) -> float:
    """How many times wider than a healthy one the infected cell is: P. vivax swells its cell."""
    if species is Species.VIVAX and stage not in {Stage.NONE, Stage.RING}:
        return rng.uniform(1.1, 1.35)
    return 1.0


def infect(rng: np.random.Generator, cell: RedCell, *, species: Species, stage: Stage) -> Patch:
    """The cell with a parasite of the stage in it."""
    if species is Species.FALCIPARUM and stage is Stage.GAMETOCYTE:
        return _crescent(rng, cell.radius_px)
    amounts = np.zeros((LAYERS, *cell.patch.mask.shape), np.float32)
    amounts[: len(cell.patch.amounts)] = cell.patch.amounts
    pixels = grid(amounts.shape[1] // 2)
    # All that follows is measured in radii of the cell.
    x, y = pixels.x / np.float32(cell.radius_px), pixels.y / np.float32(cell.radius_px)
    inside = np.clip((cell.outline_px[pixels.angle] - pixels.radius) * np.float32(0.5), 0, 1)
    if stage is Stage.RING:
        for _ in range(rng.choice((1, 2, 3), p=(0.86, 0.12, 0.02))):
            _ring(rng, amounts, x, y)
    elif stage is Stage.TROPHOZOITE:
        _trophozoite(rng, amounts, x, y, species)
    elif stage is Stage.SCHIZONT:
        _schizont(rng, amounts, x, y, species)
    else:
        _round_gametocyte(rng, amounts, x, y)
    if species is Species.VIVAX and stage is not Stage.RING:
        _stipple(rng, amounts, cell.radius_px)
    # Nothing sticks out of the cell.
    amounts[CHROMATIN:] *= inside
    return replace(cell.patch, amounts=amounts)


def _dot(
    rng: np.random.Generator, amounts: Layer, x: Layer, y: Layer, *, at: tuple[float, float], size: float
) -> None:
    """A compact piece of chromatin; `size` is its mean radius in radii of the cell."""
    stretch = rng.uniform(1.0, 1.5)
    spot = soft_ellipse(
        x,
        y,
        centre=at,
        radii=(size * stretch, size / stretch**0.5),
        angle=rng.uniform(0, np.pi),
        edge=0.7,
    )
    np.maximum(amounts[CHROMATIN], spot * np.float32(rng.uniform(0.65, 1.1)), out=amounts[CHROMATIN])


def _ring(rng: np.random.Generator, amounts: Layer, x: Layer, y: Layer) -> None:
    """A thin blue ring with one or two chromatin dots on it around a clear middle."""
    radius = rng.uniform(0.19, 0.33)
    # Some lie flat on the rim of the cell.
    away = rng.uniform(0.78, 0.88) if rng.random() < 0.15 else rng.uniform(0, 0.66)
    turn = rng.uniform(0, 2 * np.pi)
    middle = (away * np.cos(turn), away * np.sin(turn))
    axis, flattening = rng.uniform(0, np.pi), rng.uniform(1.0, 1.35)
    dx, dy = turned(x - np.float32(middle[0]), y - np.float32(middle[1]), axis)
    dy = dy * np.float32(flattening)
    distance, direction = np.hypot(dx, dy), np.arctan2(dy, dx)
    dot_at = rng.uniform(0, 2 * np.pi)
    bend = np.float32(rng.uniform(0.03, 0.1)) * np.cos(2 * direction + np.float32(rng.uniform(0, 6)))
    line = np.float32(radius) * (1 + bend)
    # The ring is thickest at one side, often that of the dot.
    thick_at = dot_at + (0 if rng.random() < 0.5 else rng.uniform(1, 5))
    width = np.float32(rng.uniform(0.035, 0.055)) * (
        1 + np.float32(0.6) * np.cos(direction - np.float32(thick_at))
    )
    band = np.exp(-(((distance - line) / (width + np.float32(0.02))) ** 2))
    band *= np.float32(rng.uniform(0.3, 0.75)) * (
        1 + np.float32(0.4) * np.cos(direction - np.float32(thick_at))
    )
    amounts[CYTOPLASM] += band
    amounts[CHROMATIN] += np.float32(rng.uniform(0.15, 0.4)) * band
    clear = expit((line - distance) * np.float32(30))
    amounts[HAEMOGLOBIN] *= 1 - np.float32(rng.uniform(0.15, 0.6)) * clear
    for k in range(2 if rng.random() < 0.22 else 1):
        where = dot_at + k * rng.uniform(0.7, 2.6)
        along, across = radius * np.cos(where), radius * np.sin(where) / flattening
        at = (
            middle[0] + along * np.cos(axis) - across * np.sin(axis),
            middle[1] + along * np.sin(axis) + across * np.cos(axis),
        )
        _dot(rng, amounts, x, y, at=at, size=rng.uniform(0.075, 0.13))


def _trophozoite(rng: np.random.Generator, amounts: Layer, x: Layer, y: Layer, species: Species) -> None:
    """Irregular blue cytoplasm with a vacuole, one large piece of chromatin, brown grains."""
    vivax = species is Species.VIVAX
    reach = rng.uniform(0.35, 0.6) if vivax else rng.uniform(0.15, 0.25)
    middle = rng.uniform(-0.25, 0.25, 2)
    field = np.zeros_like(x)
    for _ in range(rng.integers(4, 8)):
        offset = middle + rng.normal(0, reach * 0.6, 2)
        lump = np.float32(reach * rng.uniform(0.3, 0.65))
        field += np.exp(-(((x - np.float32(offset[0])) ** 2 + (y - np.float32(offset[1])) ** 2) / lump**2))
    body = np.clip((field - np.float32(0.45)) * 4, 0, 1)
    hollow = middle + rng.normal(0, reach * 0.35, 2)
    size = reach * rng.uniform(0.25, 0.45)
    vacuole = soft_ellipse(
        x, y, centre=tuple(hollow), radii=(size, size * 1.2), angle=rng.uniform(0, 3), edge=0.5
    )
    body *= 1 - np.float32(0.85) * vacuole
    texture = np.clip(1 + np.float32(0.16) * mottle(rng, len(x), grain_px=max(2.0, len(x) / 30)), 0.2, 2)
    amounts[CYTOPLASM] += np.float32(rng.uniform(0.4, 0.85)) * body * texture
    amounts[CHROMATIN] += np.float32(rng.uniform(0.08, 0.25)) * body * texture
    amounts[HAEMOGLOBIN] *= 1 - np.float32(0.4) * np.maximum(body, vacuole)
    at = middle + rng.normal(0, reach * 0.5, 2)
    _dot(rng, amounts, x, y, at=(float(at[0]), float(at[1])), size=rng.uniform(0.12, 0.2))
    _grains(rng, amounts, x, y, middle=middle, spread=reach * 0.6, count=int(rng.integers(2, 9)))


def _schizont(rng: np.random.Generator, amounts: Layer, x: Layer, y: Layer, species: Species) -> None:
    """Many merozoites around a clump of brown pigment, nearly filling the cell."""
    reach = rng.uniform(0.62, 0.85) if species is Species.VIVAX else rng.uniform(0.5, 0.7)
    middle = rng.uniform(-0.08, 0.08, 2)
    body = soft_ellipse(
        x,
        y,
        centre=tuple(middle),
        radii=(reach * 1.08, reach),
        angle=rng.uniform(0, np.pi),
        edge=0.35,
    )
    body *= np.clip(1 + np.float32(0.25) * mottle(rng, len(x), grain_px=max(2.0, len(x) / 26)), 0.2, 2)
    amounts[HAEMOGLOBIN] *= 1 - np.float32(rng.uniform(0.4, 0.7)) * np.minimum(body, 1)
    amounts[CYTOPLASM] += np.float32(rng.uniform(0.25, 0.6)) * body
    amounts[CHROMATIN] += np.float32(rng.uniform(0.05, 0.15)) * body
    count = int(rng.integers(10, 25))
    # A sunflower's seeds lie evenly in a disk; the middle is left to the pigment.
    for k in range(count):
        distance = reach * 0.9 * np.sqrt((k + 2.0) / (count + 1.5))
        turn = k * 2.399963 + rng.normal(0, 0.2)
        at = middle + (distance + rng.normal(0, 0.03)) * np.array((np.cos(turn), np.sin(turn)))
        _dot(rng, amounts, x, y, at=(float(at[0]), float(at[1])), size=rng.uniform(0.07, 0.11))
    _grains(
        rng,
        amounts,
        x,
        y,
        middle=middle + rng.normal(0, 0.12, 2),
        spread=0.1,
        count=int(rng.integers(6, 14)),
    )


def _round_gametocyte(rng: np.random.Generator, amounts: Layer, x: Layer, y: Layer) -> None:
    """A round parasite that nearly fills the cell: one piece of chromatin, scattered brown grains."""
    reach = rng.uniform(0.72, 0.95)
    middle = rng.uniform(-0.06, 0.06, 2)
    body = soft_ellipse(
        x, y, centre=tuple(middle), radii=(reach, reach * 0.95), angle=rng.uniform(0, 3), edge=0.2
    )
    texture = np.clip(1 + np.float32(0.2) * mottle(rng, len(x), grain_px=max(2.0, len(x) / 34)), 0.2, 2)
    amounts[HAEMOGLOBIN] *= 1 - np.float32(rng.uniform(0.45, 0.75)) * body
    amounts[CYTOPLASM] += np.float32(rng.uniform(0.35, 0.8)) * body * texture
    amounts[CHROMATIN] += np.float32(rng.uniform(0.08, 0.2)) * body * texture
    turn = rng.uniform(0, 2 * np.pi)
    away = reach * rng.uniform(0.0, 0.6)
    nucleus = middle + away * np.array((np.cos(turn), np.sin(turn)))
    halo = soft_ellipse(x, y, centre=tuple(nucleus), radii=(0.32, 0.26), angle=turn, edge=0.6)
    amounts[CYTOPLASM] *= 1 - np.float32(0.7) * halo
    _dot(rng, amounts, x, y, at=(float(nucleus[0]), float(nucleus[1])), size=rng.uniform(0.14, 0.22))
    _grains(rng, amounts, x, y, middle=middle, spread=reach * 0.5, count=int(rng.integers(15, 40)))


def _grains(
    rng: np.random.Generator,
    amounts: Layer,
    x: Layer,
    y: Layer,
    *,
    middle: NDArray[np.float64],
    spread: float,
    count: int,
) -> None:
    """Brown pigment grains around a point, in radii of the cell."""
    for _ in range(count):
        at = middle + rng.normal(0, spread, 2)
        size = rng.uniform(0.02, 0.05)
        spot = soft_ellipse(
            x, y, centre=tuple(at), radii=(size, size * 1.4), angle=rng.uniform(0, 3), edge=1.0
        )
        amounts[PIGMENT] += np.float32(rng.uniform(0.3, 0.8)) * spot


def _stipple(rng: np.random.Generator, amounts: Layer, radius_px: float) -> None:
    """The fine pink stippling and the paler body of a cell that holds P. vivax."""
    amounts[HAEMOGLOBIN] *= np.float32(rng.uniform(0.6, 0.9))
    points = np.clip(
        mottle(rng, amounts.shape[1], grain_px=max(1.5, radius_px / 20)) - np.float32(0.6), 0, 1.5
    )
    amounts[CHROMATIN] += np.float32(rng.uniform(0.03, 0.12)) * points


def _crescent(rng: np.random.Generator, radius_px: float) -> Patch:
    """The banana-shaped gametocyte of P. falciparum with what is left of its cell around it."""
    arc_radius = radius_px * rng.uniform(1.1, 2.2)
    half_length = radius_px * rng.uniform(1.1, 1.45)
    half_angle = half_length / arc_radius
    width = radius_px * rng.uniform(0.3, 0.42)
    remnant_width = width + radius_px * rng.uniform(0.06, 0.25)
    turn = rng.uniform(0, 2 * np.pi)
    half = int(np.ceil(half_length + remnant_width)) + 2
    pixels = grid(half)
    # The middle line is an arc through the middle of the patch; the arc's own centre lies below it.
    x, y = turned(pixels.x, pixels.y, turn)
    below = arc_radius * (0.5 + 0.5 * np.cos(half_angle))
    from_centre = np.hypot(x, y - np.float32(below))
    along = np.arctan2(x, np.float32(below) - y) / np.float32(half_angle)
    across = from_centre - np.float32(arc_radius)
    taper = np.sqrt(np.maximum(1 - np.abs(along) ** np.float32(2.6), 0))

    def within(half_width: float) -> Layer:
        ramp = np.float32(max(1.0, 0.06 * radius_px))
        depth: Layer = np.clip((np.float32(half_width) * taper - np.abs(across)) / ramp, 0, 1)
        return depth

    body, remnant = within(width), within(remnant_width)
    amounts = np.zeros((LAYERS, *body.shape), np.float32)
    texture = np.clip(1 + np.float32(0.2) * mottle(rng, len(body), grain_px=max(2.0, radius_px / 6)), 0.3, 2)
    amounts[HAEMOGLOBIN] = np.float32(rng.uniform(0.35, 0.6)) * remnant * (1 - np.float32(0.6) * body)
    amounts[CYTOPLASM] = np.float32(rng.uniform(0.5, 1.0)) * body * texture
    amounts[CHROMATIN] = np.float32(rng.uniform(0.08, 0.2)) * body * texture
    nucleus = np.exp(-((along / np.float32(rng.uniform(0.16, 0.3))) ** 2)) * within(width * 0.8)
    amounts[CHROMATIN] += np.float32(rng.uniform(0.4, 0.7)) * nucleus * texture
    grains = np.clip(mottle(rng, len(body), grain_px=max(1.5, radius_px / 14)) - np.float32(0.3), 0, 2)
    amounts[PIGMENT] = np.float32(0.7) * grains * nucleus

    s = np.linspace(-1, 1, 401)
    edge = remnant_width * np.sqrt(1 - np.abs(s) ** 2.6)
    radii = np.concatenate((arc_radius + edge, arc_radius - edge))
    direction = np.concatenate((s, s)) * half_angle
    line_x, line_y = radii * np.sin(direction), below - radii * np.cos(direction)
    cosine, sine = np.cos(turn), np.sin(turn)
    seen_x, seen_y = line_x * cosine - line_y * sine, line_x * sine + line_y * cosine
    extent = (float(seen_x.min()), float(seen_y.min()), float(seen_x.max()), float(seen_y.max()))
    mask = (np.abs(across) <= np.float32(remnant_width) * taper) & (np.abs(along) <= 1)
    return Patch(amounts, mask, extent, Shape.CRESCENT)
