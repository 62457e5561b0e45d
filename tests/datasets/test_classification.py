"""Batches of cells: slides drawn anew, fair shares, true labels, and crops that look as in scoring."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from core.cells.crops import CROP_SIZE_PX, GREY, cut_crops, disk_masks, raw_crops
from datasets.augmentation import Stain
from datasets.cells import STORED_SIZE_PX, CellSet, joined
from datasets.classification import (
    BatchLayout,
    CellBatch,
    CellDrawer,
    DrawnSlide,
    batches,
    centre,
    plain,
)
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


LAYOUT = BatchLayout(slides=3, healthy=4, infected=2)


def batch_of(cells: CellSet, layout: BatchLayout = LAYOUT, seed: int = 1) -> CellBatch:
    (batch,) = batches(cells, layout, 1, seed)
    return batch


def darkest(crops: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(N,) level that a fiftieth of each crop's middle is darker than: the dot's, where there is one."""
    middle = crops[:, 12:36, 12:36].reshape(len(crops), -1)
    return np.asarray(np.percentile(middle, 2, axis=1), np.float64)


def healthy_of(drawer: CellDrawer, slide: DrawnSlide, count: int) -> NDArray[np.uint8]:
    return np.stack([drawer.healthy(slide).crop for _ in range(count)])


def infected_of(drawer: CellDrawer, slide: DrawnSlide, count: int) -> NDArray[np.uint8]:
    return np.stack([drawer.infected(slide).crop for _ in range(count)])


def test_a_batch_holds_slide_after_slide_the_healthy_cells_first() -> None:
    batch = batch_of(CELLS)
    assert batch.infected.tolist() == [0, 0, 0, 0, 1, 1] * 3
    assert batch.infected.dtype == np.float32
    assert batch.crops.shape == (LAYOUT.cells, CROP_SIZE_PX, CROP_SIZE_PX, 3)
    assert LAYOUT.cells == 18


def test_the_truth_belongs_to_the_crops() -> None:
    batch = batch_of(CELLS, BatchLayout(slides=3, healthy=30, infected=30))
    infected = batch.infected == 1
    levels = darkest(batch.crops)
    assert np.median(levels[infected]) < np.median(levels[~infected]) - 30
    # Stains are drawn weak and strong, and a dot may lie under a pallor: nearly all pairs, not all.
    assert (levels[infected][:, None] < levels[~infected]).mean() > 0.95


def test_the_parasite_of_an_infected_cell_is_marked_where_it_is_dark_however_the_cell_was_turned() -> None:
    batch = batch_of(CELLS, BatchLayout(slides=3, healthy=2, infected=30))
    marked = np.asarray(batch.parasites.any(axis=(1, 2)))
    infected = batch.infected > 0
    assert not marked[~infected].any()
    assert marked[infected].mean() > 0.9
    for index in np.flatnonzero(marked):
        crop, parasite = batch.crops[index], batch.parasites[index]
        darkest_pixels = np.argsort(crop.mean(axis=2), axis=None)[:20]
        assert np.take(parasite, darkest_pixels).mean() > 0.8
        # A dot of 16 pixels in a cell of 56, and what it reaches beyond.
        assert 0.02 < parasite.mean() < 0.3


def test_an_infected_cell_in_which_nothing_stands_out_has_no_marked_parasite() -> None:
    cells = cells_of("large", 10, 10)
    unseen = replace(cells, crops=np.repeat(cells.crops[-1:], 20, axis=0))
    drawer = CellDrawer(joined([unseen, cells_of("other", 10, 10)]), seed=1)
    own = [drawer.infected(drawer.slide("large")) for _ in range(40)]
    marked = [cell.parasite.any() for cell in own]
    assert any(marked)  # the transplanted ones
    assert not all(marked)  # its own


def test_as_many_batches_come_as_were_asked_for() -> None:
    assert len(list(batches(CELLS, LAYOUT, 5, seed=1))) == 5


def test_the_slides_of_a_batch_are_of_different_sources() -> None:
    drawer = CellDrawer(CELLS, seed=1)
    for _ in range(20):
        assert {slide.source for slide in drawer.slides(3)} == {"large", "small", "free"}


def test_where_there_are_fewer_sources_than_slides_sources_come_again() -> None:
    sources = {slide.source for slide in CellDrawer(CELLS, seed=1).slides(30)}
    assert sources == {"large", "small", "free"}


def test_sources_have_their_turn_alike_however_many_cells_they_hold() -> None:
    drawer = CellDrawer(CELLS, seed=3)
    drawn = [drawer.slides(1)[0].source for _ in range(900)]
    # Four standard deviations of a binomial: outside in 1 of 15,000 cases.
    for source in ("large", "small", "free"):
        assert abs(drawn.count(source) - 300) < 4 * np.sqrt(900 * 2 / 9)


