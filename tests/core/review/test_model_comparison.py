"""Where the lists of two models have the cells that readers accepted, counted by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import beta

from core.cells.boxes import Box
from core.cells.quality import FieldQuality
from core.results.fields import FieldRow
from core.results.folder import ResultTables
from core.results.tables import CellRows
from core.review import read_document, sign
from core.review.model_comparison import Ranking, accepted_cells, rankings, summed
from core.store import Role, Store
from tests.scored_slides import UNSURE, read_all, scored_slide

BOX = (10.0, 10.0, 20.0, 20.0)
ELSEWHERE = (100.0, 10.0, 20.0, 20.0)


def tables(*cells: tuple[Box, float], field: str = "f") -> ResultTables:
    """A slide of one field with these boxes and scores; NaN is not looked at."""
    count = len(cells)
    row = FieldRow(field, 640, 480, count, count, 0, FieldQuality(0.04, 240, 0.1, 0.2, 0.1), "hash", "")
    scores = np.array([score for _, score in cells], np.float32)
    rows = CellRows(
        field=np.zeros(count, np.int32),
        boxes=np.array([box for box, _ in cells], np.float32).reshape(-1, 4),
        detection_score=np.ones(count, np.float32),
        infected_score=scores,
        second_score=np.full(count, np.nan, np.float32),
        why_not=np.where(np.isnan(scores), 7, 0).astype(np.uint8),
    )
    return ResultTables((row,), rows)


def rank_of(box: Box, model: ResultTables, field: str = "f") -> int | None:
    (rank,) = rankings(model, model, [(field, box)], 10)[0].ranks
    return rank


def test_only_cells_that_two_readers_accepted_are_looked_for(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path / "data")
    record = scored_slide(store, tmp_path, listed=4)
    read_all(store, record, "++-?", reader="Anna", role=Role.FIRST)
    read_all(store, record, "+--?", reader="Ben", role=Role.SECOND)
    second = record.candidates[1]
    store.read(record.slide.id, second.id, UNSURE, reader="Cleo", role=Role.ADJUDICATOR)
    accepted = accepted_cells(read_document(sign(store, record.slide.id, by="Dora")))
    store.close()
    assert accepted == ((record.candidates[0].field, record.candidates[0].box),)


def test_an_accepted_cell_has_the_rank_of_what_the_model_sees_there() -> None:
    model = tables((ELSEWHERE, 0.9), (BOX, 0.8), ((200, 10, 20, 20), 0.7))
    assert rank_of(BOX, model) == 2
    assert rank_of((300, 10, 20, 20), model) is None
    assert rank_of(BOX, model, field="another") is None
    assert rank_of(BOX, tables((BOX, float("nan")))) is None  # located, and seen in another place


@pytest.mark.parametrize(
    ("shift", "rank"),
    [
        (0.0, 1),
        (6.0, 1),  # 14 * 20 of 520 in common: .538
        (7.0, None),  # 13 * 20 of 540: .481
        (40.0, None),
    ],
)
def test_boxes_of_another_detector_are_the_same_cell_where_half_overlaps(
    shift: float, rank: int | None
) -> None:
    assert rank_of(BOX, tables(((BOX[0] + shift, *BOX[1:]), 0.9))) == rank


def test_of_several_cells_the_one_that_overlaps_most_speaks() -> None:
    near, there = (13.0, 10.0, 20.0, 20.0), (11.0, 10.0, 20.0, 20.0)
    assert rank_of(BOX, tables((near, 0.9), (there, 0.1))) == 2


def test_what_stands_within_the_budget_of_each_is_counted_and_what_both_have_there() -> None:
    boxes = [(30.0 * number, 0.0, 20.0, 20.0) for number in range(6)]
    first = tables(*zip(boxes, (0.9, 0.8, 0.7, 0.6, 0.5, 0.4), strict=True))
    second = tables(*zip(boxes, (0.9, 0.1, 0.2, 0.8, 0.7, 0.3), strict=True))
    accepted = [("f", boxes[0]), ("f", boxes[1]), ("f", ELSEWHERE)]
    one, other = rankings(first, second, accepted, 3)
    assert one == Ranking(ranks=(1, 2, None), accepted_first=2, first=3, shared=1)
    # Its first three are the cells 0, 3 and 4.
    assert other == Ranking(ranks=(1, 6, None), accepted_first=1, first=3, shared=1)
    assert one.share_first == pytest.approx(2 / 3)
    assert rankings(first, second, accepted, 100)[0].first == 6  # the whole list


def test_half_of_the_accepted_cells_stand_down_to_the_middle_rank() -> None:
    ranking = Ranking(ranks=(7, None, 1, 300, 12), accepted_first=3, first=100, shared=0)
    assert ranking.middle_rank == 12
    assert replace(ranking, ranks=(7, 1, 300, 12)).middle_rank == 7
    assert replace(ranking, ranks=(7, None, None)).middle_rank is None
    assert replace(ranking, ranks=()).middle_rank is None


def test_slides_are_summed_with_the_ranks_of_all() -> None:
    one, other = Ranking((1, None), 1, 100, 40), Ranking((250,), 0, 30, 5)
    assert summed([one, other]) == Ranking((1, None, 250), 1, 130, 45)
    assert summed([]) == Ranking((), 0, 0, 0)


def test_the_limit_is_that_of_the_tally() -> None:
    ranking = Ranking(ranks=tuple(range(1, 11)), accepted_first=9, first=9, shared=0)
    assert ranking.share_first_at_least(0.95) == pytest.approx(beta.ppf(0.05, 9, 2))
    assert Ranking((), 0, 5, 0).share_first is None
    assert Ranking((400,), 0, 5, 0).share_first_at_least(0.95) is None
