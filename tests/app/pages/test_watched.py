"""Slides at a microscope, as the worklist shows them."""

import os
import time

from streamlit.testing.v1 import AppTest

from app.workplace import Workplace
from core.scoring.live_tally import LiveTally
from core.scoring.watch_file import WatchedSlide, WatchStep, write_watched
from core.store import SlideRecord
from core.wording import sentence
from tests.app.page_under_test import page, rows, said

OPEN = WatchedSlide(
    "patient 8", WatchStep.OPEN, LiveTally(50_000, 450, 50), "f9.jpg", (sentence("watch.outside.dim"),)
)


def plain(shown: AppTest) -> str:
    """What is said, without what keeps it from being taken for Markdown."""
    return said(shown).replace("\\", "")


def test_a_worklist_without_slides_shows_what_is_at_the_microscope(workplace: Workplace) -> None:
    write_watched(workplace.watch_file, (OPEN,))
    shown = page("worklist", "worklist_page")
    assert "No slide is here yet" not in plain(shown)
    (bar,) = shown.get("progress")
    assert "patient 8: 50 000 of 200 000 cells so far, on 450 fields" in bar.proto.text.replace("\\", "")
    assert bar.proto.value == 25
    # 150 000 cells at 100 a field, those that are left out among them.
    assert "About 1 500 fields more at this rate. f9.jpg: It is too dim: turn up the light." in plain(shown)


def test_it_stands_above_the_slides_that_are_here_in_the_language_of_the_person(
    workplace: Workplace, record: SlideRecord
) -> None:
    closing = WatchedSlide("patient 9", WatchStep.CLOSING, LiveTally(60_000, 500, 0))
    closed = WatchedSlide("patient 10", WatchStep.CLOSED, LiveTally(60_000, 500, 0))
    write_watched(workplace.watch_file, (OPEN, closing, closed))
    shown = page("worklist", "worklist_page", language="fr")
    assert len(rows(shown)) == 1
    assert "augmentez la lumière" in plain(shown)
    assert "patient 9 est close et en cours d'évaluation" in plain(shown)
    assert "patient 10" not in plain(shown)


def test_nothing_is_shown_once_the_watch_has_ended(workplace: Workplace) -> None:
    write_watched(workplace.watch_file, (OPEN,))
    before = time.time() - 31
    os.utime(workplace.watch_file, (before, before))
    assert "No slide is here yet" in said(page("worklist", "worklist_page"))
