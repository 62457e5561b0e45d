"""Each place of a slide once, however many of its photographs show it."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.cells.located import WhyNot
from core.overlap import (
    APART,
    IMPLIED_EACH,
    Overlap,
    Pattern,
    PlacedObjects,
    Placement,
    SharedObjects,
    implied_pairs,
    is_lattice,
    objects_agree,
    overlaps,
    pairs_in_order,
    place_of_each,
    shared_objects,
)
from core.results.tables import NUMBER_OF_REASON, CellRows
from core.scoring.overlap_pictures import DoubtfulOverlap, NeighbouringFields
from core.scoring.survey import FieldsOverlap, Survey, SurveyedField
from core.slides import is_region

_NO_POINT = (WhyNot.EDGE, WhyNot.COVERED, WhyNot.DUPLICATE, WhyNot.NOT_A_RED_CELL)
"""What is no point of a pattern: where its middle is cannot be told, or another picture may not show it."""
_NO_PLACE = (WhyNot.COVERED, WhyNot.DUPLICATE)
"""What lies on the picture and not on the slide, or is looked at elsewhere anyhow."""
ONE_SCALE = 0.25
"""Logarithm of the width of one field's cells over another's, either way, up to which its pixels are taken
to be as large: cells differ by .15 between the thick and the thin of a smear, lenses by .4 and more."""


@dataclass(frozen=True, eq=False)
class _Photographs:
    """The fields of a slide, what their cells are as points, and how wide these are, in pixels.

    `objects` are those that have a place on the slide, the i-th of a field in row `rows[field][i]` of the
    slide's table.
    """

    fields: Sequence[SurveyedField]
    patterns: Sequence[Pattern]
    widths_px: Sequence[float]
    objects: Sequence[PlacedObjects]
    rows: Sequence[NDArray[np.int64]]

    def in_row(self) -> list[int]:
        """Those, by their positions, that count and show cells."""
        return [
            number
            for number, (field, pattern) in enumerate(zip(self.fields, self.patterns, strict=True))
            if len(pattern.points) and not field.why_excluded and not is_lattice(pattern.points)
        ]

    def of_one_scale(self, first: int, second: int) -> bool:
        """Whether the pixels of both may be of one size."""
        return abs(math.log(self.widths_px[first] / self.widths_px[second])) < ONE_SCALE

    def shared(self, overlap: Overlap) -> SharedObjects:
        """The objects that two photographs share, by their rows in the slide's table."""
        first, second = overlap.first, overlap.second
        pairs = shared_objects(overlap, self.objects[first].centres, self.objects[second].centres)
        return replace(pairs, first=self.rows[first][pairs.first], second=self.rows[second][pairs.second])

    def agree(self, overlap: Overlap) -> bool:
        """Whether the objects bear out an overlap that the pictures alone show."""
        return objects_agree(overlap, self.objects[overlap.first], self.objects[overlap.second])

    def doubtful(self, overlap: Overlap) -> DoubtfulOverlap:
        first, second = overlap.first, overlap.second
        widths_px = self.widths_px[first], self.widths_px[second]
        return DoubtfulOverlap(self.fields[first], self.fields[second], overlap.placement, widths_px)

    def neighbours(self, first: int, second: int) -> NeighbouringFields:
        widths_px = self.widths_px[first], self.widths_px[second]
        return NeighbouringFields(self.fields[first], self.fields[second], widths_px)


