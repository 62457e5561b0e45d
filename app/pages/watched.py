"""Slides that are at a microscope now, above the worklist: how far they have come, and what is missing."""

import streamlit as st

from app.pages.links import escaped
from app.wording import Words
from app.workplace import here
from core.scoring.live_tally import said_of_tally
from core.scoring.watch_file import WatchedSlide, WatchStep, under_watch
from core.tally import TARGET_CELLS


def is_watched() -> bool:
    """Whether there is such a slide."""
    return bool(under_watch(here().watch_file))


def watched_slides(say: Words) -> None:
    """Show them; nothing where nobody watches."""
    for slide in under_watch(here().watch_file):
        if slide.step is WatchStep.CLOSING:
            st.caption(escaped(say("watch.being_scored", slide=slide.name)))
        else:
            _open(slide, say)


def _open(slide: WatchedSlide, say: Words) -> None:
    cells = slide.tally.cells
    words = say(
        "watch.on_worklist",
        slide=slide.name,
        cells=cells,
        target=TARGET_CELLS,
        fields=slide.tally.fields,
    )
    st.progress(min(1.0, cells / TARGET_CELLS), text=escaped(words))
    missing = [say.text(said) for said in said_of_tally(slide.tally)[1:]]
    last = [f"{slide.last}:", *map(say.text, slide.notes)] if slide.notes else []
    st.caption(escaped(" ".join([*missing, *last, say("watch.provisional")])))
