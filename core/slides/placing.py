"""Where the fields of a slide lie beside each other, for a view of all of them at once."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

_REGION = re.compile(r"[#,]x=(\d+),y=(\d+)$")
_GAP_SHARE = 0.03
_ACROSS_OVER_DOWN = 1.5
"""Of the whole view: screens are wider than high."""


@dataclass(frozen=True)
class PlacedField:
    """A field in a view of the whole slide.

    Attributes
    ----------
    left, top
        Of its first pixel in the view, in pixels of the field.
    width, height
        Of the field.
    """

    name: str
    left: int
    top: int
    width: int
    height: int


def is_region(name: str) -> bool:
    """Whether a field is a region of a large image, by its name (`core.slides.Field.name`)."""
    return large_image_of(name) is not None


def large_image_of(name: str) -> str | None:
    """Name of the large image that a field is a region of; None for every other field."""
    found = _REGION.search(name)
    return None if found is None else name[: found.start()]


def place_fields(sizes: Sequence[tuple[str, int, int]]) -> tuple[PlacedField, ...]:
    """Place fields as they lie on the glass where that is known, and otherwise in rows, in their order.

    Regions of one large image lie where they were cut from, overlapping. Photographs, of which nobody knows
    where they were taken, and several large images lie in a grid, each in a place as large as the largest.

    Parameters
    ----------
    sizes
        Name, width and height of each field.
    """
    blocks: dict[str, list[PlacedField]] = {}
    for name, width, height in sizes:
        found = _REGION.search(name)
        block = name if found is None else name[: found.start()]
        left, top = (0, 0) if found is None else (int(found[1]), int(found[2]))
        blocks.setdefault(block, []).append(PlacedField(name, left, top, width, height))
    fields = [field for fields in blocks.values() for field in fields]
    if len(blocks) <= 1:
        return tuple(fields)
    across = max(field.left + field.width for field in fields)
    down = max(field.top + field.height for field in fields)
    gap = round(_GAP_SHARE * max(across, down))
    columns = max(1, round(math.sqrt(len(blocks) * _ACROSS_OVER_DOWN * (down + gap) / (across + gap))))
    placed: dict[str, PlacedField] = {}
    for number, of_block in enumerate(blocks.values()):
        row, column = divmod(number, columns)
        for field in of_block:
            placed[field.name] = replace(
                field,
                left=column * (across + gap) + field.left,
                top=row * (down + gap) + field.top,
            )
    return tuple(placed[name] for name, _, _ in sizes)
