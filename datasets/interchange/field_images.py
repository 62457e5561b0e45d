"""The images that annotations name: where they are, and whether they are of the size that was annotated."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath, PurePosixPath

from PIL import Image, UnidentifiedImageError

from core.files import shown_path
from core.slides.formats import is_image_name
from datasets.fields import AnnotationError
from datasets.interchange.labelled import LabelledField, LabelledObject

PARTS = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})
"""Folders that part images by what they are for."""
NO_SLIDES = PARTS | {
    "images",
    "image",
    "img",
    "jpegimages",
    "annotations",
    "labels",
    "data",
    "obj_train_data",
}
"""Folders that programs make themselves: their names are of no slide."""
_ORIENTATION = 0x0112
_UPLOADED = re.compile("^[0-9a-f]{8}-")
"""What Label Studio puts before the names of uploaded images."""
_UPRIGHT = 1
_TURNED = 5
"""From this value on of an image's orientation, its height is what is stored as its width."""


def slide_of(image: PurePath) -> str:
    """The folders of an image that may be a slide's; empty where there are none."""
    return "/".join(_slide_folders(image))


def _slide_folders(image: PurePath) -> list[str]:
    return [folder for folder in image.parts[:-1] if folder.casefold() not in NO_SLIDES]


def images_of(fields: Sequence[LabelledField], folder: Path) -> dict[str, Path]:
    """The image file of each field, by the field's name.

    Programs leave folders out of the names that they write, put others before them, or leave the ending out:
    the file is the one below `folder` that agrees with the name in most, and the only such. A file in the
    folder of another slide than the name's is not meant.

    Raises
    ------
    AnnotationError
        Where images are missing, or several may be meant; with their number.
    """
    files = _Files(folder)
    found = {one.name: files.named(one.name) for one in fields}
    if twice := len(fields) - len(found):
        raise AnnotationError(
            f"{shown_path(folder)}: {twice} images are annotated in two files; keep one annotation of each"
        )
    used = Counter(paths[0] for paths in found.values() if len(paths) == 1)
    for fault, wrong, remedy in (
        ("missing", [name for name, paths in found.items() if not paths], "put them beside the annotations"),
        (
            "named as several files are",
            [name for name, paths in found.items() if len(paths) > 1],
            "keep one of each, or name them with their folders",
        ),
        (
            "one file with others",
            [name for name, paths in found.items() if len(paths) == 1 and used[paths[0]] > 1],
            "name them with their folders",
        ),
    ):
        if wrong:
            raise AnnotationError(
                f"{shown_path(folder)}: {len(wrong)} of {len(found)} images are {fault}, the first "
                f"{wrong[0]}; {remedy}"
            )
    return {name: paths[0] for name, paths in found.items()}


class _Files:
    """The image files below a folder."""

    def __init__(self, folder: Path) -> None:
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        for path in sorted(folder.rglob("*")):
            if is_image_name(path):
                self._by_name[path.name].append(path)
                self._by_name[path.stem].append(path)
        self._folder = folder

    def named(self, name: str) -> list[Path]:
        parts = PurePosixPath(name).parts
        called = parts[-1] if parts else ""
        known = self._by_name.get(called) or self._by_name.get(_UPLOADED.sub("", called), [])
        candidates = [
            path
            for path in known
            if not _of_another_slide(path.relative_to(self._folder), PurePosixPath(name))
        ]
        whole = self._folder.joinpath(*parts)
        if whole in candidates:
            return [whole]
        agreeing = [_folders_in_common(path, parts) for path in candidates]
        return [path for path, common in zip(candidates, agreeing, strict=True) if common == max(agreeing)]


def _of_another_slide(path: PurePath, name: PurePath) -> bool:
    """Whether a file's folders and a name's last one, which may be its slide's, contradict each other."""
    folders, named = _slide_folders(path), _slide_folders(name)
    return bool(folders and named) and named[-1] not in (*folders, "..")


def _folders_in_common(path: Path, parts: Sequence[str]) -> int:
    """How many folders, from the file up, have the name that they have in `parts`."""
    number = 0
    for one, other in zip(path.parts[-2::-1], parts[-2::-1], strict=False):
        if one != other:
            break
        number += 1
    return number


def sized(
    fields: Sequence[LabelledField], images: Mapping[str, Path], annotations: Path
) -> tuple[LabelledField, ...]:
    """The fields with the sizes of their images, where annotations leave them out.

    Raises
    ------
    AnnotationError
        Where images have another size than is annotated, or boxes lie outside; with their number.
    """
    found = [size_px(images[one.name]) for one in fields]
    other = [
        f"{one.name} ({one.width_px} × {one.height_px}, the image {size[0]} × {size[1]})"
        for one, size in zip(fields, found, strict=True)
        if (one.width_px or one.height_px) and (one.width_px, one.height_px) != size
    ]
    if other:
        raise AnnotationError(
            f"{shown_path(annotations)}: {len(other)} of {len(fields)} images have another size than was "
            f"annotated, the first {other[0]}; put the images that were annotated beside it"
        )
    right = tuple(
        replace(one, width_px=size[0], height_px=size[1]) for one, size in zip(fields, found, strict=True)
    )
    if outside := [(field, one) for field in right for one in field.objects if is_outside(field, one)]:
        field, one = outside[0]
        raise AnnotationError(
            f"{shown_path(annotations)}: {len(outside)} boxes lie outside their image, the first on "
            f"{field.name} at {one.x:g}, {one.y:g}; export them in pixels of the image"
        )
    return right


def is_outside(field: LabelledField, one: LabelledObject) -> bool:
    """Whether a box shares nothing with its image; where it is not known how large that is, never."""
    if not field.width_px or not field.height_px:
        return False
    beyond = one.x >= field.width_px or one.y >= field.height_px
    return beyond or one.x + one.width <= 0 or one.y + one.height <= 0


def size_px(path: Path) -> tuple[int, int]:
    """Width and height of an image as it is shown, from the beginning of its file.

    Raises
    ------
    AnnotationError
        Where it is no image.
    """
    width, height, orientation = _head(path)
    return (height, width) if orientation >= _TURNED else (width, height)


def turned_pictures(images: Mapping[str, Path], *, sizes_told: bool) -> list[str]:
    """One line on images that are stored otherwise than shown, if boxes may be of them as they are stored.

    Parameters
    ----------
    sizes_told
        Whether the annotations tell sizes, which gives away a picture on its side unless it is square.
    """
    turned = []
    for name, path in images.items():
        width, height, orientation = _head(path)
        on_its_side = orientation >= _TURNED
        if orientation != _UPRIGHT and not (on_its_side and sizes_told and width != height):
            turned.append(name)
    if not turned:
        return []
    return [
        f"{len(turned)} images are stored turned or mirrored (Exif orientation), the first "
        f"{turned[0]}; boxes may be of the picture as stored; save the pictures upright and annotate again"
    ]


def _head(path: Path) -> tuple[int, int, int]:
    """Width and height as an image is stored, and its orientation."""
    try:
        with Image.open(path) as image:
            width, height = image.size
            # Of a PNG without Exif data in its head, all would be decoded to look for some behind.
            told = image.format != "PNG" or "exif" in image.info
            orientation = image.getexif().get(_ORIENTATION, _UPRIGHT) if told else _UPRIGHT
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise AnnotationError(
            f"{shown_path(path)}: cannot be read as an image; replace the file or remove its annotation"
        ) from error
    return width, height, orientation
