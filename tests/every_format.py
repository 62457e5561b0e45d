"""A small file of every kind that the reader says it reads (docs/FORMATS.md), for tests that damage them."""

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
import simplejpeg
import tifffile
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

from tests.coloured_cells import draw_field
from tests.core.slides.images import write_dicom, write_grey_dicom, write_whole_slide_instance

FIELD = draw_field(infected=(7, 8))
GREY = np.ascontiguousarray(FIELD[..., 1])
SCAN = np.tile(draw_field(columns=12, rows=10), (3, 3, 1))
"""Larger than a region."""
APERIO = "Aperio Image Library v1\n1440x1200 (256x256) JPEG/RGB Q=70|AppMag = 40|MPP = 0.5"
LEICA = (
    '<scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01"><collection sizeX="360250" sizeY="300250">'
    '<image><device model="drawn"/><pixels sizeX="1440" sizeY="1200">'
    '<dimension sizeX="1440" sizeY="1200" r="0" ifd="0"/><dimension sizeX="360" sizeY="300" r="1" ifd="1"/>'
    '</pixels><view sizeX="360000" sizeY="300000" offsetX="0" offsetY="0"/><scanSettings>'
    "<objectiveSettings><objective>40</objective></objectiveSettings>"
    "<illuminationSettings><illuminationSource>brightfield</illuminationSource></illuminationSettings>"
    "</scanSettings></image></collection></scn>"
)

Files = dict[str, bytes]
"""The files of one slide by name; the first is the one that is damaged."""


def every_format(folder: Path) -> dict[str, Files]:
    """A slide of every kind, by a name of the kind; `folder` is for the while."""
    written: dict[str, Files] = {}
    for kind, (name, write) in _WRITERS.items():
        path = folder / name
        write(path)
        files = sorted(folder.iterdir(), key=lambda file: (file != path, file.name))
        written[kind] = {file.name: file.read_bytes() for file in files}
        for file in files:
            file.unlink()
    return written


def _with_pillow(image: Image.Image, **options: Any) -> Callable[[Path], object]:  # noqa: ANN401 - Pillow's
    return lambda path: image.save(path, **options)


def _with_tifffile(data: object = FIELD, **options: object) -> Callable[[Path], object]:
    chosen = {"photometric": "rgb"} | options
    return lambda path: tifffile.imwrite(path, data, **chosen)  # type: ignore[arg-type]  # options vary


def _jpeg(subsampling: str, colours: str = "RGB") -> Callable[[Path], object]:
    image = FIELD if colours == "RGB" else GREY[..., np.newaxis]
    data = simplejpeg.encode_jpeg(np.ascontiguousarray(image), 90, colours, subsampling)
    return lambda path: path.write_bytes(data)


def _jpeg_with_restarts(path: Path) -> None:
    options = [cv2.IMWRITE_JPEG_RST_INTERVAL, 4, cv2.IMWRITE_JPEG_PROGRESSIVE, 0]
    path.write_bytes(cv2.imencode(".jpg", FIELD[..., ::-1], options)[1].tobytes())


def _jpeg_with_thumbnail(path: Path) -> None:
    small = io.BytesIO()
    Image.fromarray(FIELD[::4, ::4]).save(small, "JPEG")
    note = b"Exif\0\0" + small.getvalue()
    plain = bytes(simplejpeg.encode_jpeg(FIELD, 90))
    path.write_bytes(plain[:2] + b"\xff\xe1" + struct.pack(">H", len(note) + 2) + note + plain[2:])


def _two_jpegs(path: Path) -> None:
    first, second = (Image.fromarray(image) for image in (FIELD, FIELD[::-1]))
    first.save(path, "MPO", save_all=True, append_images=[second])


def _pyramid(description: str | None, compression: str) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        with tifffile.TiffWriter(path, bigtiff=description == LEICA) as writer:
            for level, step in enumerate((1, 4)):
                writer.write(
                    SCAN[::step, ::step],
                    tile=(256, 256),
                    photometric="ycbcr" if compression == "jpeg" else "rgb",
                    compression=compression,
                    subfiletype=0 if description else level,
                    metadata=None,
                    description=description if level == 0 else None,
                )

    return write


