"""The one layout of imported fields: a folder with a COCO file, and the images in folders of their slides."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from core.files import OutputError, replacing_folder, shown_path
from datasets.fields import read_rgb
from datasets.interchange.formats import AnnotationFormat, write_labelled
from datasets.interchange.labelled import LabelledField
from datasets.interchange.own_fields import OwnFields, ReadFields

ANNOTATIONS = "annotations.json"
IMAGES = "images"


def write_own_folder(folder: Path, own: OwnFields, found: ReadFields) -> None:
    """Write fields with copies of their images, all or nothing.

    Raises
    ------
    core.files.OutputError
        Where the folder is there already, or cannot be written.
    AnnotationError
        Where an image cannot be decoded.
    """
    if folder.exists():
        raise OutputError(f"{shown_path(folder)} exists already: give another --out")
    with replacing_folder(folder) as temporary:
        fields = tuple(_with_images(temporary, own, found))
        write_labelled(temporary / ANNOTATIONS, AnnotationFormat.COCO, fields)


def _with_images(folder: Path, own: OwnFields, found: ReadFields) -> Iterator[LabelledField]:
    for field in found.fields:
        image = found.images[field.name]
        read_rgb(image)  # what cannot be decoded would stop a training later
        name = (Path(IMAGES) / image.relative_to(own.folder)).as_posix()
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(image, copy)
        yield replace(field, name=name)
