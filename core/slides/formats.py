"""Which files are images, what is refused before decoding, and how a decoder's failure is told.

A file is an image where its name ends as one or its first bytes are those of one. It is decoded, or refused
with what to do. Hidden files, and those that are images by neither, are passed over.
"""

import errno
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from core.errors import SmearscopeError, UnreadableImageError
from core.files import shown_path

PIXEL_LIMIT = 100_000_000  # 300 MB decoded; a camera field has 1 to 25 million
_MOST_BYTES = 16 * PIXEL_LIMIT  # of four samples of 32 bits, the most that a picture of a camera has
MINIMUM_SIDE_PX = 32  # less than this holds no whole red cell at any magnification in use

MIRAX_SUFFIX = ".mrxs"
DICOM_SUFFIXES = frozenset({".dcm", ".dicom"})
SCANNER_SUFFIXES = frozenset({".svs", ".ndpi", MIRAX_SUFFIX})
IMAGE_SUFFIXES = SCANNER_SUFFIXES | DICOM_SUFFIXES | {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".tif", ".tiff", ".btf", ".tf2", ".tf8", ".lsm", ".stk",
    ".scn", ".bif", ".bmp", ".dib", ".czi",
}  # fmt: skip
# Pictures all the same: they become named errors, for a field passed over in silence would be lost.
RAW_SUFFIXES = frozenset(
    {".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".orf", ".rw2", ".raf", ".pef",
     ".ptx", ".srw", ".rwl", ".x3f", ".mrw", ".3fr", ".fff", ".iiq", ".erf", ".mef", ".mos", ".kdc", ".dcr"}
)  # fmt: skip
MICROSCOPE_SUFFIXES = frozenset(
    {".zvi", ".nd2", ".lif", ".lof", ".xlif", ".vsi", ".ets", ".oir", ".oib", ".oif", ".ims", ".vms",
     ".vmu", ".svslide", ".dv", ".r3d", ".sld", ".ipl"}
)  # fmt: skip
OTHER_SUFFIXES = frozenset(
    {".heic", ".heif", ".hif", ".avif", ".webp", ".gif", ".jp2", ".j2k", ".jpx", ".jpf", ".jph", ".jxl",
     ".jxr", ".wdp", ".psd", ".xcf", ".exr", ".ppm", ".pgm", ".pnm", ".tga", ".pcx"}
)  # fmt: skip
UNSUPPORTED_SUFFIXES = RAW_SUFFIXES | MICROSCOPE_SUFFIXES | OTHER_SUFFIXES
_BESIDE_A_PICTURE = frozenset({".thm"})  # a camera's thumbnail: a picture that lies there already, but small

HEAD_BYTES = 132
"""So many first bytes tell what a file is."""
_TIFF_MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_RAW_MARKS = (
    b"FUJIFILMCCD-RAW",
    b"IIRO",
    b"IIRS",
    b"MMOR",
    b"IIU\0",
    b"FOVb",
    b"\0MRM",
    b"II\x1a\0\0\0HEAPCCDR",
)
_CZI_MARK = b"ZISRAWFILE"
_MICROSCOPE_MARKS = (b"\xda\xce\xbe\x0a", b"OLYMPUSRAWFORMAT")
_OTHER_MARKS = (
    b"GIF87a",
    b"GIF89a",
    b"\0\0\0\x0cjP  ",
    b"\xff\x4f\xff\x51",
    b"\0\0\0\x0cJXL ",
    b"8BPS\0\x01",
)
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis")
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)  # bytes; without one "BM" begins a text


class Format(StrEnum):
    """How a file is encoded, by its first bytes; names lie too often.

    A MIRAX scan is one by its name: it lies in the folder beside, and the file itself may hold anything.
    """

    JPEG = "JPEG"
    PNG = "PNG"
    BMP = "BMP"
    TIFF = "TIFF"
    DICOM = "DICOM"
    MIRAX = "MIRAX"
    CZI = "CZI"


class _Foreign(StrEnum):
    """Kinds of picture that are not decoded here, each with what to do."""

    RAW = (
        "is a camera's RAW file, which is not decoded here: export it as JPEG or TIFF, or remove it where "
        "its picture lies there already"
    )
    MICROSCOPE = (
        "is of a microscope program's own kind, which is not decoded here: export its pictures from there as "
        "TIFF, in full resolution"
    )
    OTHER = "is of a kind of picture that is not decoded here: save it as PNG, TIFF or JPEG"


def is_image_name(path: Path) -> bool:
    """Whether a file's name claims to be an image; hidden files (``.name``) do not."""
    suffix = path.suffix.lower()
    return not path.name.startswith(".") and (suffix in IMAGE_SUFFIXES or suffix in UNSUPPORTED_SUFFIXES)


def is_image_file(path: Path) -> bool:
    """Whether a file is taken for an image: by its name, or by its first bytes, whatever its name."""
    return is_image(path, lambda: _head_if_readable(path))


def is_image(path: Path, head: Callable[[], bytes]) -> bool:
    """As `is_image_file`, of a file elsewhere too: `head` reads its first `HEAD_BYTES`, where needed."""
    if is_image_name(path):
        return True
    if path.name.startswith(".") or path.suffix.lower() in _BESIDE_A_PICTURE:
        return False
    first = head()
    return _own_format(first) is not None or _foreign_by_content(first) is not None


def _head_if_readable(path: Path) -> bytes:
    try:
        return _head(path) if path.is_file() else b""
    except OSError:
        return b""  # it claims nothing, and what it is cannot be seen


