"""Batches for the second look: slide after slide, true labels, parasites that come from elsewhere."""

import numpy as np
import pytest
import torch

from core.cells.crops import SURROUNDED_SIZE_PX
from datasets.second_look_batches import (
    PALE_PX,
    ObjectBatch,
    ObjectDrawer,
    SecondLookLayout,
    blurred,
    parasites_of,
    plain_to_see,
    second_look_batches,
)
from datasets.surrounded_cells import STORED_SURROUNDED_PX, SurroundedCells
from datasets.transplant import VISIBLE_DENSITY
from tests.drawn_cells import disc_picture

LAYOUT = SecondLookLayout(slides=2, typical=3, leading=2, foreign=1, infected=4)
CELL = (180, 120, 140)


def source(name: str, infected: int, healthy: int, leading: int = 0) -> SurroundedCells:
    """Discs; infected ones have a dark dot, leading ones are healthy discs that were put forward."""
    image = disc_picture(STORED_SURROUNDED_PX, STORED_SURROUNDED_PX, [(64, 64)], 50, CELL)
    dotted = image.copy()
    dotted[56:72, 56:72] = (60, 20, 90)
    count = infected + healthy
    return SurroundedCells(
        source=name,
        crops=np.stack([dotted] * infected + [image] * healthy),
        colour=np.full((count, 3), CELL, np.float32),
        infected=np.arange(count) < infected,
        put_forward=np.arange(count) >= count - leading,
    )


SOURCES = [source("both", 5, 20, 4), source("free", 0, 20), source("ill", 6, 0)]


def only_batch(seed: int = 0, sources: list[SurroundedCells] | None = None) -> ObjectBatch:
    (batch,) = second_look_batches(SOURCES if sources is None else sources, LAYOUT, 1, seed)
    return batch


def test_a_batch_holds_slide_after_slide_healthy_objects_before_infected_ones() -> None:
    batch = only_batch()
    levels, truth = batch.levels, batch.infected
    assert LAYOUT.objects_a_slide == 11
    assert levels.shape == (22, 3, SURROUNDED_SIZE_PX, SURROUNDED_SIZE_PX)
    assert truth.tolist() == [0.0] * 6 + [1.0] * 5 + [0.0] * 6 + [1.0] * 5
    assert levels.min() >= -128
    assert levels.max() <= 127


def test_infected_objects_stand_out_in_their_middle() -> None:
    found = [only_batch(seed) for seed in range(6)]
    levels = torch.cat([batch.levels for batch in found])
    truth = torch.cat([batch.infected for batch in found])
    middle = levels[:, :, 30:66, 30:66].mean(dim=1).flatten(1)
    unlike = middle.std(dim=1)
    assert unlike[truth == 1].median() > 2 * unlike[truth == 0].median()


def test_the_same_seed_gives_the_same_batch_and_another_another() -> None:
    torch.testing.assert_close(only_batch(3).levels, only_batch(3).levels)
    assert (only_batch(3).levels != only_batch(4).levels).any()


def test_parasites_lie_in_the_middle_of_infected_objects_and_nowhere_in_healthy_ones() -> None:
    found = [only_batch(seed) for seed in range(6)]
    parasites = torch.cat([batch.parasites for batch in found])
    infected = torch.cat([batch.infected for batch in found]) == 1
    assert not parasites[~infected].any()
    assert parasites[infected].any(dim=(1, 2)).float().mean() > 0.9
    # A cell is 56 px wide, its largest drawn parasite too; enlarged by a fifth and shifted it reaches 38 px.
    assert not parasites[:, :6].any()
    inside, outside = parasites[infected][:, 34:62, 34:62], parasites[infected][:, :20]
    assert inside.float().mean() > 5 * outside.float().mean()


def test_what_is_plain_to_see_of_a_parasite_reaches_a_little_beyond_what_is_dark() -> None:
    density = torch.zeros(1, 3, 32, 32)
    density[0, :, 10:20, 10:20] = 2 * VISIBLE_DENSITY
    seen = plain_to_see(density)[0, 0]
    # The mean over 3 x 3 pixels passes at the edge but not one pixel beyond it, and `PALE_PX` are added.
    assert seen[15, 10 - PALE_PX] == 1.0
    assert seen[15, 10 - PALE_PX - 1] == 0.0
    assert seen.sum() <= (10 + 2 * PALE_PX) ** 2


def test_a_source_of_infected_cells_alone_is_no_slide() -> None:
    drawer = ObjectDrawer(SOURCES, LAYOUT, 0)
    assert [slide.source for slide in drawer.slides] == ["both", "free"]


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ([source("free", 0, 5)], r"healthy: \['free'\], infected: \[\]"),
        ([source("ill", 5, 0)], r"healthy: \[\], infected: \['ill'\]"),
    ],
)
def test_without_healthy_or_without_infected_cells_nothing_can_be_trained(
    sources: list[SurroundedCells], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        ObjectDrawer(sources, LAYOUT, 0)


def test_a_parasite_is_what_is_darker_than_the_median_of_its_cell() -> None:
    levels = torch.zeros(2, 3, STORED_SURROUNDED_PX, STORED_SURROUNDED_PX)
    levels[0, :, 60:68, 60:68] = -56.0  # one unit of density, in the middle
    density, seen = parasites_of(levels)
    assert seen.tolist() == [True, False]
    # Less the twentieth of a unit that counts as nothing.
    assert density[0, 0, 62, 62] == pytest.approx(0.95)
    assert density[0, :, :20].max() == 0


def test_blurring_keeps_the_mean_and_spreads_a_point() -> None:
    levels = torch.zeros(1, 3, 32, 32)
    levels[0, :, 16, 16] = 100.0
    spread = blurred(levels, 1.0)
    assert float(spread.sum()) == pytest.approx(300.0, rel=1e-4)
    assert 10 < float(spread[0, 0, 16, 16]) < 20
