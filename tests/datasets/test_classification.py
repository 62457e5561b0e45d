"""Batches of cells: fair shares, the truth of each crop, and crops that look as in scoring."""

import numpy as np
import pytest

from core.crops import CROP_SIZE_PX, GREY, cut_crops, disk_masks, raw_crops
from datasets.cells import STORED_SIZE_PX, CellSet, joined
from datasets.classification import batches, centre, plain, strata
from tests.drawn_cells import CELL, boxes_around, disc_picture


def cells_of(source: str, infected: int, healthy: int) -> CellSet:
    """Discs in stored crops; infected ones have a dark dot."""
    image = disc_picture(120, 120, [(60, 60)], 56)
    dotted = image.copy()
    dotted[52:68, 52:68] = (60, 20, 90)
    box = boxes_around([(60, 60)], 62)
    healthy_crop, infected_crop = (raw_crops(each, box, STORED_SIZE_PX)[0] for each in (image, dotted))
    count = infected + healthy
    return CellSet(
        crops=np.stack([infected_crop] * infected + [healthy_crop] * healthy),
        masks=np.repeat(disk_masks(box, STORED_SIZE_PX), count, axis=0),
        colour=np.full((count, 3), CELL, np.float32),
        infected=np.arange(count) < infected,
        source=np.full(count, source),
        group=np.full(count, "p"),
    )


CELLS = joined([cells_of("large", 300, 500), cells_of("small", 5, 20), cells_of("free", 0, 40)])


def test_half_of_a_batch_is_infected_and_sources_share_evenly() -> None:
    shares = {
        (str(CELLS.source[members[0]]), bool(CELLS.infected[members[0]])): share
        for members, share in strata(CELLS)
    }
    assert shares == {
        ("large", True): 0.25,
        ("small", True): 0.25,
        ("large", False): pytest.approx(1 / 6),
        ("small", False): pytest.approx(1 / 6),
        ("free", False): pytest.approx(1 / 6),
    }


def test_strata_hold_every_cell_once() -> None:
    members = np.concatenate([each for each, _ in strata(CELLS)])
    assert sorted(members.tolist()) == list(range(len(CELLS)))


def test_shares_hold_over_many_batches() -> None:
    drawn = np.concatenate([batch.index for batch in batches(CELLS, batch_size=64, steps=15, seed=3)])
    total = len(drawn)
    assert total == 15 * 64
    for members, share in strata(CELLS):
        found = int(np.isin(drawn, members).sum())
        # Four standard deviations of a binomial: outside in 1 of 15,000 cases.
        assert abs(found - total * share) < 4 * np.sqrt(total * share * (1 - share))
    # Within a stratum all cells have their turn.
    assert len(np.unique(drawn[CELLS.infected[drawn] & (CELLS.source[drawn] == "small")])) == 5


def test_the_truth_belongs_to_the_crops() -> None:
    (batch,) = batches(CELLS, batch_size=128, steps=1, seed=1)
    np.testing.assert_array_equal(batch.infected, CELLS.infected[batch.index].astype(np.float32))
    darkest = np.sort(batch.crops.reshape(128, -1), axis=1)[:, 30]
    infected = batch.infected == 1
    assert np.median(darkest[infected]) < np.median(darkest[~infected]) - 20
    assert batch.crops.shape == (128, CROP_SIZE_PX, CROP_SIZE_PX, 3)


def test_what_lies_outside_the_cell_is_grey() -> None:
    (batch,) = batches(CELLS, batch_size=64, steps=1, seed=2)
    corners = batch.crops[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners == GREY).all()


def test_batches_repeat_by_seed() -> None:
    def run(seed: int) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
        return [batch.crops for batch in batches(CELLS, batch_size=16, steps=3, seed=seed)]

    first, again, other = run(7), run(7), run(8)
    np.testing.assert_array_equal(first, again)
    assert (np.array(first) != np.array(other)).any()
    assert (first[0] != first[1]).any()


@pytest.mark.parametrize("flag", [True, False])
def test_a_set_of_one_class_fills_its_batches_with_it(flag: bool) -> None:
    one_class = CELLS.take(CELLS.infected == flag)
    (batch,) = batches(one_class, batch_size=10, steps=1, seed=1)
    assert batch.infected.tolist() == [float(flag)] * 10


def test_evaluation_sees_what_scoring_would_cut() -> None:
    image = disc_picture(140, 140, [(70, 70)], 63)
    image[60:70, 75:85] = (60, 20, 90)
    # Boxes whose windows are whole pixels at both sizes, so that both crops have the same grid.
    boxes = boxes_around([(70, 70)], 70)
    stored = CellSet(
        crops=raw_crops(image, boxes, STORED_SIZE_PX),
        masks=disk_masks(boxes, STORED_SIZE_PX),
        colour=np.array([CELL], np.float32),
        infected=np.array([True]),
        source=np.array(["s"]),
        group=np.array(["g"]),
    )
    expected = cut_crops(image, boxes, CELL)
    assert np.abs(plain(stored).astype(int) - expected).max() <= 3


def test_the_middle_of_stored_planes_is_taken() -> None:
    planes = np.zeros((1, STORED_SIZE_PX, STORED_SIZE_PX), bool)
    planes[0, 6, 6] = planes[0, 53, 53] = True
    middle = centre(planes)
    assert middle.shape == (1, CROP_SIZE_PX, CROP_SIZE_PX)
    assert middle[0, 0, 0]
    assert middle[0, -1, -1]
    assert middle.sum() == 2
