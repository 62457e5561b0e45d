"""Which files are images, what is refused before decoding, and how a decoder's failure is told."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from core.errors import SmearscopeError, UnreadableImageError
from core.files import shown_path

PIXEL_LIMIT = 100_000_000  # 300 MB decoded; a camera field has 1 to 25 million
MINIMUM_SIDE_PX = 32  # less than this holds no whole red cell at any magnification in use

SCANNER_SUFFIXES = frozenset({".svs", ".ndpi"})
IMAGE_SUFFIXES = SCANNER_SUFFIXES | {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".btf", ".bmp", ".dib", ".dcm", ".dicom",
}  # fmt: skip
# Pictures all the same: they become named errors, for a field passed over in silence would be lost.
UNSUPPORTED_SUFFIXES = frozenset(
    {".heic", ".heif", ".avif", ".webp", ".gif", ".jp2", ".j2k", ".jxl", ".czi", ".lif", ".nd2", ".vsi",
     ".mrxs", ".scn", ".bif", ".cr2", ".nef", ".arw", ".dng"}
)  # fmt: skip


class Format(StrEnum):
    """How a file is encoded, by its first bytes; names lie too often."""

    JPEG = "JPEG"
    PNG = "PNG"
    BMP = "BMP"
    TIFF = "TIFF"
    DICOM = "DICOM"


def is_image_name(path: Path) -> bool:
    """Whether a file's name claims to be an image; hidden files (``.name``) do not."""
    suffix = path.suffix.lower()
    return not path.name.startswith(".") and (suffix in IMAGE_SUFFIXES or suffix in UNSUPPORTED_SUFFIXES)


def is_image_file(path: Path) -> bool:
    """Whether a file is taken for an image: by its name, or as DICOM, which may have any, by its content."""
    if is_image_name(path):
        return True
    if path.name.startswith(".") or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False  # it claims nothing, and what it is cannot be seen


def format_of(path: Path) -> Format:
    """Encoding of an image file, from its first 132 bytes.

    Raises
    ------
    UnreadableImageError
        Where the file cannot be opened, is empty or is none of the formats.
    """
    with decoding(path), path.open("rb") as file:
        head = file.read(132)
    if not head:
        raise UnreadableImageError(f"{shown_path(path)} is empty (0 bytes): copy it again, or remove it")
    if head.startswith(b"\xff\xd8\xff"):
        return Format.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Format.PNG
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return Format.TIFF
    if head[128:132] == b"DICM":
        return Format.DICOM
    if head.startswith(b"BM"):
        return Format.BMP
    raise UnreadableImageError(
        f"{shown_path(path)} holds no JPEG, PNG, TIFF, BMP or DICOM image: save it as one of these, "
        "or remove it"
    )


def check_size(path: Path, width_px: int, height_px: int) -> None:
    """Refuse a picture that is too large to decode whole, or too small to hold a cell.

    Raises
    ------
    UnreadableImageError
        Over `PIXEL_LIMIT` pixels, or with a side under `MINIMUM_SIDE_PX`.
    """
    if min(width_px, height_px) < MINIMUM_SIDE_PX:
        raise UnreadableImageError(
            f"{shown_path(path)} has {width_px} x {height_px} pixels: an image needs at least "
            f"{MINIMUM_SIDE_PX} x {MINIMUM_SIDE_PX}"
        )
    if width_px * height_px > PIXEL_LIMIT:
        raise UnreadableImageError(
            f"{shown_path(path)} has {width_px} x {height_px} pixels, more than the "
            f"{PIXEL_LIMIT // 1_000_000} million that are decoded in one piece: save it as a tiled or "
            "pyramidal TIFF, which is read by regions"
        )


@contextmanager
def decoding(path: Path) -> Iterator[None]:
    """Whatever a decoder raises on `path` becomes an `UnreadableImageError` of one line.

    Decoders of damaged files raise nearly anything, hence the broad clause; the cause stays attached.
    """
    try:
        yield
    except (SmearscopeError, MemoryError):
        raise
    except OSError as error:
        if error.errno == errno.ENOENT:
            reason = "does not exist"
        elif error.errno is not None:
            reason = f"cannot be read ({os.strerror(error.errno)}): correct that, or remove it"
        else:
            reason = _damaged(error)
        raise UnreadableImageError(f"{shown_path(path)} {reason}") from error
    except Exception as error:
        raise UnreadableImageError(f"{shown_path(path)} {_damaged(error)}") from error


def _damaged(error: Exception) -> str:
    detail = " ".join(str(error).split())[:200] or type(error).__name__
    return f"is cut short, damaged or of a kind not decoded here ({detail}): copy or save it again"


def natural_key(path: Path | str) -> tuple[tuple[str | int, ...], str]:
    """Sorting key by which ``img2`` comes before ``img10``; equal numbers fall back on spelling."""
    parts = re.split("([0-9]+)", str(path).casefold())
    return tuple(int(part) if index % 2 else part for index, part in enumerate(parts)), str(path)