def each_place_once(
    survey: Survey,
    generation: Mapping[str, int],
    same_pictures: Callable[[Sequence[DoubtfulOverlap]], Sequence[bool]],
    laid_on_each_other: Callable[[Sequence[NeighbouringFields]], Sequence[Placement | None]],
) -> Survey:
    """Find photographs that overlap, and let each object count, and be looked at, on one of them alone.

    That is one on which it counts, before one on which it does not; then one on which the border does not
    cut it; then one of the earlier lot of fields, so that what has been read stays unless a field added later
    shows it better; then the sharpest. On the others it is `WhyNot.SEEN_ELSEWHERE`; what the second look saw
    of it there alone goes to where it stays. A photograph on which nothing is left that counts is left out as
    a field. Regions of one large image are not compared: each object of theirs has its region already.

    Parameters
    ----------
    generation
        Lot of fields that each field came with, by name (`core.scoring.ledger.Ledger.generation`).
    same_pictures
        Decides where few cells speak for an overlap: `core.scoring.overlap_pictures.by_pictures`.
    laid_on_each_other
        Finds strips by the pictures alone: `core.scoring.overlap_pictures.by_borders`.
    """
    cells = survey.located
    compared = np.array([not is_region(field.name) for field in survey.fields], bool)
    if not compared.any():
        return survey
    bounds = np.searchsorted(cells.field, np.arange(len(survey.fields) + 1))
    like_cells = ~np.isin(cells.why_not, _numbers(_NO_POINT))
    widths = _cell_widths(cells, like_cells, bounds)
    centres = (cells.boxes[:, 0] + cells.boxes[:, 2] / 2) + 1j * (cells.boxes[:, 1] + cells.boxes[:, 3] / 2)
    points = centres.astype(np.complex128) / widths[cells.field]
    usable = like_cells & compared[cells.field]
    patterns = [
        Pattern(points[begin:end][usable[begin:end]], field.width / width, field.height / width)
        for field, begin, end, width in zip(survey.fields, bounds, bounds[1:], widths, strict=False)
    ]
    placed = ~np.isin(cells.why_not, _numbers(_NO_PLACE))
    rows = [begin + np.flatnonzero(placed[begin:end]) for begin, end in pairwise(bounds)]
    objects = [
        PlacedObjects(points[of_field], cells.evaluable[of_field], pattern)
        for of_field, pattern in zip(rows, patterns, strict=True)
    ]
    photographs = _Photographs(survey.fields, patterns, widths.tolist(), objects, rows)
    found = _all_overlaps(photographs, same_pictures, laid_on_each_other)
    if not found:
        return survey
    shared = [photographs.shared(overlap) for overlap in found]
    place = place_of_each(cells.field, shared)
    seen_elsewhere = _not_the_best(survey, generation, place)
    return replace(
        _counted_once(_lent(survey, place), seen_elsewhere),
        overlaps=tuple(
            FieldsOverlap(survey.fields[overlap.first].name, survey.fields[overlap.second].name, len(pairs))
            for overlap, pairs in zip(found, shared, strict=True)
        ),
    )


def _all_overlaps(
    photographs: _Photographs,
    same_pictures: Callable[[Sequence[DoubtfulOverlap]], Sequence[bool]],
    laid_on_each_other: Callable[[Sequence[NeighbouringFields]], Sequence[Placement | None]],
) -> list[Overlap]:
    """What the cells tell, then what the pictures show of those in a row and of neighbours that follow.

    A slide on which no photograph overlaps the next one was taken without overlaps, and no further pairs of
    it are looked at: three times as many would make a run a fifth longer.
    """
    found = overlaps(
        photographs.patterns, lambda doubtful: same_pictures([photographs.doubtful(one) for one in doubtful])
    )
    in_row = photographs.in_row()
    may_be = set(in_row)

    def may_share(pair: tuple[int, int]) -> bool:
        return may_be.issuperset(pair) and photographs.of_one_scale(*pair)

    tried = {(overlap.first, overlap.second) for overlap in found}
    pairs, further = (
        [(in_row[first], in_row[second]) for first, second in pairs_in_order(len(in_row), apart)]
        for apart in (1, APART)
    )
    room = IMPLIED_EACH * len(in_row)
    while pairs:
        new = [pair for pair in pairs if pair not in tried and may_share(pair)]
        tried.update(pairs)
        placements = laid_on_each_other([photographs.neighbours(*pair) for pair in new])
        laid = [
            Overlap(*pair, placement)
            for pair, placement in zip(new, placements, strict=True)
            if placement is not None
        ]
        found += [overlap for overlap in laid if photographs.agree(overlap)]
        implied = [*filter(may_share, implied_pairs(found, photographs.patterns, tried))][:room]
        room -= len(implied)
        pairs = sorted({*further, *implied} - tried) if found else []
        further = []
    return sorted(found, key=lambda overlap: (overlap.first, overlap.second))


