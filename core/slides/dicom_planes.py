"""A DICOM whole slide in several focal planes, read region by region from the tiles of each plane."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from core.slides.dicom import um_per_pixel_of
from core.slides.dicom_frames import frame_image, header_of
from core.slides.field import Field
from core.slides.formats import decoding, not_decoded
from core.slides.regions import Region

_NOWHERE = -1
_MOST_PLACES = 100_000_000  # of a whole glass at its finest, in tiles of 128 px, there are half as many


@dataclass(frozen=True)
class DicomPlaneRegion:
    """A region of one focal plane; what was not scanned is white.

    Attributes
    ----------
    files
        Those that show the full resolution.
    plane
        Which plane, from 0.
    """

    files: tuple[Path, ...]
    plane: int
    region: Region
    um_per_pixel: float | None

    @property
    def path(self) -> Path:
        """The first of the files."""
        return self.files[0]

    def read(self, name: str) -> Field:
        """Decode the region as field `name`; raises `UnreadableImageError`."""
        area = self.region.area
        matrix = tile_matrix(self.files)
        image = np.full((area.bottom - area.top, area.right - area.left, 3), 255, np.uint8)
        for row in range(area.top // matrix.tile_height_px, -(-area.bottom // matrix.tile_height_px)):
            for column in range(area.left // matrix.tile_width_px, -(-area.right // matrix.tile_width_px)):
                file, frame = matrix.at[self.plane, row, column].tolist()
                if file == _NOWHERE:
                    continue
                tile = frame_image(self.files[file], frame)
                top, left = row * matrix.tile_height_px - area.top, column * matrix.tile_width_px - area.left
                shown = image[max(0, top) : top + len(tile), max(0, left) : left + tile.shape[1]]
                shown[:] = tile[max(0, -top) :, max(0, -left) :][: len(shown), : shown.shape[1]]
        return Field(name, image, self.um_per_pixel, area.left, area.top, self.region.owned)


@dataclass(frozen=True, eq=False)
class TileMatrix:
    """Where the tiles of a level lie.

    Attributes
    ----------
    width_px, height_px, tile_width_px, tile_height_px
        Of the level, and of a tile.
    at
        (planes, rows, columns, 2) int32: of each place the file, by its position, and the frame in it, from
        0; -1 where there is none.
    um_per_pixel
        As the files say, if credible.
    """

    width_px: int
    height_px: int
    tile_width_px: int
    tile_height_px: int
    at: NDArray[np.int32]
    um_per_pixel: float | None


def tile_matrix(files: tuple[Path, ...]) -> TileMatrix:
    """Read where the tiles of a level lie; raises `UnreadableImageError`."""
    with decoding(files[0]):
        return _read(files, tuple(file.stat().st_mtime_ns for file in files))


@lru_cache(maxsize=1)
def _read(files: tuple[Path, ...], state: tuple[int, ...]) -> TileMatrix:
    headers = [header_of(file) for file in files]
    first = headers[0]
    if int(first.get("NumberOfOpticalPaths") or 1) > 1:
        raise not_decoded(
            files[0],
            "a whole slide in several optical paths and focal planes",
            "export it in transmitted light",
        )
    width_px, height_px = int(first.TotalPixelMatrixColumns), int(first.TotalPixelMatrixRows)
    across_px, down_px = int(first.Columns), int(first.Rows)
    rows, columns = math.ceil(height_px / down_px), math.ceil(width_px / across_px)
    if rows * columns > _MOST_PLACES:
        raise ValueError(f"{rows} x {columns} tiles")
    depths: dict[tuple[str, float], NDArray[np.int32]] = {}
    for number, header in enumerate(headers):
        for frame, (depth, row, column) in enumerate(_places(header, rows, columns)):
            if not (0 <= row < rows and 0 <= column < columns):
                raise ValueError(f"a tile in row {row + 1} and column {column + 1} of {rows} x {columns}")
            if depth not in depths:
                depths[depth] = np.full((rows, columns, 2), _NOWHERE, np.int32)
            depths[depth][row, column] = number, frame
    at = np.stack([depths[depth] for depth in sorted(depths)])
    return TileMatrix(width_px, height_px, across_px, down_px, at, um_per_pixel_of(first))


def _places(header: Dataset, rows: int, columns: int) -> Iterator[tuple[tuple[str, float], int, int]]:
    """Of each frame its depth, row and column."""
    frames = int(header.get("NumberOfFrames") or 1)
    # The parts of a file that was divided go on counting.
    file = str(header.get("ConcatenationUID") or header.get("SOPInstanceUID"))
    positions = _positions(header, frames)
    if positions is None:
        begin = int(header.get("ConcatenationFrameOffsetNumber") or 0)
        planes = int(header.get("TotalPixelMatrixFocalPlanes") or frames)
        for index in range(begin, begin + frames):
            plane, place = divmod(index, rows * columns)
            if plane >= planes:
                raise ValueError(
                    f"{begin + frames} tiles, where {planes} planes of {rows} x {columns} have less"
                )
            yield (file, plane), *divmod(place, columns)
        return
    for left, top, depth in positions:
        yield ("", depth), (top - 1) // int(header.Rows), (left - 1) // int(header.Columns)


def _positions(header: Dataset, frames: int) -> Sequence[tuple[int, int, float]] | None:
    """Left and top, from 1, and depth of each frame; None where frames follow each other row by row."""
    groups = header.get("PerFrameFunctionalGroupsSequence") or []
    if header.get("DimensionOrganizationType") == "TILED_FULL" or len(groups) != frames:
        return None
    found = [(group.get("PlanePositionSlideSequence") or [Dataset()])[0] for group in groups]
    return [
        (
            int(one.ColumnPositionInTotalImagePixelMatrix),
            int(one.RowPositionInTotalImagePixelMatrix),
            float(one.get("ZOffsetInSlideCoordinateSystem") or 0),
        )
        for one in found
    ]
