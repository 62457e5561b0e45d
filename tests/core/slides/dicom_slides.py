"""DICOM whole slides as other programs write them: divided, sparse, in focal planes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

from tests.core.slides.images import Image, write_whole_slide_instance

TILE_PX = 64
TILE_BYTES = 3 * TILE_PX**2


def write_level(path: Path, image: Image, series: str, level: int = 0, **said: object) -> Path:
    """One level of 0.25 µm a pixel, or a reduced one, with what it says besides."""
    write_whole_slide_instance(path, image, series, um_per_pixel=0.25 * 2**level, level=level)
    dataset = dcmread(path)
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    for name, value in said.items():
        setattr(dataset, name, value)
    dataset.save_as(path)
    return path


def write_planes(path: Path, planes: Sequence[Image], series: str) -> Path:
    """All planes in one file, plane by plane, row by row."""
    write_level(path, planes[0], series)
    dataset = dcmread(path)
    beside = path.with_suffix(".plane")
    pixels = b""
    for plane in planes:
        pixels += dcmread(write_level(beside, plane, series)).PixelData
    beside.unlink()
    dataset.PixelData, dataset.NumberOfFrames = pixels, len(pixels) // TILE_BYTES
    dataset.TotalPixelMatrixFocalPlanes = len(planes)
    dataset.save_as(path)
    return path


def make_sparse(path: Path, left_out: Sequence[int] = (), depths: int = 1, seed: int = 0) -> None:
    """Let each frame say where it lies, in any order, and leave some out."""
    dataset = dcmread(path)
    frames = np.frombuffer(dataset.PixelData, np.uint8).reshape(-1, TILE_BYTES)
    columns = -(-dataset.TotalPixelMatrixColumns // TILE_PX)
    places = len(frames) // depths
    kept = [index for index in range(len(frames)) if index % places not in left_out]
    kept = np.random.default_rng(seed).permutation(kept).tolist()
    groups = []
    for index in kept:
        row, column = divmod(index % places, columns)
        position, group = Dataset(), Dataset()
        position.ColumnPositionInTotalImagePixelMatrix = column * TILE_PX + 1
        position.RowPositionInTotalImagePixelMatrix = row * TILE_PX + 1
        position.XOffsetInSlideCoordinateSystem = column * TILE_PX * 0.00025
        position.YOffsetInSlideCoordinateSystem = row * TILE_PX * 0.00025
        position.ZOffsetInSlideCoordinateSystem = index // places * 0.5
        group.PlanePositionSlideSequence = [position]
        groups.append(group)
    dataset.PerFrameFunctionalGroupsSequence = groups
    dataset.DimensionOrganizationType = "TILED_SPARSE"
    dataset.PixelData, dataset.NumberOfFrames = frames[kept].tobytes(), len(kept)
    dataset.save_as(path)


def divide(path: Path, parts: int) -> list[Path]:
    """Make a concatenation of a file."""
    whole = dcmread(path)
    frames = int(whole.NumberOfFrames)
    begins = [frames * part // parts for part in range(parts + 1)]
    source, together = whole.SOPInstanceUID, generate_uid()
    files = []
    for number in range(parts):
        part = dcmread(path)
        begin, end = begins[number], begins[number + 1]
        part.PixelData = whole.PixelData[begin * TILE_BYTES : end * TILE_BYTES]
        part.NumberOfFrames = end - begin
        part.SOPInstanceUID = part.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        part.SOPInstanceUIDOfConcatenationSource, part.ConcatenationUID = source, together
        part.InConcatenationNumber, part.InConcatenationTotalNumber = number + 1, parts
        part.ConcatenationFrameOffsetNumber = begin
        files.append(path.with_name(f"{path.stem}_{number + 1}.dcm"))
        part.save_as(files[-1])
    path.unlink()
    return files
