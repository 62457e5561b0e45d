"""A case and its slides as they come in."""

from pathlib import Path

import pytest

from core.slides import FoundSlide
from core.store import ScoringStep, Store, StoreError
from tests.core.store.test_store import new_slide


def test_a_new_slide_is_queued_and_holds_what_was_entered(store: Store) -> None:
    case = store.add_case("  as entered ", by="Anna")
    slide = store.add_slide(case.id, "S/7 ü", Path("images"), by="Anna", um_per_pixel=0.1)
    record = store.record(slide.id)
    assert (record.case, record.slide) == (case, slide)
    assert case.patient == "  as entered "
    assert (slide.scoring, slide.folder) == (ScoringStep.QUEUED, Path("images").absolute())
    assert slide.um_per_pixel == 0.1
    assert (record.taken_in, record.candidates, record.readings, record.locked) == (None, (), (), False)
    assert store.records() == (record,)


def test_the_same_images_cannot_be_two_slides(store: Store) -> None:
    new_slide(store)
    with pytest.raises(StoreError, match="images is already on the worklist, as slide slide"):
        new_slide(store)
    assert len(store.slides()) == 1


def test_slides_brought_in_are_one_case_with_what_is_set_of_each(store: Store) -> None:
    found = [FoundSlide(name, Path(name)) for name in ("thin", "thick")]
    case = store.bring_in("Ada", found, by="Anna", um_per_pixel=0.1, red_cells_per_ul=4.2e6, review_budget=40)
    assert {record.case for record in store.records()} == {case}
    assert [
        (slide.name, slide.um_per_pixel, slide.red_cells_per_ul, slide.review_budget, slide.scoring)
        for slide in store.slides()
    ] == [(name, 0.1, 4.2e6, 40, ScoringStep.QUEUED) for name in ("thin", "thick")]


@pytest.mark.parametrize(
    ("folders", "budget", "why"),
    [
        (["new", "images"], None, "images is already on the worklist, as slide slide"),
        (["new", "new"], None, "new is already on the worklist, as slide new"),
        (["new", "newer"], 0, "the number of cells to look at must be at least 1"),
    ],
)
def test_where_one_slide_is_refused_neither_its_case_nor_any_other_slide_is_left(
    store: Store, folders: list[str], budget: int | None, why: str
) -> None:
    new_slide(store)
    before = store.records(), store.audit()
    found = [FoundSlide(name, Path(name)) for name in folders]
    with pytest.raises(StoreError, match=why):
        store.bring_in("Ada", found, by="Anna", review_budget=budget)
    assert (store.records(), store.audit()) == before