def _ndpi(path: Path) -> None:
    """A scan as Hamamatsu's scanners write it: one JPEG in restart intervals, offsets of 64 bits."""
    options = [cv2.IMWRITE_JPEG_RST_INTERVAL, 90, cv2.IMWRITE_JPEG_QUALITY, 90]
    options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    picture = cv2.imencode(".jpg", SCAN[..., ::-1], options)[1].tobytes()
    height, width = SCAN.shape[:2]
    depth, maker = 12, 12 + 8
    begins = maker + 16
    tags = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 3, depth),
        (259, 3, 1, 7),
        (262, 3, 1, 6),
        (271, 2, 10, maker),
        (273, 4, 1, begins),
        (277, 3, 1, 3),
        (278, 4, 1, height),
        (279, 4, 1, len(picture)),
        (284, 3, 1, 1),
        (65420, 4, 1, 1),
        (65421, 11, 1, struct.unpack("<I", struct.pack("<f", 20.0))[0]),
        (65422, 9, 1, 0),
        (65423, 9, 1, 0),
        (65424, 9, 1, 0),
    ]
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    directory += bytes(8 + 4 * len(tags))  # no further one; the upper halves of the values
    parts = [struct.pack("<2sHQ", b"II", 42, begins + len(picture)), struct.pack("<4H", 8, 8, 8, 0)]
    parts += [b"Hamamatsu\0".ljust(16, b"\0"), picture, directory]
    path.write_bytes(b"".join(parts))


def _dicom(frames: int, *, compressed: bool = False) -> Callable[[Path], object]:
    return lambda path: write_dicom(
        path, [np.roll(FIELD, 40 * n, axis=1) for n in range(frames)], compressed=compressed
    )


def _encoded_dicom(
    encoding: UID, encoded: bytes | bytearray | None = None, colours: str = "RGB"
) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        dataset = Dataset()
        dataset.update(dcmread(write_dicom(path, [FIELD])))
        dataset.file_meta = dcmread(path).file_meta
        if encoding == RLELossless:
            dataset.compress(encoding)
        dataset.file_meta.TransferSyntaxUID = encoding
        dataset.PhotometricInterpretation = colours
        if colours == "MONOCHROME2":
            dataset.SamplesPerPixel = 1
            del dataset.PlanarConfiguration
        if encoded is not None:
            dataset.PixelData = encapsulate([bytes(encoded)])
            dataset["PixelData"].VR = "OB"
        is_big = encoding == ExplicitVRBigEndian
        dataset.save_as(
            path,
            enforce_file_format=True,
            implicit_vr=encoding == ImplicitVRLittleEndian,
            little_endian=not is_big,
        )

    return write


def _as_tiff_too(path: Path) -> None:
    write_dicom(path, [FIELD])
    path.write_bytes(b"II*\0\x10\0\0\0" + path.read_bytes()[8:])


def _dicom_scan(path: Path) -> None:
    series = generate_uid()
    write_whole_slide_instance(path, SCAN[:800], series, um_per_pixel=0.25, level=0)
    write_whole_slide_instance(
        path.with_name("level1.dcm"), SCAN[:800:2, ::2], series, um_per_pixel=0.5, level=1
    )


