"""The catalogues: the same messages in each language, all of them used, none missing."""

import ast
import re
import string
from pathlib import Path

import pytest

from app.wording import LANGUAGES, MESSAGES, Message, Words, catalogue, language_of
from core.review import SlideState
from core.store import Call, Kind, Reason, Role, ScoringStep, Stage
from core.tally import VerdictKind

APP = Path(__file__).parents[2] / "app"
GROUPS = {
    "state": [*SlideState, *ScoringStep],
    "verdict": list(VerdictKind),
    "call": [*Call, "unread"],
    "detail": [*Stage, *Reason],
    "role": list(Role),
    "kind": list(Kind),
}


def placeholders(message: Message) -> set[str]:
    forms = [message] if isinstance(message, str) else list(message.values())
    return {name for form in forms for _, name, _, _ in string.Formatter().parse(form) if name}


def asked_for() -> tuple[set[str], set[str]]:
    """Names that the pages ask for, and the beginnings of those that are put together."""
    whole: set[str] = set()
    begun: set[str] = set()
    for path in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and ast.unparse(node.func) in ("say", "words", "words()")):
                continue
            for argument in ast.walk(node.args[0]) if node.args else ():
                if isinstance(argument, ast.Constant) and "." in str(argument.value):
                    text = str(argument.value)
                    (begun if text.endswith(".") else whole).add(text)
    return whole, begun


def script_of(component: str) -> str:
    return "\n".join(path.read_text() for path in sorted((APP / component).glob("*.js")))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_messages_of_the_others_with_the_same_values(language: str) -> None:
    english, other = catalogue("en"), catalogue(language)
    assert other.keys() == english.keys()
    assert {name: placeholders(message) for name, message in other.items()} == {
        name: placeholders(message) for name, message in english.items()
    }
    assert all(isinstance(message, str) or set(message) == {"one", "other"} for message in other.values())


def test_every_message_that_the_pages_ask_for_is_there() -> None:
    whole, begun = asked_for()
    messages = catalogue("en").keys()
    assert len(whole) > 60
    assert whole - messages == set()
    assert {begin for begin in begun if not any(name.startswith(begin) for name in messages)} == set()


def test_every_message_is_used() -> None:
    whole, begun = asked_for()
    board = script_of("board")
    for_board = {f"board.{name}" for name in re.findall(r"words\.(\w+)", board)}
    for_board |= {f"board.{act}" for act in re.findall(r'act: "(\w+)"', board)}
    unused = {
        name
        for name in catalogue("en")
        if name not in whole | for_board | {"notice"} and not any(name.startswith(begin) for begin in begun)
    }
    assert unused == set()


@pytest.mark.parametrize("group", GROUPS)
def test_whatever_a_slide_a_reader_or_a_verdict_can_be_has_a_word(group: str) -> None:
    missing = {f"{group}.{value}" for value in GROUPS[group]} - catalogue("en").keys()
    assert missing == set()


def test_no_message_of_the_board_that_its_script_asks_for_is_missing() -> None:
    script = script_of("board")
    asked = {f"board.{name}" for name in re.findall(r"words\.(\w+)", script)} - {"board.calls"}
    assert asked - catalogue("en").keys() == set()


def test_counts_take_the_form_of_their_language() -> None:
    english, french = Words("en"), Words("fr")
    assert english("worklist.accepted", count=0) == "0 cells accepted"
    assert english("worklist.accepted", count=1) == "1 cell accepted"
    assert french("worklist.accepted", count=0) == "0 hématie retenue"
    assert french("worklist.accepted", count=2) == "2 hématies retenues"


def test_numbers_are_written_as_in_the_language() -> None:
    assert Words("en")("tally.cells_of_needed", cells=1057, needed=200_000) == (
        "1 057 of 200 000 cells examined"
    )
    assert Words("fr").decimal("0.05") == "0,05"


@pytest.mark.parametrize(
    ("locale", "language"), [("fr-FR", "fr"), ("fr", "fr"), ("en-GB", "en"), ("de-DE", "en"), (None, "en")]
)
def test_the_language_to_begin_with_is_that_of_the_browser(locale: str | None, language: str) -> None:
    assert language_of(locale) == language


def test_a_catalogue_is_a_plain_file_a_language() -> None:
    assert {path.stem for path in MESSAGES.glob("*.json")} == set(LANGUAGES)
