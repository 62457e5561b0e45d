"""Pages of a TIFF: one decoded whole, or only the tiles that an area touches."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tifffile import COMPRESSION, PHOTOMETRIC, PLANARCONFIG, TIFF, TiffFile, TiffFrame, TiffPage

from core.errors import UnreadableImageError
from core.files import shown_path
from core.slides.field import Rectangle
from core.slides.formats import PIXEL_LIMIT, check_memory, check_size, not_decoded, refuse_raw
from core.slides.pixels import Samples, bits_in_use
from core.slides.regions import Region
from core.slides.tiff_colours import COLOUR_IN_JPEG, NotDecodedError, channels_last, page_to_rgb

_TILES_SAMPLED = 64
_RAW_COLOURS = (PHOTOMETRIC.CFA, PHOTOMETRIC.LINEAR_RAW)
_DNG_VERSION = 50706


def page_image(
    path: Path, tiff: TiffFile, index: int, plane: int, area: Rectangle | None, bits: int | None
) -> NDArray[np.uint8]:
    """(H, W, 3) RGB of a page, of one plane of a page that holds several, or of an area of a tiled page.

    Raises
    ------
    UnreadableImageError
        Cut short, too large or too small, or of a kind that is not decoded here.
    """
    page = full_page(tiff, index)
    if page.compression not in TIFF.DECOMPRESSORS:
        name = COMPRESSION(page.compression).name
        raise not_decoded(path, f"compressed as {name}", "save it as TIFF with LZW, or as PNG")
    bytes_per_pixel = page.samplesperpixel * np.dtype(page.dtype).itemsize
    try:
        if area is not None:
            check_memory(path, area.width * area.height, bytes_per_pixel)
            check_memory(path, page.tilewidth * page.tilelength, bytes_per_pixel)
            return page_to_rgb(page, _read_area(page, area), bits)
        check_complete(path, tiff, page)
        check_size(path, page.imagewidth, page.imagelength, bytes_per_pixel)
        if not page.is_tiled:
            _check_strips(path, page)
        return page_to_rgb(page, _whole(path, tiff, page, plane), bits)
    except NotDecodedError as error:
        what, _, remedy = str(error).partition("; ")
        raise not_decoded(path, what, remedy) from error


def full_page(tiff: TiffFile, index: int) -> TiffPage:
    """Page `index` (from 0) with its own header."""
    page = tiff.pages[index]
    # Of a stack that says of its pages that they are alike, only the first header is read unless asked for.
    return page.aspage() if isinstance(page, TiffFrame) else page


def follows_without_header(tiff: TiffFile, page: TiffPage) -> bool:
    """Whether further planes may lie right behind a page's pixels: uncompressed, in one piece."""
    return bool(page.is_contiguous) and page.compression == COMPRESSION.NONE and len(tiff.pages) == 1


def refuse_raw_pages(path: Path, tiff: TiffFile) -> None:
    """Refuse a camera's RAW file: the pictures in it that can be decoded are previews.

    Raises
    ------
    UnreadableImageError
        Where a tag shows it to be one.
    """
    first = full_page(tiff, 0)
    pages = [full_page(tiff, index) for index in range(min(len(tiff.pages), 8))]
    pages += [inner for page in pages for inner in (page.pages or ()) if isinstance(inner, TiffPage)]
    if _DNG_VERSION in first.tags or any(page.photometric in _RAW_COLOURS for page in pages):
        raise refuse_raw(path)


def check_complete(path: Path, tiff: TiffFile, page: TiffPage) -> None:
    """Refuse a page whose data are not all in the file: some decoders fill what is missing with grey.

    Raises
    ------
    UnreadableImageError
        Data beyond the end of the file, or a size that its tiles do not fill.
    """
    end = max(map(int.__add__, page.dataoffsets, page.databytecounts), default=0)
    size = tiff.filehandle.size
    if end > size:
        raise UnreadableImageError(
            f"{shown_path(path)} is cut short ({size} of at least {end} bytes are there): copy it again"
        )
    if not page.is_tiled:
        return
    across, down = _tiles_across_and_down(page)
    if across * down > len(page.dataoffsets) or page.tilewidth * page.tilelength > PIXEL_LIMIT:
        raise UnreadableImageError(
            f"{shown_path(path)} is damaged: {page.imagewidth} x {page.imagelength} pixels in "
            f"{len(page.dataoffsets)} tiles of {page.tilewidth} x {page.tilelength}: copy it again"
        )


def _check_strips(path: Path, page: TiffPage) -> None:
    strips = math.prod(page.chunked)
    # Where one piece holds them all, a writer may have noted wrong lengths.
    there = len(page.dataoffsets) if page.is_contiguous else sum(map(bool, page.databytecounts))
    if there < strips:
        raise UnreadableImageError(
            f"{shown_path(path)} is damaged ({there} of {strips} strips are there): copy it again"
        )


def scanned_regions(planes: Sequence[TiffPage], regions: Sequence[Region]) -> Sequence[Region]:
    """Those of the regions of a tiled picture that any of its planes has a tile of; all where none has."""
    scanned = [region for region in regions if any(tiles_there(page, region.area) for page in planes)]
    return scanned or regions