_SIXTEEN_BITS = FIELD.astype(np.uint16) * 16
_STACK = np.stack([FIELD, np.roll(FIELD, 1, axis=0), np.roll(FIELD, 2, axis=0)])
_J2K = imagecodecs.jpeg2k_encode(FIELD, codecformat="j2k", reversible=True)
_WRITERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "JPEG": ("a.jpg", _jpeg("444")),
    "JPEG 4:2:0": ("a.jpg", _jpeg("420")),
    "JPEG grey": ("a.jpeg", _jpeg("Gray", "GRAY")),
    "JPEG progressive": ("a.jpg", _with_pillow(Image.fromarray(FIELD), progressive=True)),
    "JPEG CMYK": ("a.jpg", _with_pillow(Image.fromarray(FIELD).convert("CMYK"))),
    "JPEG with restarts": ("a.jpg", _jpeg_with_restarts),
    "JPEG with thumbnail": ("a.jpg", _jpeg_with_thumbnail),
    "MPO": ("a.mpo", _two_jpegs),
    "PNG": ("a.png", _with_pillow(Image.fromarray(FIELD))),
    "PNG alpha": ("a.png", _with_pillow(Image.fromarray(FIELD).convert("RGBA"))),
    "PNG palette": ("a.png", _with_pillow(Image.fromarray(FIELD).quantize(64), transparency=3)),
    "PNG 16 bits": ("a.png", lambda path: path.write_bytes(imagecodecs.png_encode(_SIXTEEN_BITS))),
    "PNG bits": ("a.png", _with_pillow(Image.fromarray(FIELD).convert("1"))),
    "BMP": ("a.bmp", _with_pillow(Image.fromarray(FIELD))),
    "BMP palette": ("a.dib", _with_pillow(Image.fromarray(FIELD).quantize(64), format="BMP")),
    "TIFF strips": ("a.tif", _with_tifffile(rowsperstrip=16)),
    "TIFF big-endian": ("a.tif", _with_tifffile(byteorder=">", compression="zlib", predictor=True)),
    "TIFF LZW": ("a.tif", _with_pillow(Image.fromarray(FIELD), compression="tiff_lzw")),
    "TIFF PackBits": ("a.tif", _with_tifffile(compression="packbits")),
    "TIFF JPEG": ("a.tif", _with_tifffile(compression="jpeg", photometric="ycbcr", rowsperstrip=32)),
    "TIFF JPEG 2000": ("a.tif", _with_tifffile(compression="jpeg2000")),
    "TIFF Zstandard": ("a.tif", _with_tifffile(compression="zstd")),
    "TIFF LZMA": ("a.tif", _with_tifffile(compression="lzma")),
    "TIFF fax": ("a.tif", _with_pillow(Image.fromarray(FIELD).convert("1"), compression="group4")),
    "TIFF 16 bits": ("a.tif", _with_tifffile(_SIXTEEN_BITS, compression="zlib", predictor=True)),
    "TIFF float": ("a.tif", _with_tifffile(FIELD.astype(np.float32) / 255)),
    "TIFF CMYK": ("a.tif", _with_pillow(Image.fromarray(FIELD).convert("CMYK"))),
    "TIFF palette": ("a.tif", _with_pillow(Image.fromarray(FIELD).quantize(64))),
    "TIFF planes": ("a.tif", _with_tifffile(np.moveaxis(FIELD, 2, 0).copy(), planarconfig="separate")),
    "TIFF pages": ("a.tif", _with_tifffile(np.stack([FIELD, FIELD[::-1, ::-1]]), metadata=None)),
    "TIFF tiles": ("a.tif", _with_tifffile(tile=(64, 64), compression="zlib")),
    "TIFF pyramid": ("a.tif", _pyramid(None, "jpeg")),
    "TIFF JPEG 2000 tiles": ("a.tif", _with_tifffile(tile=(64, 64), compression="jpeg2000")),
    "BigTIFF": ("a.btf", _with_tifffile(bigtiff=True)),
    "OME-TIFF": ("a.ome.tif", _with_tifffile(_STACK, metadata={"axes": "ZYXS", "PhysicalSizeX": 0.1})),
    "ImageJ stack": (
        "a.tif",
        _with_tifffile(_STACK, imagej=True, metadata={"axes": "ZYXS", "unit": "um"}, resolution=(10, 10)),
    ),
    "ImageJ stack, one header": (
        "a.tif",
        _with_tifffile(_STACK, imagej=True, metadata={"axes": "TYXS"}, truncate=True),
    ),
    "SVS": ("a.svs", _pyramid(APERIO, "jpeg")),
    "SVS JPEG 2000": ("a.svs", _pyramid(APERIO, "aperio_jp2000_rgb")),
    "NDPI": ("a.ndpi", _ndpi),
    "SCN": ("a.scn", _pyramid(LEICA, "jpeg")),
    "DICOM": ("a.dcm", _dicom(1)),
    "DICOM frames": ("a.dcm", _dicom(3)),
    "DICOM JPEG": ("a.dcm", _dicom(2, compressed=True)),
    "DICOM grey 12 bits": (
        "a.dcm",
        lambda path: write_grey_dicom(path, GREY.astype(np.uint16) * 16, 12, "MONOCHROME2"),
    ),
    "DICOM implicit": ("a", _encoded_dicom(ImplicitVRLittleEndian)),
    "DICOM big-endian": ("a.dcm", _encoded_dicom(ExplicitVRBigEndian)),
    "DICOM deflated": ("a.dcm", _encoded_dicom(DeflatedExplicitVRLittleEndian)),
    "DICOM RLE": ("a.dcm", _encoded_dicom(RLELossless)),
    "DICOM JPEG-LS": ("a.dcm", _encoded_dicom(JPEGLSLossless, imagecodecs.jpegls_encode(FIELD))),
    "DICOM lossless JPEG": (
        "a.dcm",
        _encoded_dicom(JPEGLosslessSV1, imagecodecs.ljpeg_encode(GREY), "MONOCHROME2"),
    ),
    "DICOM JPEG 2000": ("a.dcm", _encoded_dicom(JPEG2000Lossless, _J2K, "YBR_RCT")),
    "DICOM HTJ2K": ("a.dcm", _encoded_dicom(HTJ2KLossless, imagecodecs.htj2k_encode(FIELD), "YBR_RCT")),
    "DICOM like a TIFF": ("a.dcm", _as_tiff_too),
    "DICOM whole slide": ("level0.dcm", _dicom_scan),
}