def format_of(path: Path) -> Format:
    """Encoding of an image file, from its first bytes.

    Raises
    ------
    UnreadableImageError
        Where the file cannot be opened, is empty or is none of the formats; of a picture of another kind
        with what to do.
    """
    with decoding(path):
        head = _head(path)
    if path.suffix.lower() == MIRAX_SUFFIX:
        return Format.MIRAX
    if not head:
        raise UnreadableImageError(f"{shown_path(path)} is empty (0 bytes): copy it again, or remove it")
    found, foreign = _own_format(head), _foreign_by_name(path)
    # Some of these hold a small picture in a format that could be read: it is no field.
    if foreign is _Foreign.MICROSCOPE or (foreign is _Foreign.RAW and found is Format.TIFF):
        found = None
    inside = _foreign_by_content(head)
    if found is not None and inside is not _Foreign.RAW:
        return found
    foreign = foreign or inside
    if foreign is not None:
        raise UnreadableImageError(f"{shown_path(path)} {foreign}")
    raise UnreadableImageError(
        f"{shown_path(path)} holds no JPEG, PNG, TIFF, BMP, DICOM or CZI image: save it as one of these, "
        "or remove it"
    )


def refuse_raw(path: Path) -> UnreadableImageError:
    """The error for a file that its tags show to be a camera's RAW file, whatever its name."""
    return UnreadableImageError(f"{shown_path(path)} {_Foreign.RAW}")


def not_decoded(path: Path, what: str, remedy: str) -> UnreadableImageError:
    """The error for a whole file of a kind that is not decoded here."""
    return UnreadableImageError(f"{shown_path(path)} is not decoded here ({what}): {remedy}")


def colours_kept_apart(path: Path) -> UnreadableImageError:
    """The error for a file that holds a picture for each colour, instead of pictures with all of them."""
    return UnreadableImageError(
        f"{shown_path(path)} keeps its colour channels as separate pages: save it as RGB"
    )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _own_format(head: bytes) -> Format | None:
    # Before the others: a DICOM file may begin as a TIFF does, and then holds more than the TIFF tells.
    if head[128:132] == b"DICM":
        return Format.DICOM
    if head.startswith(b"\xff\xd8\xff"):
        return Format.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Format.PNG
    if head.startswith(_TIFF_MARKS):
        return Format.TIFF
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return Format.BMP
    if head.startswith(_CZI_MARK):
        return Format.CZI
    return None


def _foreign_by_content(head: bytes) -> _Foreign | None:
    brand = head[8:12] if head[4:8] == b"ftyp" else b""
    is_cr2 = head.startswith(_TIFF_MARKS) and head[8:10] == b"CR"
    if is_cr2 or brand == b"crx " or head.startswith(_RAW_MARKS):
        return _Foreign.RAW
    is_lif = head.startswith(b"\x70\0\0\0") and head[8:9] == b"\x2a"
    if is_lif or head.startswith(_MICROSCOPE_MARKS):
        return _Foreign.MICROSCOPE
    is_webp = head.startswith(b"RIFF") and head[8:12] == b"WEBP"
    if is_webp or brand in _HEIF_BRANDS or head.startswith(_OTHER_MARKS):
        return _Foreign.OTHER
    return None


def _foreign_by_name(path: Path) -> _Foreign | None:
    suffix = path.suffix.lower()
    if suffix in RAW_SUFFIXES:
        return _Foreign.RAW
    if suffix in MICROSCOPE_SUFFIXES:
        return _Foreign.MICROSCOPE
    return _Foreign.OTHER if suffix in OTHER_SUFFIXES else None


def check_size(path: Path, width_px: int, height_px: int, bytes_per_pixel: int = 3) -> None:
    """Refuse a picture that is too large to decode whole, or too small to hold a cell.

    Raises
    ------
    UnreadableImageError
        Over `PIXEL_LIMIT` pixels, with a side under `MINIMUM_SIDE_PX`, or as `check_memory` does.
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
    check_memory(path, width_px * height_px, bytes_per_pixel)


def check_memory(path: Path, pixels: int, bytes_per_pixel: int) -> None:
    """Refuse samples that no picture of a camera has: they would fill all memory.

    Raises
    ------
    UnreadableImageError
        Over 16 bytes a pixel in `PIXEL_LIMIT` pixels, or as many bytes in less.
    """
    if pixels * bytes_per_pixel > _MOST_BYTES:
        raise UnreadableImageError(
            f"{shown_path(path)} is damaged, or no picture of a camera: {pixels} pixels of "
            f"{bytes_per_pixel} bytes each would take {pixels * bytes_per_pixel / 1e9:.1f} GB: copy it "
            "again, or save it as RGB of 8 or 16 bits"
        )


@contextmanager
def decoding(path: Path) -> Iterator[None]:
    """Whatever a decoder raises on `path` becomes an `UnreadableImageError` of one line.

    Decoders of damaged files raise nearly anything, hence the broad clause; the cause stays attached.
    """
    try:
        yield
    except SmearscopeError:
        raise
    except MemoryError as error:
        raise UnreadableImageError(
            f"{shown_path(path)} takes more memory than is there: save it smaller, or use a machine with more"
        ) from error
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
    return f"is damaged or cut short ({detail}): copy it again from where it was made"


def natural_key(path: Path | str) -> tuple[tuple[str | int, ...], str]:
    """Sorting key by which ``img2`` comes before ``img10``; equal numbers fall back on spelling."""
    parts = re.split("([0-9]+)", str(path).casefold())
    return tuple(int(part) if index % 2 else part for index, part in enumerate(parts)), str(path)
