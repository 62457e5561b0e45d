"""The catalogues: the same sentences in each language, in all their forms, with the same values."""

import ast
import re
import shutil
import string
import subprocess
from collections.abc import Sequence
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from core.cells.located import WhyNot
from core.review.decisions import Decision
from core.store import Call, CandidateKind, Reason, Right, Role, ScoringStep, Stage
from core.tally import (
    Evidence,
    Excluded,
    Performance,
    RankCurve,
    Readings,
    SlideConditions,
    SlideCount,
    VerdictKind,
    reasons_in,
    verdict,
    verdict_text,
)
from core.wording import LANGUAGES, RESEARCH_USE_ONLY, Sentence, in_language, messages, sentence, term, texts
from models.cards import MEASURES

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "core" / "wording"
TRANSLATED = [language for language in LANGUAGES if language != "en"]
GROUPS: dict[str, list[str]] = {
    "kind": list(VerdictKind),
    "why": [why for why in WhyNot if why],
    "role": list(Role),
    "decision": list(Decision),
    "stage": list(Stage),
    "step": list(ScoringStep),
    "place": list(CandidateKind),
    "outside": [
        *MEASURES,
        "blurred",
        "sharp",
        "dim",
        "bright",
        "stain_dark",
        "stain_pale",
        "stain_colour",
        "scale",
    ],
    "channel": ["red", "green", "blue"],
    "watch.why": [
        "out of focus",
        "without colour",
        "too few pixels a cell",
        "too little detail",
        "negative image",
    ],
    "called_by": list(Role),
    "read_as": list(Role),
    "the_reader": list(Role),
    "call": list(Call),
    "reason": list(Reason),
    "right": list(Right),
}
CLEAN = Evidence(
    SlideCount(
        cells=12_345,
        fields=40,
        looked_at=13_000,
        to_read=100,
        read_to=100,
        unread=0,
        excluded=(Excluded(1, "cells", "edge"), Excluded(2, "fields", "odd reason")),
    ),
    SlideConditions((), 3, 0.2),
    Performance("smear-1", "site B", RankCurve((0.001,), (930,), 1000)),
    readings=Readings(),
)


def catalogue(language: str) -> Catalog:
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file)


def forms(texts: str | Sequence[str] | None) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else tuple(texts or ())


def places(text: str) -> set[tuple[str, str]]:
    """Values of a text, and how they are written; whether with a noun is the language's own."""
    return {
        (name, "" if form and form.startswith("@count.") else form or "")
        for _, name, form, _ in string.Formatter().parse(text)
        if name
    }


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_language_has_the_sentences_of_english_with_the_same_values(language: str) -> None:
    translated = {message.context: message for message in catalogue(language) if message.id}
    assert translated.keys() == messages().keys()
    for code, message in messages().items():
        other = translated[code]
        assert other.id == message.id, code
        assert not other.fuzzy, code
        used = set().union(*map(places, forms(message.id)))
        assert set().union(*map(places, forms(other.string))) == used, code


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated_in_all_its_plural_forms(language: str) -> None:
    file = catalogue(language)
    for message in file:
        wanted = file.num_plurals if message.pluralizable else 1
        assert len(forms(message.string)) == wanted, message.context
        assert all(forms(message.string)), message.context


def test_no_text_says_what_only_its_authors_would_say() -> None:
    said = " ".join(text for message in messages().values() for text in forms(message.id))
    assert not re.search(r"bring in|score rests|rests on", said, re.IGNORECASE)


@pytest.mark.parametrize("name", ["smearscope.pot", *(f"{language}.po" for language in TRANSLATED)])
def test_no_code_stands_twice_in_a_catalogue(name: str) -> None:
    codes = re.findall(r"^msgctxt (.*)$", (FOLDER / name).read_text(encoding="utf-8"), re.MULTILINE)
    assert len(codes) == len(set(codes)) == len(messages())


@pytest.mark.parametrize("language", TRANSLATED)
def test_gettext_itself_reads_the_same_texts_from_a_catalogue(language: str, tmp_path: Path) -> None:
    if shutil.which("msgfmt") is None:
        pytest.skip("GNU gettext is not installed")
    compiled = tmp_path / "compiled.mo"
    source = FOLDER / f"{language}.po"
    subprocess.run(["msgfmt", "--check-format", "--output-file", compiled, source], check=True)
    with compiled.open("rb") as file:
        translations = GNUTranslations(file)
    for message in catalogue(language):
        context = str(message.context)
        if not isinstance(message.id, str):
            one, several = message.id
            said = {translations.npgettext(context, one, several, count) for count in range(200)}
            assert said == {*forms(message.string)}, context
        elif message.id:
            assert translations.pgettext(context, message.id) == message.string, context


