"""The script that Streamlit runs for every page: who is there, in which language, and which page."""

import json
from pathlib import Path

import streamlit as st

from app.pages.audit import audit_page
from app.pages.bring_in import bring_in_page
from app.pages.details import details_page
from app.pages.links import (
    ADJUDICATE,
    AUDIT,
    BRING_IN,
    DETAILS,
    MODELS,
    PEOPLE,
    RESULT,
    REVIEW,
    SECOND,
    SLIDE,
    WORKLIST,
    escaped,
    keep_pages,
)
from app.pages.model_cards import models_page
from app.pages.people import people_page
from app.pages.reading import adjudication_page, review_page, second_reading_page
from app.pages.result import result_page
from app.pages.slide_view import slide_page
from app.pages.worklist import worklist_page
from app.person import keep_cookies, leave, opens, person, shown_name, signs_in, words
from app.wording import LANGUAGES
from app.workplace import here
from core.store import Right

ICON = Path(__file__).parents[1] / "icon.png"

st.set_page_config(
    page_title="Smearscope",
    page_icon=str(ICON),
    layout="wide",
    initial_sidebar_state="collapsed",
)
st.html(Path(__file__).with_name("look.css"))
say = words()
# The framework's own words, in a box over the page, ask for the Internet.
st.html(
    f"<style>:root {{ --server-away: {json.dumps(say('page.server_away'), ensure_ascii=False)}; }}</style>"
)
pages = [
    st.Page(
        worklist_page, title=say("page.worklist"), url_path=WORKLIST, default=True, icon=":material/list:"
    ),
    st.Page(
        bring_in_page,
        title=say("page.bring-in"),
        url_path=BRING_IN,
        icon=":material/add_photo_alternate:",
        visibility="visible" if opens(Right.BRING_IN) else "hidden",
    ),
    st.Page(
        audit_page,
        title=say("page.audit"),
        url_path=AUDIT,
        icon=":material/history:",
        visibility="visible" if opens(Right.AUDIT) else "hidden",
    ),
    st.Page(
        models_page,
        title=say("page.models"),
        url_path=MODELS,
        icon=":material/network_node:",
        visibility="visible" if opens(Right.SEE_MODELS) else "hidden",
    ),
    st.Page(
        people_page,
        title=say("page.people"),
        url_path=PEOPLE,
        icon=":material/badge:",
        visibility="visible" if opens(Right.NAME_PEOPLE) else "hidden",
    ),
    # Pages of one slide are reached from the worklist.
    st.Page(review_page, title=say("page.review"), url_path=REVIEW, visibility="hidden"),
    st.Page(second_reading_page, title=say("page.second-reading"), url_path=SECOND, visibility="hidden"),
    st.Page(adjudication_page, title=say("page.adjudication"), url_path=ADJUDICATE, visibility="hidden"),
    st.Page(slide_page, title=say("page.slide"), url_path=SLIDE, visibility="hidden"),
    st.Page(result_page, title=say("page.result"), url_path=RESULT, visibility="hidden"),
    st.Page(details_page, title=say("page.details"), url_path=DETAILS, visibility="hidden"),
]
keep_pages(pages)
page = st.navigation(pages, position="top")
# After the navigation: it keeps the address at which somebody arrives who has to give a name first.
name = person()
with st.container(key="who", horizontal=True, vertical_alignment="center", width="content", gap="small"):
    # In the line of the navigation, on every page: readings stand under this name.
    st.markdown(f":material/person: **{escaped(shown_name())}**", width="content")
    st.button(
        say("person.sign_out" if signs_in() else "person.leave"),
        on_click=leave,
        icon=":material/logout:",
        type="tertiary",
    )
with st.sidebar:
    if signs_in():
        roles = sorted(say(f"people.{role}") for role in here().store.people.roles_of(name))
        st.text(name)
        st.caption(say("people.your_roles", roles=", ".join(roles) or say("people.no_role")))
    st.selectbox(say("person.language"), list(LANGUAGES), format_func=LANGUAGES.__getitem__, key="language")
    st.caption(say("person.theme"))
page.run()
keep_cookies()