def tiles_there(page: TiffPage, area: Rectangle) -> set[int]:
    """Numbers of the tiles of an area that a tiled page has."""
    return {tile for tile in _tiles_touching(page, area) if page.databytecounts[tile]}


def are_tiled_alike(first: TiffPage, second: TiffPage) -> bool:
    """Whether two pages of one size are tiled, and the same number means the same tile in both."""
    grids = [(page.tilewidth, page.tilelength, page.planarconfig) for page in (first, second)]
    return first.is_tiled and grids[0] == grids[1]


def _whole(path: Path, tiff: TiffFile, page: TiffPage, plane: int) -> NDArray[np.generic]:
    if plane == 0 or page.imagedepth > 1:
        samples = page.asarray(maxworkers=1)
        if samples.size != page.size:  # none where the header says too little to decode any
            raise ValueError(f"{samples.size} of {page.size} samples")
        return channels_last(page, samples, plane)
    begin = page.dataoffsets[0] + plane * page.nbytes
    if begin + page.nbytes > tiff.filehandle.size:
        raise UnreadableImageError(
            f"{shown_path(path)} is cut short ({tiff.filehandle.size} of at least {begin + page.nbytes} "
            "bytes are there): copy it again"
        )
    dtype = np.dtype(page.dtype).newbyteorder(tiff.byteorder)
    samples = tiff.filehandle.read_array(dtype, count=page.size, offset=begin).reshape(page.shape)
    return channels_last(page, samples.astype(page.dtype, copy=False), 0)


def _read_area(page: TiffPage, area: Rectangle) -> Samples:
    """(H, W, samples) of an area of a tiled page, of which only the tiles it touches are decoded."""
    dtype = np.dtype(page.dtype)
    if dtype.kind not in "bu" or dtype.itemsize > 2 or page.imagedepth > 1:
        raise NotDecodedError(
            f"a tiled picture with samples of type {dtype}; save it with unsigned samples of 8 or 16 bits"
        )
    no_light = page.photometric in (PHOTOMETRIC.MINISWHITE, PHOTOMETRIC.SEPARATED)
    white = 0 if no_light else 1 if dtype.kind == "b" else np.iinfo(dtype).max  # where a tile is left out
    pixels = np.full((area.height, area.width, page.samplesperpixel), white, dtype)
    for tile, sample, top, left in _decoded_tiles(page, _tiles_touching(page, area)):
        first_row, first_column = max(top, area.top), max(left, area.left)
        last_row, last_column = min(top + len(tile), area.bottom), min(left + tile.shape[1], area.right)
        pixels[
            first_row - area.top : last_row - area.top,
            first_column - area.left : last_column - area.left,
            sample : sample + tile.shape[2],
        ] = tile[first_row - top : last_row - top, first_column - left : last_column - left]
    return pixels


def _tiles_touching(page: TiffPage, area: Rectangle) -> list[int]:
    across, down = _tiles_across_and_down(page)
    planes = page.samplesperpixel if page.planarconfig == PLANARCONFIG.SEPARATE else 1
    return [
        (plane * down + row) * across + column
        for plane in range(planes)
        for row in range(area.top // page.tilelength, -(-area.bottom // page.tilelength))
        for column in range(area.left // page.tilewidth, -(-area.right // page.tilewidth))
    ]


def _tiles_across_and_down(page: TiffPage) -> tuple[int, int]:
    return -(-page.imagewidth // page.tilewidth), -(-page.imagelength // page.tilelength)


def _decoded_tiles(page: TiffPage, indices: list[int]) -> Iterator[tuple[Samples, int, int, int]]:
    """Tiles (H, W, samples) with their first sample, top and left; those left out of the file are skipped."""
    tables = (
        {"jpegtables": page.jpegtables, "jpegheader": page.jpegheader}
        if page.compression in COLOUR_IN_JPEG
        else {}
    )
    read = page.parent.filehandle.read_segments(
        [page.dataoffsets[index] for index in indices],
        [page.databytecounts[index] for index in indices],
        indices=indices,
    )
    for data, index in read:
        tile, (sample, _, top, left, _), _ = page.decode(data, index, **tables)
        if tile is not None:
            yield tile[0], sample, top, left


def sampled_bits(page: TiffPage) -> int | None:
    """Bits in use in 16-bit samples, by the brightest of up to 64 tiles spread over a tiled page."""
    if page.bitspersample != 16:
        return None
    count = len(page.dataoffsets)
    chosen = sorted({round(index) for index in np.linspace(0, count - 1, min(count, _TILES_SAMPLED))})
    colours = 3 if page.photometric == PHOTOMETRIC.RGB else 1
    brightest = [
        int(tile[..., :colours].max())
        for tile, sample, _, _ in _decoded_tiles(page, chosen)
        if sample < colours  # opacity uses all 16 bits whatever the camera's depth
    ]
    return bits_in_use(max(brightest, default=0))
