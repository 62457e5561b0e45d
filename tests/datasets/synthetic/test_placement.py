"""Where cells lie: apart where there is room, against one another where they clump, and never far outside."""

import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.placement import place_among

WIDTH_PX, HEIGHT_PX, RADIUS_PX = 600, 400, 10.0


def placed(count: int, clumping: float, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = place_among(
        np.random.default_rng(seed),
        WIDTH_PX,
        HEIGHT_PX,
        np.full(count, RADIUS_PX),
        clumping=np.full(count, clumping),
    )
    return np.array(x, float), np.array(y, float)


def distances(count: int, clumping: float, seed: int = 0) -> NDArray[np.float64]:
    """(N,) from each centre to the nearest other."""
    x, y = placed(count, clumping, seed)
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    np.fill_diagonal(apart, np.inf)
    return np.asarray(apart.min(axis=1))


def test_where_there_is_room_no_cell_touches_another() -> None:
    assert distances(40, clumping=0).min() > 2 * RADIUS_PX


def test_cells_that_clump_lie_against_an_earlier_one_from_overlap_to_a_narrow_gap() -> None:
    nearest = distances(40, clumping=1)
    assert nearest.max() <= 1.12 * 2 * RADIUS_PX + 1  # a pixel of rounding
    assert (nearest < 2 * RADIUS_PX).any()


def test_where_there_is_no_room_left_cells_are_laid_over_others_all_the_same() -> None:
    x, _ = placed(900, clumping=0)
    assert len(x) == 900


def test_a_centre_lies_at_most_a_quarter_of_its_radius_outside() -> None:
    x, y = placed(500, clumping=0.5)
    outside = RADIUS_PX / 4 + 1
    assert -outside <= x.min() < 0
    assert -outside <= y.min() < 0
    assert x.max() <= WIDTH_PX - 1 + outside
    assert y.max() <= HEIGHT_PX - 1 + outside


def test_the_seed_fixes_every_place() -> None:
    first, again, other = (distances(30, 0.3, seed).tolist() for seed in (4, 4, 5))
    assert first == again
    assert first != other
