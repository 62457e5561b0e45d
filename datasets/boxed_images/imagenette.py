"""Imagenette with the boxes that ImageNet has of its images."""

from collections.abc import Iterator
from pathlib import Path

from datasets.boxed_images.box_rows import BoxRow, Classes, image_files, images_of, table_rows
from datasets.boxed_images.boxed_image import BoxedImage, Entry, sound

IMAGENETTE = {
    "n01440764": "tench",
    "n02102040": "English springer",
    "n02979186": "cassette player",
    "n03000684": "chain saw",
    "n03028079": "church",
    "n03394916": "French horn",
    "n03417042": "garbage truck",
    "n03425413": "gas pump",
    "n03445777": "golf ball",
    "n03888257": "parachute",
}
"""Imagenette's ten classes: WordNet number and name, as in ImageNet's list of classes."""

IMAGENETTE_SIZE_PX = 224
SCALED_EDGES = ("x0_224", "y0_224", "x1_224", "y1_224")


def imagenette_boxed(root: Path) -> list[BoxedImage]:
    """Ten classes of ImageNet, squashed to 224 px, with one or more boxes an image; in the order of the set.

    Its boxes are the numbers of the published boxes' end pixels, scaled. Here a box goes from the pixel that
    its first corner falls into through the one that its last corner falls into, which is right to a pixel.

    Raises
    ------
    BoxedImageError
        Naming the file, the line and the value that do not follow the set's layout.
    """
    return sound(imagenette_entries(root))


def imagenette_entries(root: Path) -> Iterator[Entry]:
    """The images of the set, and all that is wrong with it."""
    table = root / "boxes.csv"
    return images_of(_rows(root, table), Classes(table, IMAGENETTE), image_files(root))


def _rows(root: Path, table: Path) -> Iterator[BoxRow]:
    size_px = (IMAGENETTE_SIZE_PX, IMAGENETTE_SIZE_PX)
    for line, row in table_rows(table, ("file", "wnid", *SCALED_EDGES)):
        x0, y0, x1, y1 = (row[edge] for edge in SCALED_EDGES)
        yield BoxRow(table, line, root / row["file"], row["wnid"], (x0, y0, x1, y1), size_px)
