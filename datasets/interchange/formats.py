"""The formats of other programs: one way to write labelled fields, one to read them, whatever the format."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path, PurePosixPath

from core.errors import SmearscopeError
from core.files import shown_path
from datasets.fields import AnnotationError
from datasets.interchange.coco import read_coco, write_coco
from datasets.interchange.cvat import read_cvat, write_cvat
from datasets.interchange.field_images import is_outside
from datasets.interchange.geojson import read_geojson, write_geojson
from datasets.interchange.label_studio import read_label_studio, write_label_studio
from datasets.interchange.labelled import AnnotationFormat as AnnotationFormat
from datasets.interchange.labelled import Labelled, LabelledField, LabelledObject
from datasets.interchange.voc import read_voc, write_voc
from datasets.interchange.yolo import read_yolo, write_yolo

_WRITERS = {
    AnnotationFormat.COCO: write_coco,
    AnnotationFormat.VOC: write_voc,
    AnnotationFormat.YOLO: write_yolo,
    AnnotationFormat.CVAT: write_cvat,
    AnnotationFormat.LABEL_STUDIO: write_label_studio,
    AnnotationFormat.GEOJSON: write_geojson,
}
_READERS = {
    AnnotationFormat.COCO: read_coco,
    AnnotationFormat.VOC: read_voc,
    AnnotationFormat.YOLO: read_yolo,
    AnnotationFormat.CVAT: read_cvat,
    AnnotationFormat.LABEL_STUDIO: read_label_studio,
    AnnotationFormat.GEOJSON: read_geojson,
}


_IN_SHARES = (AnnotationFormat.YOLO, AnnotationFormat.LABEL_STUDIO)
"""Formats that give places in shares of the image, whose size must be known."""


class InterchangeError(SmearscopeError):
    """Fields that cannot be written as asked; nothing was."""


@dataclass
class Written:
    """How many fields and objects were written."""

    fields: int = 0
    objects: int = 0


def write_labelled(path: Path, format: AnnotationFormat, fields: Iterable[LabelledField]) -> Written:
    """Write fields as a new file or folder, whole or not at all, one field at a time.

    Raises
    ------
    InterchangeError
        Where there is something at `path`, or a name of a field is no path below a folder.
    core.files.OutputError
        Where the file or folder cannot be written.
    """
    if path.exists():
        raise InterchangeError(f"{shown_path(path)} exists already: give another --out")
    written = Written()
    _WRITERS[format](path, _counted(fields, written, needs_size=format in _IN_SHARES))
    return written


def _counted(
    fields: Iterable[LabelledField], written: Written, *, needs_size: bool
) -> Iterator[LabelledField]:
    names = set()
    for field in fields:
        parts = PurePosixPath(field.name)
        if not parts.name or parts.is_absolute() or ".." in parts.parts or field.name in names:
            raise InterchangeError(
                f"the name {field.name!r} of a field cannot be written: each needs one of its own, "
                "below the folder of its slide"
            )
        if needs_size and not (field.width_px and field.height_px):
            raise InterchangeError(
                f"{field.name}: the size of the image is not known, and this format needs it; choose another"
            )
        names.add(field.name)
        written.fields += 1
        written.objects += len(field.objects)
        yield field


def read_labelled(path: Path, format: AnnotationFormat) -> Labelled:
    """Read what another program has exported, or `write_labelled` wrote: all of it or nothing.

    Raises
    ------
    AnnotationError
        Where it is no such file, or something in it cannot be right; with the number of items.
    """
    if not path.exists():
        raise AnnotationError(f"{shown_path(path)}: not there; give the file or folder that was exported")
    try:
        found = _READERS[format](path)
    except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError) as error:
        # A part of another kind than the format has there; readers name what people are known to get wrong.
        raise AnnotationError(
            f"{shown_path(path)}: does not follow its format ({error}); export it anew, or name its format"
        ) from error
    if not found.fields:
        raise AnnotationError(f"{shown_path(path)}: names no image; export images with their annotations")
    names: set[str] = set()
    for field in found.fields:
        if field.name in names:
            raise AnnotationError(f"{shown_path(path)}: two images are called {field.name!r}; rename one")
        names.add(field.name)
    for wrong, fault, remedy in (
        (_without_area, "boxes without an area", "draw them anew"),
        (is_outside, "boxes outside their image", "export them in pixels of the image"),
    ):
        faulty = [(field, one) for field in found.fields for one in field.objects if wrong(field, one)]
        if faulty:
            field, one = faulty[0]
            raise AnnotationError(
                f"{shown_path(path)}: {len(faulty)} {fault}, the first on {field.name} "
                f"({field.width_px} × {field.height_px}) at {one.x:g}, {one.y:g} with {one.width:g} × "
                f"{one.height:g}; {remedy}"
            )
    return found


def _without_area(_: LabelledField, one: LabelledObject) -> bool:
    return not (one.width > 0 and one.height > 0 and isfinite(one.x) and isfinite(one.y))
