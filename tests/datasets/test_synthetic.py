"""The synthetic smear: what its truth says is what its pixels show."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binom

from core.cells.detection import ObjectKind
from datasets.synthetic import (
    FieldTruth,
    ImpossibleSmearError,
    Shape,
    SmearStyle,
    Species,
    Stage,
    random_style,
    render_field,
)
from datasets.synthetic.photograph import photograph

# A slide in perfect light and focus with nothing on it but red cells.
PLAIN = SmearStyle(
    background=(240.0, 240.0, 240.0),
    haemoglobin=(0.2, 0.5, 0.3),
    chromatin=(0.6, 1.6, 0.6),
    cytoplasm=(0.5, 0.4, 0.15),
    pigment=(0.45, 0.8, 1.3),
    pallor=0.0,
    size_spread=0.06,
    irregularity=0.02,
    oval=0.0,
    burr=0.0,
    target=0.0,
    tear_drop=0.0,
    clumping=0.0,
    overlap_density=1.0,
    species=Species.FALCIPARUM,
    white_cells_per_1000_cells=0.0,
    platelets_per_100_cells=0.0,
    debris_per_field=0.0,
    vignetting=0.0,
    light_tilt=0.0,
    blur=0.0,
    halo=0.0,
    noise_sd=0.0,
    jpeg_quality=95,
    scale_bar=False,
)


def one_cell(
    style: SmearStyle, index: int, *, parasitaemia: float = 0.0
) -> tuple[NDArray[np.uint8], FieldTruth]:
    """A field of 200 x 200 px with one red cell of about 60 px."""
    return render_field(
        style,
        seed=5,
        index=index,
        width_px=200,
        height_px=200,
        cell_diameter_px=60,
        cells=1,
        parasitaemia=parasitaemia,
    )


def darkened(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels darker in green than the empty slide, which is the brightest colour of a plain field."""
    green = image[..., 1]
    dark: NDArray[np.bool_] = green < green.max()
    return dark


