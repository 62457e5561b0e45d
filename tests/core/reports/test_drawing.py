"""Text on a canvas: how wide it is, how it is shortened, and where it is drawn."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.reports.drawing import PAPER, RED, blank, fitted, one_line, text_width, write


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60), st.integers(0, 300))
def test_shortened_text_fits_its_width_and_keeps_what_fits(text: str, width: int) -> None:
    short = fitted(text, 14, width)
    assert short == "" or text_width(short, 14) <= width
    if text_width(one_line(text), 14) <= width:
        assert short == one_line(text)


def test_shortened_names_keep_their_end() -> None:
    short = fitted("2024-03-17/hospital/slide 12/IMG_0417.jpg", 11, 128)
    assert short.endswith("IMG_0417.jpg")
    assert "…" in short


def test_line_breaks_become_spaces() -> None:
    assert one_line(" a\r\n b\tc\x00 ") == "a b c"


def test_a_line_is_drawn_below_and_right_of_its_place_within_its_width() -> None:
    canvas = blank(60, 400)
    assert (canvas == PAPER).all()
    write(canvas, 50, 20, "IMG_0417.jpg, a longer name than fits", 14, 120, RED)
    rows, columns = np.nonzero((canvas != PAPER).any(axis=2))
    assert rows.min() >= 20
    assert rows.max() < 20 + 1.5 * 14  # tails of letters hang below the line
    assert columns.min() >= 50
    assert columns.max() < 50 + 120
