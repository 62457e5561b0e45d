"""What is known of an object beside its box and class, as the flat attributes that other programs have."""

import json
import math
from collections.abc import Mapping

from datasets.interchange.labelled import NO_MORE, LabelledObject, Said

PLACES = 4
"""Decimals of a pixel that are kept, where a format gives corners or shares of the image instead of sides."""

_SAID = {
    "reader": "who",
    "role": "role",
    "call": "call",
    "reason": "reason",
    "reader_stage": "stage",
    "species": "species",
    "said_at": "at",
}
"""Attributes of one reader, less their number, and what of `Said` each holds."""

Attribute = str | int | float


def attributes_of(one: LabelledObject) -> dict[str, Attribute]:
    """The attributes of an object by name; those that say nothing are left out.

    What a first reader said is in ``reader_1``, ``call_1`` and so on.
    """
    found: dict[str, Attribute] = dict(one.more)
    own: dict[str, Attribute | None] = {
        "stage": one.stage,
        "score": one.score,
        "rank": one.rank,
        "why_not": one.why_not,
    }
    for number, said in enumerate(one.said, start=1):
        own |= {f"{name}_{number}": getattr(said, held) for name, held in _SAID.items()}
        own[f"reader_{number}"] = said.who or "?"
    found |= {name: value for name, value in own.items() if value is not None and value != ""}
    return found


def labelled_object(
    box: tuple[float, float, float, float], label: str, attributes: Mapping[str, object]
) -> LabelledObject:
    """An object from a file: attributes with names of ours take their places, others stay as they are."""
    if not attributes:
        return LabelledObject(*box, label)
    left = {name: as_text(value) for name, value in attributes.items() if value is not None}
    said: list[Said] = []
    while f"reader_{len(said) + 1}" in left:
        number = len(said) + 1
        said.append(Said(**{held: left.pop(f"{name}_{number}", "") for name, held in _SAID.items()}))
    score, rank = _score(left), _rank(left)
    return LabelledObject(
        *box,
        label,
        stage=left.pop("stage", ""),
        score=score,
        rank=rank,
        why_not=left.pop("why_not", ""),
        said=tuple(said),
        more=left or NO_MORE,
    )


def rounded(*sides: float) -> tuple[float, float, float, float]:
    """A box without what counting back from corners or shares has added to it."""
    x, y, width, height = (round(side, PLACES) for side in sides)
    return x, y, width, height


def as_text(value: object) -> str:
    """A value as an attribute of text, numbers and truths as JSON writes them."""
    if isinstance(value, str):
        return value
    return repr(value) if type(value) in (int, float) else json.dumps(value, ensure_ascii=False)


def number(value: object) -> float:
    """A number of a file, written as one or as text; ValueError where it is none or not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{value!r} is no number")  # noqa: TRY004 - wrong in the file, not in the code
    found = float(value)
    if not math.isfinite(found):
        raise ValueError(f"{value!r} is no number")
    return found


def _score(left: dict[str, str]) -> float | None:
    """Takes a score out of the attributes; what is no score stays."""
    try:
        score = number(left["score"])
    except (KeyError, ValueError):
        return None
    if not 0 <= score <= 1:
        return None
    del left["score"]
    return score


def _rank(left: dict[str, str]) -> int | None:
    """Takes a rank out of the attributes; what is no rank stays."""
    if not (text := left.get("rank", "")).isdecimal() or int(text) < 1:
        return None
    return int(left.pop("rank"))
