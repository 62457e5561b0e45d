"""Annotated smear fields: the one sample type of all sets, and what the readers of their layouts share."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import numpy as np
from numpy.typing import NDArray

from core.cells.boxes import overlapping_pairs
from core.cells.detection import ObjectKind
from core.errors import SmearscopeError
from core.slides.field import Field, Rectangle

STAGES = ("ring", "trophozoite", "schizont", "gametocyte")
DOUBLE_MARK = 0.5
"""Two marks of one kind that overlap more than this (intersection over union) are one object."""


class AnnotationError(SmearscopeError):
    """An annotated set that does not follow its published layout."""


@dataclass(frozen=True)
class Mark:
    """An object as a set marks it.

    Attributes
    ----------
    x, y, width, height
        Pixels; x, y of the top-left corner. Where a set gives only centres, width and height are NaN and
        x, y are the centre.
    stage
        Of its parasite, one of `STAGES`; empty where there is none or the set does not say.
    """

    kind: ObjectKind
    x: float
    y: float
    width: float
    height: float
    infected: bool = False
    stage: str = ""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """x, y, width, height."""
        return self.x, self.y, self.width, self.height


def _no_boxes() -> NDArray[np.float32]:
    return np.empty((0, 4), np.float32)


@dataclass(frozen=True)
class AnnotatedField:
    """A field image with the objects marked on it.

    Attributes
    ----------
    path, source
        The image file; the name of the set.
    boxes
        (N, 4) float32: x, y of the top-left corner, width, height, pixels. Where the set gives only
        centres, width and height are NaN and x, y are the centre.
    kind
        (N,) uint8, values of `core.cells.detection.ObjectKind`.
    infected
        (N,) bool; False throughout in a malaria-free set.
    stage
        (N,) names of the parasite stage; empty where there is none or it is not known.
    kinds_marked
        What the annotators marked at all: absence says nothing about the other kinds.
    slide
        Which slide or patient of the set it belongs to; empty where the whole set is one.
    unsure
        (U, 4) boxes of objects of which nobody could tell whether they are infected.
    not_red_cells
        (O, 4) boxes of what was looked at and is neither a whole red cell nor a parasite.
    all_marked
        Whether every object of `kinds_marked` is marked; where not, an unmarked cell is unknown, not healthy.
    """

    path: Path
    source: str
    boxes: NDArray[np.float32]
    kind: NDArray[np.uint8]
    infected: NDArray[np.bool_]
    stage: tuple[str, ...]
    kinds_marked: frozenset[ObjectKind]
    slide: str = ""
    unsure: NDArray[np.float32] = field(default_factory=_no_boxes)
    not_red_cells: NDArray[np.float32] = field(default_factory=_no_boxes)
    all_marked: bool = True

    @property
    def group(self) -> str:
        """What no split may cut through: its slide or patient; its own name where the whole set is one."""
        return self.slide or self.path.stem

    def image(self) -> NDArray[np.uint8]:
        """Decode the image to (H, W, 3) RGB."""
        return read_rgb(self.path)

    def as_scored(self) -> Field:
        """The decoded field as scoring takes one: without a scale, all of it its own."""
        image = self.image()
        height, width = image.shape[:2]
        return Field(self.path.stem, image, None, 0, 0, Rectangle(0, 0, width, height))

    @property
    def centres(self) -> NDArray[np.float32]:
        """(N, 2) x, y of the objects' centres."""
        return np.asarray(self.boxes[:, :2] + np.nan_to_num(self.boxes[:, 2:]) / 2, np.float32)


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """Decode a training image; raises `AnnotationError` naming the file."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if image is None:
        raise AnnotationError(f"{path}: cannot be decoded; replace the file or remove its annotation")
    return np.asarray(image, np.uint8)


def annotated_field(
    path: Path,
    source: str,
    marks: Sequence[Mark],
    kinds_marked: frozenset[ObjectKind],
    *,
    slide: str = "",
    unsure: Sequence[Mark] = (),
    not_red_cells: Sequence[Mark] = (),
    all_marked: bool = True,
) -> AnnotatedField:
    """A field of a set from its marks, each object once."""
    marks = _each_once(marks)
    return AnnotatedField(
        path=path,
        source=source,
        slide=slide,
        boxes=_boxes(marks),
        kind=np.array([mark.kind for mark in marks], np.uint8),
        infected=np.array([mark.infected for mark in marks], bool),
        stage=tuple(mark.stage for mark in marks),
        kinds_marked=kinds_marked,
        unsure=_boxes(unsure),
        not_red_cells=_boxes(not_red_cells),
        all_marked=all_marked,
    )


def _boxes(marks: Sequence[Mark]) -> NDArray[np.float32]:
    return np.array([mark.box for mark in marks], np.float32).reshape(-1, 4)


def double_marks(boxes: NDArray[np.float32], kinds: NDArray[Any]) -> NDArray[np.int64]:
    """Pairs of marks of one object.

    Parameters
    ----------
    boxes, kinds
        (N, 4) and (N,) of marks.

    Returns
    -------
    (P, 2) places of two marks of one kind that share more than `DOUBLE_MARK`, the earlier one first; none of
    marks of which only the centre is given.
    """
    pairs = overlapping_pairs(boxes, DOUBLE_MARK)
    alike: NDArray[np.bool_] = kinds[pairs[:, 0]] == kinds[pairs[:, 1]]
    return pairs[alike]


def _each_once(marks: Sequence[Mark]) -> list[Mark]:
    """The marks less the second ones of objects marked twice; of two marks the infected one stays.

    In `iml_malaria` 27 cells carry two or three boxes, ten of them once as infected and once as healthy.
    """
    doubles: dict[int, set[int]] = defaultdict(set)
    for one, other in double_marks(_boxes(marks), np.array([mark.kind for mark in marks])).tolist():
        doubles[one].add(other)
        doubles[other].add(one)
    kept: set[int] = set()
    for index in sorted(range(len(marks)), key=lambda index: not marks[index].infected):
        if kept.isdisjoint(doubles.get(index, ())):
            kept.add(index)
    return [marks[index] for index in sorted(kept)]


def files_of(folder: Path, pattern: str) -> list[Path]:
    """The files that a set must have, in order; `AnnotationError` where there are none."""
    found = sorted(folder.glob(pattern))
    if not found:
        raise AnnotationError(f"{folder}: no {pattern} here; give the folder that the set unpacks to")
    return found


@contextmanager
def reading(path: Path, where: str) -> Iterator[None]:
    """Name the file and the place in it of whatever does not follow the layout."""
    try:
        yield
    except KeyError as error:
        raise AnnotationError(f"{path}: {where}: no {error}; unpack the set anew") from error
    except (TypeError, ValueError, csv.Error, ElementTree.ParseError) as error:
        raise AnnotationError(f"{path}: {where}: {error}; unpack the set anew") from error


def numbered_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Number, from 1, and words of the lines that are not blank."""
    with reading(path, "the file"):
        text = path.read_text(encoding="utf-8")
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line.split()


def kind_named(name: str | None, kinds: Mapping[str, ObjectKind]) -> ObjectKind:
    """What a set's name of a kind stands for; `ValueError` where it is none of them."""
    if name is None or name not in kinds:
        raise ValueError(f"{name!r} is none of {', '.join(kinds)}")
    return kinds[name]


def rows_of(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a table of a set; `AnnotationError` where it or one of its columns is missing."""
    if not path.is_file():
        raise AnnotationError(f"{path}: missing; give the folder that the set unpacks to")
    with reading(path, "the file"), path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows, start=2):
        if absent := [name for name in columns if row.get(name) is None]:
            raise AnnotationError(f"{path}: line {number}: no {', '.join(absent)}; unpack the set anew")
    return rows
