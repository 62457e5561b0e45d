"""A slide's scored fields put together, once: which of them count, and all their objects as arrays."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.cells.located import WhyNot
from core.cells.quality import FieldQuality
from core.results.fields import FieldRow
from core.results.tables import NUMBER_OF_REASON, CellRows
from core.scoring.ledger import Ledger
from core.scoring.ledger_table import quality_from_json, rows_of_features
from core.slides import large_image_of

_COLUMNS = (
    *("name", "generation", "width", "height", "content_hash", "unreadable", "cells", "quality"),
    *("boxes", "detection_score", "infected_score", "second_score", "second_features", "why_not"),
)


@dataclass(frozen=True)
class SurveyedField:
    """A field, and whether its cells count.

    Attributes
    ----------
    name, width, height, content_hash, quality
        As `core.results.tables.FieldRow` has them.
    unreadable
        Why it could not be read; empty where it could.
    why_excluded
        Why none of its cells counts; empty where they do.
    why_not
        What its evaluable cells (of a duplicate, all its objects) are marked with where they do not count;
        empty where they do.
    """

    name: str
    width: int
    height: int
    content_hash: str
    quality: FieldQuality | None
    unreadable: str
    why_excluded: str
    why_not: WhyNot

    @property
    def reason(self) -> str:
        """`why_excluded` in a word or two, the same for all fields alike."""
        return str(self.why_not) or self.why_excluded.partition(":")[0]


@dataclass(frozen=True)
class FieldsOverlap:
    """Two fields that show a part of the slide both.

    Attributes
    ----------
    first, second
        Their names, in the order of the slide.
    objects
        Located objects that lie on both, whether they count or not.
    """

    first: str
    second: str
    objects: int


@dataclass(frozen=True, eq=False)
class Survey:
    """The fields of a slide in order, and all their located objects.

    Attributes
    ----------
    fields
        All fields, counted or not.
    located
        Their objects.
    second_features
        (K, D) float16, what the second look saw in those of `located.seen_again`.
    overlaps
        Fields that share a part of the slide; the objects there are marked on all of them but one.
    """

    fields: tuple[SurveyedField, ...]
    located: CellRows
    second_features: NDArray[np.float16]
    overlaps: tuple[FieldsOverlap, ...] = ()

    @property
    def counted(self) -> tuple[SurveyedField, ...]:
        """Fields whose cells count."""
        return tuple(field for field in self.fields if not field.why_excluded)

    @property
    def excluded(self) -> dict[str, int]:
        """Number of fields left out, by reason."""
        return dict(Counter(field.reason for field in self.fields if field.why_excluded))

    @property
    def failed(self) -> int:
        """Number of fields left out for their focus or stain."""
        return sum(field.why_not in (WhyNot.OUT_OF_FOCUS, WhyNot.WITHOUT_COLOUR) for field in self.fields)

    @property
    def failures(self) -> dict[WhyNot, list[FieldQuality]]:
        """The qualities of the fields left out for them, by reason."""
        passed = (WhyNot.EVALUABLE, WhyNot.DUPLICATE, WhyNot.SEEN_ELSEWHERE)
        failures: dict[WhyNot, list[FieldQuality]] = {}
        for field in self.fields:
            if field.quality is not None and field.why_not not in passed:
                failures.setdefault(field.why_not, []).append(field.quality)
        return failures

    def rows(self, review_budget: int, planes: Sequence[int]) -> tuple[FieldRow, ...]:
        """The table of the fields, with how much of the list within the budget lies on each.

        `planes` says of how many pictures each field is the sharpest.
        """
        cells = self.located
        elsewhere = cells.why_not == NUMBER_OF_REASON[WhyNot.SEEN_ELSEWHERE]
        located, evaluable, seen_elsewhere, listed = (
            np.bincount(cells.field[chosen], minlength=len(self.fields)).tolist()
            for chosen in (slice(None), cells.evaluable, elsewhere, cells.ranked[:review_budget])
        )
        overlapping: dict[str, list[str]] = defaultdict(list)
        for one in self.overlaps:
            overlapping[one.first].append(one.second)
            overlapping[one.second].append(one.first)
        return tuple(
            FieldRow(
                name=field.name,
                width=field.width,
                height=field.height,
                cells=located[number],
                evaluable_cells=evaluable[number],
                listed=listed[number],
                quality=field.quality,
                content_hash=field.content_hash,
                why_excluded=field.why_excluded,
                planes=planes[number],
                seen_elsewhere=seen_elsewhere[number],
                overlaps=tuple(overlapping[field.name]),
            )
            for number, field in enumerate(self.fields)
        )


def survey_slide(
    ledger: Ledger, names: Sequence[str], field_failure: Callable[[FieldQuality], WhyNot]
) -> Survey:
    """Decide which fields count, and put their objects together.

    Objects of a field that is left out for its quality are looked at all the same; those of a duplicate are
    looked at on the field that it repeats.

    Of several fields with the same pixels the one that counts is that of the earliest lot of fields, and of
    these the first in the order of `names`: the order in which workers finish has no part in it, and a field
    added later pushes none out. An image without cells cannot be counted twice, so it is never a duplicate.
    Nor are regions of one large image: each is known to lie in another place.

    Parameters
    ----------
    ledger
        Holds all of `names`.
    names
        The slide's fields in order.
    field_failure
        Gives the reason for which a whole field is left out for its quality; empty for a good one.
    """
    table = ledger.rows(names, _COLUMNS)
    plain = {name: table[name].to_pylist() for name in _COLUMNS[:8]}
    first = _first_of_each_content(plain)
    fields = tuple(
        _surveyed(dict(zip(plain, row, strict=True)), first, field_failure)
        for row in zip(*plain.values(), strict=True)
    )
    boxes, detection, infected, second, features, why_not = (
        table[name].combine_chunks().flatten() for name in _COLUMNS[8:]
    )
    field_index = np.repeat(np.arange(len(fields), dtype=np.int32), plain["cells"])
    own = np.array([NUMBER_OF_REASON[text] for text in why_not.to_pylist()], np.uint8)
    of_field = np.array([NUMBER_OF_REASON[field.why_not] for field in fields], np.uint8)[field_index]
    duplicate = NUMBER_OF_REASON[WhyNot.DUPLICATE]
    # As between the reasons of one object (`core.cells.located.find_cells`), being a duplicate weighs most.
    reason = np.where((own == 0) | (of_field == duplicate), of_field, own)
    second_score = second.to_numpy()
    seen = rows_of_features(features.to_numpy(), second_score)
    return Survey(
        fields,
        CellRows(
            field=field_index,
            boxes=boxes.to_numpy().reshape(-1, 4),
            detection_score=detection.to_numpy(),
            infected_score=np.where(reason == duplicate, np.float32(np.nan), infected.to_numpy()),
            second_score=np.where(reason == duplicate, np.float32(np.nan), second_score),
            why_not=reason,
        ),
        seen[reason[np.isfinite(second_score)] != duplicate],
    )


def _first_of_each_content(plain: dict[str, list[Any]]) -> dict[str, str]:
    """Name of the field that counts, for each hash of pixels."""
    first: dict[str, str] = {}
    # Stable: the order of names within a lot.
    for row in np.argsort(np.array(plain["generation"]), kind="stable"):
        if plain["cells"][row]:
            first.setdefault(plain["content_hash"][row], plain["name"][row])
    return first


def _of_one_large_image(first: str, second: str) -> bool:
    image = large_image_of(first)
    return image is not None and image == large_image_of(second)


def _surveyed(
    row: dict[str, Any], first: dict[str, str], field_failure: Callable[[FieldQuality], WhyNot]
) -> SurveyedField:
    name, quality = row["name"], quality_from_json(row["quality"])
    counted = first.get(row["content_hash"], name)
    if quality is None:
        why_excluded, why_not = f"unreadable: {row['unreadable']}", WhyNot.EVALUABLE
    elif counted != name and not _of_one_large_image(counted, name):
        why_excluded, why_not = f"duplicate of {counted}", WhyNot.DUPLICATE
    else:
        why_not = field_failure(quality)
        why_excluded = str(why_not)
    return SurveyedField(
        name=name,
        width=row["width"],
        height=row["height"],
        content_hash=row["content_hash"],
        quality=quality,
        unreadable=row["unreadable"],
        why_excluded=why_excluded,
        why_not=why_not,
    )
