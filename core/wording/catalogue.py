"""Sentences as code and values, and the catalogues that put them into words."""

import json
import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.wording.grouping import grouped, grouped_up, percent

LANGUAGES = ("en", "fr")
AS_WRITTEN = "as written"
"""Code of a sentence that is kept as text alone, in the language in which it was written."""
_FOLDER = Path(__file__).parent


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
    values: dict[str, int | float | str]

    def __str__(self) -> str:
        """In English, in which files and logs are written."""
        return in_language(self, "en")


def sentence(code: str, /, **values: int | float | str) -> Sentence:
    """A sentence of a code."""
    return Sentence(code, values)


def in_language(said: Sentence, language: str) -> str:
    """A sentence in words.

    Parameters
    ----------
    language
        One of `LANGUAGES`.

    Raises
    ------
    KeyError
        Where the catalogue has no such code, or a value is missing.
    """
    return _Filling(language).vformat(catalogue(language)[said.code], (), said.values)


def term(group: str, value: str, language: str) -> str:
    """The word for a value of a group, such as a role; the value itself where there is none, as for names."""
    return catalogue(language).get(f"{group}.{value}", value)


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """All texts of a language, by code."""
    texts: dict[str, str] = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return texts


class _Filling(string.Formatter):
    """Puts values into a text as its language writes them."""

    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401 - as the formatter has it
        if format_spec.startswith("@"):
            return term(format_spec[1:], str(value), self._language)
        if "|" in format_spec:
            one, several = format_spec.split("|")
            return one if self._is_one(value) else several
        if isinstance(value, str):
            return value
        return self._decimal(_number(value, format_spec))

    def _decimal(self, number: str) -> str:
        return number.replace(".", ",") if self._language == "fr" else number

    def _is_one(self, count: float) -> bool:
        # French counts what is below two as one thing, English nothing but one.
        return count < 2 if self._language == "fr" else count == 1


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
