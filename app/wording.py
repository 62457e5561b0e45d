"""What the pages say, in the language of the person: plain catalogues, one file a language."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from core.errors import SmearscopeError
from core.wording import Sentence, grouped, in_language

MESSAGES = Path(__file__).with_name("messages")
LANGUAGES = {"en": "English", "fr": "Français"}
Message = str | Mapping[str, str]


class Words:
    """The messages of one language.

    Parameters
    ----------
    language
        A key of `LANGUAGES`.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._messages = catalogue(language)

    def __call__(self, name: str, /, **values: object) -> str:
        """One message, with its `{placeholders}` filled in; numbers are grouped as the language does.

        A message with forms for one and for several takes the one that fits `count`.

        Raises
        ------
        KeyError
            Where there is no such message, or a value is missing.
        """
        message = self._messages[name]
        if not isinstance(message, str):
            message = message["one" if self._is_one(values["count"]) else "other"]
        return message.format(**{key: self.shown(value) for key, value in values.items()})

    def __contains__(self, name: str) -> bool:
        """Whether there is such a message."""
        return name in self._messages

    def text(self, said: Sentence) -> str:
        """A sentence of the core's own catalogues."""
        return in_language(said, self.language)

    def error(self, error: SmearscopeError) -> str:
        """What an error says; texts that stand in no catalogue stay in English."""
        return error.in_language(self.language)

    def group(self, prefix: str) -> dict[str, str]:
        """All messages of a group as they stand, by the rest of their names."""
        return {
            name.removeprefix(f"{prefix}."): message
            for name, message in self._messages.items()
            if name.startswith(f"{prefix}.") and isinstance(message, str)
        }

    def shown(self, value: object) -> str:
        """A value as it stands in a sentence."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return str(value)
        return self.decimal(grouped(value))

    def decimal(self, number: str) -> str:
        """A number that was written with a point, as the language writes it."""
        return number.replace(".", ",") if self.language == "fr" else number

    def _is_one(self, count: object) -> bool:
        # French counts zero as one thing, English as several.
        return count == 1 or (count == 0 and self.language == "fr")


@cache
def catalogue(language: str) -> Mapping[str, Message]:
    """All messages of a language, by name."""
    messages: dict[str, Message] = json.loads((MESSAGES / f"{language}.json").read_text(encoding="utf-8"))
    return messages


def language_of(locale: str | None) -> str:
    """The language to begin with for a browser's locale, such as ``fr-FR``; English where none fits."""
    wanted = (locale or "").partition("-")[0].lower()
    return wanted if wanted in LANGUAGES else "en"
