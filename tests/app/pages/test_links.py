"""Which slide a page is about, and what is said where there is none; names as they were typed."""

from pathlib import Path

import pytest

from app.workplace import Workplace
from core.store import Role, ScoringStep, SlideRecord
from tests.app.page_under_test import SLIDE_PAGES, page, rows, said
from tests.scored_slides import read_all


@pytest.mark.parametrize(("module", "function"), SLIDE_PAGES)
@pytest.mark.parametrize(("slide", "says"), [(0, "No slide is chosen"), (99, "there is no slide 99")])
def test_a_page_about_no_slide_says_so(
    workplace: Workplace, module: str, function: str, slide: int, says: str
) -> None:
    test = page(module, function, slide=slide)
    assert not test.exception
    assert says in said(test)


@pytest.mark.parametrize(("module", "function"), SLIDE_PAGES)
def test_a_page_about_a_slide_that_is_not_scored_yet_says_so(
    workplace: Workplace, tmp_path: Path, module: str, function: str
) -> None:
    case = workplace.store.add_case("patient", by="Anna")
    slide = workplace.store.add_slide(case.id, "waits", tmp_path, by="Anna")
    assert "nothing to read yet: queued" in said(page(module, function, slide=slide.id))


@pytest.mark.parametrize(
    ("reader", "offered"),
    [("Anna", {"Review"}), ("Ben", {"Review", "Second reading", "Adjudication"})],
)
def test_the_head_of_a_slide_offers_the_readings_that_a_person_can_still_make(
    workplace: Workplace, record: SlideRecord, reader: str, offered: set[str]
) -> None:
    read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    test = page("slide_view", "slide_page", slide=1, person=reader)
    found = {one.proto.label for one in test.get("page_link")}
    assert found & {"Review", "Second reading", "Adjudication"} == offered


def test_a_name_with_marks_in_it_is_shown_as_it_stands(workplace: Workplace, tmp_path: Path) -> None:
    case = workplace.store.add_case("[click](http://x) <b>", by="Anna")
    workplace.store.add_slide(case.id, "![](http://x) `a`", tmp_path, by="Anna")
    workplace.store.note_scoring(1, ScoringStep.STOPPED, by="Anna")
    (row,) = rows(page("worklist", "worklist_page"))  # a text there, and no Markdown
    assert (row["patient"], row["slide"]) == ("[click](http://x) <b>", "![](http://x) `a`")
    shown = said(page("result", "result_page", slide=1))
    parted = "http\\:\N{WORD JOINER}//x"  # else it would be a link
    assert rf"\!\[\]\({parted}\) \`a\`" in shown
    assert rf"\[click\]\({parted}\) \<b\>" in shown
