"""Tally and verdict beside the cells."""

from app.workplace import Workplace
from core.store import Role, SlideRecord
from tests.app.page_under_test import page, said
from tests.scored_slides import read_all


def test_the_review_stands_beside_tally_and_verdict(workplace: Workplace, record: SlideRecord) -> None:
    read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    shown = said(page("reading", "review_page", slide=record.slide.id))
    assert "Suspicious" in shown
    assert "**3** of 4 candidates left · **1** accepted" in shown
    assert "A density needs two readers who agree" in shown
    assert "1 parasite accepted by only one reader" in shown
