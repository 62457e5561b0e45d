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
from core.review.model_comparison import Ranking, summed
from core.store import Right, StoreError
from core.wording import percent


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
    sums = [summed(one for slide in whole if (one := getattr(slide, of))) for of in ("first", "second")]
    rows.append(_row(say("compare.all_slides"), sums[0], sums[1], first, second, say))
    st.table(pd.DataFrame(rows).set_index(say("page.slide")))
    for model, ranking in zip((first, second), sums, strict=True):
        st.markdown(f"**{escaped(model.name)}**: {_limit(ranking, say)}")
    left_out = sum(slide.left_out for slide in done.slides)
    if left_out:
        st.caption(say("compare.left_out", count=left_out))
    st.caption(say("compare.limits_help"))
    for slide in done.slides:
        if slide.problem is not None:
            _problem(slide, say)


def _row(
    name: str,
    first_ranking: Ranking | None,
    second_ranking: Ranking | None,
    first: ModelHere,
    second: ModelHere,
    say: Words,
) -> dict[str, str]:
    row = {say("page.slide"): name}
    pair = ((first.name, first_ranking), (second.name, second_ranking))
    for code, shown in (
        ("compare.accepted_first", _accepted_first),
        ("compare.middle_rank", _middle_rank),
        ("compare.shared", _shared),
    ):
        for model, ranking in pair:
            row[say(code, model=model)] = "" if ranking is None else shown(ranking, say)
    return row


def _accepted_first(ranking: Ranking, say: Words) -> str:
    if ranking.share_first is None:
        return say("compare.none")
    share = say.decimal(percent(ranking.share_first))
    return say("compare.share", found=ranking.accepted_first, of=ranking.accepted, share=share)


def _middle_rank(ranking: Ranking, say: Words) -> str:
    if ranking.middle_rank is None:
        return say("compare.none")
    return say("compare.rank", rank=ranking.middle_rank)


def _shared(ranking: Ranking, say: Words) -> str:
    return say("compare.of", found=ranking.shared, of=ranking.first)


def _limit(ranking: Ranking, say: Words) -> str:
    least = ranking.share_first_at_least(CONFIDENCE)
    if least is None:
        return say("compare.none")
    return say("compare.at_least", share=say.decimal(percent(least)), confidence=percent(CONFIDENCE))


def _problem(slide: ComparedSlide, say: Words) -> None:
    st.warning(
        say("compare.problem", slide=escaped(slide.slide), why=escaped(slide.problem or "")),
        icon=":material/error:",
    )
