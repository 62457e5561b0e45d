"""What a worker does with a slide: measure its reference once, then score one field after another."""

import hashlib
import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path

from core.cells.blank import is_bare
from core.cells.reference import SlideReference, slide_reference
from core.cells.scored_field import ScoringModels, score_image
from core.errors import SmearscopeError, UnreadableImageError
from core.files import shown_path
from core.scoring.field_pictures import FieldPictures
from core.scoring.ledger_table import LedgerEntry
from core.slides import Field, Slide, content_hash, open_slide

REFERENCE_FIELDS = 48
"""Most fields looked at for a slide's reference, spread over it; few are needed where they show cells. Those
that show nothing are not among them: of a scan nearly all may be bare glass."""


class SlideNotHereError(SmearscopeError):
    """A slide that the worker's machine does not have, or has no more: no fault of its images."""


@dataclass(frozen=True)
class SlideInWork:
    """What all tasks of a slide share. Workers open the slide themselves, once: it may list many fields.

    Attributes
    ----------
    path, name
        As for `core.slides.open_slide`; absolute, as a worker may stand in another folder.
    state
        Another value where any of the slide's files has changed: then it is opened anew.
    reference
        None for the task that measures it.
    um_per_pixel
        As given by the user; None leaves it to the files and the image itself.
    pictures
        What else is made of fields while they are decoded; None makes nothing.
    files
        Names of those of the folder's files that are opened; None opens all.
    """

    path: Path
    name: str
    state: str
    reference: SlideReference | None
    um_per_pixel: float | None
    pictures: FieldPictures | None = None
    files: tuple[str, ...] | None = None


@dataclass(frozen=True)
class FieldTask:
    """One field to score, and what share of its objects is looked at again.

    `source` and `generation` go into its record as they are.
    """

    slide: SlideInWork
    name: str
    source: str
    generation: int
    seen_share: float


def slide_in_work(
    slide: Slide, states: dict[str, str], um_per_pixel: float | None, pictures: FieldPictures | None = None
) -> SlideInWork:
    """What workers need of a slide that `core.slides.open_slide` gave, its files in these states."""
    state = hashlib.blake2b(json.dumps(states).encode(), digest_size=16).hexdigest()
    return SlideInWork(slide.path.absolute(), slide.name, state, None, um_per_pixel, pictures)


def score_field(models: ScoringModels, task: FieldTask) -> LedgerEntry:
    """Decode a field and score its cells; one that cannot be read is an entry with the reason."""
    try:
        field = read_field(task.slide, task.name)
    except UnreadableImageError as error:
        return LedgerEntry(task.name, task.source, task.generation, None, str(error))
    reference, pictures = task.slide.reference, task.slide.pictures
    if reference is None:
        why = "it could not be read when its slide was measured: score the slide again"
        return LedgerEntry(task.name, task.source, task.generation, None, why)
    scored = score_image(models, field, reference, task.seen_share)
    if pictures is not None:
        pictures.of_field(field.image, scored.content_hash)
    return LedgerEntry(task.name, task.source, task.generation, scored)


def measure_reference(
    models: ScoringModels, task: tuple[SlideInWork, Sequence[str]]
) -> SlideReference | None:
    """Measure the slide's own reference on its readable fields; None where no field can be read."""
    slide, names = task
    fields = _readable_fields(slide, names)
    first = next(fields, None)
    if first is None:
        return None
    return slide_reference(
        chain([first], fields),
        models.detector,
        models.classifier,
        models.second_look,
        slide.um_per_pixel,
    )


def read_field(slide: SlideInWork, name: str) -> Field:
    """Decode a field in a worker.

    Raises
    ------
    UnreadableImageError
        Where the image is damaged, or gone.
    SlideNotHereError
        Where this machine does not have the slide.
    """
    try:
        return _opened(slide.path, slide.name, slide.state, slide.files).read_field(name)
    except UnreadableImageError as error:
        if slide.path.exists():
            raise
        raise _not_here(slide.path) from error
    except KeyError as error:
        # Taken away since the slide was listed, or not copied to this machine.
        raise UnreadableImageError(f"{shown_path(slide.path / name)} is not there any more") from error


def read_as_scored(slide: SlideInWork, name: str, pixels_hash: str) -> Field:
    """Decode a field that was scored; raises `UnreadableImageError`, also where it is another one by now."""
    field = read_field(slide, name)
    if content_hash(field.image) != pixels_hash:
        raise UnreadableImageError(
            f"{shown_path(name)} was changed while its slide was scored: score it again"
        )
    return field


def spread_order(count: int) -> list[int]:
    """0 to count - 1 in an order whose every beginning is spread over the whole range.

    Bit-reversed counting: of 8, 0 4 2 6 1 5 3 7.
    """
    bits = max(1, count - 1).bit_length()
    reversed_bits = (int(f"{number:0{bits}b}"[::-1], 2) for number in range(2**bits))
    return [number for number in reversed_bits if number < count]


def _readable_fields(slide: SlideInWork, names: Sequence[str]) -> Iterator[Field]:
    readable = 0
    for index in spread_order(len(names)):
        try:
            field = read_field(slide, names[index])
        except UnreadableImageError:
            continue  # it is recorded when its turn to be scored comes
        yield field
        readable += not is_bare(field)
        if readable == REFERENCE_FIELDS:
            return


def _not_here(path: Path) -> SlideNotHereError:
    return SlideNotHereError(
        f"{shown_path(path)} is not there on {platform.node()}: each worker must find the slides under the "
        "same path"
    )


@lru_cache(maxsize=1)
def _opened(path: Path, name: str, state: str, files: tuple[str, ...] | None) -> Slide:
    return open_slide(path, name=name, files=files)
