"""Where the tiles of a DICOM whole slide lie, and its regions where they lie at several depths of focus.

Only what is regular is read: every place that was scanned is there in as many depths, and each tile lies on
the grid. What is not might lose cells in silence, and is refused.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from core.errors import UnreadableImageError
from core.files import shown_path
from core.slides.dicom import um_per_pixel_of
from core.slides.dicom_frames import frame_count, frame_image, header_of, shared_header_of
from core.slides.field import Field
from core.slides.focal_planes import FieldSource, of_one_place
from core.slides.formats import decoding, not_decoded
from core.slides.regions import Cutting, Region
from core.slides.same_place import Glimpse, glimpse, show_the_same

_NOWHERE = -1
_MOST_PLACES = 100_000_000  # of a whole glass at its finest, in tiles of 128 px, there are half as many
_PLACES_COMPARED = 64
_LEVELS_KEPT = 16  # of a folder of series each is asked about the larger ones, and then read
_ONE_PLANE = "export it in one focal plane"


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
        image = np.full((area.height, area.width, 3), 255, np.uint8)
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
        0; -1 where nothing was scanned. The planes of a place are numbered by its own order of depth.
    wholes
        Of each file, from 0, which undivided file it is, or is a part of.
    are_stated_planes
        Whether these files say that they lie at one place of the glass, each at another depth.
    um_per_pixel
        As the files say, if credible.
    """

    width_px: int
    height_px: int
    tile_width_px: int
    tile_height_px: int
    at: NDArray[np.int32]
    wholes: tuple[int, ...]
    are_stated_planes: bool
    um_per_pixel: float | None

    @property
    def is_plain(self) -> bool:
        """Whether one file, divided or not, shows each place once: as OpenSlide reads it."""
        return len(self.at) == 1 and not any(self.wholes)


def plane_fields(files: tuple[Path, ...], cutting: Cutting) -> dict[str, FieldSource]:
    """Regions of a level by the suffix of their names, ``#x=1024,y=0``, each the sharpest of its planes.

    Raises
    ------
    UnreadableImageError
        Where the files are irregular, or show different areas of the glass.
    """
    matrix = tile_matrix(files)
    _check_one_area(files, matrix)
    regions = cutting.regions(matrix.width_px, matrix.height_px, matrix.um_per_pixel)
    return {
        f"#x={region.area.left},y={region.area.top}": of_one_place(
            [DicomPlaneRegion(files, plane, region, matrix.um_per_pixel) for plane in range(len(matrix.at))]
        )
        for region in regions
    }


def tile_matrix(files: tuple[Path, ...]) -> TileMatrix:
    """Read where the tiles of a level lie.

    Raises
    ------
    UnreadableImageError
        Damaged, with parts missing, or irregular.
    """
    with decoding(files[0]):
        return _read(files, tuple(file.stat().st_mtime_ns for file in files))


@lru_cache(_LEVELS_KEPT)
def _read(files: tuple[Path, ...], state: tuple[int, ...]) -> TileMatrix:
    headers, positions = [], []
    for file in files:
        header = shared_header_of(file)
        if header.get("DimensionOrganizationType") != "TILED_FULL":
            header = header_of(file)
        headers.append(header)
        positions.append(_positions(file, header, frame_count(file, header)))
        header.pop("PerFrameFunctionalGroupsSequence", None)  # a Dataset for each of maybe a million tiles
    first = headers[0]
    _check_alike(files, headers)
    width_px, height_px = int(first.TotalPixelMatrixColumns), int(first.TotalPixelMatrixRows)
    across_px, down_px = int(first.Columns), int(first.Rows)
    rows, columns = math.ceil(height_px / down_px), math.ceil(width_px / across_px)
    if rows * columns > _MOST_PLACES:
        raise ValueError(f"{rows} x {columns} tiles")
    together: dict[str, list[int]] = {}
    for number, header in enumerate(headers):
        # A file that was divided is one.
        name = str(header.get("ConcatenationUID") or header.get("SOPInstanceUID") or number)
        together.setdefault(name, []).append(number)
    wholes = [0] * len(files)
    tiles = []
    for whole, numbers in enumerate(together.values()):
        parts = sorted(numbers, key=lambda number: _begin(headers[number]))
        for number in parts:
            wholes[number] = whole
        tiles.append(_tiles_of(files, headers, positions, parts, rows, columns))
    depths = set()
    for whole, of_it in enumerate(tiles):
        number = wholes.index(whole)
        is_of_tiles = positions[number] is not None
        depths.add(float(of_it[:, 1].mean()) if is_of_tiles else _stated_depth(headers[number]))
    return TileMatrix(
        width_px=width_px,
        height_px=height_px,
        tile_width_px=across_px,
        tile_height_px=down_px,
        at=_in_planes(files[0], np.concatenate(tiles), rows, columns),
        wholes=tuple(wholes),
        are_stated_planes=None not in (*depths, *_grid(first)) and len(depths) == len(tiles),
        um_per_pixel=um_per_pixel_of(first),
    )