def dark_box(image: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom edges of the darkened pixels."""
    rows, columns = np.flatnonzero(darkened(image).any(axis=1)), np.flatnonzero(darkened(image).any(axis=0))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def assert_box_encloses_closely(
    box: NDArray[np.float32], dark: tuple[int, int, int, int], *, at_most_larger_px: float
) -> None:
    """No darkened pixel's centre lies outside the box; it is larger only by what fades out at the rim."""
    x, y, width, height = (float(value) for value in box)
    larger = np.array((dark[0] - x, dark[1] - y, x + width - dark[2], y + height - dark[3]))
    # Outlines are kept in steps of a degree: a third of a pixel on such a cell.
    assert larger.min() >= -0.5 - 0.33
    assert larger.max() <= at_most_larger_px


def purple(image: NDArray[np.uint8]) -> float:
    """How far the most purple pixel's green lies below its red and blue."""
    red, green, blue = (image[..., channel].astype(int) for channel in range(3))
    return float((np.minimum(red, blue) - green).max())


@pytest.mark.parametrize(
    ("shape", "style"),
    [
        (Shape.ROUND, PLAIN),
        (Shape.OVAL, replace(PLAIN, oval=1.0)),
        (Shape.BURR, replace(PLAIN, burr=1.0)),
        (Shape.TARGET, replace(PLAIN, target=1.0)),
        (Shape.TEAR_DROP, replace(PLAIN, tear_drop=1.0)),
    ],
)
def test_a_box_is_the_extent_of_the_darkened_pixels(shape: Shape, style: SmearStyle) -> None:
    whole = 0
    for index in range(25):
        image, truth = one_cell(style, index)
        assert truth.shape == (shape,)
        if not truth.cut_by_edge[0]:
            assert_box_encloses_closely(truth.boxes[0], dark_box(image), at_most_larger_px=3)
            whole += 1
    assert whole > 5


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


def test_where_two_cells_overlap_their_densities_add_up() -> None:
    # One unit of haemoglobin lets exp(-0.2), exp(-0.5), exp(-0.3) of 240 grey levels through: 196.5, 145.6,
    # 177.8; two units 160.9, 88.3, 131.7.
    amounts = np.zeros((4, 4, 4), np.float32)
    amounts[0, 1], amounts[0, 2] = 1.0, 2.0
    image = photograph(np.random.default_rng(0), amounts, PLAIN, cell_diameter_px=30)
    assert image[0, 0].tolist() == [240, 240, 240]
    assert image[1, 0].tolist() == [196, 146, 178]
    assert image[2, 0].tolist() == [161, 88, 132]


def test_overlapping_cells_are_darker_where_they_overlap_by_their_overlap_density() -> None:
    def darkest(overlap_density: float) -> float:
        style = replace(PLAIN, clumping=0.95, overlap_density=overlap_density)
        image, truth = render_field(
            style, seed=1, index=0, width_px=400, height_px=400, cells=12, parasitaemia=0
        )
        assert truth.covered.max() > 0.1
        return float(image[..., 1].min())

    alone = one_cell(PLAIN, 0)[0][..., 1].min()
    assert darkest(0.0) > alone - 25 > darkest(0.5) - 10
    assert darkest(0.5) > darkest(1.0) + 10


def test_covered_is_the_share_of_a_cell_under_others() -> None:
    _, apart = render_field(PLAIN, seed=2, index=0, cells=20, parasitaemia=0)
    assert apart.covered.max() == 0
    _, crowded = render_field(replace(PLAIN, clumping=0.9), seed=2, index=0, cells=60, parasitaemia=0)
    first = crowded.boxes[:, :2]
    last = first + crowded.boxes[:, 2:]
    overlap = np.minimum(last[:, None], last[None]) - np.maximum(first[:, None], first[None])
    touching = (overlap > 0).all(axis=2) & ~np.eye(len(crowded), dtype=bool)
    assert (crowded.covered[~touching.any(axis=1)] == 0).all()
    assert 0 < (crowded.covered > 0.05).mean() < 1


def test_a_platelet_on_a_red_cell_is_told_from_one_beside_it() -> None:
    style = replace(PLAIN, platelets_per_100_cells=60)
    _, truth = render_field(style, seed=4, index=0, cells=100, parasitaemia=0)
    covered = truth.covered[truth.kind == ObjectKind.PLATELET]
    assert (covered > 0.95).any()
    assert (covered == 0).any()
    # A platelet covers no cell: it lies on one and leaves the cell itself countable.
    assert truth.covered[truth.kind == ObjectKind.RED_CELL].max() < 0.2


def test_cut_by_edge_is_whether_the_box_leaves_the_image() -> None:
    _, truth = render_field(PLAIN, seed=9, index=0, cells=150)
    whole = np.isclose(truth.visible_boxes(), truth.boxes, rtol=0, atol=1e-3).all(axis=1)
    assert (whole == ~truth.cut_by_edge).all()
    assert truth.cut_by_edge.any()
    assert whole.any()


def test_white_cells_and_platelets_are_named_and_sized() -> None:
    style = replace(PLAIN, white_cells_per_1000_cells=50, platelets_per_100_cells=20)
    _, truth = render_field(style, seed=6, index=0, cells=100, cell_diameter_px=40, parasitaemia=0)
    width = truth.boxes[:, 2:].max(axis=1)
    assert (truth.kind == ObjectKind.WHITE_CELL).any()
    assert (width[truth.kind == ObjectKind.WHITE_CELL] > 44).all()
    assert (truth.kind == ObjectKind.PLATELET).any()
    assert (width[truth.kind == ObjectKind.PLATELET] < 30).all()


def test_the_same_seed_and_index_give_the_same_bytes_in_any_order() -> None:
    style = random_style(np.random.default_rng(11))
    forwards = [render_field(style, seed=8, index=index)[0] for index in (0, 1, 2)]
    render_field(style, seed=99, index=5, cell_diameter_px=30)
    backwards = [render_field(style, seed=8, index=index)[0] for index in (2, 1, 0)][::-1]
    for first, second in zip(forwards, backwards, strict=True):
        assert first.tobytes() == second.tobytes()


def test_seed_and_index_each_change_the_field() -> None:
    images = {
        render_field(PLAIN, seed=seed, index=index, cells=5)[0].tobytes()
        for seed, index in ((0, 0), (0, 1), (1, 0), (1, 1))
    }
    assert len(images) == 4


def test_parasitaemia_is_met_within_binomial_bounds() -> None:
    infected = 0
    for index in range(30):
        _, truth = render_field(
            PLAIN,
            seed=0,
            index=index,
            width_px=320,
            height_px=240,
            cell_diameter_px=16,
            cells=150,
            parasitaemia=0.05,
        )
        infected += int(truth.infected.sum())
    low, high = binom.interval(0.9999, 30 * 150, 0.05)
    assert low <= infected <= high


@pytest.mark.parametrize(("parasitaemia", "share"), [(0.0, 0.0), (1.0, 1.0)])
def test_parasitaemia_of_none_and_of_all(parasitaemia: float, share: float) -> None:
    _, truth = render_field(PLAIN, seed=0, index=0, cells=40, parasitaemia=parasitaemia)
    assert truth.infected.mean() == share


@settings(max_examples=40)
@given(
    style_seed=st.integers(0, 10_000),
    index=st.integers(0, 10_000),
    width_px=st.integers(128, 400),
    height_px=st.integers(128, 400),
    cell_diameter_px=st.floats(12, 64),
    cells=st.integers(0, 40),
    parasitaemia=st.floats(0, 1),
)
def test_every_field_has_the_size_and_the_cells_that_were_asked_for(
    style_seed: int,
    index: int,
    width_px: int,
    height_px: int,
    cell_diameter_px: float,
    cells: int,
    parasitaemia: float,
) -> None:
    style = random_style(np.random.default_rng(style_seed))
    image, truth = render_field(
        style,
        seed=style_seed,
        index=index,
        width_px=width_px,
        height_px=height_px,
        cell_diameter_px=cell_diameter_px,
        cells=cells,
        parasitaemia=parasitaemia,
    )
    assert image.shape == (height_px, width_px, 3)
    assert image.dtype == np.uint8
    assert (truth.width_px, truth.height_px) == (width_px, height_px)
    assert int((truth.kind == ObjectKind.RED_CELL).sum()) == cells
    columns = (
        truth.boxes,
        truth.kind,
        truth.infected,
        truth.stage,
        truth.cut_by_edge,
        truth.covered,
        truth.shape,
    )
    assert {len(column) for column in columns} == {len(truth)}
    assert (truth.boxes[:, 2:] > 0).all()
    assert (truth.visible_boxes()[:, 2:] > 0).all()
    assert ((truth.covered >= 0) & (truth.covered <= 1)).all()
    assert (truth.infected == np.array([stage is not Stage.NONE for stage in truth.stage], bool)).all()
    assert (truth.kind[truth.infected] == ObjectKind.RED_CELL).all()


@given(seed=st.integers(0, 2**32))
def test_every_drawn_style_can_be_seen(seed: int) -> None:
    style = random_style(np.random.default_rng(seed))
    assert all(80 <= level <= 255 for level in style.background)
    assert max(style.haemoglobin) > 0.15
    # Chromatin is purple: it takes more green than red and blue.
    assert style.chromatin[1] > max(style.chromatin[0], style.chromatin[2])
    assert style.oval + style.burr + style.target + style.tear_drop < 1.2
    assert 1 <= style.jpeg_quality <= 100


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"cells": -1}, "cells is -1: give 0 or more"),
        ({"seed": -3}, "seed is -3: give 0 or more"),
        ({"index": -1}, "index is -1: give 0 or more"),
        ({"parasitaemia": 1.01}, "parasitaemia is 1.01: give a share between 0 and 1"),
        ({"parasitaemia": -0.1}, "parasitaemia is -0.1: give a share between 0 and 1"),
        ({"parasitaemia": float("nan")}, "parasitaemia is nan: give a share between 0 and 1"),
        ({"cell_diameter_px": 3.0}, "cell diameter is 3.0 px: give 12 or more"),
        ({"cell_diameter_px": float("nan")}, "cell diameter is nan px: give 12 or more"),
        ({"width_px": 100}, "field is 100 x 960 px, too small for cells of 66 px: give at least 132 x 132"),
    ],
)
def test_an_impossible_option_is_named_with_its_remedy(option: dict[str, float], message: str) -> None:
    with pytest.raises(ImpossibleSmearError, match=message):
        render_field(PLAIN, **{"seed": 0, "index": 0, **option})  # type: ignore[arg-type]  # wrong on purpose
