"""What is set of a slide: kept in order, the last holds, on record, and fixed once the slide is signed."""

from pathlib import Path

import pytest

from core.review import sign, tally_of
from core.store import Role, ScoringStep, Store, StoreError
from core.store.tables import SLIDE_SETTINGS
from tests.scored_slides import read_all, scored_slide


def change(store: Store, slide: int, red_cells: float | None, budget: int | None) -> None:
    store.settings.change(slide, red_cells_per_ul=red_cells, review_budget=budget, by="Anna")


def test_the_last_change_holds_of_its_slide_alone_and_each_is_on_record(store: Store, tmp_path: Path) -> None:
    one, other = (scored_slide(store, tmp_path / name).slide.id for name in ("one", "other"))
    assert (store.record(one).slide.red_cells_per_ul, store.record(one).slide.review_budget) == (None, None)
    change(store, one, 4.2e6, None)
    change(store, one, 4.2e6, None)  # as it was: nothing is written
    change(store, one, 3.1e6, 40)
    found = store.record(one).slide
    assert (found.red_cells_per_ul, found.review_budget) == (3.1e6, 40)
    assert store.record(other).slide.red_cells_per_ul is None
    assert [entry.detail for entry in store.audit(one) if entry.what == "settings changed"] == [
        {"red_cells_per_ul": "4200000", "review_budget": None},
        {"red_cells_per_ul": "3100000", "review_budget": 40},
    ]
    with store._database.reading() as connection:
        rows = connection.execute(SLIDE_SETTINGS.select()).all()
    assert [(row.red_cells_per_ul, row.by) for row in rows] == [(4.2e6, "Anna"), (3.1e6, "Anna")]


def test_another_budget_queues_the_slide_and_red_cells_do_not(store: Store, tmp_path: Path) -> None:
    slide = scored_slide(store, tmp_path).slide.id
    change(store, slide, 4.2e6, None)
    assert store.record(slide).slide.scoring == ScoringStep.SCORED
    change(store, slide, 4.2e6, 20)
    assert store.record(slide).slide.scoring == ScoringStep.QUEUED


def test_another_budget_sets_nothing_going_that_was_stopped(store: Store, tmp_path: Path) -> None:
    slide = scored_slide(store, tmp_path).slide.id
    store.open_for_fields(slide, by="Ben")
    change(store, slide, None, 20)
    found = store.record(slide).slide
    assert (found.review_budget, found.scoring) == (20, ScoringStep.STOPPED)
    store.note_scoring(slide, ScoringStep.QUEUED, by="Ben")


@pytest.mark.parametrize(("red_cells", "budget"), [(0.0, None), (float("nan"), None), (None, 0)])
def test_what_is_no_count_is_refused(
    store: Store, tmp_path: Path, red_cells: float | None, budget: int | None
) -> None:
    slide = scored_slide(store, tmp_path).slide.id
    with pytest.raises(StoreError, match="must be"):
        change(store, slide, red_cells, budget)


def test_a_signed_slide_keeps_what_it_was_signed_with(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path)
    read_all(store, record, "----", reader="Anna", role=Role.FIRST)
    sign(store, record.slide.id, by="Anna")
    with pytest.raises(StoreError, match="was signed by Anna"):
        change(store, record.slide.id, 4.2e6, None)


def test_density_and_limit_rest_on_the_patients_red_cells_and_say_that_they_were_measured(
    store: Store, tmp_path: Path
) -> None:
    record = scored_slide(store, tmp_path, counted=300_000)
    slide = record.slide.id
    read_all(store, record, "++--", reader="Anna", role=Role.FIRST)
    record = read_all(store, record, "++--", reader="Ben", role=Role.SECOND)
    assumed = tally_of(record)
    change(store, slide, 2.5e6, None)
    measured = tally_of(store.record(slide))
    before, after = assumed.verdict.figures, measured.verdict.figures
    assert before is not None
    assert after is not None
    # Half as many red cells as the assumed 5 millions: half as many parasites per µL.
    assert before.density_per_ul is not None
    assert after.density_per_ul is not None
    assert after.density_per_ul.value == pytest.approx(before.density_per_ul.value / 2)
    assert after.corrected_fraction == before.corrected_fraction
    assert measured.evidence.assumptions.red_cells_measured
    assert not assumed.evidence.assumptions.red_cells_measured


def test_fewer_cells_are_needed_where_there_are_fewer_red_cells(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, counted=300_000)
    slide = record.slide.id
    read_all(store, record, "----", reader="Anna", role=Role.FIRST)
    assumed = tally_of(store.record(slide)).verdict
    change(store, slide, 2.5e6, None)
    measured = tally_of(store.record(slide)).verdict
    assert assumed.cells_needed is not None
    assert measured.cells_needed == pytest.approx(assumed.cells_needed / 2, abs=1)
    assert assumed.detection_limit_per_ul is not None
    assert measured.detection_limit_per_ul == pytest.approx(assumed.detection_limit_per_ul / 2)
