"""Who sits at the screen: a name that is typed, or that the browser has kept."""

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from app.person import _kept_name, name_cookie, signed_name
from app.workplace import Workplace
from tests.app.page_under_test import MAIN, said


def test_an_empty_name_is_no_name(workplace: Workplace) -> None:
    test = AppTest.from_file(str(MAIN), default_timeout=30).run()
    test.text_input[0].set_value("   ")
    test.button[0].click().run()
    assert "Give your name" in said(test)


@pytest.mark.parametrize(
    ("own", "left", "name"),
    [(True, False, "Anna"), (True, True, None), (False, False, None)],
)
def test_a_browser_keeps_a_name_that_this_data_folder_has_signed_until_its_person_leaves(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch, own: bool, left: bool, name: str | None
) -> None:
    signed = signed_name(workplace.secret if own else b"of another folder", "Anna")
    cookies = {name_cookie(workplace.secret): signed}
    browser = SimpleNamespace(context=SimpleNamespace(cookies=cookies), session_state={"left": left})
    monkeypatch.setattr("app.person.st", browser)
    assert _kept_name() == name


def test_two_data_folders_of_one_machine_keep_names_apart(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    another = b"of another folder"
    cookies = {name_cookie(another): signed_name(another, "Zoe"), "smearscope_language": "fr"}
    browser = SimpleNamespace(context=SimpleNamespace(cookies=cookies), session_state={})
    monkeypatch.setattr("app.person.st", browser)
    assert _kept_name() is None
    cookies[name_cookie(workplace.secret)] = signed_name(workplace.secret, "Anna")
    assert _kept_name() == "Anna"
    assert name_cookie(another) != name_cookie(workplace.secret)
