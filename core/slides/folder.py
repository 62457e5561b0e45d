"""What one image file, and one folder of them, holds."""

import os
from dataclasses import dataclass
from pathlib import Path

from core.errors import UnreadableImageError
from core.slides.czi import czi_fields, is_large_czi
from core.slides.dicom import dicom_fields, whole_slide_series
from core.slides.focal_planes import FieldSource
from core.slides.formats import SCANNER_SUFFIXES, Format, decoding, format_of, is_image_file, natural_key
from core.slides.photograph import Photograph
from core.slides.regions import Cutting
from core.slides.tiff import is_large_tiff, tiff_fields
from core.slides.whole_slide import is_scanner_tiff, scan_fields


@dataclass(frozen=True)
class FolderContents:
    """The image files that lie directly in a folder, in natural order.

    Attributes
    ----------
    pictures
        Files that together make the folder a slide.
    large_images
        Files that are slides of their own; of a DICOM whole slide its first instance.
    is_one_scan
        Whether all images of the folder are instances of one DICOM whole slide.
    """

    pictures: tuple[Path, ...]
    large_images: tuple[Path, ...]
    is_one_scan: bool


def folder_contents(folder: Path) -> FolderContents:
    """Sort the images of a folder into pictures and large images, by their headers.

    Hidden files and files that are no images by name or content are passed over. A file that cannot be read
    counts as a picture, so that the slide's reading reports it.

    Raises
    ------
    UnreadableImageError
        Where the folder cannot be listed.
    """
    with decoding(folder), os.scandir(folder) as entries:
        # What an entry is comes with the listing; asking each path would cost a call a file.
        files = [folder / entry.name for entry in entries if not entry.is_dir()]
    images = [path for path in files if is_image_file(path)]
    pictures: list[Path] = []
    large_images: dict[str, Path] = {}
    for path in sorted(images, key=lambda path: natural_key(path.name)):
        try:
            key = _slide_of_its_own(path)
        except UnreadableImageError:
            key = None  # raised again when it is read as a picture, under its name and for the record
        if key is None:
            pictures.append(path)
        else:
            large_images.setdefault(key, path)
    is_one_scan = not pictures and len(large_images) == 1 and str(images[0]) not in large_images
    return FolderContents(tuple(pictures), tuple(large_images.values()), is_one_scan)


def file_fields(path: Path, cutting: Cutting) -> dict[str, FieldSource]:
    """Fields of an image file by the suffix that their names add to the file's.

    Raises
    ------
    UnreadableImageError
        Where the file is no image, or its header is damaged.
    """
    fields: dict[str, FieldSource] = {}
    format_ = format_of(path)
    if _is_scan(path, format_):
        fields.update(scan_fields(path, cutting))
    elif format_ is Format.TIFF:
        fields.update(tiff_fields(path, cutting))
    elif format_ is Format.DICOM:
        fields.update(dicom_fields(path))
    elif format_ is Format.CZI:
        fields.update(czi_fields(path, cutting))
    else:
        fields[""] = Photograph(path, format_)
    return fields


def scan_files(path: Path) -> tuple[Path, ...]:
    """All files of the DICOM whole slide that a file is an instance of; none where it is no such instance."""
    try:
        series = _dicom_series(path)
        if series is None:
            return ()
        beside = sorted(file for file in path.parent.iterdir() if is_image_file(file))
    except (UnreadableImageError, OSError):
        return ()
    return tuple(file for file in beside if _belongs_to(file, series))


def _belongs_to(file: Path, series: str) -> bool:
    try:
        return _dicom_series(file) == series
    except UnreadableImageError:
        return False


def _dicom_series(path: Path) -> str | None:
    return whole_slide_series(path) if format_of(path) is Format.DICOM else None


def _slide_of_its_own(path: Path) -> str | None:
    """Mark that the files of one large image share: a DICOM series or the path; None for a picture."""
    format_ = format_of(path)
    if format_ is Format.DICOM:
        return whole_slide_series(path)
    is_large = {Format.TIFF: is_large_tiff, Format.CZI: is_large_czi}.get(format_)
    if _is_scan(path, format_) or (is_large is not None and is_large(path)):
        return str(path)
    return None


def _is_scan(path: Path, format_: Format) -> bool:
    if format_ is Format.DICOM:
        return whole_slide_series(path) is not None
    return path.suffix.lower() in SCANNER_SUFFIXES or (format_ is Format.TIFF and is_scanner_tiff(path))
