"""What the pages say: `core.wording` in the language of the person."""

from babel import Locale

from core.errors import SmearscopeError
from core.wording import LANGUAGES as _LANGUAGES
from core.wording import Sentence, Value, grouped, in_language, messages, texts, with_decimal_mark

LANGUAGES = {language: str(Locale.parse(language).display_name).capitalize() for language in _LANGUAGES}
"""Each language by the name it gives itself."""


class Words:
    """What can be said, in one language.

    Parameters
    ----------
    language
        A key of `LANGUAGES`.
    """

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, code: str, /, **values: Value) -> str:
        """The text of a code; errors as of `core.wording.in_language`."""
        return self.text(Sentence(code, values))

    def __contains__(self, code: str) -> bool:
        """Whether there is such a text."""
        return code in messages()

    def text(self, said: Sentence) -> str:
        """A sentence in words."""
        return in_language(said, self.language)

    def error(self, error: SmearscopeError) -> str:
        """What an error says; texts that stand in no catalogue stay in English."""
        return error.in_language(self.language)

    def group(self, prefix: str) -> dict[str, str]:
        """All texts of a group as they stand, by the rest of their codes."""
        return texts(prefix, self.language)

    def shown(self, number: float) -> str:
        """A number as it stands in a sentence."""
        return self.decimal(grouped(number))

    def decimal(self, number: str) -> str:
        """A number that was written with a point, as the language writes it."""
        return with_decimal_mark(number, self.language)


def language_of(locale: str | None) -> str:
    """The language to begin with for a browser's locale, such as ``fr-FR``; English where none fits."""
    wanted = (locale or "").partition("-")[0].lower()
    return wanted if wanted in LANGUAGES else "en"
