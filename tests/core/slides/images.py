"""Small image files that the tests of `core.slides` write for themselves."""

import hashlib
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
import tifffile
from numpy.typing import NDArray
from pydicom import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    VLMicroscopicImageStorage,
    VLWholeSlideMicroscopyImageStorage,
    generate_uid,
)

Image = NDArray[np.uint8]


def picture(height_px: int = 96, width_px: int = 128, seed: int = 0) -> Image:
    """A smooth colour picture without symmetry, so that no mirrored or shifted reading equals it."""
    noise = np.random.default_rng(seed).integers(0, 256, (height_px // 8 + 2, width_px // 8 + 2, 3), np.uint8)
    return np.ascontiguousarray(cv2.resize(noise, (width_px, height_px), interpolation=cv2.INTER_CUBIC))


def write_jpeg(path: Path, image: Image) -> Path:
    path.write_bytes(jpeg(image))
    return path


def write_png(path: Path, image: NDArray[np.uint8] | NDArray[np.uint16]) -> Path:
    channels = image if image.ndim == 2 else image[..., [2, 1, 0, 3][: image.shape[2]]]
    encoded = cv2.imencode(".png", np.ascontiguousarray(channels))[1]
    path.write_bytes(encoded.tobytes())
    return path


def jpeg(image: Image, subsampling: str = "444") -> bytes:
    encoded = simplejpeg.encode_jpeg(np.ascontiguousarray(image), quality=97, colorsubsampling=subsampling)
    return bytes(encoded)


def write_pyramid(path: Path, image: Image, description: str | None = None) -> Path:
    """A tiled TIFF with two reduced copies and a stated scale of 0.25 µm a pixel."""
    with tifffile.TiffWriter(path) as writer:
        for level, step in enumerate((1, 2, 4)):
            writer.write(
                image[::step, ::step],
                tile=(64, 64),
                photometric="rgb",
                compression="zlib",
                subfiletype=1 if level else 0,
                metadata=None,
                description=description if level == 0 else None,
                resolution=(40_000 / step, 40_000 / step),
                resolutionunit="CENTIMETER",
            )
    return path


def write_dicom(path: Path, frames: list[Image], *, compressed: bool = False) -> Path:
    """A visible-light microscopic image of one or several frames, 0.1 µm a pixel."""
    dataset = _dicom(VLMicroscopicImageStorage, frames, compressed=compressed)
    dataset.PixelSpacing = [0.0001, 0.0001]
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_grey_dicom(path: Path, pixels: NDArray[np.uint16], stored_bits: int, colours: str) -> Path:
    dataset = _dicom(VLMicroscopicImageStorage, [np.zeros((*pixels.shape, 3), np.uint8)], compressed=False)
    del dataset.PlanarConfiguration
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = colours
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, stored_bits, stored_bits - 1
    dataset.PixelData = pixels.astype("<u2").tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_whole_slide_instance(
    path: Path, image: Image, series: str, *, um_per_pixel: float, level: int
) -> Path:
    """One level of a tiled DICOM whole slide, uncompressed."""
    side = 64
    height_px, width_px = image.shape[:2]
    rows, columns = -(-height_px // side), -(-width_px // side)
    padded = np.full((rows * side, columns * side, 3), 255, np.uint8)
    padded[:height_px, :width_px] = image
    tiles = [
        padded[row * side : (row + 1) * side, column * side : (column + 1) * side]
        for row in range(rows)
        for column in range(columns)
    ]
    dataset = _dicom(VLWholeSlideMicroscopyImageStorage, tiles, compressed=False)
    dataset.SeriesInstanceUID = series
    dataset.ImageType = (
        ["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"] if level else ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    )
    dataset.TotalPixelMatrixColumns, dataset.TotalPixelMatrixRows = width_px, height_px
    dataset.DimensionOrganizationType = "TILED_FULL"
    dataset.ImagedVolumeWidth = width_px * um_per_pixel / 1000
    dataset.ImagedVolumeHeight = height_px * um_per_pixel / 1000
    measures, groups, light = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = [um_per_pixel / 1000, um_per_pixel / 1000]
    measures.SliceThickness = 0.001
    groups.PixelMeasuresSequence = [measures]
    light.OpticalPathIdentifier = "1"
    dataset.SharedFunctionalGroupsSequence = [groups]
    dataset.OpticalPathSequence = [light]
    dataset.save_as(path, enforce_file_format=True)
    return path


def _image_uid(frames: list[Image]) -> UID:
    """The same for the same pixels alone: files of one identifier are one file."""
    content = hashlib.sha256(b"".join(frame.tobytes() for frame in frames))
    return generate_uid(entropy_srcs=[content.hexdigest()])


def _dicom(kind: UID, frames: list[Image], *, compressed: bool) -> Dataset:
    meta, dataset = FileMetaDataset(), Dataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID = kind
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = _image_uid(frames)
    meta.TransferSyntaxUID = JPEGBaseline8Bit if compressed else ExplicitVRLittleEndian
    dataset.file_meta = meta
    dataset.Modality = "SM"
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=["study"])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=["series"])
    dataset.Rows, dataset.Columns = frames[0].shape[:2]
    dataset.NumberOfFrames = len(frames)
    dataset.SamplesPerPixel, dataset.PlanarConfiguration, dataset.PixelRepresentation = 3, 0, 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    dataset.PhotometricInterpretation = "YBR_FULL_422" if compressed else "RGB"
    if compressed:
        dataset.PixelData = encapsulate([jpeg(frame, "422") for frame in frames])
    else:
        dataset.PixelData = b"".join(np.ascontiguousarray(frame).tobytes() for frame in frames)
    dataset["PixelData"].VR = "OB"
    return dataset
