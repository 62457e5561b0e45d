"""What the program says, by code and values: in English ``smearscope.pot``, else a ``.po``.

A text between braces takes a value in: ``{cells}`` as it stands, numbers grouped; ``{limit:up}`` rounded up;
``{share:%}`` in percent; ``{cells:@count.cells}`` a number with its noun, from the text of that code;
``{role:@role}`` the text of ``role.<role>``; anything else is a format of Python's, such as ``{kappa:.2f}``.
Plural forms of a text go by the first number that it takes in, in English.
"""

from core.wording.catalogue import (
    LANGUAGES,
    RESEARCH_USE_ONLY,
    Sentence,
    Value,
    in_language,
    messages,
    sentence,
    term,
    texts,
)
from core.wording.grouping import grouped, grouped_up, percent, significant, with_decimal_mark

__all__ = [
    "LANGUAGES",
    "RESEARCH_USE_ONLY",
    "Sentence",
    "Value",
    "grouped",
    "grouped_up",
    "in_language",
    "messages",
    "percent",
    "sentence",
    "significant",
    "term",
    "texts",
    "with_decimal_mark",
]
