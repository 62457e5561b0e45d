"""The core's catalogues: the same sentences in each language, all of them said somewhere, none missing."""

import ast
import json
import re
import string
from pathlib import Path

import pytest

from core.cells.located import WhyNot
from core.errors import SmearscopeError
from core.notice import RESEARCH_USE_ONLY
from core.review.decisions import Decision
from core.store import Call, Kind, Reason, Right, Role, ScoringStep, Stage
from core.tally import (
    Evidence,
    Excluded,
    FalseCalls,
    Performance,
    Readings,
    Recall,
    SlideConditions,
    SlideCount,
    VerdictKind,
    reasons_in,
    verdict,
    verdict_text,
)
from core.wording import LANGUAGES, Sentence, in_language, sentence
from core.wording.catalogue import catalogue
from models.cards import MEASURES

ROOT = Path(__file__).parents[2]
GROUPS: dict[str, list[str]] = {
    "kind": list(VerdictKind),
    "why": [why for why in WhyNot if why],
    "role": list(Role),
    "decision": list(Decision),
    "stage": list(Stage),
    "step": list(ScoringStep),
    "place": [kind for kind in Kind if kind != Kind.CALLED],
    "outside": list(MEASURES),
    "reader": list(Role),
    "the_reader": list(Role),
    "call": list(Call),
    "reason": list(Reason),
    "right": list(Right),
}
CLEAN = Evidence(
    SlideCount(12_345, 40, 3, 0, (Excluded(1, "cells", "edge"), Excluded(2, "fields", "odd reason"))),
    SlideConditions((), 3, 0.2),
    Performance("smear-1", "site B", 0.83, (Recall(930, 70),), FalseCalls(20, 200_000)),
    readings=Readings(),
)


def places(text: str) -> set[tuple[str, str]]:
    """Values of a text, and how they are written; which form of a word fits is the language's own."""
    return {
        (name, form or "")
        for _, name, form, _ in string.Formatter().parse(text)
        if name and "|" not in (form or "")
    }


