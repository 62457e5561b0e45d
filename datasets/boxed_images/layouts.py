"""Which layout a folder has, and everything that is wrong with it."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from datasets.boxed_images.box_table import COLUMNS, box_table_entries
from datasets.boxed_images.boxed_image import BoxedImage, BoxedImageError, Entry, Problem, sound
from datasets.boxed_images.ilsvrc import (
    SOLUTION_PATTERN,
    annotated_ilsvrc_entries,
    annotation_folder,
    listed_ilsvrc_entries,
)
from datasets.boxed_images.imagenette import SCALED_EDGES, imagenette_entries
from datasets.boxed_images.tiny_imagenet import published_tiny_imagenet_entries, tiny_imagenet_entries


@dataclass(frozen=True)
class Layout:
    """A way in which a set of images with boxes lies in a folder.

    Attributes
    ----------
    name
        As a person is told it.
    found_by
        What a folder of it holds.
    is_of
        Whether a folder is one.
    entries
        Reader of a folder; where nothing can be read it raises `BoxedImageError`.
    """

    name: str
    found_by: str
    is_of: Callable[[Path], bool]
    entries: Callable[[Path], Iterator[Entry]]


@dataclass(frozen=True)
class Examined:
    """A set after every image of it was looked at: the images that can be used, and what is to mend."""

    layout: Layout
    images: tuple[BoxedImage, ...]
    problems: tuple[Problem, ...]


LAYOUTS = (
    Layout(
        "a table of boxes",
        f"boxes.csv with the columns {', '.join(COLUMNS)}",
        lambda root: set(COLUMNS) <= _header(root),
        lambda root: box_table_entries(root / "boxes.csv"),
    ),
    Layout(
        "imagenette with boxes",
        f"boxes.csv with the columns {', '.join(SCALED_EDGES)}",
        lambda root: not _header(root).isdisjoint(SCALED_EDGES),
        imagenette_entries,
    ),
    Layout(
        "tiny-imagenet with a table of boxes",
        "classes.csv and boxes.csv",
        lambda root: (root / "classes.csv").is_file(),
        tiny_imagenet_entries,
    ),
    Layout(
        "tiny-imagenet as published",
        "wnids.txt, train and val",
        lambda root: (root / "wnids.txt").is_file(),
        published_tiny_imagenet_entries,
    ),
    Layout(
        "ILSVRC with solution tables",
        f"{SOLUTION_PATTERN} and class folders",
        lambda root: any(root.glob(SOLUTION_PATTERN)),
        listed_ilsvrc_entries,
    ),
    Layout(
        "ILSVRC with annotation files",
        "Annotations and class folders",
        lambda root: annotation_folder(root) is not None,
        annotated_ilsvrc_entries,
    ),
)
"""In the order in which they are tried."""


def layout_of(root: Path) -> Layout:
    """The layout of a folder; raises `BoxedImageError` where it is none that is known."""
    if not root.is_dir():
        raise BoxedImageError(Problem(root, None, "no such folder", "give that of a set of images"))
    for layout in LAYOUTS:
        if layout.is_of(root):
            return layout
    known = " | ".join(f"{layout.name}: {layout.found_by}" for layout in LAYOUTS)
    fault = "no set of images with boxes"
    if columns := _header(root):
        fault = f"boxes.csv has the columns {', '.join(sorted(columns))}, which are those of no known set"
    raise BoxedImageError(Problem(root, None, fault, f"give a folder with one of: {known}"))


def boxed_images(root: Path) -> list[BoxedImage]:
    """The images of a set in any of `LAYOUTS`, in its order, without decoding them.

    Raises
    ------
    BoxedImageError
        For the first fault there is; `examined` finds all.
    """
    return sound(layout_of(root).entries(root))


def examined(root: Path, after_image: Callable[[], object] = lambda: None) -> Examined:
    """Look at all of a set, decoding every image, and collect what is wrong.

    Parameters
    ----------
    root
        A folder in any of `LAYOUTS`.
    after_image
        Called after each image.

    Raises
    ------
    BoxedImageError
        Only where the folder is in none of the layouts.
    """
    layout = layout_of(root)
    images: list[BoxedImage] = []
    problems: list[Problem] = []
    try:
        for entry in layout.entries(root):
            if isinstance(entry, Problem):
                problems.append(entry)
                continue
            try:
                entry.image()
                images.append(entry)
            except BoxedImageError as error:
                problems.append(error.problem)
            after_image()
    except BoxedImageError as error:  # a table that cannot be read at all
        problems.append(error.problem)
    if not images and not problems:
        problems.append(Problem(root, None, "no image", f"list at least one; {layout.found_by} were found"))
    return Examined(layout, tuple(images), tuple(problems))


def _header(root: Path) -> set[str]:
    """Columns of `boxes.csv`; none where it is missing or no text."""
    table = root / "boxes.csv"
    if not table.is_file():
        return set()
    with table.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        return set(next(csv.reader(file), []))
