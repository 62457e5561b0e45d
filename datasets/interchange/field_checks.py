"""What may be wrong with annotated fields that can be read: leaks, pictures twice, cells marked twice."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.fields import double_marks, read_rgb
from datasets.interchange.labelled import CellClass, LabelledField
from datasets.interchange.own_fields import OwnFields, ReadFields, part_of

THUMBNAIL_PX = 32
SAME_PICTURE = 0.6
"""Correlation of two thumbnails from which they are of one place: copies that were compressed, resized or lit
anew have .99 and more, photographs shifted a little .75; of 980 fields of five sets no others had .5."""
AT_ONCE = 1000
"""Thumbnails that are compared with all at a time."""
MOST_NAMED = 5
_NO_RED_CELLS = {str(name): str(name) for name in (CellClass.WHITE_CELL, CellClass.PLATELET, CellClass.OTHER)}


def problems(own: OwnFields, found: ReadFields) -> list[str]:
    """One line for each kind of problem, with the number of items, an example and the remedy."""
    return [
        *_leaks(own, found),
        *_pictures_twice(found),
        *_marked_twice(found.fields),
    ]


def classes_of(fields: Sequence[LabelledField]) -> list[tuple[str, int, int]]:
    """Class, number of objects and of fields that have one, by name."""
    objects: Counter[str] = Counter(one.label for field in fields for one in field.objects)
    shown: Counter[str] = Counter(name for field in fields for name in {one.label for one in field.objects})
    return [(name, objects[name], shown[name]) for name in sorted(objects)]


def _leaks(own: OwnFields, found: ReadFields) -> Iterator[str]:
    parts: dict[str, Counter[str]] = defaultdict(Counter)
    for field in found.fields:
        if part := part_of(found.images[field.name].relative_to(own.folder)):
            parts[field.slide][part] += 1
    leaking = {slide: counts for slide, counts in parts.items() if slide and len(counts) > 1}
    if leaking:
        slide, counts = next(iter(leaking.items()))
        where = ", ".join(f"{number} in {part}" for part, number in sorted(counts.items()))
        yield (
            f"{len(leaking)} slides or patients have fields in several parts, such as {slide} ({where}); "
            "keep each in one part"
        )


def _pictures_twice(found: ReadFields) -> Iterator[str]:
    names = [field.name for field in found.fields]
    slide = {field.name: field.slide for field in found.fields}
    pairs = [
        (names[one], names[other]) for one, other in same_pictures([found.images[name] for name in names])
    ]
    within = [pair for pair in pairs if slide[pair[0]] == slide[pair[1]]]
    across = [pair for pair in pairs if slide[pair[0]] != slide[pair[1]]]
    for of_pairs, where, remedy in (
        (within, "of one slide", "keep one of each"),
        (across, "of two slides, which a split may part,", "keep one of each, or make the slides one"),
    ):
        if of_pairs:
            named = "; ".join(f"{one} and {other}" for one, other in of_pairs[:MOST_NAMED])
            more = ", …" if len(of_pairs) > MOST_NAMED else ""
            yield f"{len(of_pairs)} pairs of fields {where} show nearly the same ({named}{more}); {remedy}"


def _marked_twice(fields: Sequence[LabelledField]) -> Iterator[str]:
    doubles = {field.name: number for field in fields if (number := marked_twice(field))}
    if doubles:
        name, number = max(doubles.items(), key=lambda each: each[1])
        yield (
            f"{sum(doubles.values())} objects are marked twice on {len(doubles)} fields, most on {name} "
            f"({number}); remove one mark of each"
        )


def marked_twice(field: LabelledField) -> int:
    """How many marks are of an object that an earlier one marks already; see `double_marks`."""
    boxes = np.array([(one.x, one.y, one.width, one.height) for one in field.objects], np.float32)
    kinds = np.array([_NO_RED_CELLS.get(one.label, "") for one in field.objects])
    return len(np.unique(double_marks(boxes.reshape(-1, 4), kinds)[:, 1]))


def same_pictures(paths: Sequence[Path]) -> list[tuple[int, int]]:
    """Pairs of images, by their places, that are copies of one picture, however compressed, resized or lit.

    Photographs that share a part of the smear only are not found (`core.overlap` finds those of a slide).
    """
    if len(paths) < 2:
        return []
    thumbnails = np.stack([_thumbnail(path) for path in paths])
    pairs = []
    for start in range(0, len(paths), AT_ONCE):
        alike = thumbnails[start : start + AT_ONCE] @ thumbnails.T
        for one, other in np.argwhere(alike >= SAME_PICTURE).tolist():
            if start + one < other:
                pairs.append((start + one, other))
    return pairs


def _thumbnail(path: Path) -> NDArray[np.float32]:
    """Grey levels of a small square of the picture, without light that changes slowly; of length 1.

    Of length 0 where it shows nothing: less than a grey level on average is rounding.
    """
    grey = cv2.cvtColor(read_rgb(path), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (THUMBNAIL_PX, THUMBNAIL_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    detail = (small - cv2.GaussianBlur(small, (0, 0), THUMBNAIL_PX / 8)).ravel()
    length = float(np.linalg.norm(detail))
    return np.asarray(detail / length if length > THUMBNAIL_PX else np.zeros_like(detail), np.float32)
