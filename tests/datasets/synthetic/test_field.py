"""A drawn field: what its truth says is what its pixels show."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from core.cells.detection import ObjectKind
from datasets.synthetic import ImpossibleSmearError, Stage, random_style, render_field
from tests.datasets.synthetic.plain_smear import PLAIN, one_cell


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
    cells=st.integers(0, 16),  # as many as the largest find room for on the smallest field
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
