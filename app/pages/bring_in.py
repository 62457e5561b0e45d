"""Bringing slides in: by upload, from a folder of the server, and more fields for a slide."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.jobs.duplicates import files_of, held_already
from app.jobs.growing import add_fields
from app.jobs.intake import TakenFiles, safe_name, take_in_files
from app.jobs.start import start
from app.pages.details import sample_fields
from app.pages.links import WORKLIST, escaped, flagged_fields, link
from app.pages.slide_settings import settings_fields
from app.person import need, person, words
from app.web.uploads import take_uploads_of
from app.wording import Words
from app.workplace import here
from core.errors import SmearscopeError
from core.files import shown_path
from core.review import SlideState, slide_state
from core.slides import FoundSlide, find_slides
from core.store import Right, ScoringStep, SlideRecord
from core.wording import sentence

MOST_LETTERS = 200
MOST_NAMED = 5
"""Images that are named in a question."""
_MAY_GROW = {
    SlideState.TO_REVIEW,
    SlideState.SECOND_READING,
    SlideState.ADJUDICATION,
    SlideState.TO_SIGN,
    SlideState.STOPPED,
    SlideState.FAILED,
}


class HeldAlreadyError(SmearscopeError):
    """Images to be added are on the worklist already: nothing was added, and the person is asked."""


def bring_in_page() -> None:
    """Show the three ways."""
    say, reader = words(), person()
    need(Right.BRING_IN)
    take_uploads_of(reader)
    st.subheader(say("page.bring-in"))
    st.caption(f"**{say('notice')}**")
    _uploader_says(say)
    upload, server, more = st.tabs([say("bring.upload"), say("bring.server"), say("bring.more")])
    with upload:
        _upload(reader, say)
    with server:
        _server(reader, say)
    with more:
        _more(reader, say)


def _uploader_says(say: Words) -> None:
    """Put the words of the framework's uploader, which has English ones alone, into those of the person."""
    place = "[data-testid='stFileUploaderDropzone']"
    words_of = {
        f"{place} button p": say("bring.choose_on_this_machine"),
        f"{place} [data-testid='stFileUploaderDropzoneInstructions'] span": say("bring.most_a_file"),
    }
    rules = (
        f"{part} {{ font-size: 0 }} {part}::after {{ content: '{text}'; font-size: 0.875rem }}"
        for part, text in words_of.items()
    )
    st.html(f"<style>{' '.join(rules)}</style>")


def _upload(reader: str, say: Words) -> None:
    # Another form once something was taken in; after a mistake what was typed and sent stays.
    number = st.session_state.setdefault("hand_in", 1)
    with st.form(f"upload {number}"):
        left, right = st.columns(2)
        patient = _patient(left, say)
        name = right.text_input(say("bring.name"), max_chars=MOST_LETTERS)
        entered = _entered(patient, say)
        files = st.file_uploader(
            say("bring.files"),
            accept_multiple_files=True,
            help=say("bring.files_help"),
            key=f"upload_files {number}",
        )
        done = st.form_submit_button(say("bring.take_in"), type="primary")
    if not done:
        if taken_before := st.session_state.pop("handed_in", None):
            _taken(taken_before, say)
        return
    if not files or not name.strip():
        st.error(say("bring.name_and_files"))
        return
    if _first_asked(patient, [name], say):
        return
    workplace = here()
    try:
        folder = workplace.slides / _free_name(workplace.slides, name)

        def bring_in() -> None:
            found = find_slides([folder]).slides
            # Fields are one slide under the name given; each large scan is a slide of its own.
            named = [FoundSlide(name.strip(), found[0].path)] if len(found) == 1 else list(found)
            _ask_of_images([folder])
            _add_found(named, entered, reader)

        with st.spinner(say("bring.writing")):
            taken = take_in_files(files, folder, after_moving=bring_in)
    except HeldAlreadyError as held:
        st.warning(escaped(say.error(held)))
        return
    except SmearscopeError as error:
        st.error(escaped(say.error(error)))
        return
    start(workplace)
    st.session_state.hand_in, st.session_state.handed_in = number + 1, taken
    st.rerun()


def _server(reader: str, say: Words) -> None:
    workplace = here()
    st.caption(say("bring.server_help", folder=str(workplace.incoming)))
    known = {slide.folder.resolve() for slide in workplace.store.slides()}
    discovery = find_slides([workplace.incoming])
    found = [slide for slide in discovery.slides if slide.path.resolve() not in known]
    if not found:
        st.info(say("bring.server_empty"))
        return
    with st.form("server"):
        chosen = st.multiselect(
            say("bring.folders"),
            range(len(found)),
            format_func=lambda number: found[number].name,
            placeholder=say("bring.choose_here"),
        )
        entered = _entered(_patient(st.container(), say), say)
        done = st.form_submit_button(say("bring.take_in"), type="primary")
    if not done:
        return
    if not chosen:
        st.error(say("bring.choose"))
        return
    if _first_asked(entered.patient, [found[number].name for number in chosen], say):
        return
    try:
        with st.spinner(say("bring.comparing")):
            _ask_of_images(found[number].path for number in chosen)
        _add_found([found[number] for number in chosen], entered, reader)
    except HeldAlreadyError as held:
        st.warning(escaped(say.error(held)))
        return
    except SmearscopeError as error:
        st.error(escaped(say.error(error)))
        return
    start(workplace)
    st.success(say("bring.queued", count=len(chosen)))
    link(WORKLIST, say("page.worklist"), icon=":material/list:")


