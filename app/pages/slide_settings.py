"""What is set of a slide: the patient's red cells per µL, and how many cells readers are asked to look at."""

import streamlit as st

from app.jobs.start import REVIEW_BUDGET, start
from app.pages.links import escaped
from app.person import may
from app.wording import Words
from app.workplace import here
from core.store import Right, SlideRecord, StoreError

MILLION = 1_000_000
MOST_CELLS = 2000


def settings_fields(
    say: Words, *, red_cells_per_ul: float | None = None, review_budget: int | None = None
) -> tuple[float | None, int | None]:
    """Two fields of a form, with what is set now: red cells per µL, and the review budget."""
    left, right = st.columns(2)
    red_cells = left.number_input(
        say("settings.red_cells"),
        min_value=0.5,
        max_value=10.0,
        value=None if red_cells_per_ul is None else red_cells_per_ul / MILLION,
        step=0.1,
        format="%.2f",
        help=say("settings.red_cells_help"),
    )
    budget = right.number_input(
        say("settings.budget"),
        min_value=1,
        max_value=MOST_CELLS,
        value=review_budget,
        placeholder=str(REVIEW_BUDGET),
        help=say("settings.budget_help", count=REVIEW_BUDGET),
    )
    return None if red_cells is None else round(red_cells * MILLION), budget


def change_settings(record: SlideRecord, reader: str, say: Words) -> None:
    """The form to change them, until the slide is signed."""
    if record.locked or not may(Right.BRING_IN):
        return
    slide = record.slide
    with st.expander(say("settings.title")), st.form(f"settings {slide.id}"):
        red_cells, budget = settings_fields(
            say, red_cells_per_ul=slide.red_cells_per_ul, review_budget=slide.review_budget
        )
        done = st.form_submit_button(say("settings.change"))
    if not done:
        return
    try:
        here().store.settings.change(slide.id, red_cells_per_ul=red_cells, review_budget=budget, by=reader)
    except StoreError as error:
        st.error(escaped(say.error(error)))
        return
    start(here())
    st.rerun()
