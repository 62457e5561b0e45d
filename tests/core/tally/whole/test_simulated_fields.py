"""Fields drawn with a known density and clustering: the interval of fields read whole holds it as it says."""

import math

import numpy as np
import pytest
from numpy.random import Generator

from core.tally import FieldReading, whole_field_figures

CELLS, RED_CELLS = 150, 5_000_000
DENSITIES = [1, 30, 1000, 20_000, 100_000, 500_000]
SLIDES = 1000
"""Two standard deviations of so many draws are .014."""


def fields_read(random: Generator, fields: int, density: float, spread: float) -> list[FieldReading]:
    """Fields that two readers have read whole.

    Parameters
    ----------
    spread
        Coefficient of variation of the infected share from field to field.
    """
    cells = random.poisson(CELLS, fields)
    times = random.gamma(spread**-2, spread**2, fields) if spread else np.ones(fields)
    infected = random.binomial(cells, np.minimum(1, density / RED_CELLS * times))
    return [FieldReading(int(n), int(x)) for n, x in zip(cells, infected, strict=True)]


def covered(fields: int, density: float, spread: float, assumed_dispersion: float = 1.0) -> float:
    """How often the interval holds the density."""
    random, held = np.random.default_rng(fields), 0
    for _ in range(SLIDES):
        figures = whole_field_figures(
            fields_read(random, fields, density, spread), assumed_dispersion, RED_CELLS
        )
        assert figures is not None
        held += figures.density_per_ul.low <= density <= figures.density_per_ul.high
    return held / SLIDES


@pytest.mark.parametrize("density", DENSITIES)
@pytest.mark.parametrize("fields", [2, 5, 20, 100])
@pytest.mark.parametrize(("spread", "least"), [(0.0, 0.95), (0.5, 0.935), (1.0, 0.90)])
def test_the_interval_of_fields_read_whole_holds_the_density(
    fields: int, density: float, spread: float, least: float
) -> None:
    assert covered(fields, density, spread) >= least - 0.014


@pytest.mark.parametrize("density", DENSITIES)
def test_one_field_alone_is_as_good_as_the_clustering_that_is_assumed(density: float) -> None:
    spread = 0.5
    true_dispersion = 1 + CELLS * density / RED_CELLS * spread**2
    assert covered(1, density, spread, true_dispersion) >= 0.95 - 0.02
    if density >= 500_000:
        assert covered(1, density, spread) < 0.9


def test_chosen_by_the_list_fields_give_too_high_a_density() -> None:
    """Why they must be drawn at random or taken in order."""
    random = np.random.default_rng(0)
    above = 0
    for _ in range(200):
        fields = fields_read(random, 100, 20_000, 0.5)
        chosen = sorted(fields, key=lambda field: -field.infected)[:10]
        figures = whole_field_figures(chosen, 1.0, RED_CELLS)
        assert figures is not None
        above += figures.density_per_ul.low > 20_000
    assert above > 190


def test_the_interval_is_no_wider_than_it_must_be_where_parasites_lie_at_random() -> None:
    random = np.random.default_rng(1)
    widths = []
    for _ in range(100):
        figures = whole_field_figures(fields_read(random, 100, 20_000, 0.0), 1.0, RED_CELLS)
        assert figures is not None
        widths.append(figures.density_per_ul.high - figures.density_per_ul.low)
    # 60 parasites among 15 000 cells are known to within 1.96 / sqrt(60) of their number, both ways.
    assert np.mean(widths) == pytest.approx(2 * 1.96 / math.sqrt(60) * 20_000, rel=0.15)