def _check_alike(files: Sequence[Path], headers: Sequence[Dataset]) -> None:
    first = _grid(headers[0])
    for file, header in zip(files, headers, strict=True):
        if int(header.get("NumberOfOpticalPaths") or 1) > 1:
            raise not_decoded(
                file, "a whole slide in several optical paths", "export it in transmitted light alone"
            )
        if _grid(header) != first:
            raise not_decoded(
                file,
                f"its tiles lie otherwise than those of {shown_path(files[0].name)}, of the same series",
                f"{_ONE_PLANE}, or put the files of each scanned area into a folder of their own",
            )


def _grid(header: Dataset) -> tuple[object, ...]:
    """Sides of the level and of its tiles, and where it lies on the glass."""
    origin = (header.get("TotalPixelMatrixOriginSequence") or [Dataset()])[0]
    place = [origin.get(f"{axis}OffsetInSlideCoordinateSystem") for axis in "XY"]
    sides = header.TotalPixelMatrixColumns, header.TotalPixelMatrixRows, header.Columns, header.Rows
    return *map(int, sides), *(None if one is None else float(one) for one in place)


def _stated_depth(header: Dataset) -> float | None:
    """Depth of a file in which no tile says its own."""
    shared = (header.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    for sequence in (header.get("TotalPixelMatrixOriginSequence"), shared.get("PlanePositionSlideSequence")):
        if sequence and "ZOffsetInSlideCoordinateSystem" in sequence[0]:
            return float(sequence[0].ZOffsetInSlideCoordinateSystem)
    return None


def _begin(header: Dataset) -> int:
    """Frames in the parts before this one of a file that was divided."""
    return int(header.get("ConcatenationFrameOffsetNumber") or 0)


def _tiles_of(
    files: Sequence[Path],
    headers: Sequence[Dataset],
    positions: Sequence[NDArray[np.float64] | None],
    parts: Sequence[int],
    rows: int,
    columns: int,
) -> NDArray[np.float64]:
    """(tiles, 4) of a file, or of all its parts: the place row by row, the depth, the file and the frame."""
    frames = [frame_count(files[number], headers[number]) for number in parts]
    begins = [sum(frames[:part]) for part in range(len(parts))]
    stated = int(headers[parts[0]].get("InConcatenationTotalNumber") or len(parts))
    if stated != len(parts) or [_begin(headers[number]) for number in parts] != begins:
        here = f"{len(parts)} of {stated}" if stated != len(parts) else f"{len(parts)}, with gaps"
        raise UnreadableImageError(
            f"{shown_path(files[parts[0]])} was divided, and not all parts are here ({here}): copy all files "
            "of its series again"
        )
    total = sum(frames)
    tiles = np.empty((total, 4))
    for number, begin, count in zip(parts, begins, frames, strict=True):
        tiles[begin : begin + count, 2] = number
        tiles[begin : begin + count, 3] = np.arange(count)
        stated_positions = positions[number]
        if stated_positions is None:
            tiles[begin : begin + count, 0] = np.arange(begin, begin + count) % (rows * columns)
            tiles[begin : begin + count, 1] = np.arange(begin, begin + count) // (rows * columns)
        else:
            tiles[begin : begin + count, :2] = _on_grid(files[number], headers[number], stated_positions)
    if positions[parts[-1]] is None:
        planes = int(headers[parts[0]].get("TotalPixelMatrixFocalPlanes") or -(-total // (rows * columns)))
        if total != planes * rows * columns:
            raise UnreadableImageError(
                f"{shown_path(files[parts[0]])} is damaged or lacks files of its series ({total} tiles, "
                f"where {planes} planes of {rows} x {columns} are {planes * rows * columns}): copy all again"
            )
    return tiles


def _on_grid(file: Path, header: Dataset, positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """(frames, 2) place and depth of frames by their left and top, from 1, and depth."""
    down_px, across_px = int(header.Rows), int(header.Columns)
    columns = math.ceil(int(header.TotalPixelMatrixColumns) / across_px)
    left, top = positions[:, 0] - 1, positions[:, 1] - 1
    within = (left >= 0) & (left < int(header.TotalPixelMatrixColumns))
    within &= (top >= 0) & (top < int(header.TotalPixelMatrixRows))
    wrong = ~within | (left % across_px != 0) | (top % down_px != 0)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise not_decoded(
            file,
            f"a tile at column {positions[at, 0]:.0f} and row {positions[at, 1]:.0f}, off the grid of "
            f"{across_px} x {down_px} pixels",
            "export it again, with its tiles on a grid (TILED_FULL)",
        )
    return np.stack([top // down_px * columns + left // across_px, positions[:, 2]], axis=1)


def _positions(file: Path, header: Dataset, frames: int) -> NDArray[np.float64] | None:
    """(frames, 3) left and top, from 1, and depth; None where frames follow each other row by row."""
    organised = header.get("DimensionOrganizationType")
    groups = header.get("PerFrameFunctionalGroupsSequence") or []
    if organised == "TILED_FULL" or (organised is None and not groups):
        return None
    if len(groups) != frames:
        raise ValueError(f"{frames} tiles, of which {len(groups)} say where they lie")
    with decoding(file):
        found = [group.PlanePositionSlideSequence[0] for group in groups]
        return np.array(
            [
                (
                    int(one.ColumnPositionInTotalImagePixelMatrix),
                    int(one.RowPositionInTotalImagePixelMatrix),
                    float(one.get("ZOffsetInSlideCoordinateSystem") or 0),
                )
                for one in found
            ]
        )


def _in_planes(file: Path, tiles: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.int32]:
    """`TileMatrix.at` of all tiles; a scanner may follow the surface, so that depths are not compared."""
    ordered = tiles[np.lexsort(tiles.T[::-1])]
    places, counts = np.unique(ordered[:, 0].astype(np.int64), return_counts=True)
    planes = int(counts[0])
    if (counts != planes).any():
        raise not_decoded(
            file,
            f"a whole slide in focal planes, with {counts.min()} tiles at one place and {counts.max()} at "
            "another",
            _ONE_PLANE,
        )
    if planes * rows * columns > _MOST_PLACES:
        raise ValueError(f"{planes} planes of {rows} x {columns} tiles")
    at = np.full((planes, rows * columns, 2), _NOWHERE, np.int32)
    at[:, places] = ordered[:, 2:].reshape(-1, planes, 2).swapaxes(0, 1)
    return at.reshape(planes, rows, columns, 2)


def _check_one_area(files: Sequence[Path], matrix: TileMatrix) -> None:
    """Refuse files of one size that are no planes of one area, by some of their tiles and what they say.

    Two areas with few cells show nothing at the same spots, as two planes may, one of them far out of focus:
    only planes that say what they are may be such.
    """
    count = 1 + max(matrix.wholes)
    whole_of = np.where(matrix.at[..., 0] == _NOWHERE, _NOWHERE, np.array(matrix.wholes)[matrix.at[..., 0]])
    in_all = np.logical_and.reduce([(whole_of == whole).any(axis=0) for whole in range(count)])
    places = np.argwhere(in_all)
    if count == 1 or not len(places):
        return
    compared = places[np.linspace(0, len(places) - 1, min(len(places), _PLACES_COMPARED)).astype(int)]
    seen: list[Glimpse] = []
    for whole in range(count):
        looks = []
        for row, column in compared:
            plane = int(np.argmax(whole_of[:, row, column] == whole))
            file, frame = matrix.at[plane, row, column].tolist()
            below = matrix.height_px - row * matrix.tile_height_px
            beside = matrix.width_px - column * matrix.tile_width_px
            # What fills up the last tiles would be the same on any area.
            looks.append(glimpse(frame_image(files[file], frame)[:below, :beside]))
        seen.append(np.concatenate(looks))
        told = {show_the_same(seen[-1], earlier) for earlier in seen[:-1]}
        if whole > 0 and True not in told and (False in told or not matrix.are_stated_planes):
            raise not_decoded(
                files[matrix.wholes.index(whole)],
                f"of one series and size with {shown_path(files[0].name)}, but not seen to be of one area",
                f"{_ONE_PLANE}, or put the files of each scanned area into a folder of their own",
            )
