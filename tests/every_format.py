"""A small file of every kind that the reader says it reads (docs/FORMATS.md), for tests that damage them.

The same bytes each time, but for CZI, into which the library of its maker writes identifiers of its own.
"""

import io
import struct
import tempfile
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
from tests.core.slides.czi_files import Laid, write_czi
from tests.core.slides.images import write_dicom, write_grey_dicom, write_whole_slide_instance
from tests.core.slides.mirax_files import mirax_layout, write_mrxs
from tests.core.slides.scanner_files import (
    write_bif,
    write_ndpi,
    write_philips,
    write_scn,
    write_svs,
)
from tests.damaged_reading import Files

FIELD = draw_field(infected=(7, 8))
GREY = np.ascontiguousarray(FIELD[..., 1])
SCAN = np.tile(draw_field(columns=12, rows=10), (3, 3, 1))
"""Larger than a region."""
APERIO = "Aperio Image Library v1\n1440x1200 (256x256) JPEG/RGB Q=70|AppMag = 40|MPP = 0.5"


def every_format() -> dict[str, Files]:
    """A slide of every kind, by a name of the kind."""
    return {kind: _written(name, write) for kind, (name, write) in _WRITERS.items()}


def _written(name: str, write: Callable[[Path], object]) -> Files:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write(folder / name)
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
    return {name: files[name]} | files


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
        with tifffile.TiffWriter(path) as writer:
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


def _mirax(path: Path) -> None:
    """Whose parts lie in a folder; `path` is the part that is to be damaged."""
    write_mrxs(path.parent.with_suffix(".mrxs"), SCAN[:420, :420], mirax_layout(4, 4, {}))


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
            dataset.compress(encoding, generate_instance_uid=False)
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
    series = generate_uid(entropy_srcs=["scan"])
    write_whole_slide_instance(path, SCAN[:800], series, um_per_pixel=0.25, level=0)
    write_whole_slide_instance(
        path.with_name("level1.dcm"), SCAN[:800:2, ::2], series, um_per_pixel=0.5, level=1
    )


_SIXTEEN_BITS = FIELD.astype(np.uint16) * 16
_STACK = np.stack([FIELD, np.roll(FIELD, 1, axis=0), np.roll(FIELD, 2, axis=0)])
_OME = {"axes": "ZYXS", "PhysicalSizeX": 0.1, "UUID": "urn:uuid:00000000-0000-0000-0000-000000000001"}
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
    "OME-TIFF": (
        "a.ome.tif",
        _with_tifffile(_STACK, metadata=_OME),
    ),
    "ImageJ stack": (
        "a.tif",
        _with_tifffile(_STACK, imagej=True, metadata={"axes": "ZYXS", "unit": "um"}, resolution=(10, 10)),
    ),
    "ImageJ stack, one header": (
        "a.tif",
        _with_tifffile(_STACK, imagej=True, metadata={"axes": "TYXS"}, truncate=True),
    ),
    "CZI": ("a.czi", lambda path: write_czi(path, [Laid(FIELD)])),
    "SVS": ("a.svs", lambda path: write_svs(path, SCAN)),
    "SVS JPEG 2000": ("a.svs", _pyramid(APERIO, "aperio_jp2000_rgb")),
    "NDPI": ("a.ndpi", lambda path: write_ndpi(path, [SCAN])),
    "SCN": ("a.scn", lambda path: write_scn(path, [(SCAN, 0, 0)])),
    "MIRAX description": ("a/Slidedat.ini", _mirax),
    "MIRAX index": ("a/Index.dat", _mirax),
    "MIRAX pictures": ("a/Data0000.dat", _mirax),
    "BIF": ("a.bif", lambda path: write_bif(path, SCAN, overlap_px=8)),
    "Philips' TIFF": ("a.tiff", lambda path: write_philips(path, SCAN)),
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