def _numbers(reasons: tuple[WhyNot, ...]) -> list[int]:
    return [NUMBER_OF_REASON[reason] for reason in reasons]


def _cell_widths(
    cells: CellRows, like_cells: NDArray[np.bool_], bounds: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(F,) median width of the cells on each field, in its pixels; 1 where it shows none."""
    sides = np.sqrt(cells.boxes[:, 2].astype(np.float64) * cells.boxes[:, 3])
    return np.array(
        [
            np.median(sides[begin:end][chosen]) if (chosen := like_cells[begin:end]).any() else 1.0
            for begin, end in pairwise(bounds)
        ]
    )


def _not_the_best(
    survey: Survey, generation: Mapping[str, int], place: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """(N,) which objects another one at their place is to be preferred to."""
    cells = survey.located
    lot = np.array([generation[field.name] for field in survey.fields])
    blur = np.array([np.inf if field.quality is None else field.quality.edge_blur for field in survey.fields])
    cut = cells.why_not == NUMBER_OF_REASON[WhyNot.EDGE]
    unsharp = np.nan_to_num(blur, nan=np.inf)[cells.field]
    order = np.lexsort((unsharp, lot[cells.field], cut, ~cells.evaluable, place))  # the last key weighs most
    worse = np.ones(len(cells), bool)
    worse[order[np.flatnonzero(np.diff(place[order], prepend=-1))]] = False
    return worse


def _lent(survey: Survey, place: NDArray[np.int64]) -> Survey:
    """The survey with what the second look says of a place given to all objects there that it has not seen.

    It sees the first of each field: on one of two photographs others may have kept a parasite out of them.
    """
    again, score = survey.located.seen_again, survey.located.second_score
    from_highest = again[np.lexsort((-score[again], place[again]))]
    lent_at, first = np.unique(place[from_highest], return_index=True)
    lender = np.full(place.max(initial=-1) + 1, -1)
    lender[lent_at] = from_highest[first]
    of_whom = np.where(np.isnan(score), lender[place], np.arange(len(place)))
    known = of_whom >= 0
    row = np.zeros(len(place), np.intp)
    row[again] = np.arange(len(again))
    second_score = np.where(known, score[of_whom], np.float32(np.nan))
    return replace(
        survey,
        located=replace(survey.located, second_score=second_score),
        second_features=survey.second_features[row[of_whom[known]]],
    )


def _counted_once(survey: Survey, seen_elsewhere: NDArray[np.bool_]) -> Survey:
    """The survey without the objects that are counted on another field."""
    cells = survey.located
    reason = np.where(seen_elsewhere, NUMBER_OF_REASON[WhyNot.SEEN_ELSEWHERE], cells.why_not)
    before = np.bincount(cells.field[cells.evaluable], minlength=len(survey.fields))
    once = CellRows(
        field=cells.field,
        boxes=cells.boxes,
        detection_score=cells.detection_score,
        infected_score=np.where(seen_elsewhere, np.float32(np.nan), cells.infected_score),
        second_score=np.where(seen_elsewhere, np.float32(np.nan), cells.second_score),
        why_not=reason.astype(np.uint8),
    )
    left = np.bincount(once.field[once.evaluable], minlength=len(survey.fields))
    return replace(
        survey,
        fields=tuple(
            _left_out(field) if had and not has else field
            for field, had, has in zip(survey.fields, before.tolist(), left.tolist(), strict=True)
        ),
        located=once,
        second_features=survey.second_features[~seen_elsewhere[cells.seen_again]],
    )


def _left_out(field: SurveyedField) -> SurveyedField:
    return replace(field, why_excluded=str(WhyNot.SEEN_ELSEWHERE), why_not=WhyNot.SEEN_ELSEWHERE)
