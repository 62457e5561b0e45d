"""What one slide looks like: its stain, its light, its cells, its camera."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np

Triple: TypeAlias = tuple[float, float, float]


class Species(StrEnum):
    """Which parasite a slide carries; it decides the mix of stages and how they look."""

    FALCIPARUM = "falciparum"
    VIVAX = "vivax"


@dataclass(frozen=True)
class SmearStyle:
    """The look that all fields of one slide share; a field varies a little around it.

    Attributes
    ----------
    background
        Red, green, blue of the empty slide in the middle of the field, 0 to 255.
    haemoglobin, chromatin, cytoplasm, pigment
        Optical density (natural logarithm) in red, green and blue of one unit of: the body of a red
        cell, purple-red nuclear stain, blue cytoplasm, brown malaria pigment.
    pallor
        Mean depth of the pale centre of a red cell, 0 (none) to 1 (as clear as the slide).
    size_spread
        Standard deviation of the cell diameter as a share of its mean.
    irregularity
        How far outlines depart from an ellipse, as a share of the radius.
    oval, burr, target, tear_drop
        Share of the red cells with each shape; the others are round.
    clumping
        Share of the cells laid against or over another one.
    overlap_density
        Share of its own density that the thinner of two overlapping cells adds to the thicker; 1 is
        Beer-Lambert for undeformed cells, less is for cells pressed flat on each other.
    species
        Which parasite infected cells carry.
    white_cells_per_1000_cells, platelets_per_100_cells, debris_per_field
        Means of Poisson counts.
    vignetting
        Share of the light lost in the corners.
    light_tilt
        Share of the light gained on one side and lost on the other.
    blur
        Standard deviation of the focus blur as a share of the cell diameter.
    halo
        Strength of the bright line around and the dark line within edges; 0 is none.
    noise_sd
        Standard deviation of the sensor noise in grey levels of 255.
    jpeg_quality
        1 to 100, for fields written to files.
    scale_bar
        Whether the camera burned a scale bar into the bottom right.
    """

    background: Triple
    haemoglobin: Triple
    chromatin: Triple
    cytoplasm: Triple
    pigment: Triple
    pallor: float
    size_spread: float
    irregularity: float
    oval: float
    burr: float
    target: float
    tear_drop: float
    clumping: float
    overlap_density: float
    species: Species
    white_cells_per_1000_cells: float
    platelets_per_100_cells: float
    debris_per_field: float
    vignetting: float
    light_tilt: float
    blur: float
    halo: float
    noise_sd: float
    jpeg_quality: int
    scale_bar: bool


# Measured on photographs of smears from several microscopes: the empty slide, and the density of the
# thickest part of the cells.
_BACKGROUNDS: tuple[Triple, ...] = (
    (247.0, 250.0, 244.0),  # white
    (226.0, 234.0, 246.0),  # bluish white
    (200.0, 228.0, 205.0),  # greenish
    (182.0, 206.0, 186.0),  # dim green
    (168.0, 177.0, 172.0),  # grey
    (205.0, 207.0, 202.0),  # light grey
    (230.0, 194.0, 176.0),  # cream
)
_STAINS: tuple[Triple, ...] = (
    (0.16, 0.46, 0.30),  # pink
    (0.24, 0.62, 0.36),  # strong pink
    (0.29, 0.40, 0.30),  # grey
    (0.42, 0.45, 0.19),  # bluish
    (0.15, 0.32, 0.27),  # pale orange
    (0.42, 0.56, 0.29),  # mauve
    (0.38, 1.60, 0.58),  # magenta
    (0.55, 0.80, 0.55),  # dark
)
_STAIN_SHARES = (0.2, 0.14, 0.17, 0.15, 0.1, 0.12, 0.07, 0.05)


def random_style(rng: np.random.Generator) -> SmearStyle:
    """A slide's look, drawn from the range met in photographs of Giemsa-stained thin smears."""
    stain = np.array(_STAINS[rng.choice(len(_STAINS), p=_STAIN_SHARES)])
    background = np.array(_BACKGROUNDS[rng.integers(len(_BACKGROUNDS))])
    strength = rng.lognormal(0.0, 0.15)
    # Some preparations hold many odd cells, most hold hardly any.
    odd = rng.beta(0.6, 3.0)
    oval, burr, target, tear_drop = odd * rng.dirichlet((3.0, 1.0, 1.0, 1.0)) * (1.0, 0.6, 0.6, 0.5)
    return SmearStyle(
        background=_triple(np.clip(background * rng.normal(1.0, 0.03) * rng.normal(1.0, 0.015, 3), 90, 252)),
        haemoglobin=_triple(stain * strength * rng.lognormal(0.0, 0.08, 3)),
        chromatin=_chromatin(rng),
        cytoplasm=_triple(np.array((0.52, 0.42, 0.14)) * rng.lognormal(0.0, 0.12, 3)),
        pigment=_triple(np.array((0.45, 0.80, 1.30)) * rng.lognormal(0.0, 0.12, 3)),
        pallor=float(rng.beta(1.6, 2.2) * 0.9),
        size_spread=float(rng.uniform(0.05, 0.13)),
        irregularity=float(0.01 + 0.06 * rng.beta(1.2, 2.5)),
        oval=float(oval + 0.06),
        burr=float(burr),
        target=float(target),
        tear_drop=float(tear_drop),
        clumping=float(rng.beta(1.5, 3.0) * 0.7),
        overlap_density=float(rng.uniform(0.1, 1.0)),
        species=Species.FALCIPARUM if rng.random() < 0.6 else Species.VIVAX,
        white_cells_per_1000_cells=float(rng.lognormal(0.7, 0.6)),
        platelets_per_100_cells=float(rng.lognormal(0.9, 0.6)),
        debris_per_field=float(rng.lognormal(0.4, 0.8)),
        vignetting=float(rng.beta(1.2, 3.0) * 0.35),
        light_tilt=float(rng.uniform(0.0, 0.06)),
        blur=float(rng.lognormal(-4.1, 0.3)),
        halo=float(max(0.0, rng.normal(0.15, 0.3))),
        noise_sd=float(rng.uniform(0.6, 3.0)),
        jpeg_quality=int(rng.integers(78, 97)),
        scale_bar=bool(rng.random() < 0.25),
    )


def _chromatin(rng: np.random.Generator) -> Triple:
    red, green, blue = np.array((0.62, 1.60, 0.58)) * rng.lognormal(0.0, (0.25, 0.12, 0.2))
    # Purple takes more green than red and blue; one draw in 1,600 comes too near that.
    return _triple(np.array((min(red, 0.95 * green), green, min(blue, 0.95 * green))))


def _triple(values: np.ndarray) -> Triple:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
