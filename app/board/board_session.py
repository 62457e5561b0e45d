"""What is kept of a board from one run of its page to the next."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.store import Role


@dataclass(frozen=True)
class Alike:
    """Cells that look like one.

    Attributes
    ----------
    cell
        That one, by the number that the board shows.
    ranks
        Theirs in the slide's list, the most alike first.
    """

    cell: str
    ranks: tuple[int, ...]


@dataclass
class BoardSession:
    """One reader's board for one slide and role, in one tab.

    Attributes
    ----------
    slide_id, role, reader
        Whose board it is.
    holds
        Version of the list of cells that the board says it holds.
    asked_on_slide
        The cell that is to be shown on the slide, by the number that the board shows.
    alike
        Cells that are shown first because they look like one; None where none was asked for.
    all_read
        Whether every cell was read when all of the page last ran.
    """

    slide_id: int
    role: Role
    reader: str
    holds: str | None = None
    asked_on_slide: str | None = None
    alike: Alike | None = None
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
        """What the board says: what it has `seen`, and the cell to show on the `slide`."""
        return st.session_state[self.key]

    def begin(self) -> None:
        """All of the page runs: it may begin another board, which is given all its cells."""
        self.holds = self.all_read = None

    def hear(self) -> None:
        """Take in what the board says that it holds; a call was made, or seen, since it said so last."""
        seen = self.sent.seen
        self.holds = seen and seen.get("holds")

    def ask_on_slide(self) -> None:
        """Keep the cell that the board wants to be shown on the slide."""
        self.asked_on_slide = self.sent.slide

    def take_asked_on_slide(self) -> str | None:
        """The cell to be shown on the slide; it is asked for once."""
        asked, self.asked_on_slide = self.asked_on_slide, None
        return asked
