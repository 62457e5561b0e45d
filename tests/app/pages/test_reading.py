"""The pages on which cells are read: what each reader sees beside them, and further cells to read."""

from pathlib import Path

from app.workplace import Workplace
from core.store import CandidateKind, Role, SlideRecord
from tests.app.page_under_test import page, said
from tests.scored_slides import read_all, scored_slide


def test_the_second_reader_sees_neither_tally_nor_verdict(workplace: Workplace, record: SlideRecord) -> None:
    read_all(workplace.store, record, "++++", reader="Anna", role=Role.FIRST)
    shown = said(page("reading", "second_reading_page", person="Ben", slide=record.slide.id))
    assert "in your own order, without scores" in shown
    assert "accepted" not in shown
    assert "Suspicious" not in shown


def test_nobody_reads_a_slide_as_two(workplace: Workplace, record: SlideRecord) -> None:
    read_all(workplace.store, record, "++++", reader="Anna", role=Role.FIRST)
    shown = said(page("reading", "second_reading_page", person="anna", slide=record.slide.id))
    assert "You have read this slide as first reader" in shown
    assert "second reader must be another person" in shown


def test_further_cells_and_a_sample_can_be_asked_for(workplace: Workplace, record: SlideRecord) -> None:
    test = page("reading", "review_page", slide=record.slide.id)
    by_label = {button.label: button for button in test.button}
    by_label["20 cells below the threshold"].click().run()
    kinds = [candidate.kind for candidate in workplace.store.record(record.slide.id).candidates]
    # Sixteen cells of the slide were not called.
    assert (kinds.count(CandidateKind.CALLED), kinds.count(CandidateKind.FURTHER)) == (4, 16)


def test_a_slide_without_candidates_offers_a_sample(workplace: Workplace, tmp_path: Path) -> None:
    record = scored_slide(workplace.store, tmp_path / "clean", called=0)
    test = page("reading", "review_page", slide=record.slide.id)
    assert "That alone excludes nothing" in said(test)
    test.button[0].click().run()
    kinds = {candidate.kind for candidate in workplace.store.record(record.slide.id).candidates}
    assert kinds == {CandidateKind.SAMPLE}
