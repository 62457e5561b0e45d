"""What one image file, and one folder of them, holds."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from core.errors import UnreadableImageError
from core.slides.czi import czi_fields, is_large_czi
from core.slides.dicom import dicom_fields
from core.slides.dicom_slide import SlideInstance, instances_beside, series_of_slides, slide_instance
from core.slides.focal_planes import FieldSource
from core.slides.formats import SCANNER_SUFFIXES, Format, decoding, format_of, is_image_file, natural_key
from core.slides.photograph import Photograph
from core.slides.regions import Cutting
from core.slides.tiff import is_large_tiff, tiff_fields
from core.slides.whole_slide import is_scanner_tiff, scan_fields, show_one_place


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


def folder_contents(folder: Path, names: Collection[str] | None = None) -> FolderContents:
    """Sort the images of a folder into pictures and large images, by their headers.

    Hidden files and files that are no images by name or content are passed over. A file that cannot be read
    counts as a picture, so that the slide's reading reports it.

    Parameters
    ----------
    names
        Of the files that are wanted; None lists the folder and takes all.

    Raises
    ------
    UnreadableImageError
        Where the folder cannot be listed.
    """
    files = _files_in(folder) if names is None else [folder / name for name in names]
    images = [path for path in files if is_image_file(path)]
    pictures: list[Path] = []
    large_images: list[Path] = []
    instances: list[SlideInstance] = []
    for path in sorted(images, key=lambda path: natural_key(path.name)):
        try:
            format_ = format_of(path)
            instance = slide_instance(path) if format_ is Format.DICOM else None
            large = format_ is not Format.DICOM and (_is_scan(path, format_) or _is_large(path, format_))
        except UnreadableImageError:
            pictures.append(path)  # raised again when it is read, under its name and for the record
            continue
        if instance is not None:
            instances.append(instance)
        else:
            (large_images if large else pictures).append(path)
    scans = series_of_slides(instances, show_one_place).values()
    is_one_scan = len(scans) == 1 and not pictures and not large_images
    large_images = sorted([*large_images, *scans], key=lambda path: natural_key(path.name))
    return FolderContents(tuple(pictures), tuple(large_images), is_one_scan)


def _files_in(folder: Path) -> list[Path]:
    with decoding(folder), os.scandir(folder) as entries:
        # What an entry is comes with the listing; asking each path would cost a call a file.
        return [folder / entry.name for entry in entries if not entry.is_dir()]


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
    """All files of the MIRAX scan or DICOM whole slide that a file stands for; none where it stands alone."""
    try:
        if format_of(path) is Format.MIRAX:
            return (path, *sorted(path.with_suffix("").iterdir()))
        if format_of(path) is Format.DICOM:
            return tuple(one.path for one in instances_beside(path))
    except (UnreadableImageError, OSError):
        return ()  # raised again when it is read
    return ()


def _is_large(path: Path, format_: Format) -> bool:
    if format_ is Format.CZI:
        return is_large_czi(path)
    return format_ is Format.TIFF and is_large_tiff(path)


def _is_scan(path: Path, format_: Format) -> bool:
    if format_ is Format.DICOM:
        return slide_instance(path) is not None
    if format_ is Format.CZI:
        return False
    return path.suffix.lower() in SCANNER_SUFFIXES or (format_ is Format.TIFF and is_scanner_tiff(path))
