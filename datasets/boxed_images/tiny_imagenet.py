"""Tiny ImageNet, as published and with its boxes in one table."""

from collections.abc import Iterator
from pathlib import Path

from datasets.boxed_images.box_rows import (
    EDGES,
    BoxRow,
    Classes,
    image_files,
    images_of,
    table_rows,
    text_lines,
)
from datasets.boxed_images.boxed_image import BoxedImage, BoxedImageError, Entry, Problem, sound

TINY_IMAGENET_SIZE_PX = 64
_SIZE_PX = (TINY_IMAGENET_SIZE_PX, TINY_IMAGENET_SIZE_PX)


def tiny_imagenet(root: Path) -> list[BoxedImage]:
    """200 classes of ImageNet at 64 px, with one box an image, from `boxes.csv`; in the order of the set.

    Raises
    ------
    BoxedImageError
        Naming the file, the line and the value that do not follow the set's layout.
    """
    return sound(tiny_imagenet_entries(root))


def tiny_imagenet_entries(root: Path) -> Iterator[Entry]:
    """The images of the set, and all that is wrong with it."""
    classes = Classes(root / "classes.csv", {}, {})
    for line, row in table_rows(classes.file, ("wnid", "name")):
        classes.names[row["wnid"]] = row["name"]
        classes.lines[row["wnid"]] = line
    return images_of(_table(root), classes, image_files(root))


def classes_in_14(root: Path) -> tuple[str, ...]:
    """The classes that `classes.csv` marks in its column `in_14`, in its order: those of the report.

    Raises `BoxedImageError` where there is no such column.
    """
    rows = table_rows(root / "classes.csv", ("wnid", "in_14"))
    return tuple(row["wnid"] for _, row in rows if row["in_14"] == "1")


def _table(root: Path) -> Iterator[BoxRow]:
    table = root / "boxes.csv"
    for line, row in table_rows(table, ("path", "wnid", *EDGES)):
        x0, y0, x1, y1 = (row[edge] for edge in EDGES)
        yield BoxRow(table, line, root / row["path"], row["wnid"], (x0, y0, x1, y1), _SIZE_PX)


def published_tiny_imagenet_entries(root: Path) -> Iterator[Entry]:
    """As the set is published: `train/WNID/images`, `train/WNID/WNID_boxes.txt`, `val/val_annotations.txt`.

    `wnids.txt` lists the classes and `words.txt`, where it is there, names them. What is in `test` has no
    class and no box and is left alone.
    """
    classes = Classes(root / "wnids.txt", {}, {})
    for line, text in text_lines(classes.file):
        wnid = text.strip()
        classes.names[wnid] = wnid
        classes.lines[wnid] = line
    words = root / "words.txt"
    for _, text in text_lines(words) if words.is_file() else ():
        wnid, _, name = text.partition("\t")
        if wnid in classes.names:
            classes.names[wnid] = name.strip()
    images = [*image_files(root / "train"), *image_files(root / "val")]
    return images_of(_published(root, list(classes.names)), classes, images)


def _published(root: Path, wnids: list[str]) -> Iterator[BoxRow | Problem]:
    for wnid in wnids:
        folder = root / "train" / wnid
        if folder.is_dir():
            yield from _boxes(folder / f"{wnid}_boxes.txt", folder / "images", wnid)
    if (root / "val").is_dir():
        yield from _boxes(root / "val" / "val_annotations.txt", root / "val" / "images", None)


def _boxes(table: Path, images: Path, wnid: str | None) -> Iterator[BoxRow | Problem]:
    """Lines of a file name, the class if it is not the folder's, and four numbers."""
    words_a_line = 5 if wnid else 6
    try:
        for line, text in text_lines(table):
            words = text.split("\t")
            if len(words) != words_a_line:
                fault = f"{len(words)} values ({text!r})"
                yield Problem(table, line, fault, f"give {words_a_line}, with tabs between them")
                continue
            x0, y0, x1, y1 = words[-4:]
            yield BoxRow(table, line, images / words[0], wnid or words[1], (x0, y0, x1, y1), _SIZE_PX)
    except BoxedImageError as error:
        yield error.problem
