"""Pages of print: as many as it takes, a head and a foot on each, nothing lost between them."""

import numpy as np
import pytest

from core.reports.printed_pages import FOOT, ROOM, SIZE, TOP, HeadAndFoot, PrintedPages, printed
from tests.core.reports.pdf_text import drawn_on_pages, heights, page_texts, sizes_of_type

EACH = HeadAndFoot("NOTICE", "patient P", ("version 1", "abc"), lambda page, pages: f"page {page} of {pages}")


def test_a_long_text_goes_on_over_as_many_pages_as_it_takes_and_no_word_is_lost() -> None:
    words = [f"word{number}" for number in range(3000)]
    pdf = printed("title", "en", EACH, lambda paper: paper.text(" ".join(words)))
    texts = page_texts(pdf)
    assert len(texts) > 3
    assert [word for text in texts for word in text.split() if word.startswith("word")] == words
    for number, (text, drawn) in enumerate(zip(texts, drawn_on_pages(pdf), strict=True), start=1):
        for said in ("NOTICE", "patient P", "version 1", "abc", f"page {number} of {len(texts)}"):
            assert said in text, said
        # Of the foot are three lines; all others stand above it.
        assert sum(height < FOOT for height in heights(drawn)) == 3


def test_what_belongs_together_begins_on_the_next_page_where_there_is_too_little_room() -> None:
    def draw(paper: PrintedPages) -> None:
        paper.keep_together(TOP - FOOT - 1)
        assert paper.page == 1
        paper.text("one line")
        paper.keep_together(TOP - FOOT - 1)
        assert (paper.page, paper.top) == (2, TOP)

    assert len(page_texts(printed("title", "en", EACH, draw))) == 2


def test_a_label_stands_on_the_page_of_the_text_that_it_belongs_to() -> None:
    def draw(paper: PrintedPages) -> None:
        for number in range(200):
            paper.labelled(f"label{number}", f"text{number}")

    for text in page_texts(printed("title", "en", EACH, draw)):
        words = text.split()
        labels = [word.removeprefix("label") for word in words if word.startswith("label")]
        assert labels == [word.removeprefix("text") for word in words if word.startswith("text")]


def test_a_line_that_is_too_long_loses_its_middle_because_names_differ_at_the_end() -> None:
    name = "IMG_" + "0" * 300 + "_field_17.png"
    (text,) = page_texts(printed("title", "en", EACH, lambda paper: paper.line(50, 400, name, room=100)))
    shown = next(word for word in text.split() if word.startswith("IMG"))
    assert shown.endswith("_17.png")
    assert "…" in shown


@pytest.mark.parametrize(("name", "pictures"), [("Nguyen", 0), ("Nguyễn", 1), ("阮", 1)])
def test_letters_that_the_typeface_lacks_are_drawn(name: str, pictures: int) -> None:
    pdf = printed("title", "en", EACH, lambda paper: paper.line(50, 400, name))
    assert pdf.count(b"/Subtype /Image") == pictures


def test_line_breaks_and_unprintable_letters_do_not_spoil_a_line() -> None:
    (text,) = page_texts(printed("title", "en", EACH, lambda paper: paper.text("two\nlines\x07")))
    assert "two lines" in text


def test_the_same_drawing_gives_the_same_bytes() -> None:
    def draw(paper: PrintedPages) -> None:
        paper.text("text", room=ROOM)
        paper.rule()
        paper.picture(np.full((9, 9, 3), 90, np.uint8), 60, 300, 40)

    assert printed("title", "en", EACH, draw) == printed("title", "en", EACH, draw)
    assert min(sizes_of_type(printed("title", "en", EACH, draw))) == SIZE == 9
