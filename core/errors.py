"""The errors a user can cause and mend; each message names the thing, the value and the remedy."""

from core.wording import Sentence, in_language


class SmearscopeError(Exception):
    """Something the user gave cannot be used as it is.

    The message is one line a person can act on. Commands print it without a traceback.

    Parameters
    ----------
    message
        Texts and sentences of the catalogues, in their order. Texts stay in English in every language.
    """

    def __init__(self, *message: str | Sentence) -> None:
        super().__init__(" ".join(map(str, message)))
        self._message = message

    def in_language(self, language: str) -> str:
        """The message, as far as it is made of sentences, in a language of `core.wording.LANGUAGES`."""
        return " ".join(
            said if isinstance(said, str) else in_language(said, language) for said in self._message
        )


class UnreadableImageError(SmearscopeError):
    """An image file that cannot be decoded, or is not an image of a smear field."""


class EmptySlideError(SmearscopeError):
    """A slide that holds no field image."""


NEEDS_TORCH = (
    "this needs torch, which scoring and review do without: "
    'pip install ".[train]" in the folder of Smearscope'
)
"""Said where a package of training is not installed."""
