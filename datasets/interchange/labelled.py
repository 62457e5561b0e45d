"""Labelled fields: the one form between our results and stored readings, and the files of other programs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

NO_MORE: Mapping[str, str] = MappingProxyType({})


class AnnotationFormat(StrEnum):
    """A format of annotations that other programs read and write; see docs/INTERCHANGE.md."""

    COCO = "coco"
    VOC = "voc"
    YOLO = "yolo"
    CVAT = "cvat"
    LABEL_STUDIO = "label_studio"
    GEOJSON = "geojson"


class CellClass(StrEnum):
    """What an object is called; a file of another program may have names of its own for them."""

    INFECTED = "infected"
    HEALTHY = "healthy"
    UNSURE = "unsure"
    """Somebody looked and could not tell, or readers differ."""
    UNREAD = "red_cell"
    """A red cell of which nobody has said whether it is infected."""
    WHITE_CELL = "white_cell"
    PLATELET = "platelet"
    OTHER = "not_a_red_cell"


@dataclass(frozen=True, slots=True)
class Said:
    """What one person called an object.

    Attributes
    ----------
    who, role
        The name; what the person was of the slide (`core.store.calls.Role`), empty where that is not known.
    call, reason, stage, species
        Words of `core.store.calls`; empty where nothing was said of it.
    at
        When, in ISO 8601; empty where that is not known.
    """

    who: str
    call: str
    role: str = ""
    reason: str = ""
    stage: str = ""
    species: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class LabelledObject:
    """An object on a field.

    Attributes
    ----------
    x, y, width, height
        Pixels of the field's image; x, y of the top-left corner, 0, 0 the outer corner of the first pixel.
    label
        What it is called in the end: a `CellClass`, or a name of the file that it was read from.
    stage
        Of its parasite; empty where there is none or nobody said.
    score, rank
        Of the machine: infected score in [0, 1], and place in the slide's list from 1 on; None without one.
    why_not
        Why it is no examined red cell, in the words of `core.cells.located.WhyNot`; empty where it is one.
    said
        Who called it what, in the order of the roles.
    more
        What else a file says of it, by the file's own names; kept so that a round trip loses nothing.
    """

    x: float
    y: float
    width: float
    height: float
    label: str
    stage: str = ""
    score: float | None = None
    rank: int | None = None
    why_not: str = ""
    said: tuple[Said, ...] = ()
    more: Mapping[str, str] = field(default_factory=lambda: NO_MORE)


@dataclass(frozen=True)
class LabelledField:
    """An image with its objects.

    Attributes
    ----------
    name
        Its file as the annotations name it, with folders, separated by ``/``.
    width_px, height_px
        Of the image.
    slide
        Which slide or patient it is of; empty where that is not known.
    all_marked
        Whether every red cell of it is marked; where not, an unmarked cell is unknown, not healthy.
    shapes_lost
        Number of shapes of the file that are no boxes and have no object here: what they mark is unmarked.
    """

    name: str
    width_px: int
    height_px: int
    objects: tuple[LabelledObject, ...]
    slide: str = ""
    all_marked: bool = True
    shapes_lost: int = 0


@dataclass(frozen=True)
class Labelled:
    """What a file of another program holds.

    Attributes
    ----------
    not_taken_over
        Number of things of the file that a `LabelledField` has no place for, by what they are.
    """

    fields: tuple[LabelledField, ...]
    not_taken_over: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
