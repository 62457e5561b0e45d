"""One way in for every format: a folder, a picture or a large image becomes a list of fields."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import EmptySlideError, UnreadableImageError
from core.files import shown_path
from core.slides.field import Field, Slide
from core.slides.focal_planes import FieldSource, FocalPlanes
from core.slides.folder import file_fields, folder_contents, scan_files
from core.slides.regions import REGION_PX, Cutting
from core.slides.whole_slide import ScanOverview, scan_overview


@dataclass(frozen=True)
class _FieldSlide:
    """A `core.slides.field.Slide`: names and where each field is to be had, nothing decoded."""

    name: str
    path: Path
    sources: dict[str, FieldSource]
    scan_files: tuple[Path, ...]

    def field_names(self) -> Sequence[str]:
        return tuple(self.sources)

    def read_field(self, name: str) -> Field:
        return self.sources[name].read(name)

    def planes_of(self, name: str) -> int:
        source = self.sources[name]
        return len(source.planes) if isinstance(source, FocalPlanes) else 1

    def files_of(self, name: str) -> Sequence[Path]:
        return self.scan_files or (self.sources[name].path,)


@dataclass(frozen=True)
class _Unreadable:
    """A file of a folder that did not open: its reading says why, the other fields are unharmed."""

    path: Path
    reason: str

    def read(self, name: str) -> Field:
        raise UnreadableImageError(self.reason)


def open_slide(
    path: Path,
    *,
    name: str | None = None,
    files: Collection[str] | None = None,
    region_px: int = REGION_PX,
    overlap_px: int | None = None,
) -> Slide:
    """Open a slide: its fields are listed from headers, and decoded one by one in `read_field`.

    - A folder: the image files directly in it, in natural order (``img2`` before ``img10``). Each
      JPEG, PNG, BMP, single-frame DICOM and page of a TIFF, frame of a DICOM or scene of a CZI file is a
      field. Hidden files and other kinds of file are passed over. A folder of the instances of one DICOM
      whole slide is that slide. A pyramidal TIFF or scan lying among pictures is a slide of its own, which
      `core.slides.discovery.find_slides` lists, and is left out here.
    - A file: one picture, or one large image (tiled or pyramidal TIFF, CZI, SVS, NDPI, DICOM whole slide),
      which is cut into overlapping regions as `core.slides.regions.cut_regions` describes.

    The slide holds paths and numbers only, and can be pickled to workers. Images come as 8-bit RGB
    (`core.slides.pixels.to_rgb`), coordinates are those of the stored pixels.

    Parameters
    ----------
    path
        Folder or file.
    name
        Name of the slide, where another than that of its folder or file is wanted.
    files
        Names of those of the folder's files that are opened; None opens all.
    region_px
        Side of the regions that a large image is cut into, in pixels.
    overlap_px
        Least overlap of neighbouring regions; must exceed the width of a cell. None takes 24 µm where
        the file states its scale, else 256 px, at most half a region.

    Raises
    ------
    EmptySlideError
        A folder without a field.
    UnreadableImageError
        A path that does not exist or a folder that cannot be listed; a file that is no image. A bad
        file within a folder is listed, and raises when it is read.
    ValueError
        An overlap of more than half a region.
    """
    cutting = Cutting(region_px, overlap_px)
    sources: dict[str, FieldSource] = {}
    opened = _files_of(path, files) if path.is_dir() else (path,)
    for file in opened:
        sources.update(_sources(file, cutting, is_alone=not path.is_dir()))
    own_name = path.absolute().name if path.is_dir() else path.stem
    return _FieldSlide(name or storable(own_name), path, sources, scan_files(opened[0]))


def open_overview(path: Path) -> ScanOverview | None:
    """All of a large image at once, where its file holds reduced copies; None for every other slide.

    Parameters
    ----------
    path
        As for `open_slide`.

    Raises
    ------
    EmptySlideError, UnreadableImageError
        As `open_slide` does.
    """
    return scan_overview(_files_of(path)[0] if path.is_dir() else path)


def storable(name: str) -> str:
    """A file name as text that can be stored: bytes that are no UTF-8 are escaped."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _files_of(folder: Path, names: Collection[str] | None = None) -> tuple[Path, ...]:
    contents = folder_contents(folder, names)
    if contents.pictures or contents.is_one_scan:
        return contents.pictures or contents.large_images
    if contents.large_images:
        raise EmptySlideError(
            f"{shown_path(folder)} holds {len(contents.large_images)} large images, each a slide of its own: "
            f"open them one by one, beginning with {shown_path(contents.large_images[0].name)}"
        )
    raise EmptySlideError(
        f"{shown_path(folder)} holds no image: put JPEG, PNG, TIFF, BMP, DICOM or CZI files in it"
    )


def _sources(file: Path, cutting: Cutting, *, is_alone: bool) -> dict[str, FieldSource]:
    name = storable(file.name)
    try:
        return {name + suffix: source for suffix, source in file_fields(file, cutting).items()}
    except UnreadableImageError as error:
        if is_alone:
            raise
        return {name: _Unreadable(file, str(error))}
