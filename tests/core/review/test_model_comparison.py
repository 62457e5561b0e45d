"""What two models call of the cells that readers decided on, counted by hand."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import beta, chi2

from core.review import read_document, sign
from core.review.model_comparison import Calls, DecidedCell, calls_on, decided_cells, summed
from core.store import Role, Store
from tests.scored_slides import UNSURE, read_all, scored_slide

BOX = (10.0, 10.0, 20.0, 20.0)


def located(
    *cells: tuple[tuple[float, float, float, float], bool],
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    boxes = np.array([box for box, _ in cells], np.float32).reshape(-1, 4)
    return {"f": (boxes, np.array([called for _, called in cells], bool))}


def test_only_cells_that_two_accepted_or_that_were_rejected_teach_anything(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path / "data")
    record = scored_slide(store, tmp_path, called=4)
    read_all(store, record, "++-?", reader="Anna", role=Role.FIRST)
    read_all(store, record, "+--?", reader="Ben", role=Role.SECOND)
    second, *_ = [cell for cell in store.record(record.slide.id).candidates if cell.rank == 2]
    store.read(record.slide.id, second.id, UNSURE, reader="Cleo", role=Role.ADJUDICATOR)
    decided = decided_cells(read_document(sign(store, record.slide.id, by="Dora")))
    store.close()
    # The first of field1 is accepted by two, the third rejected by two; the others are disputed and doubtful.
    assert [(cell.field, cell.accepted) for cell in decided] == [("field1.png", True), ("field1.png", False)]


def test_a_called_cell_at_the_same_place_is_found_and_one_that_is_not_called_is_missed() -> None:
    decided = [DecidedCell("f", BOX, accepted=True)]
    assert calls_on(decided, located((BOX, True))).accepted_called == 1
    assert calls_on(decided, located((BOX, False))).accepted_called == 0


@pytest.mark.parametrize(
    ("shift", "found"),
    [
        (0.0, 1),
        (6.0, 1),  # 14 * 20 of 520 in common: .538
        (7.0, 0),  # 13 * 20 of 540: .481
        (40.0, 0),
    ],
)
def test_boxes_of_another_detector_are_the_same_cell_where_half_overlaps(shift: float, found: int) -> None:
    other = (BOX[0] + shift, *BOX[1:])
    assert calls_on([DecidedCell("f", BOX, accepted=True)], located((other, True))).accepted_called == found


def test_of_several_cells_the_one_that_overlaps_most_speaks() -> None:
    near, there = (13.0, 10.0, 20.0, 20.0), (11.0, 10.0, 20.0, 20.0)
    decided = [DecidedCell("f", BOX, accepted=True)]
    assert calls_on(decided, located((near, True), (there, False))).accepted_called == 0
    assert calls_on(decided, located((near, False), (there, True))).accepted_called == 1


def test_what_a_model_has_not_located_it_has_not_called() -> None:
    decided = [DecidedCell("elsewhere", BOX, accepted=True), DecidedCell("f", BOX, accepted=False)]
    calls = calls_on(decided, located())
    assert (calls.accepted, calls.accepted_called, calls.rejected, calls.rejected_called) == (1, 0, 1, 0)


def test_accepted_rejected_and_all_that_is_called_are_counted_apart_and_summed() -> None:
    boxes = [(30.0 * number, 0.0, 20.0, 20.0) for number in range(6)]
    decided = [DecidedCell("f", box, accepted=number < 2) for number, box in enumerate(boxes[:5])]
    calls = calls_on(
        decided,
        located(*((box, called) for box, called in zip(boxes, [1, 0, 1, 0, 0, 1], strict=True))),  # type: ignore[arg-type] # numbers for true and false
    )
    assert calls == Calls(2, 1, 3, 1, 3, 6)
    assert calls.sensitivity == 0.5
    assert calls.false_calls_per_1000 == pytest.approx(1000 / 3)
    assert summed([calls, Calls(1, 1, 0, 0, 7, 100)]) == Calls(3, 2, 3, 1, 10, 106)
    assert summed([]) == Calls(0, 0, 0, 0, 0, 0)


def test_limits_are_those_of_the_tally() -> None:
    calls = Calls(10, 9, 100, 2, 30, 1000)
    assert calls.sensitivity_at_least(0.95) == pytest.approx(beta.ppf(0.05, 9, 2))
    assert calls.false_calls_per_1000_at_most(0.95) == pytest.approx(1000 * chi2.ppf(0.95, 6) / 2 / 100)


def test_nothing_accepted_or_rejected_gives_no_figure() -> None:
    empty = Calls(0, 0, 0, 0, 5, 10)
    assert empty.sensitivity is None
    assert empty.false_calls_per_1000 is None
    assert empty.sensitivity_at_least(0.95) is None
    assert empty.false_calls_per_1000_at_most(0.95) is None
    assert Calls(3, 0, 1, 0, 0, 1).sensitivity_at_least(0.95) is None