def codes_said() -> tuple[set[str], set[str]]:
    """Codes that stand in the program, whole or as the beginning of one that is put together."""
    whole: set[str] = set()
    begun: set[str] = set()
    for path in [*ROOT.glob("core/**/*.py"), *ROOT.glob("app/**/*.py"), *ROOT.glob("models/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                begun.add(str(node.values[0].value))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
    page = (ROOT / "core/reports/signed_result_page.py").read_text()
    whole |= {f"page.{code}" for code in re.findall(r'"(\w+)"', page)}
    return whole, begun


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_sentences_of_the_others_with_the_same_values(language: str) -> None:
    english, other = catalogue("en"), catalogue(language)
    assert list(other) == list(english)
    for code, text in english.items():
        assert {name for name, _ in places(other[code])} == {name for name, _ in places(text)}, code
        assert {form for _, form in places(other[code])} == {form for _, form in places(text)}, code


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_code_stands_twice_in_a_catalogue(language: str) -> None:
    text = (ROOT / "core" / "wording" / f"{language}.json").read_text(encoding="utf-8")
    codes = [code for code, _ in json.loads(text, object_pairs_hook=lambda pairs: pairs)]
    assert len(codes) == len(set(codes))


def test_every_sentence_is_said_somewhere() -> None:
    whole, begun = codes_said()
    words = tuple(f"{group}." for group in [*GROUPS, "what"])
    begins = tuple(text for text in begun if text.endswith(".") or "_" in text)
    unsaid = {
        code
        for code in catalogue("en")
        if code not in whole and not code.startswith(words) and not code.startswith(begins or ("?",))
    }
    assert unsaid == set()


def test_every_sentence_that_is_said_is_there() -> None:
    missing = set()
    for path in [*ROOT.glob("core/**/*.py"), *ROOT.glob("app/**/*.py"), *ROOT.glob("models/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "sentence" and node.args:
                (first, *_) = node.args
                if isinstance(first, ast.Constant) and first.value not in catalogue("en"):
                    missing.add(first.value)
    assert missing == set()


def test_every_error_of_the_store_that_a_page_can_show_is_in_the_catalogues() -> None:
    plain = set()
    # Databases and settings that cannot be read are told on the terminal.
    told_there = {"backup.py", "database.py", "settings.py"}
    for path in [*ROOT.glob("core/store/*.py"), *ROOT.glob("core/review/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and path.name not in told_there:
                if ast.unparse(node.exc.func) == "ValueError":
                    continue  # of a program that calls it wrongly
                (first, *_) = node.exc.args
                if isinstance(first, ast.JoinedStr | ast.Constant):
                    plain.add(f"{path.name}: {ast.unparse(first)}")
    assert plain == set()


@pytest.mark.parametrize("group", GROUPS)
def test_whatever_can_stand_on_a_printed_page_has_a_word(group: str) -> None:
    assert {f"{group}.{value}" for value in GROUPS[group]} - catalogue("en").keys() == set()


def test_the_english_notice_is_the_one_of_every_file() -> None:
    assert in_language(sentence("notice"), "en") == RESEARCH_USE_ONLY


@pytest.mark.parametrize(
    ("number", "english", "french"),
    [
        (0, "0 parasites accepted", "0 parasite retenu"),
        (1, "1 parasite accepted", "1 parasite retenu"),
        (2, "2 parasites accepted", "2 parasites retenus"),
        (1234, "1 234 parasites accepted", "1 234 parasites retenus"),
    ],
)
def test_numbers_take_the_form_of_their_language(number: int, english: str, french: str) -> None:
    said = sentence("verdict.alone", parasites=number)
    assert str(said).startswith(english)
    assert in_language(said, "fr").startswith(french)


def test_shares_limits_and_measures_are_written_as_in_the_language() -> None:
    said = sentence("verdict.excludes", limit=70.2, confidence=0.955)
    assert str(said) == "No parasite seen; more than 71 parasites/µL excluded at 95.5 %."
    assert in_language(said, "fr") == "Aucun parasite vu ; plus de 71 parasites/µL exclus à 95,5 %."
    outside = sentence("outside.density_red", value=0.51234, low=0.1, high=0.2)
    assert "est de 0,512, hors de l'intervalle 0,1 à 0,2" in in_language(outside, "fr")


def test_a_verdict_is_kept_as_english_text_and_as_codes_for_other_languages() -> None:
    judged = verdict(CLEAN)
    assert judged.kind == VerdictKind.INADEQUATE
    assert judged.reasons == tuple(map(str, judged.sentences))
    first, *_ = reasons_in(judged, "fr")
    # Of 12 345 cells the 214 872 that take 75 parasites/µL at this sensitivity lack 202 527.
    assert first == (
        "Il manque 202 527 hématies : 12 345 sont comptées, et il en faut 214 872 pour exclure 75 "
        "parasites/µL avec cette sensibilité. Des champs peuvent être ajoutés à cette lame."
    )


def test_what_was_written_before_there_were_codes_is_said_as_it_was_written() -> None:
    old = SlideConditions(("The stain is too pale.",), 0, 0.2)
    judged = verdict(Evidence(CLEAN.count, old, CLEAN.performance, readings=Readings()))
    assert reasons_in(judged, "fr") == (
        "The stain is too pale.",
        "Le modèle n'a pas été validé sur de telles lames : aucun chiffre n'est donné.",
    )


def test_all_that_a_verdict_rests_on_is_said_in_french() -> None:
    text = verdict_text("lame\n7", CLEAN, verdict(CLEAN), "fr")
    lines = text.splitlines()
    assert lines[0] == "lame 7: INSUFFISANT"
    assert lines[-1] == "  à des fins de recherche uniquement, ne pas utiliser pour le diagnostic"
    for said in (
        "Compte     12 345 hématies évaluables, 40 champs, 3 candidats, dont 0 non lu",
        "           non compté : 1 hématie(s) (au bord)",
        "           non compté : 2 champ(s) (odd reason)",
        "Modèle     smear-1, seuil 0,83, validé sur site B",
        "désigne 0,01 % des hématies saines (20 sur 200 000 ; au plus 0,0145 %)",
    ):
        assert said in text, said


def test_an_error_is_english_in_logs_and_the_persons_language_on_a_page() -> None:
    error = SmearscopeError(sentence("signing.blocked"), sentence("signing.first_left", cells=1), "disk: x.")
    assert str(error) == "the slide cannot be signed. 1 cell is not read by the first reader. disk: x."
    assert error.in_language("fr") == (
        "la lame ne peut pas être signée. 1 hématie n'est pas lue par le premier lecteur. disk: x."
    )


def test_a_code_that_is_in_no_catalogue_is_an_error_and_not_a_blank() -> None:
    with pytest.raises(KeyError):
        in_language(Sentence("no such code", {}), "fr")
    with pytest.raises(KeyError):
        in_language(sentence("verdict.alone"), "fr")
