"""Models: their cards as a person reads them, two compared on reviewed slides, and which one scores."""

import pandas as pd
import streamlit as st

from app.jobs.models_here import ModelHere, ModelHereError, UnusableModel, active_model, models_here
from app.pages.links import escaped
from app.pages.model_comparison import compare_models
from app.person import may, need, person, words
from app.wording import Words
from app.workplace import here
from core.store import Right, StoreError
from core.wording import percent, significant
from models.cards import FILES, MEASURES, ModelCards, SecondLookCard, Source, Validity

_ONE_IN = (2000, 1000, 100)
"""Cells of a list: how far down it its worth is shown."""


def models_page() -> None:
    """Show which model scores, the cards, the comparison, and who has switched."""
    say = words()
    st.subheader(say("page.models"))
    st.caption(f"**{say('notice')}**")
    need(Right.SEE_MODELS)
    found, unusable = models_here(here())
    active = _active(say)
    cards, compared, switches = st.tabs(
        [say("models.cards"), say("models.compare"), say("models.switches")], key="models_tabs"
    )
    with cards:
        for model in found:
            _model(model, active, say)
        for broken in unusable:
            _unusable(broken, say)
        st.caption(say("models.add_help", folder=str(here().models), files=", ".join(FILES)))
    with compared:
        compare_models(found, active, say)
    with switches:
        _switches(say)


def _active(say: Words) -> ModelHere | None:
    try:
        active = active_model(here())
    except ModelHereError as error:
        st.error(escaped(say.error(error)), icon=":material/error:")
        return None
    st.markdown(say("models.active_line", name=escaped(active.name), identity=escaped(active.card.identity)))
    return active


def _model(model: ModelHere, active: ModelHere | None, say: Words) -> None:
    card, is_active = model.card, model == active
    with st.container(border=True):
        title, way = st.columns([3, 1], vertical_alignment="center")
        mark = f" · :material/check_circle: {say('models.is_active')}" if is_active else ""
        title.markdown(f"##### {escaped(model.name)}{mark}")
        title.caption(escaped(card.identity))
        if not is_active:
            with way:
                _switch(model, say)
        left, right = st.columns(2, gap="large")
        with left:
            st.markdown(f"**{say('models.trained_on')}**")
            _sources(_trained_on(card), say)
            st.markdown(f"**{say('models.worth')}**")
            _worth(card.second_look, say)
        with right:
            st.markdown(f"**{say('models.unseen')}**")
            _unseen(model, say)
            st.markdown(f"**{say('models.valid_for')}**")
            _validity(card.classifier.validity, say)
        st.markdown(f"**{say('models.limits')}**")
        for limit in dict.fromkeys(
            (*card.second_look.limits, *card.classifier.limits, *card.detector.limits)
        ):
            st.markdown(f"- {escaped(limit)}")
        with st.expander(say("models.whole_card")):
            networks = (card.detector, card.classifier, card.second_look)
            for place, network in zip(st.columns(len(networks)), networks, strict=True):
                place.json(network.model_dump(mode="json", exclude={"figures", "curve"}), expanded=1)


def _trained_on(card: ModelCards) -> tuple[Source, ...]:
    """The sets that any of the networks was trained on."""
    networks = (card.classifier, card.second_look, card.detector)
    named = {source.name: source for network in networks for source in network.training.sources}
    return tuple(named.values())


def _sources(sources: tuple[Source, ...], say: Words) -> None:
    for source in sources:
        line = say("models.source", name=escaped(source.name), items=source.items)
        st.markdown(f"- {line}  \n  :small[{escaped(source.citation)} ({escaped(source.licence)})]")


def _worth(card: SecondLookCard, say: Words) -> None:
    """What reading the first of a list is worth."""
    rows = []
    for number in _ONE_IN:
        found, missed = card.curve.at(1 / number)
        rows.append(
            {
                say("models.read"): say("models.one_in", number=number),
                say("models.sees"): say(
                    "models.share",
                    share=say.decimal(percent(found / (found + missed))),
                    found=found,
                    of=found + missed,
                ),
            }
        )
    st.table(pd.DataFrame(rows).set_index(say("models.read")))
    st.caption(escaped(card.curve_measured_on))


def _unseen(model: ModelHere, say: Words) -> None:
    """What was measured on sources that training had left out; cards of other makers may have none."""
    located, figures = model.card.detector.infected_cells, model.card.second_look.figures
    st.markdown(
        say(
            "models.located",
            found=located.found,
            infected=located.found + located.missed,
            source=escaped(located.measured_on),
        )
    )
    rows = [
        {say("models.source_column"): source}
        | {
            say("models.one_in", number=number): say.decimal(percent(float(row[f"1_in_{number}"])))
            for number in _ONE_IN
            if f"1_in_{number}" in row
        }
        for source, row in figures.get("by_rank", {}).items()
    ]
    if rows:
        st.table(pd.DataFrame(rows).set_index(say("models.source_column")))
    else:
        st.caption(say("models.no_figures"))


def _validity(validity: Validity, say: Words) -> None:
    rows = [
        {
            say("models.measure"): say(f"models.measure.{measure}"),
            say("models.range"): say(
                "models.range_line",
                low=say.decimal(significant(getattr(validity, measure).low)),
                high=say.decimal(significant(getattr(validity, measure).high)),
            ),
        }
        for measure in MEASURES
    ]
    st.table(pd.DataFrame(rows).set_index(say("models.measure")))


def _unusable(broken: UnusableModel, say: Words) -> None:
    with st.container(border=True):
        st.markdown(f"##### {escaped(broken.name)}")
        st.error(escaped(say.error(broken.why)), icon=":material/error:")


def _switch(model: ModelHere, say: Words) -> None:
    if not may(Right.SWITCH_MODEL):
        st.caption(say("models.supervisor_switches"))
        return
    with st.popover(say("models.activate"), icon=":material/swap_horiz:", width="stretch"):
        st.write(say("models.what_switching_does"))
        st.button(
            say("models.activate_now", name=model.name),
            key=f"activate {model.name}",
            type="primary",
            on_click=_activate,
            args=(model,),
        )


def _activate(model: ModelHere) -> None:
    say = words()
    try:
        here().store.models.switch(model.name, model.card.identity, by=person())
    except StoreError as error:
        st.toast(escaped(say.error(error)), icon=":material/error:")
    else:
        st.toast(say("models.activated", name=escaped(model.name)), icon=":material/check_circle:")


def _switches(say: Words) -> None:
    switches = here().store.models.all()
    if not switches:
        st.info(say("models.never_switched"))
        return
    rows = [
        {
            say("audit.when"): f"{switch.at:%Y-%m-%d %H:%M:%S} UTC",
            say("audit.who"): switch.by,
            say("models.model"): switch.name,
            say("models.identity"): switch.identity,
        }
        for switch in reversed(switches)
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True)