def test_a_source_free_of_malaria_gets_infected_cells_by_transplant() -> None:
    drawer = CellDrawer(CELLS, seed=4)
    gaps = []
    for _ in range(8):
        slide = drawer.slide("free")
        gaps.append(
            np.median(darkest(healthy_of(drawer, slide, 5)))
            - np.median(darkest(infected_of(drawer, slide, 5)))
        )
    assert min(gaps) > 15


def test_a_transplanted_parasite_comes_without_the_cell_it_was_in() -> None:
    # Infected cells of the other source are dark all over; the host stays as pale as its own slide's cells.
    dark = cells_of("dark", 20, 20)
    crops = dark.crops.copy()
    crops[dark.infected] //= 2
    dark = CellSet(crops, dark.masks, dark.colour, dark.infected, dark.source, dark.group)
    drawer = CellDrawer(joined([dark, cells_of("free", 0, 20)]), seed=5)
    slides = [drawer.slide("free") for _ in range(8)]
    rims = [
        np.median(made[:, 10, 18:30]) - GREY
        for slide in slides
        for made in (healthy_of(drawer, slide, 5), infected_of(drawer, slide, 5))
    ]
    assert rims[1::2] == pytest.approx(rims[::2], abs=12)


def test_cells_of_one_slide_are_tinted_more_alike_than_those_of_several() -> None:
    drawer = CellDrawer(CELLS, seed=6)
    tints = np.array(
        [
            [np.median(crop[..., 0].astype(int) - crop[..., 2]) for crop in healthy_of(drawer, slide, 12)]
            for slide in (drawer.slide("large") for _ in range(16))
        ]
    )
    within, between = tints.var(axis=1, ddof=1).mean(), tints.mean(axis=1).var(ddof=1)
    # Were slides nothing but cells drawn at random, the ratio would be 1.
    assert between / (within / 12) > 4


@pytest.mark.parametrize("draw", [healthy_of, infected_of])
def test_the_stain_of_a_slide_is_on_each_of_its_cells(
    draw: Callable[[CellDrawer, DrawnSlide, int], NDArray[np.uint8]],
) -> None:
    drawer = CellDrawer(CELLS, seed=8)
    red = Stain(np.eye(3, dtype=np.float32), np.array([60, 0, 0], np.float32))
    slide = replace(drawer.slide("large"), stain=red, colour_error=np.ones(3))
    crops = draw(drawer, slide, 12).astype(int)
    tint = np.median(crops[:, 12:36, 12:36, 0] - crops[:, 12:36, 12:36, 1], axis=(1, 2))
    # A cell's own tint and the error of its reference are a few levels, as its strength is a few hundredths.
    assert tint == pytest.approx(np.full(12, 60), abs=20)


def test_what_lies_outside_the_cell_is_grey() -> None:
    corners = batch_of(CELLS, BatchLayout(3, 16, 16)).crops[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners == GREY).all()


def test_batches_repeat_by_seed() -> None:
    def run(seed: int) -> NDArray[np.uint8]:
        return np.stack([batch.crops for batch in batches(CELLS, LAYOUT, 3, seed)])

    first, again, other = run(7), run(7), run(8)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first[0] != first[1]).any()


def test_one_cell_is_never_drawn_twice_the_same() -> None:
    drawer = CellDrawer(cells_of("one", 1, 1), seed=1)
    slide = drawer.slide("one")
    first, second = healthy_of(drawer, slide, 2)
    assert (first != second).any()


def test_a_source_of_infected_cells_alone_gives_parasites_to_the_others_and_is_no_slide() -> None:
    drawer = CellDrawer(joined([cells_of("free", 0, 20), cells_of("ill", 5, 0)]), seed=1)
    assert drawer.sources == ("free",)
    slide = drawer.slide("free")
    dotted, plain = infected_of(drawer, slide, 20), healthy_of(drawer, slide, 20)
    assert np.median(darkest(dotted)) < np.median(darkest(plain)) - 20


def test_without_any_healthy_cell_there_is_nothing_to_train_on() -> None:
    with pytest.raises(ValueError, match=r"healthy: \[\], infected: \['ill'\]"):
        CellDrawer(cells_of("ill", 5, 0), seed=1)


def test_cells_none_of_which_is_infected_are_refused() -> None:
    with pytest.raises(ValueError, match=r"infected ones of at least one; .* infected: \[\]"):
        CellDrawer(cells_of("free", 0, 9), seed=1)


def test_infected_cells_in_which_no_parasite_can_be_seen_end_in_an_error_and_not_in_a_loop() -> None:
    cells = cells_of("large", 10, 10)
    plain_crops = np.repeat(cells.crops[-1:], 20, axis=0)
    unseen = CellSet(plain_crops, cells.masks, cells.colour, cells.infected, cells.source, cells.group)
    drawer = CellDrawer(joined([unseen, cells_of("free", 0, 5)]), seed=1)
    with pytest.raises(ValueError, match="none shows a parasite; check their truth"):
        drawer.infected(drawer.slide("free"))


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