@pytest.mark.parametrize("language", LANGUAGES)
def test_counts_take_the_form_that_cldr_has_for_them(language: str) -> None:
    category = Locale.parse(language).plural_form
    forms_of: dict[str, set[str]] = {}
    for count in range(200):
        said = in_language(sentence("count.cells", count=count), language)
        forms_of.setdefault(category(count), set()).add(said.removeprefix(str(count)))
    assert [len(said) for said in forms_of.values()] == [1] * len(forms_of)


def test_nouns_and_words_that_a_text_takes_in_are_there() -> None:
    taken = {
        code
        for language in TRANSLATED
        for message in catalogue(language)
        for text in (*forms(message.id), *forms(message.string))
        for code in re.findall(r"{\w+:@([^}]+)}", text)
    }
    nouns = {code for code in taken if code.startswith("count.")}
    assert nouns == {code for code in messages() if code.startswith("count.")}
    assert {group for group in taken - nouns if not texts(group, "en")} == set()


def test_every_sentence_that_is_said_is_there() -> None:
    missing = set()
    for path in [*ROOT.glob("core/**/*.py"), *ROOT.glob("app/**/*.py"), *ROOT.glob("models/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "sentence" and node.args:
                (first, *_) = node.args
                if isinstance(first, ast.Constant) and first.value not in messages():
                    missing.add(first.value)
    assert missing == set()


def test_every_error_of_the_store_that_a_page_can_show_is_in_the_catalogues() -> None:
    plain = set()
    # Databases, settings and signed files that cannot be read are told on the terminal.
    told_there = {"backup.py", "database.py", "settings.py", "signed_file.py"}
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
    assert {f"{group}.{value}" for value in GROUPS[group]} - messages().keys() == set()


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
    outside = sentence("outside.stain_dark", value=0.51234, low=0.1, high=0.2, channel="red")
    assert in_language(outside, "fr").endswith(
        "(densité optique dans le rouge 0,512 ; valeurs connues : 0,1 à 0,2)."
    )


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
        "Le modèle n'a pas été validé sur des lames comme celle-ci : aucun chiffre n'est donné. "
        "Sa liste mérite d'être lue malgré tout.",
    )


def test_all_that_a_verdict_rests_on_is_said_in_french() -> None:
    text = verdict_text("lame\n7", CLEAN, verdict(CLEAN), "fr")
    lines = text.splitlines()
    assert lines[0] == "lame 7: INSUFFISANT"
    assert lines[-1] == "  à des fins de recherche uniquement, ne pas utiliser pour le diagnostic"
    for said in (
        "Compte     12 345 hématies évaluables, 40 champs",
        "           liste de 13 000 : les 100 premières à lire, dont 0 non lue",
        "           non compté : 1 hématie (au bord)",
        "           non compté : 2 champs (odd reason)",
        "Modèle     smear-1, validé sur site B",
        "les 100 premières sur 13 000 contiennent 93 % des parasites "
        "(930 sur 1 000 ; au moins 91,5 % à 95 %)",
    ):
        assert said in text, said


@pytest.mark.parametrize(
    ("unread", "to_read", "english", "french"),
    [
        (0, 5, "0 candidates are unread (of the first 5 of the list).", "0 candidat n'est pas lu (sur les 5"),
        (1, 1, "1 candidate is unread (of the first 1 of the list).", "1 candidat n'est pas lu (sur les 1"),
        (1, 2, "1 candidate is unread (of the first 2 of the list).", "1 candidat n'est pas lu (sur les 2"),
        (2, 5, "2 candidates are unread (of the first 5 of the list).", "2 candidats ne sont pas lus (sur"),
    ],
)
def test_a_sentence_goes_by_its_first_number(unread: int, to_read: int, english: str, french: str) -> None:
    said = sentence("verdict.unread", to_read=to_read, unread=unread)
    assert str(said) == english
    assert in_language(said, "fr").startswith(french)


def test_what_is_not_translated_is_said_in_english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = (FOLDER / "smearscope.pot").read_text(encoding="utf-8")
    begun = template.replace('msgid "unsure"\nmsgstr ""', 'msgid "unsure"\nmsgstr "unsicher"')
    (tmp_path / "de.po").write_text(begun, encoding="utf-8")
    messages()
    monkeypatch.setattr("core.wording.catalogue._FOLDER", tmp_path)
    assert term("call", "unsure", "de") == "unsicher"
    assert term("call", "parasite", "de") == "parasite"
    assert in_language(sentence("verdict.agreed", parasites=2), "de") == "Two readers agree on 2 parasites."


def test_a_code_that_is_in_no_catalogue_is_an_error_and_not_a_blank() -> None:
    with pytest.raises(KeyError):
        in_language(Sentence("no such code", {}), "fr")
    with pytest.raises(KeyError):
        in_language(sentence("verdict.alone"), "fr")
    with pytest.raises(KeyError):
        in_language(sentence("page.rank"), "fr")
