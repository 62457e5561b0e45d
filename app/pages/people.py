"""People: who has which role; supervisors grant and withdraw them, on record."""

import streamlit as st

from app.pages.links import escaped
from app.person import need, person, signs_in, words
from app.wording import Words
from app.workplace import here
from core.store import Right, StaffRole, StoreError
from core.store.identity import is_identity
from core.store.people import RIGHTS, Holder
from core.wording import term


def people_page() -> None:
    """Show the roles that are held, and what each of them allows."""
    say = words()
    st.subheader(say("page.people"))
    st.caption(f"**{say('notice')}**")
    if not signs_in():
        st.info(say("people.nobody_signs_in"))
        _what_roles_allow(say)
        return
    need(Right.NAME_PEOPLE)
    st.write(say("people.what"))
    held, grant = st.columns([3, 2], gap="large")
    with held:
        for holder in sorted(here().store.people.holders(), key=lambda one: (one.person, one.role)):
            _holder(holder, say)
    with grant:
        _grant(say)
        _what_roles_allow(say)


def _holder(holder: Holder, say: Words) -> None:
    role = say(f"people.{holder.role}")
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch", gap="xsmall"):
            st.text(holder.person)  # as it is: people copy it
            st.markdown(f"**{role}**")
            since = f"{holder.at:%Y-%m-%d %H:%M} UTC"
            st.caption(say("people.since", when=since, by=escaped(holder.by)))
        st.button(
            say("people.withdraw"),
            key=f"withdraw {holder.person} {holder.role}",
            help=say("people.withdraw_help", name=escaped(holder.person), role=role),
            on_click=_withdraw,
            args=(holder.person, holder.role),
            width="content",
        )


def _withdraw(name: str, role: StaffRole) -> None:
    try:
        here().store.people.withdraw(name, role, by=person())
    except StoreError as error:
        st.toast(escaped(words().error(error)), icon=":material/error:")


def _grant(say: Words) -> None:
    st.markdown(f"##### {say('people.grant')}")
    roles: list[StaffRole] = list(StaffRole)
    with st.form("grant", clear_on_submit=True):
        typed = st.text_input(say("people.name"), help=say("people.name_help"))
        role = st.selectbox(say("people.role"), roles, format_func=lambda one: say(f"people.{one}"))
        done = st.form_submit_button(say("people.grant"), type="primary")
    if not done:
        return
    if not is_identity(typed):
        st.error(say("people.no_identity"))
        return
    try:
        here().store.people.grant(typed, role, by=person())
    except StoreError as error:
        st.error(escaped(say.error(error)))
    else:
        st.rerun()


def _what_roles_allow(say: Words) -> None:
    with st.expander(say("people.allows"), expanded=True):
        for role in StaffRole:
            rights = ", ".join(term("right", right, say.language) for right in Right if right in RIGHTS[role])
            st.markdown(f"**{say(f'people.{role}')}**: {rights}")
