"""Fields read once more, by workers, to see whether they show one place of the slide."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from core.cells.lit_area import lit_area
from core.cells.scored_field import ScoringModels
from core.errors import UnreadableImageError
from core.overlap import SAME_PICTURE, GreyPicture, Placement, correlation, in_grey, on_each_other
from core.scoring.field_tasks import SlideInWork, read_as_scored
from core.scoring.survey import SurveyedField
from core.scoring.workers import Workers

PAIRS_AT_ONCE = 16
"""Pairs in a row that a worker is given: of few photographs, too, each worker has some."""
PICTURES_HELD = 32
"""Fields that it keeps meanwhile, in grey and small: 32 MB."""


@dataclass(frozen=True)
class DoubtfulOverlap:
    """Two fields of which few cells say that they overlap, and how.

    Attributes
    ----------
    first, second
        The fields, as they were scored.
    placement
        How one may lie on the other.
    widths_px
        Width of a cell on each.
    """

    first: SurveyedField
    second: SurveyedField
    placement: Placement
    widths_px: tuple[float, float]


@dataclass(frozen=True)
class NeighbouringFields:
    """Two fields that may share a strip; attributes as `DoubtfulOverlap` has them."""

    first: SurveyedField
    second: SurveyedField
    widths_px: tuple[float, float]


def by_pictures(
    workers: Workers[ScoringModels],
    slide: SlideInWork,
    remark: Callable[[str], None],
    doubtful: Sequence[DoubtfulOverlap],
) -> list[bool]:
    """Which of them are true, by what their pictures show.

    A field that cannot be read any more shows none; `remark` is told.
    """
    numbered = [(slide, number, overlap) for number, overlap in enumerate(doubtful)]
    compared = sorted(outcome for _, outcome in workers.map(_compared, numbered))
    _tell({why for _, _, why in compared if why}, remark)
    return [same for _, same, _ in compared]


def _compared(_: ScoringModels, task: tuple[SlideInWork, int, DoubtfulOverlap]) -> tuple[int, bool, str]:
    slide, number, doubtful = task
    try:
        first, second = (
            read_as_scored(slide, field.name, field.content_hash).image
            for field in (doubtful.first, doubtful.second)
        )
    except UnreadableImageError as error:
        return number, False, str(error)
    return number, correlation(first, second, doubtful.placement, doubtful.widths_px) >= SAME_PICTURE, ""


def _tell(unreadable: Collection[str], remark: Callable[[str], None]) -> None:
    for why in sorted(unreadable):
        remark(f"{why}; overlaps that only its picture would show are not found")


def by_borders(
    workers: Workers[ScoringModels],
    slide: SlideInWork,
    remark: Callable[[str], None],
    pairs: Sequence[NeighbouringFields],
) -> list[Placement | None]:
    """How the first of each pair lies on the second, None where they share no strip.

    A field that cannot be read any more shares none; `remark` is told.
    """
    begins = range(0, len(pairs), PAIRS_AT_ONCE)
    tasks = [(slide, begin, pairs[begin : begin + PAIRS_AT_ONCE]) for begin in begins]
    placed: dict[int, list[Placement | None]] = {}
    unreadable: set[str] = set()
    for _, (begin, placements, why) in workers.map(_laid, tasks):
        placed[begin] = placements
        unreadable |= why
    _tell(unreadable, remark)
    return [placement for begin in begins for placement in placed[begin]]


def _laid(
    _: ScoringModels, task: tuple[SlideInWork, int, Sequence[NeighbouringFields]]
) -> tuple[int, list[Placement | None], set[str]]:
    slide, begin, pairs = task
    in_grey_once = lru_cache(PICTURES_HELD)(partial(_in_grey, slide))
    placements: list[Placement | None] = []
    unreadable: set[str] = set()
    for pair in pairs:
        first, second = in_grey_once(pair.first), in_grey_once(pair.second)
        unreadable.update(picture for picture in (first, second) if isinstance(picture, str))
        if isinstance(first, str) or isinstance(second, str):
            placements.append(None)
        else:
            placements.append(on_each_other(first, second, pair.widths_px))
    return begin, placements, unreadable


def _in_grey(slide: SlideInWork, field: SurveyedField) -> GreyPicture | str:
    """The field, or why it cannot be read."""
    try:
        image = read_as_scored(slide, field.name, field.content_hash).image
    except UnreadableImageError as error:
        return str(error)
    height, width = image.shape[:2]
    captions = () if slide.reference is None else slide.reference.burned_in.on_field(width, height)
    return in_grey(lit_area(image).painted_over(image), captions)
