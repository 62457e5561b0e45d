"""What the pages ask the catalogues for is there, and all that is there is asked for."""

import ast
import re
from pathlib import Path

import pytest

from app.plan.slide_plan import KINDS
from app.wording import LANGUAGES, Words, language_of
from core.review import SlideState
from core.store import Call, CandidateKind, Reason, Role, ScoringStep, Stage
from core.tally import VerdictKind
from core.wording import messages

ROOT = Path(__file__).parents[2]
APP = ROOT / "app"
TAKEN_IN = (
    *("count", "decision", "outside", "place", "read_as", "reason"),
    *("called_by", "channel", "right", "stage", "step", "the_reader", "why"),
)
"""Groups whose texts stand in other texts, or are asked for as terms."""
GROUPS = {
    "state": [*SlideState, *ScoringStep],
    "verdict": list(VerdictKind),
    "call": [*Call, "unread"],
    "detail": [*Stage, *Reason],
    "role": list(Role),
    "kind": [*CandidateKind, *VerdictKind],
    "plan": list(KINDS),
}


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


def said_anywhere() -> tuple[set[str], set[str]]:
    """Codes that stand in the program, whole or as the beginning of one that is put together."""
    whole: set[str] = set()
    begun: set[str] = set()
    for path in [*ROOT.glob("core/**/*.py"), *APP.rglob("*.py"), *ROOT.glob("models/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                begun.add(str(node.values[0].value))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
    for component in ("board", "plan", "table"):
        script = script_of(component)
        whole |= {f"{component}.{name}" for name in re.findall(r"words\.(\w+)", script)}
        whole |= {f"{component}.{act}" for act in re.findall(r'act: "(\w+)"', script)}
    printed = (ROOT / "core/reports/signed_result_page.py").read_text(encoding="utf-8")
    whole |= {f"page.{code}" for code in re.findall(r'"(\w+)"', printed)}
    whole |= {f"{group}.{value}" for group, values in GROUPS.items() for value in values}
    return whole, {text for text in begun if re.fullmatch(r"\w+\.(\w+[._])?", text)} - {
        f"{group}." for group in (*GROUPS, "page")
    }


def script_of(component: str) -> str:
    return "\n".join(path.read_text() for path in sorted((APP / component).glob("*.js")))


def test_every_message_that_the_pages_ask_for_is_there() -> None:
    whole, begun = asked_for()
    assert len(whole) > 60
    assert whole - messages().keys() == set()
    assert {begin for begin in begun if not any(code.startswith(begin) for code in messages())} == set()


def test_every_text_is_said_somewhere() -> None:
    whole, begun = said_anywhere()
    begins = (*begun, *(f"{group}." for group in TAKEN_IN), "plan.key.")
    assert {code for code in messages() if code not in whole and not code.startswith(begins)} == set()


@pytest.mark.parametrize("group", GROUPS)
def test_whatever_a_slide_a_reader_or_a_verdict_can_be_has_a_word(group: str) -> None:
    missing = {f"{group}.{value}" for value in GROUPS[group]} - messages().keys()
    assert missing == set()


@pytest.mark.parametrize("component", ["board", "table"])
def test_no_message_of_a_component_that_its_script_asks_for_is_missing(component: str) -> None:
    script = script_of(component)
    asked = {f"{component}.{name}" for name in re.findall(r"words\.(\w+)", script)} - {"board.calls"}
    assert asked - messages().keys() == set()


def test_counts_take_the_form_of_their_language() -> None:
    english, french = Words("en"), Words("fr")
    assert english("worklist.unreadable", count=0) == "0 images unreadable"
    assert english("worklist.unreadable", count=1) == "1 image unreadable"
    assert french("worklist.unreadable", count=0) == "0 image illisible"
    assert french("worklist.unreadable", count=2) == "2 images illisibles"


def test_numbers_are_written_as_in_the_language() -> None:
    assert Words("en")("tally.cells_of_target", cells=1057, target=200_000) == (
        "1 057 of 200 000 cells examined"
    )
    assert Words("fr").decimal("0.05") == "0,05"


@pytest.mark.parametrize(
    ("locale", "language"), [("fr-FR", "fr"), ("fr", "fr"), ("en-GB", "en"), ("de-DE", "en"), (None, "en")]
)
def test_the_language_to_begin_with_is_that_of_the_browser(locale: str | None, language: str) -> None:
    assert language_of(locale) == language


def test_each_language_is_offered_by_its_own_name() -> None:
    assert LANGUAGES == {"en": "English", "fr": "Français"}
