"""A CSV of boxes that Smearscope writes and reads: any list of images with boxes, wherever the images lie.

One row a box: `path,wnid,name,width_px,height_px,x0,y0,x1,y1`. The path starts from the table's folder; the
pixels count from 0 and both ends of a box are in it. A published set less what is wrong with it, or a part of
one, is kept this way without a copy of its images.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from core.files import write_csv
from datasets.boxed_images.box_rows import EDGES, BoxRow, Classes, images_of, table_rows
from datasets.boxed_images.boxed_image import BoxedImage, Entry, Problem, sound

COLUMNS = ("path", "wnid", "name", "width_px", "height_px", *EDGES)


def write_box_table(path: Path, images: Iterable[BoxedImage]) -> None:
    """Write a table that `box_table` reads as the same images in the same order; raises `OutputError`."""
    write_csv(path, COLUMNS, _rows_of(images, path.resolve().parent))


def box_table(path: Path) -> list[BoxedImage]:
    """The images of a table; raises `BoxedImageError` naming the line and value that cannot be used."""
    return sound(box_table_entries(path))


def box_table_entries(path: Path) -> Iterator[Entry]:
    """The images of a table, and all that is wrong with it."""
    classes = Classes(path, {}, {}, all_have_images=False)
    return images_of(_rows(path, classes), classes)


def _rows_of(images: Iterable[BoxedImage], folder: Path) -> Iterator[tuple[object, ...]]:
    for image in images:
        # Not Path.relative_to: before Python 3.12 it finds no way up.
        file = Path(os.path.relpath(image.path.resolve(), folder)).as_posix()
        for box in image.boxes.tolist():
            yield (file, image.wnid, image.name, image.width_px, image.height_px, *box)


def _rows(path: Path, classes: Classes) -> Iterator[BoxRow | Problem]:
    for line, row in table_rows(path, COLUMNS):
        wnid, name = row["wnid"], row["name"]
        if classes.names.setdefault(wnid, name) != name:
            fault = f"class {wnid} is {name!r} here and {classes.names[wnid]!r} in line {classes.lines[wnid]}"
            yield Problem(path, line, fault, "correct one")
        classes.lines.setdefault(wnid, line)
        sides = (row["width_px"], row["height_px"])
        if not all(side.isdecimal() for side in sides):
            fault = f"width and height {', '.join(sides)} are no whole numbers"
            yield Problem(path, line, fault, "give those of the image in pixels")
            continue
        x0, y0, x1, y1 = (row[edge] for edge in EDGES)
        size_px = (int(sides[0]), int(sides[1]))
        yield BoxRow(path, line, path.parent / row["path"], wnid, (x0, y0, x1, y1), size_px)
