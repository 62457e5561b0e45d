"""Sentences as code and values, and the gettext catalogues that put them into words."""

import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from core.wording.grouping import grouped, grouped_up, percent, with_decimal_mark

RESEARCH_USE_ONLY = "research use only, not for diagnosis"
"""The sentence that goes with every result."""
AS_WRITTEN = "as written"
"""Code of a sentence that is kept as text alone, in the language in which it was written."""
_FOLDER = Path(__file__).parent
ENGLISH = "en"
"""In which files and logs are written, and what is not translated yet is said."""
LANGUAGES = (ENGLISH, *sorted(path.stem for path in _FOLDER.glob("*.po")))

Value = int | float | str


@dataclass(frozen=True)
class Sentence:
    """Something that can be said in every language of the catalogues.

    Attributes
    ----------
    code
        Its name there.
    values
        What goes into it.
    """

    code: str
    values: dict[str, Value]

    def __str__(self) -> str:
        """In English, in which files and logs are written."""
        return in_language(self, ENGLISH)


def sentence(code: str, /, **values: Value) -> Sentence:
    """A sentence of a code."""
    return Sentence(code, values)


def in_language(said: Sentence, language: str) -> str:
    """A sentence in words; in English where it is not translated.

    Parameters
    ----------
    language
        One of `LANGUAGES`.

    Raises
    ------
    KeyError
        Where there is no such code, or a value is missing.
    """
    message, translations = messages()[said.code], _translations(language)
    if isinstance(message.id, str):
        text = translations.pgettext(said.code, message.id)
    else:
        one, several = message.id
        text = translations.npgettext(said.code, one, several, _first_number(several, said.values))
    return _Filling(language).vformat(text, (), said.values)


def term(group: str, value: str, language: str) -> str:
    """The word for a value of a group, such as a role; the value itself where there is none, as for names."""
    code = f"{group}.{value}"
    return in_language(Sentence(code, {}), language) if code in messages() else value


def texts(group: str, language: str) -> dict[str, str]:
    """The texts of a group by the rest of their codes, values not filled in; none that has plural forms."""
    translations, begin = _translations(language), f"{group}."
    return {
        code.removeprefix(begin): translations.pgettext(code, message.id)
        for code, message in messages().items()
        if code.startswith(begin) and isinstance(message.id, str)
    }


@cache
def messages() -> Mapping[str, Message]:
    """All that can be said, by code, in English."""
    with (_FOLDER / "smearscope.pot").open("rb") as file:
        return {str(message.context): message for message in read_po(file) if message.id}


@cache
def _translations(language: str) -> NullTranslations:
    if language == ENGLISH:
        return NullTranslations()
    compiled = BytesIO()
    with (_FOLDER / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file))
    compiled.seek(0)
    return GNUTranslations(compiled)


def _first_number(text: str, values: Mapping[str, Value]) -> int:
    named = [name for _, name, _, _ in string.Formatter().parse(text) if name]
    return int(next(value for value in map(values.__getitem__, named) if not isinstance(value, str)))


class _Filling(string.Formatter):
    """Puts values into a text as its language writes them."""

    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401 - as the formatter has it
        if format_spec.startswith("@"):
            return self._said(format_spec[1:], value)
        if isinstance(value, str):
            return value
        return with_decimal_mark(_number(value, format_spec), self._language)

    def _said(self, code: str, value: Value) -> str:
        if isinstance(value, str):
            return term(code, value, self._language)
        return in_language(Sentence(code, {"count": value}), self._language)


def _number(value: float, form: str) -> str:
    match form:
        case "":
            return grouped(value)
        case "up":
            return grouped_up(value)
        case "%":
            return percent(value)
        case _:
            return format(value, form)
