"""What is kept of a board: for each slide, role and reader apart; what is asked for once is given once."""

from types import SimpleNamespace

import pytest
import streamlit as st

from app.board.board_session import BoardSession
from core.store import Role


@pytest.fixture(autouse=True)
def tab(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What the framework keeps of one tab."""
    kept: dict[str, object] = {}
    monkeypatch.setattr(st, "session_state", kept)
    return kept


@pytest.mark.parametrize("other", [(2, Role.FIRST, "Anna"), (1, Role.SECOND, "Anna"), (1, Role.FIRST, "Ben")])
def test_slide_role_and_reader_each_have_a_board_of_their_own(other: tuple[int, Role, str]) -> None:
    board = BoardSession.of(1, Role.FIRST, "Anna")
    assert BoardSession.of(1, Role.FIRST, "Anna") is board
    assert BoardSession.of(*other) is not board


@pytest.mark.parametrize(("seen", "holds"), [({"holds": "first", "stands": 7}, "first"), (None, None)])
def test_the_board_says_which_list_it_holds(
    tab: dict[str, object], seen: dict[str, object] | None, holds: str | None
) -> None:
    board = BoardSession.of(1, Role.FIRST, "Anna")
    tab[board.key] = SimpleNamespace(seen=seen)  # None before it has said anything
    board.hear()
    assert board.holds == holds


def test_when_all_of_the_page_runs_the_list_is_given_anew() -> None:
    board = BoardSession.of(1, Role.FIRST, "Anna")
    board.holds, board.all_read = "first", True
    board.begin()
    kept = BoardSession.of(1, Role.FIRST, "Anna")
    assert (kept.holds, kept.all_read) == (None, None)


def test_a_cell_to_be_shown_on_the_slide_is_asked_for_once(tab: dict[str, object]) -> None:
    board = BoardSession.of(1, Role.FIRST, "Anna")
    tab[board.key] = SimpleNamespace(slide="7")
    board.ask_on_slide()
    assert board.take_asked_on_slide() == "7"
    assert board.take_asked_on_slide() is None
