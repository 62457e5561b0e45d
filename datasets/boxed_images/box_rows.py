"""Boxes as sets write them, one by one, and the images that they make up."""

import csv
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.files import as_it_was
from datasets.boxed_images.boxed_image import BoxedImage, BoxedImageError, Entry, Problem, size_of

IMAGE_SUFFIXES = frozenset({".jpeg", ".jpg", ".png"})
EDGES = ("x0", "y0", "x1", "y1")


@dataclass(frozen=True)
class BoxRow:
    """One box as written.

    Attributes
    ----------
    file, line
        Where it is written.
    image
        The image file that it is for.
    wnid
        Class of the object.
    values
        First column, first row, last column, last row; as text, which may be anything.
    size_px
        Width and height of the image that the box is for; None where the set does not say.
    ends_are_pixels
        Whether the last column and row are pixels of the object, so that equal ends are one pixel; else they
        are where it ends, and may be the image's width and height.
    """

    file: Path
    line: int
    image: Path
    wnid: str
    values: tuple[str, str, str, str]
    size_px: tuple[int, int] | None
    ends_are_pixels: bool = True

    def problem(self, fault: str, remedy: str) -> Problem:
        """Something wrong with this row."""
        return Problem(self.file, self.line, fault, remedy)


@dataclass(frozen=True)
class Classes:
    """Names of classes.

    Attributes
    ----------
    file
        Where they are listed.
    names
        Name by WordNet number; a class that is not here has its number for a name.
    lines
        Line of the list, by WordNet number, where the list has lines.
    all_have_images
        Whether the set has images of these classes and of no other.
    """

    file: Path
    names: dict[str, str]
    lines: dict[str, int] = field(default_factory=dict)
    all_have_images: bool = True

    def without_images(self, present: set[str]) -> Iterator[Problem]:
        """The classes that should have images and have none."""
        for wnid, name in self.names.items():
            if self.all_have_images and wnid not in present:
                fault = f"class {wnid} ({name}) has no image"
                yield Problem(self.file, self.lines.get(wnid), fault, "unpack the set anew")


def images_of(
    rows: Iterable[BoxRow | Problem], classes: Classes, all_images: Iterable[Path] = ()
) -> Iterator[Entry]:
    """Put the boxes of each image together.

    Parameters
    ----------
    rows
        The boxes in the order of the set, and what was found amiss on the way.
    classes
        Names of the classes.
    all_images
        Files that should each have a box.

    Yields
    ------
    What is wrong, then the images that nothing is wrong with, in the order in which they first occur.
    """
    boxes: dict[Path, list[list[int]]] = {}
    first: dict[Path, BoxRow] = {}
    sizes: dict[Path, tuple[int, int]] = {}
    faulty: set[Path] = set()
    for row in rows:
        if isinstance(row, Problem):
            yield row
            continue
        try:
            if row.image not in first:
                first[row.image] = row
                sizes[row.image] = _size(row)
            _check_class(row, first[row.image], classes)
            if row.image in sizes:
                boxes.setdefault(row.image, []).append(_box(row, *sizes[row.image]))
        except BoxedImageError as error:
            faulty.add(row.image)
            yield error.problem
    for image in all_images:
        if image not in first:
            yield Problem(
                image, None, "no box is given for it", f"add one to {classes.file.parent}, or remove it"
            )
    yield from classes.without_images({row.wnid for row in first.values()})
    for image, row in first.items():
        if image not in faulty:
            width_px, height_px = sizes[image]
            yield BoxedImage(
                path=image,
                wnid=row.wnid,
                name=classes.names.get(row.wnid, row.wnid),
                boxes=np.array(boxes[image], np.int64),
                height_px=height_px,
                width_px=width_px,
            )


def _size(row: BoxRow) -> tuple[int, int]:
    if not row.image.is_file():
        fault = f"{row.image} is missing"
        raise BoxedImageError(row.problem(fault, "put the image there or remove its boxes"))
    return row.size_px or size_of(row.image)


def _check_class(row: BoxRow, first: BoxRow, classes: Classes) -> None:
    if classes.all_have_images and row.wnid not in classes.names:
        raise BoxedImageError(row.problem(f"class {row.wnid!r} is not in the set", f"see {classes.file}"))
    if row.wnid != first.wnid:
        fault = f"{row.image.name} is {row.wnid} here and {first.wnid} in {first.file.name} line {first.line}"
        raise BoxedImageError(row.problem(fault, "correct one"))


def _box(row: BoxRow, width_px: int, height_px: int) -> list[int]:
    """First column, first row, last column, last row, in whole pixels."""
    written = f"box {', '.join(row.values)}"
    absent = [edge for edge, value in zip(EDGES, row.values, strict=True) if not value.strip()]
    if absent:
        raise BoxedImageError(row.problem(f"{written}: no {', '.join(absent)}", "give four numbers"))
    try:
        x0, y0, x1, y1 = (float(value) for value in row.values)
    except ValueError as error:
        raise BoxedImageError(row.problem(f"{written}: {error}", "give four numbers")) from error
    ordered = (x0 <= x1 and y0 <= y1) if row.ends_are_pixels else (x0 < x1 and y0 < y1)
    if not ordered:  # NaN too
        sign = "<=" if row.ends_are_pixels else "<"
        remedy = f"give x0 {sign} x1 and y0 {sign} y1"
        raise BoxedImageError(row.problem(f"{written} is empty or inverted", remedy))
    inside = x0 >= 0 and y0 >= 0 and x0 < width_px and y0 < height_px
    if row.ends_are_pixels:
        inside = inside and x1 < width_px and y1 < height_px
    else:
        inside = inside and x1 <= width_px and y1 <= height_px
    if not inside:
        fault = f"{written} is not inside the image of {width_px} x {height_px} px"
        raise BoxedImageError(row.problem(fault, "correct the box, or put back the image that was annotated"))
    last_column, last_row = min(math.floor(x1), width_px - 1), min(math.floor(y1), height_px - 1)
    return [math.floor(x0), math.floor(y0), last_column, last_row]


def table_rows(table: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and values of the rows of a CSV file; raises `BoxedImageError` if a column is missing."""
    if not table.is_file():
        raise BoxedImageError(Problem(table, None, "missing", "give the folder that the set unpacks to"))
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            absent = [column for column in columns if column not in (reader.fieldnames or ())]
            if absent:
                fault = f"no column {', '.join(absent)}"
                raise BoxedImageError(Problem(table, 1, fault, "unpack the set anew"))
            for row in reader:
                yield reader.line_num, {name: as_it_was(row[name]) for name in reader.fieldnames or ()}
    except (UnicodeDecodeError, csv.Error) as error:
        raise BoxedImageError(
            Problem(table, None, f"not a CSV file ({error})", "unpack the set anew")
        ) from error


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number, from 1, and text of the lines that are not blank; raises `BoxedImageError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BoxedImageError(
            Problem(path, None, f"cannot be read ({reason})", "unpack the set anew")
        ) from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line.rstrip("\r")


def image_files(folder: Path) -> list[Path]:
    """Every image below a folder, in the order of the names."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
