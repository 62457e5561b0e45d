"""Labelled fields as one file to take away: formats of several files come as a ZIP archive."""

import io
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile

from datasets.interchange.formats import write_labelled
from datasets.interchange.labelled import AnnotationFormat, LabelledField

ENDINGS = {
    AnnotationFormat.COCO: ".json",
    AnnotationFormat.VOC: ".zip",
    AnnotationFormat.YOLO: ".zip",
    AnnotationFormat.CVAT: ".xml",
    AnnotationFormat.LABEL_STUDIO: ".json",
    AnnotationFormat.GEOJSON: ".zip",
}
"""Of the file that `download` gives."""


def download(format: AnnotationFormat, fields: Iterable[LabelledField]) -> bytes:
    """The file; raises as `write_labelled` does."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "annotations"
        write_labelled(out, format, fields)
        if out.is_file():
            return out.read_bytes()
        packed = io.BytesIO()
        with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
            for file in sorted(path for path in out.rglob("*") if path.is_file()):
                archive.write(file, file.relative_to(out))
        return packed.getvalue()
