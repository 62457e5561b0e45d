"""What the program says of slides, by code and values, in each language: a catalogue a language, plain JSON.

A text between braces takes a value in: ``{cells}`` as it stands, numbers grouped; ``{limit:up}`` rounded up;
``{share:%}`` in percent; ``{cells:cell|cells}`` the form that fits the number; ``{role:@reader}`` the text of
``reader.<role>``; anything else is a format of Python's, such as ``{kappa:.2f}``.
"""

from core.wording.catalogue import LANGUAGES, Sentence, in_language, sentence, term
from core.wording.grouping import grouped, grouped_up, percent, significant

__all__ = [
    "LANGUAGES",
    "Sentence",
    "grouped",
    "grouped_up",
    "in_language",
    "percent",
    "sentence",
    "significant",
    "term",
]
