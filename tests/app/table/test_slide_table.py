"""What the table of slides is given: headings in the person's language, cells in the order of columns."""

from app.table.slide_table import Cell, Row, table_data
from app.wording import Words


def test_the_cells_of_a_row_stand_in_the_order_of_the_columns() -> None:
    cells = {"cells": Cell("1 057", 1057, 0.25, ("model not valid",)), "slide": Cell.of_text("thin 3")}
    row = Row(7, cells, (("review", "Review"),))
    given = table_data(["slide", "cells"], [row], "", Words("en"))
    (shown,) = given["rows"]
    slide, (name, examined), links, act = shown
    assert name == ["thin 3", "thin 3", None, ()]
    assert examined == ["1 057", 1057, 0.25, ("model not valid",)]
    assert (slide, links, act) == (7, (("review", "Review"),), None)


def test_headings_are_in_the_language_of_the_person_and_some_are_explained() -> None:
    columns = table_data(["slide", "agreed"], [], "", Words("fr"))["columns"]
    assert [column["label"] for column in columns] == ["Lame", "D'accord"]
    assert [bool(column["help"]) for column in columns] == [False, True]


def test_what_is_not_there_is_shown_empty_and_sorted_last() -> None:
    assert Cell.of_number(None, Words("en")) == Cell("", None)
    assert Cell.of_number(0, Words("en")) == Cell("0", 0)
    assert Cell.of_number(200_000, Words("en")).text == "200 000"
    assert Cell.of_text("") == Cell("", None)
