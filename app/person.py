"""Who sits at the screen, what they may do, and in which language.

Where people sign in, the provider says who they are. Elsewhere a name is asked for once, believed, and kept
by the browser in a signed cookie.
"""

import hashlib

import streamlit as st
from itsdangerous import BadSignature, URLSafeTimedSerializer

from app.sign_in import signed_in
from app.wording import LANGUAGES, Words, language_of
from app.workplace import here
from core.store import Right
from core.store.identity import SignInIdentity

LANGUAGE_COOKIE = "smearscope_language"
HOURS, YEAR_S = 12, 365 * 86400
MOST_LETTERS = 80
_SALT = "name of a person"

# A page can neither set a cookie nor say its language, by which screen readers choose their voice: the
# component's script can. It is given no text that it would run.
_cookie = st.components.v2.component(
    "smearscope_cookie",
    js="""export default function ({ data }) {
      const value = encodeURIComponent(data.value);
      document.documentElement.lang = data.page_language;
      document.cookie = `${data.name}=${value}; path=/; max-age=${data.seconds}; SameSite=Strict`;
    }""",
)


def words() -> Words:
    """The messages in the language of the person."""
    if "language" not in st.session_state:
        kept = st.context.cookies.get(LANGUAGE_COOKIE)
        st.session_state.language = kept if kept in LANGUAGES else language_of(st.context.locale)
    return Words(st.session_state.language)


def person() -> str:
    """The name of the person; shows what asks for it, and ends the page, where it is not known."""
    name: str
    if signs_in():
        name = (signed_in() or _ask_to_sign_in()).name
    else:
        name = st.session_state.get("person") or _kept_name() or _ask()
    st.session_state.person = name
    return name


def signs_in() -> bool:
    """Whether people sign in with a provider."""
    return here().settings.auth is not None


def shown_name() -> str:
    """What the person is called."""
    identity = signed_in() if signs_in() else None
    return person() if identity is None else identity.shown


def may(right: Right) -> bool:
    """Whether the person may do something, as of now."""
    return here().store.people.may(person(), right)


def opens(right: Right) -> bool:
    """Whether a page is named in the navigation: also before somebody is there to be asked."""
    if not signs_in():
        return True
    identity = signed_in()
    return identity is not None and here().store.people.may(identity.name, right)


def need(right: Right) -> None:
    """Say so and end the page where the person may not do what it is for."""
    if may(right):
        return
    say, own = words(), here().store.people.roles_of(person())
    st.error(say("people.not_allowed"), icon=":material/lock:")
    held = ", ".join(sorted(say(f"people.{role}") for role in own)) or say("people.no_role")
    st.write(say("people.your_roles", roles=held))
    st.write(say("people.ask_supervisor"))
    st.code(person(), language=None)
    st.caption(f"**{say('notice')}**")
    st.stop()


def keep_cookies() -> None:
    """Let the browser keep name and language, so that a server that starts anew knows them."""
    who, language = st.session_state.person, st.session_state.language
    _keep(LANGUAGE_COOKIE, language, YEAR_S)
    if signs_in():
        return  # the provider knows the name
    if st.session_state.get("kept_name") != who:
        # Signed anew only with a new name: the time within would make every run of the page send it.
        st.session_state.kept_name, st.session_state.name_token = who, signed_name(here().secret, who)
    _keep(name_cookie(here().secret), st.session_state.name_token, HOURS * 3600)


def leave() -> None:
    """Forget the person, here and in the browser."""
    if signs_in():
        st.logout()
        return
    st.session_state.person = st.session_state.kept_name = None
    st.session_state.left = True


def _kept_name() -> str | None:
    token = st.context.cookies.get(name_cookie(here().secret))
    if token is None or st.session_state.get("left"):
        return None
    try:
        name: str = _signer(here().secret).loads(token, max_age=HOURS * 3600)
    except BadSignature:
        return None
    return name


def _ask_to_sign_in() -> SignInIdentity:
    say = words()
    st.title("Smearscope")
    st.write(say("person.what"))
    st.button(say("person.sign_in"), type="primary", icon=":material/login:", on_click=st.login)
    st.caption(say("notice"))
    _choose_language(say)
    st.stop()


def _ask() -> str:
    say = words()
    if st.session_state.get("left"):
        _keep(name_cookie(here().secret), "", 0)
    st.title("Smearscope")
    st.write(say("person.what"))
    with st.form("who", width=480):
        typed = st.text_input(say("person.name"), max_chars=MOST_LETTERS, autocomplete="name")
        done = st.form_submit_button(say("person.begin"), type="primary")
    name = " ".join(typed.split())
    if done and name:
        st.session_state.left = False
        st.session_state.person = name
        st.rerun()
    if done:
        st.error(say("person.empty"))
    st.caption(say("notice"))
    _choose_language(say)
    st.stop()


def _choose_language(say: Words) -> None:
    """Before there is a side bar, which has it later; under another key, as no two widgets may share one."""
    key = "first_language"
    st.selectbox(
        say("person.language"),
        list(LANGUAGES),
        index=list(LANGUAGES).index(say.language),
        format_func=LANGUAGES.__getitem__,
        key=key,
        on_change=lambda: st.session_state.update(language=st.session_state[key]),
        width=240,
    )
    _keep(LANGUAGE_COOKIE, say.language, YEAR_S)


def _keep(name: str, value: str, seconds: int) -> None:
    _cookie(
        key=f"cookie {name}",
        data={
            "name": name,
            "value": value,
            "seconds": seconds,
            "page_language": st.session_state.language,
        },
    )


def name_cookie(secret: bytes) -> str:
    """What the cookie of a data folder is called: all ports of a machine share theirs."""
    return f"smearscope_name_{hashlib.blake2b(b'cookie', key=secret[:64], digest_size=4).hexdigest()}"


def signed_name(secret: bytes, name: str) -> str:
    """What a browser keeps of a name: only who has the secret of the data folder can make it."""
    return _signer(secret).dumps(name)


def _signer(secret: bytes) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt=_SALT)
