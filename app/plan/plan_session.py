"""What is kept of a slide's plan from one run of its page to the next."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.cells.boxes import Box


@dataclass
class PlanSession:
    """The plan of one slide, in one tab.

    Attributes
    ----------
    slide_id
        Which slide it is.
    chosen
        Field and box of the chosen cell.
    came_for
        The candidate that the address of the page has named last.
    to_gallery
        Whether the chosen cell is to be shown in the gallery.
    """

    slide_id: int
    chosen: tuple[str, Box] | None = None
    came_for: int | None = None
    to_gallery: bool = False

    @classmethod
    def of(cls, slide_id: int) -> "PlanSession":
        """The plan of a slide; at first no cell is chosen on it."""
        fresh = cls(slide_id)
        kept: PlanSession = st.session_state.setdefault(f"{fresh.key} session", fresh)
        return kept

    @property
    def key(self) -> str:
        """Name of the plan among the widgets of the page."""
        return f"plan {self.slide_id}"

    @property
    def sent(self) -> Any:  # noqa: ANN401 - what the framework keeps of a component
        """What the plan says: the cell that was `chosen`, by number of its field and box."""
        return st.session_state[self.key]

    def ask_gallery(self) -> None:
        """Keep that the chosen cell is to be shown in the gallery."""
        self.to_gallery = True

    def take_to_gallery(self) -> bool:
        """Whether the chosen cell is to be shown in the gallery; it is asked for once."""
        asked, self.to_gallery = self.to_gallery, False
        return asked
