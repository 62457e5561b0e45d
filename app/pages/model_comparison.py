"""Two models compared on the same reviewed slides: asked for, watched, and read as a table."""

import pandas as pd
import streamlit as st

from app.jobs.comparison import (
    CONFIDENCE,
    ComparedSlide,
    ModelComparison,
    ask,
    asked,
    comparison_files,
    comparison_of,
    signed_hash,
    signed_slides,
    take_back,
)
from app.jobs.models_here import ModelHere
from app.jobs.progress import read_progress
from app.jobs.start import start_comparison
from app.pages.links import escaped
from app.person import need, person, words
from app.wording import Words
from app.workplace import here
from core.review.model_comparison import Calls, summed
from core.store import Right, StoreError
from core.wording import percent, significant


def compare_models(found: tuple[ModelHere, ...], active: ModelHere | None, say: Words) -> None:
    """Choose two models, have them compared, and show what came of it."""
    records = signed_slides(here())
    st.warning(say("compare.favours"), icon=":material/balance:")
    if len(found) < 2:
        st.info(say("compare.one_model"))
        return
    if not records:
        st.info(say("compare.nothing_signed"))
        return
    names = {model.name: model for model in found}
    others = [name for name in names if active is None or name != active.name]
    left, right = st.columns(2)
    first = names[
        left.selectbox(
            say("compare.first"), list(names), index=0 if active is None else list(names).index(active.name)
        )
    ]
    second = names[right.selectbox(say("compare.second"), list(names), index=list(names).index(others[0]))]
    if first == second:
        st.info(say("compare.same"))
        return
    st.fragment(_going_on, run_every=2 if asked(here()) else None)(first, second)
    done = comparison_of(here(), first, second)
    if done is None:
        return
    if done.signed != signed_hash(records):
        st.info(say("compare.out_of_date"))
    _table(done, first, second, say)


def _going_on(first: ModelHere, second: ModelHere) -> None:
    """The comparison that is under way, with the way to stop it; or the way to begin one."""
    say, workplace = words(), here()
    need(Right.SEE_MODELS)
    question, files = asked(workplace), comparison_files(workplace)
    if question is None:
        if st.session_state.pop("comparing", False):
            st.rerun()  # it is over: its table can be shown
        if files.failed.is_file():
            st.error(escaped(files.failed.read_text(encoding="utf-8")), icon=":material/error:")
        st.button(
            say("compare.begin"),
            type="primary",
            icon=":material/compare_arrows:",
            on_click=_begin,
            args=(first, second),
        )
        return
    if not st.session_state.get("comparing"):
        st.session_state.comparing = True
        st.rerun()  # from now on it is looked at every two seconds
    start_comparison(workplace)  # also where the process was killed
    going = read_progress(files.progress)
    what = say("compare.going", first=question.first, second=question.second)
    if going is None:
        st.progress(0.0, text=f"{what} · {say('scoring.begins')}")
    else:
        fields = say("scoring.fields", done=going.fields_done, count=going.fields, cells=going.cells)
        st.progress(going.share, text=f"{what} · {fields}")
    st.button(say("scoring.stop"), icon=":material/stop_circle:", on_click=_stop)


def _begin(first: ModelHere, second: ModelHere) -> None:
    try:
        ask(here(), first, second, by=person())
    except StoreError as error:
        st.toast(escaped(words().error(error)), icon=":material/error:")
    else:
        start_comparison(here())


def _stop() -> None:
    try:
        take_back(here(), by=person())
    except StoreError as error:
        st.toast(escaped(words().error(error)), icon=":material/error:")


def _table(done: ModelComparison, first: ModelHere, second: ModelHere, say: Words) -> None:
    whole = [slide for slide in done.slides if slide.first is not None and slide.second is not None]
    rows = [_row(slide.slide, slide.first, slide.second, first, second, say) for slide in whole]
    sums = [summed(calls for slide in whole if (calls := getattr(slide, of))) for of in ("first", "second")]
    rows.append(_row(say("compare.all_slides"), sums[0], sums[1], first, second, say))
    st.table(pd.DataFrame(rows).set_index(say("page.slide")))
    for model, calls in zip((first, second), sums, strict=True):
        st.markdown(f"**{escaped(model.name)}**: {_limits(calls, say)}")
    left_out = sum(slide.left_out for slide in done.slides)
    if left_out:
        st.caption(say("compare.left_out", count=left_out))
    st.caption(say("compare.limits_help"))
    for slide in done.slides:
        if slide.problem is not None:
            _problem(slide, say)


def _row(
    name: str,
    first_calls: Calls | None,
    second_calls: Calls | None,
    first: ModelHere,
    second: ModelHere,
    say: Words,
) -> dict[str, str]:
    row = {say("page.slide"): name}
    pair = ((first.name, first_calls), (second.name, second_calls))
    for model, calls in pair:
        row[say("compare.accepted_called", model=model)] = "" if calls is None else _accepted(calls, say)
    for model, calls in pair:
        row[say("compare.false_calls", model=model)] = "" if calls is None else _false_calls(calls, say)
    for model, calls in pair:
        row[say("compare.to_look_at", model=model)] = "" if calls is None else _to_look_at(calls, say)
    return row


def _accepted(calls: Calls, say: Words) -> str:
    if calls.sensitivity is None:
        return say("compare.none")
    share = say.decimal(percent(calls.sensitivity))
    return say("compare.share", called=calls.accepted_called, of=calls.accepted, share=share)


def _false_calls(calls: Calls, say: Words) -> str:
    if calls.false_calls_per_1000 is None:
        return say("compare.none")
    rate = say.decimal(significant(calls.false_calls_per_1000))
    return say("compare.share", called=calls.rejected_called, of=calls.rejected, share=rate)


def _to_look_at(calls: Calls, say: Words) -> str:
    return say("compare.look", called=calls.called, cells=calls.cells)


def _limits(calls: Calls, say: Words) -> str:
    least = calls.sensitivity_at_least(CONFIDENCE)
    most = calls.false_calls_per_1000_at_most(CONFIDENCE)
    confidence = percent(CONFIDENCE)
    parts = []
    if least is not None:
        parts.append(say("compare.at_least", share=say.decimal(percent(least)), confidence=confidence))
    if most is not None:
        parts.append(say("compare.at_most", rate=say.decimal(significant(most)), confidence=confidence))
    return " · ".join(parts) or say("compare.none")


def _problem(slide: ComparedSlide, say: Words) -> None:
    st.warning(
        say("compare.problem", slide=escaped(slide.slide), why=escaped(slide.problem or "")),
        icon=":material/error:",
    )
