"""What is kept of a board from one run of its page to the next."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from app.board.review_board import Given, Written
from core.store import Role


@dataclass
class BoardSession:
    """One reader's board for one slide and role, in one tab.

    Attributes
    ----------
    slide_id, role, reader
        Whose board it is.
    given
        The list of cells that the board was given last.
    holds
        Version of the list that the board says it holds.
    written
        What came of what the board has sent.
    asked_on_slide
        The cell that is to be shown on the slide, by the number that the board shows.
    all_read
        Whether every cell was read when all of the page last ran.
    """

    slide_id: int
    role: Role
    reader: str
    given: Given | None = None
    holds: str | None = None
    written: Written | None = None
    asked_on_slide: str | None = None
    all_read: bool | None = None

    @classmethod
    def of(cls, slide_id: int, role: Role, reader: str) -> "BoardSession":
        """The board of a slide, a role and a reader; it begins empty."""
        fresh = cls(slide_id, role, reader)
        kept: BoardSession = st.session_state.setdefault(f"{fresh.key} session", fresh)
        return kept

    @property
    def key(self) -> str:
        """Name of the board among the widgets of the page."""
        return f"board {self.slide_id} {self.role} {self.reader}"

    @property
    def sent(self) -> Any:  # noqa: ANN401 - what the framework keeps of a component
        """What the board says: its `log`, and the cell to show on the `slide`."""
        return st.session_state[self.key]

    @property
    def held(self) -> Given | None:
        """The list that the board holds; None where it holds another or none."""
        return self.given if self.given is not None and self.holds == self.given.version else None

    def begin(self) -> None:
        """All of the page runs: it may begin another board, which is given all its cells."""
        self.holds = self.all_read = None

    def ask_on_slide(self) -> None:
        """Keep the cell that the board wants to be shown on the slide."""
        self.asked_on_slide = self.sent.slide

    def take_asked_on_slide(self) -> str | None:
        """The cell to be shown on the slide; it is asked for once."""
        asked, self.asked_on_slide = self.asked_on_slide, None
        return asked
