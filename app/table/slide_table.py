"""The slides as a table: what the component is given, and what it asks for.

The framework's own table draws on a canvas: its rows hold no links, and its menus are English in every
language.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from app.wording import Words

ROWS_A_SCREEN = 20
_FOLDER = Path(__file__).parent

slide_table = st.components.v2.component(
    "smearscope_table",
    html=(_FOLDER / "table.html").read_text(encoding="utf-8"),
    css=(_FOLDER / "table.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "table.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Cell:
    """What stands in a row under one heading.

    Attributes
    ----------
    text
        As it is read.
    sort
        By which rows are sorted; None comes last, whichever way.
    share
        In [0, 1], drawn as a bar below the text; None for no bar.
    notes
        What else is to be known, such as that the model is not valid for the slide.
    """

    text: str
    sort: str | float | None
    share: float | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def of_number(cls, number: int | None, say: Words) -> "Cell":
        """A number; nothing where there is none, or none may be seen."""
        return cls("" if number is None else say.shown(number), number)

    @classmethod
    def of_text(cls, text: str) -> "Cell":
        """A text; without one the row comes last."""
        return cls(text, text or None)


@dataclass(frozen=True)
class Row:
    """A slide in the table.

    Attributes
    ----------
    cells
        By the name of their column.
    links
        Pages of the slide and what they are called, what comes next before all others.
    act
        What can be done at once, and what it is called; None for nothing.
    """

    slide: int
    cells: dict[str, Cell]
    links: tuple[tuple[str, str], ...]
    act: tuple[str, str] | None = None


def _sent(cell: Cell) -> list[Any]:
    return [cell.text, cell.sort, cell.share, cell.notes]


def table_data(columns: Sequence[str], rows: Sequence[Row], asked: str, say: Words) -> dict[str, Any]:
    """What the component is given; `asked` is what was searched: with another, it begins at its top again."""
    return {
        "columns": [
            {
                "name": column,
                "label": say(f"column.{column}"),
                "help": say(f"column_help.{column}") if f"column_help.{column}" in say else "",
            }
            for column in columns
        ],
        # Lists: of some hundred slides the names of their parts would be most of what is sent.
        "rows": [
            [row.slide, [_sent(row.cells[column]) for column in columns], row.links, row.act] for row in rows
        ],
        "rows_a_screen": ROWS_A_SCREEN,
        "asked": asked,
        "language": say.language,
        "words": say.group("table"),
    }
