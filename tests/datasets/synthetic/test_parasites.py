"""Parasites as they are drawn: purple, within their cell, and of the form of their stage and species."""

from dataclasses import replace

import numpy as np
import pytest

from datasets.synthetic import Shape, Species, Stage, render_field
from tests.datasets.synthetic.plain_smear import (
    PLAIN,
    assert_box_encloses_closely,
    dark_box,
    one_cell,
    purple,
)


@pytest.mark.parametrize("species", list(Species))
def test_the_box_of_an_infected_cell_is_the_extent_of_its_darkened_pixels(species: Species) -> None:
    whole = 0
    for index in range(60):
        image, truth = one_cell(replace(PLAIN, species=species), index, parasitaemia=1.0)
        if not truth.cut_by_edge[0]:
            assert_box_encloses_closely(truth.boxes[0], dark_box(image), at_most_larger_px=4)
            whole += 1
    assert whole > 15


@pytest.mark.parametrize("species", list(Species))
def test_an_infected_cell_holds_pixels_more_purple_than_any_healthy_one(species: Species) -> None:
    style = replace(PLAIN, species=species)
    healthy = [purple(one_cell(style, index)[0]) for index in range(40)]
    infected = []
    stages = set()
    for index in range(60):
        image, truth = one_cell(style, index, parasitaemia=1.0)
        stages.add(truth.stage[0])
        if not truth.cut_by_edge[0]:
            infected.append(purple(image))
    assert min(infected) > max(healthy) + 10
    assert stages >= {Stage.RING, Stage.TROPHOZOITE, Stage.GAMETOCYTE}


def test_a_falciparum_gametocyte_is_a_crescent_and_a_vivax_one_is_not() -> None:
    for species, crescent in ((Species.FALCIPARUM, True), (Species.VIVAX, False)):
        style = replace(PLAIN, species=species)
        _, truth = render_field(style, seed=3, index=0, cells=150, parasitaemia=1.0)
        shapes = {
            shape for shape, stage in zip(truth.shape, truth.stage, strict=True) if stage == Stage.GAMETOCYTE
        }
        assert shapes
        assert (shapes == {Shape.CRESCENT}) is crescent
        assert (Shape.CRESCENT in shapes) is crescent


def test_a_ring_is_a_quarter_to_a_third_of_its_cell_wide_and_leaves_the_rest_unchanged() -> None:
    # In a style whose red cells are clear, only the parasite is seen.
    style = replace(PLAIN, haemoglobin=(0.0, 0.0, 0.0))
    shares = []
    for index in range(80):
        image, truth = one_cell(style, index, parasitaemia=1.0)
        if truth.stage[0] is Stage.RING and not truth.cut_by_edge[0]:
            left, _, right, _ = dark_box(image)
            shares.append((right - left) / truth.boxes[0, 2])
    assert len(shares) > 10
    assert 0.22 < np.median(shares) < 0.42