def _first_asked(patient: str, names: list[str], say: Words) -> bool:
    """Whether there are slides of these names of the patient, and the person hears it for the first time.

    Pressed once more, the slides are taken in beside them: a smear may well be photographed twice.
    """
    wanted = {(patient.strip().casefold(), name.strip().casefold()) for name in names}
    there = [
        record.slide
        for record in here().store.records()
        if record.case.patient is not None
        and record.slide.removed is None
        and (record.case.patient.casefold(), record.slide.name.casefold()) in wanted
    ]
    if not there or st.session_state.get("asked_of_same_name") == wanted:
        st.session_state.pop("asked_of_same_name", None)
        return False
    st.session_state.asked_of_same_name = wanted
    lines = ", ".join(f"{escaped(slide.name)} ({slide.id})" for slide in there)
    st.warning(say("bring.same_name", count=len(there), slides=lines))
    return True


def _ask_of_images(places: Iterable[Path]) -> None:
    """Raise `HeldAlreadyError` for images that slides hold already, once; asked again, they are added."""
    slides = [slide for slide in here().store.slides() if slide.removed is None]
    held = held_already([image for place in places for image in files_of(place)], slides)
    asked = {(one.name, one.slide.id) for one in held}
    if not held or st.session_state.get("asked_of_same_images") == asked:
        st.session_state.pop("asked_of_same_images", None)
        return
    st.session_state.asked_of_same_images = asked
    named = [f"{shown_path(one.name)} ({shown_path(one.slide.name)}, {one.slide.id})" for one in held]
    more = " …" if len(named) > MOST_NAMED else ""
    images = len({one.name for one in held})
    raise HeldAlreadyError(
        sentence("bring.same_images", count=images, images="; ".join(named[:MOST_NAMED]) + more)
    )


def _more(reader: str, say: Words) -> None:
    workplace = here()
    own = workplace.slides.resolve()
    records = {
        record.slide.id: record
        for record in reversed(workplace.store.records())
        if slide_state(record) in _MAY_GROW and record.slide.removed is None
    }
    if not records:
        st.info(say("bring.none_may_grow"))
        return
    st.caption(say("bring.more_help"))
    number = st.selectbox(
        say("page.slide"), list(records), format_func=lambda one: _line(records[one], say), key="more_slide"
    )
    slide = records[number].slide
    flagged_fields(records[number], say)
    is_own = slide.folder.is_dir() and slide.folder.resolve().is_relative_to(own)
    # Of this slide alone: what is sent for one that can take no more by now must not go to the next one.
    with st.form(f"more {number}", clear_on_submit=True):
        if is_own:
            files = st.file_uploader(
                say("bring.files"), accept_multiple_files=True, key=f"more_files {number}"
            )
        else:
            st.info(say("bring.add_there", folder=shown_path(slide.folder)))
            files = []
        done = st.form_submit_button(say("bring.take_in" if is_own else "bring.look_again"))
    if not done:
        return
    if is_own and not files:
        st.error(say("bring.choose_files"))
        return
    try:
        if files:
            taken = add_fields(
                workplace, slide, files, by=reader, check=lambda waiting: _ask_of_images([waiting])
            )
        else:
            taken = None
            workplace.store.note_scoring(slide.id, ScoringStep.QUEUED, by=reader)
    except HeldAlreadyError as held:
        st.warning(escaped(say.error(held)))
        return
    except SmearscopeError as error:
        st.error(escaped(say.error(error)))
        return
    start(workplace)
    _taken(taken, say)


def _line(record: SlideRecord, say: Words) -> str:
    """A slide in the list, like no other: the framework tells slides apart by their lines."""
    cells = 0 if record.taken_in is None else record.taken_in.result.cells.evaluable
    return say("bring.slide_line", name=record.slide.name, number=record.slide.id, count=cells)


@dataclass(frozen=True)
class _Entered:
    """What was entered of slides that are brought in together, by the names that `Store.bring_in` knows."""

    patient: str
    um_per_pixel: float | None
    red_cells_per_ul: float | None
    review_budget: int | None
    sampled_on: date | None
    laboratory_number: str | None


def _patient(place: DeltaGenerator, say: Words) -> str:
    return place.text_input(say("bring.patient"), max_chars=MOST_LETTERS, help=say("bring.patient_help"))


def _entered(patient: str, say: Words) -> _Entered:
    sampled_on, laboratory_number = sample_fields(say)
    um_per_pixel = st.number_input(
        say("bring.scale"),
        min_value=0.01,
        max_value=2.0,
        value=None,
        format="%.4f",
        help=say("bring.scale_help"),
        width=320,
    )
    red_cells_per_ul, review_budget = settings_fields(say)
    return _Entered(
        patient.strip(), um_per_pixel, red_cells_per_ul, review_budget, sampled_on, laboratory_number
    )


def _free_name(slides: Path, name: str) -> str:
    """A folder's name made from a slide's, that no other slide has."""
    plain = safe_name(re.sub(r"[/\\:]", "_", name.strip()))
    taken = {path.name.casefold() for path in slides.iterdir()} if slides.is_dir() else set()
    number, free = 1, plain
    while free.casefold() in taken:
        number += 1
        free = f"{plain}-{number}"
    return free


def _add_found(found: list[FoundSlide], entered: _Entered, reader: str) -> None:
    """All of one patient, as one case; none of them where one is refused."""
    slides = [FoundSlide(slide.name, slide.path.resolve()) for slide in found]
    here().store.bring_in(slides=slides, by=reader, **asdict(entered))


def _taken(taken: TakenFiles | None, say: Words) -> None:
    if taken is not None:
        st.success(say("bring.taken", count=len(taken.images)))
        if taken.left_out:
            shown = ", ".join(escaped(shown_path(name)) for name in taken.left_out[:10])
            st.warning(say("bring.left_out", count=len(taken.left_out), names=shown))
    else:
        st.success(say("bring.queued", count=1))
    link(WORKLIST, say("page.worklist"), icon=":material/list:")
