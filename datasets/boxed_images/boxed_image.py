"""An image with the boxes of its objects, and what can be wrong with one."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from datasets.fields import AnnotationError


@dataclass(frozen=True)
class Problem:
    """Something in a set that a person must mend.

    Attributes
    ----------
    file, line
        Where it is written; None for the line of a file that has none.
    fault
        What is wrong, with the value.
    remedy
        What would be right.
    """

    file: Path
    line: int | None
    fault: str
    remedy: str

    def __str__(self) -> str:
        line = "" if self.line is None else f"line {self.line}: "
        return f"{self.file}: {line}{self.fault}; {self.remedy}"


class BoxedImageError(AnnotationError):
    """A set of images with boxes that cannot be used as it is; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, eq=False)
class BoxedImage:
    """An image of one class and where its objects are.

    Attributes
    ----------
    path
        The image file.
    wnid, name
        WordNet number of the class, or what else the set has for a key, and its name.
    boxes
        (M, 4) int64, M at least 1: first column, first row, last column and last row of each object in pixels
        of the stored image, both ends included.
    height_px, width_px
        Of the stored image.
    """

    path: Path
    wnid: str
    name: str
    boxes: NDArray[np.int64]
    height_px: int
    width_px: int

    @property
    def unseen_by_imagenet_weights(self) -> bool:
        """Whether it is of ILSVRC's validation set, which no published weights were trained on."""
        return self.path.name.startswith("ILSVRC2012_val_")

    def image(self) -> NDArray[np.uint8]:
        """Decode to (H, W, 3) RGB, as stored: boxes are for the pixels before any rotation a camera noted.

        Raises
        ------
        BoxedImageError
            For a file that is cut short or no image, and for another size than the boxes are for.
        """
        with _decoding(self.path), Image.open(self.path) as opened:
            image = np.asarray(opened.convert("RGB"), np.uint8)
        if image.shape[:2] != (self.height_px, self.width_px):
            fault = (
                f"{image.shape[1]} x {image.shape[0]} px, its boxes are for "
                f"{self.width_px} x {self.height_px}"
            )
            raise BoxedImageError(Problem(self.path, None, fault, "put back the image that was annotated"))
        return image

    def region(self) -> NDArray[np.bool_]:
        """(H, W): True in the boxes, on their first and last rows and columns too."""
        return region_of(self.boxes, self.height_px, self.width_px)


def region_of(boxes: NDArray[np.int64], height_px: int, width_px: int) -> NDArray[np.bool_]:
    """(H, W): True in the boxes (M, 4), which include both their ends."""
    inside = np.zeros((height_px, width_px), bool)
    for x0, y0, x1, y1 in boxes:
        inside[y0 : y1 + 1, x0 : x1 + 1] = True
    return inside


def size_of(path: Path) -> tuple[int, int]:
    """Width and height in pixels, from the head of an image file; raises `BoxedImageError`."""
    with _decoding(path), Image.open(path) as opened:
        return opened.size


Entry = BoxedImage | Problem
"""What a reader finds in a set: an image that can be used, or something to mend."""


def sound(entries: Iterable[Entry]) -> list[BoxedImage]:
    """The images of a set that has no fault; raises `BoxedImageError` at the first one."""
    images = []
    for entry in entries:
        if isinstance(entry, Problem):
            raise BoxedImageError(entry)
        images.append(entry)
    return images


def of_classes(images: Iterable[BoxedImage], wnids: Sequence[str]) -> list[BoxedImage]:
    """The images of some classes, in their order.

    Raises
    ------
    AnnotationError
        For a class that is given twice or that no image has.
    """
    wanted = set(wnids)
    if len(wanted) < len(wnids):
        raise AnnotationError(f"classes {', '.join(wnids)}: one is given twice; give each once")
    chosen = [image for image in images if image.wnid in wanted]
    absent = sorted(wanted - {image.wnid for image in chosen})
    if absent:
        raise AnnotationError(f"class {', '.join(absent)}: no image of it; choose classes that the set has")
    return chosen


@contextmanager
def _decoding(path: Path) -> Iterator[None]:
    """Name the file that Pillow cannot decode."""
    try:
        yield
    # Pillow raises SyntaxError for some broken PNGs.
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = str(error).replace(f" {str(path)!r}", "")
        fault = f"cannot be decoded ({reason})"
        problem = Problem(path, None, fault, "replace the file or remove its annotation")
        raise BoxedImageError(problem) from error
