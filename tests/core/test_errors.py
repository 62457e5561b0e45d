"""What an error says: one line, in English or in the language of who reads it."""

from core.errors import SmearscopeError
from core.wording import sentence


def test_an_error_is_english_in_logs_and_the_persons_language_on_a_page() -> None:
    error = SmearscopeError(sentence("signing.blocked"), sentence("signing.first_left", cells=1), "disk: x.")
    assert str(error) == "the slide cannot be signed. The first reader still has to read 1 cell. disk: x."
    assert error.in_language("fr") == (
        "la lame ne peut pas être signée. Le premier lecteur doit encore lire 1 hématie. disk: x."
    )
