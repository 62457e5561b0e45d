"""Small TIFFs as scanners write them, so that OpenSlide takes them for theirs; each of a given picture."""

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import tifffile

from tests.core.slides.images import Image, jpeg, picture

TILE_PX = 64
UM_PER_PIXEL = 0.25


def reduced(image: Image, step: int) -> Image:
    height, width = image.shape[:2]
    smaller = cv2.resize(image, (width // step, height // step), interpolation=cv2.INTER_AREA)
    return np.asarray(smaller, np.uint8)


def write_svs(path: Path, image: Image, *, mpp: float | None = UM_PER_PIXEL, left_out: int = 0) -> Path:
    """Aperio: levels of tiles, a thumbnail in strips behind the first, label and macro at the end.

    The first tiles of the first level may be left out, as where nothing was scanned.
    """
    height, width = image.shape[:2]
    scale = "" if mpp is None else f"|MPP = {mpp}"
    head = "Aperio Image Library v12.0.15"

    def about(level: Image) -> str:
        rows, columns = level.shape[:2]
        return (
            f"{head}\n{width}x{height} [0,0 {columns}x{rows}] ({TILE_PX}x{TILE_PX}) "
            f"JPEG/RGB Q=97|AppMag = 40{scale}"
        )

    with tifffile.TiffWriter(path) as writer:
        for step in (1, 4):
            level = reduced(image, step)
            tiles = [
                b"" if step == 1 and index < left_out else tile for index, tile in enumerate(_tiles(level))
            ]
            writer.write(
                iter(tiles) if left_out and step == 1 else (tile for tile in tiles),
                shape=level.shape,
                dtype=np.uint8,
                tile=(TILE_PX, TILE_PX),
                photometric="ycbcr",
                subsampling=(1, 1),
                compression="jpeg",
                metadata=None,
                description=about(level),
            )
            if step == 1:
                writer.write(
                    reduced(image, 2),
                    photometric="rgb",
                    compression="zlib",
                    metadata=None,
                    description=about(image),
                )
        for name, flag in (("label", 1), ("macro", 9)):
            writer.write(
                picture(40, 60, seed=7),
                photometric="rgb",
                compression="lzw",
                subfiletype=flag,
                metadata=None,
                description=f"{head}\n{name} 60x40",
            )
    return path


def write_philips(path: Path, image: Image) -> Path:
    """Philips' TIFF: what it says lies in one description; levels are filled up to whole tiles."""
    steps = (1, 2)
    levels = "".join(
        '<DataObject ObjectType="PixelDataRepresentation">'
        '<Attribute Name="DICOM_PIXEL_SPACING" Group="0x0028" Element="0x0030" PMSVR="IDoubleArray">'
        f"&quot;{step * UM_PER_PIXEL / 1000:.6f}&quot; &quot;{step * UM_PER_PIXEL / 1000:.6f}&quot;"
        "</Attribute></DataObject>"
        for step in steps
    )
    spacing = f"&quot;{UM_PER_PIXEL / 1000:.6f}&quot; &quot;{UM_PER_PIXEL / 1000:.6f}&quot;"
    description = (
        '<?xml version="1.0" encoding="UTF-8" ?><DataObject ObjectType="DPUfsImport">'
        '<Attribute Name="PIM_DP_SCANNED_IMAGES" Group="0x301D" Element="0x1003" PMSVR="IDataObjectArray">'
        '<Array><DataObject ObjectType="DPScannedImage">'
        '<Attribute Name="PIM_DP_IMAGE_TYPE" Group="0x301D" Element="0x1004" PMSVR="IString">WSI</Attribute>'
        f'<Attribute Name="DICOM_PIXEL_SPACING" Group="0x0028" Element="0x0030" PMSVR="IDoubleArray">'
        f'{spacing}</Attribute><Attribute Name="PIIM_PIXEL_DATA_REPRESENTATION_SEQUENCE" Group="0x1001" '
        f'Element="0x8B01" PMSVR="IDataObjectArray"><Array>{levels}</Array></Attribute>'
        "</DataObject></Array></Attribute></DataObject>"
    )
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        for level, step in enumerate(steps):
            shown = reduced(image, step)
            whole = tuple(-(-side // TILE_PX) * TILE_PX for side in shown.shape[:2])
            padded = np.full((*whole, 3), 255, np.uint8)
            padded[: shown.shape[0], : shown.shape[1]] = shown
            writer.write(
                padded,
                tile=(TILE_PX, TILE_PX),
                photometric="rgb",
                compression="zlib",
                subfiletype=1 if level else 0,
                metadata=None,
                software="Philips DP v1.0",
                description=description if level == 0 else f"level={level}",
            )
        for name in ("Macro", "Label"):
            writer.write(
                picture(40, 60, seed=7),
                photometric="rgb",
                compression="zlib",
                subfiletype=1,
                metadata=None,
                description=name,
            )
    return path


def write_scn(path: Path, areas: Sequence[tuple[Image, int, int]]) -> Path:
    """Leica: a macro picture of the whole glass, and areas of it scanned, each with its place in pixels."""
    nm = round(UM_PER_PIXEL * 1000)
    across = max(left + image.shape[1] for image, left, _ in areas) + 200
    down = max(top + image.shape[0] for image, _, top in areas) + 200
    pages = [picture(TILE_PX, TILE_PX, seed=7)]
    images = [_scn_image("20", 0, 0, across * nm, down * nm, [(0, pages[0])])]
    for image, left, top in areas:
        first = len(pages)
        pages += [image, reduced(image, 4)]
        height, width = image.shape[:2]
        images.append(
            _scn_image(
                "40",
                left * nm,
                top * nm,
                width * nm,
                height * nm,
                list(enumerate(pages[first:], start=first)),
            )
        )
    description = (
        '<?xml version="1.0"?><scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01">'
        f'<collection name="smear" sizeX="{across * nm}" sizeY="{down * nm}"><barcode>QUJD</barcode>'
        f"{''.join(images)}</collection></scn>"
    )
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        for number, page in enumerate(pages):
            writer.write(
                page,
                tile=(TILE_PX, TILE_PX),
                photometric="rgb",
                compression="zlib",
                metadata=None,
                description=description if number == 0 else None,
                resolution=(10_000 / UM_PER_PIXEL, 10_000 / UM_PER_PIXEL),
                resolutionunit="CENTIMETER",
            )
    return path


def _scn_image(
    objective: str, left: int, top: int, across: int, down: int, pages: Sequence[tuple[int, Image]]
) -> str:
    dimensions = "".join(
        f'<dimension sizeX="{page.shape[1]}" sizeY="{page.shape[0]}" r="{level}" ifd="{number}" />'
        for level, (number, page) in enumerate(pages)
    )
    return (
        f'<image name="image"><pixels sizeX="{pages[0][1].shape[1]}" sizeY="{pages[0][1].shape[0]}">'
        f"{dimensions}</pixels>"
        f'<view sizeX="{across}" sizeY="{down}" offsetX="{left}" offsetY="{top}" spacingZ="0" />'
        f"<scanSettings><objectiveSettings><objective>{objective}</objective></objectiveSettings>"
        "<illuminationSettings><illuminationSource>brightfield</illuminationSource>"
        "<numericalAperture>0.65</numericalAperture></illuminationSettings></scanSettings></image>"
    )


def write_bif(path: Path, image: Image, overlap_px: int, *, planes: int = 1) -> Path:
    """Ventana: tiles that overlap as the camera took them, rows from the bottom up and to and fro.

    The picture is shown as far as whole tiles fill it.
    """
    step_px = TILE_PX - overlap_px
    columns, rows = ((side - overlap_px) // step_px for side in (image.shape[1], image.shape[0]))
    tiles = {
        (row, column): image[row * step_px :, column * step_px :][:TILE_PX, :TILE_PX]
        for row in range(rows)
        for column in range(columns)
    }
    joints = []
    for row, column in tiles:
        if column + 1 < columns:
            joints.append((row, column, row, column + 1, "RIGHT", overlap_px, 0))
        if row > 0:
            joints.append((row, column, row - 1, column, "UP", 0, overlap_px))

    def number(row: int, column: int) -> int:
        from_bottom = rows - 1 - row
        from_left = columns - 1 - column if from_bottom % 2 else column
        return int(from_bottom * columns + from_left + 1)

    described = "".join(
        f'<TileJointInfo FlagJoined="1" Confidence="98" Direction="{direction}" Tile1="{number(*first)}" '
        f'Tile2="{number(*second)}" OverlapX="{across}" OverlapY="{down}" />'
        for first, second, direction, across, down in (
            ((one[0], one[1]), (one[2], one[3]), one[4], one[5], one[6]) for one in joints
        )
    )
    encoded = (
        "<EncodeInfo><SlideStitchInfo>"
        f'<ImageInfo AOIScanned="1" AOIIndex="0" Width="{TILE_PX}" Height="{TILE_PX}" NumRows="{rows}" '
        f'NumCols="{columns}" Pos-X="0" Pos-Y="0">{described}</ImageInfo></SlideStitchInfo>'
        '<AoiOrigin><AOI0 OriginX="0" OriginY="0" /></AoiOrigin></EncodeInfo>'
    )
    scanner = (
        f'<iScan Magnification="40" ScanRes="{UM_PER_PIXEL}" Z-layers="{planes}" Z-spacing="1" '
        'UnitNumber="2000515"><AOI0 Left="0" Top="0" Right="1" Bottom="1" /></iScan>'
    )
    first = np.block([[[tiles[row, column]] for column in range(columns)] for row in range(rows)])
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        writer.write(
            picture(96, 40, seed=7),
            photometric="rgb",
            compression="zlib",
            metadata=None,
            description="Label Image",
            extratags=[(700, 1, None, scanner.encode(), True)],
        )
        writer.write(
            picture(48, 20, seed=7),
            photometric="rgb",
            compression="zlib",
            metadata=None,
            description="Thumbnail",
        )
        for level, step in enumerate((1, 2)):
            writer.write(
                reduced(first, step),
                tile=(TILE_PX, TILE_PX),
                photometric="rgb",
                compression="zlib",
                metadata=None,
                description=f"level={level} mag={40 // step} quality=95",
                extratags=[(700, 1, None, encoded.encode(), True)] if level == 0 else [],
            )
    return path


def bif_size(image: Image, overlap_px: int) -> tuple[int, int]:
    """Height and width of the picture that the whole tiles of `write_bif` show."""
    height, width = (
        (side - overlap_px) // (TILE_PX - overlap_px) * (TILE_PX - overlap_px) + overlap_px
        for side in image.shape[:2]
    )
    return height, width


def write_ndpi(path: Path, planes: Sequence[Image], *, z_step: int = 1000) -> Path:
    """Hamamatsu: each level of each focal plane one JPEG with restart markers; offsets of 64 bits.

    The middle plane lies at 0, as the scanner's autofocus found it.
    """
    depths = [z_step * (number - len(planes) // 2) for number in range(len(planes))]
    pages = [
        (reduced(image, step), 40.0 / step, depth, step)
        for step in (1, 2)
        for image, depth in zip(planes, depths, strict=True)
    ]
    pages.append((picture(48, 96, seed=7), -1.0, 0, 1))
    content = bytearray(b"II*\0" + bytes(8))
    at_next = 4
    for image, lens, depth, step in pages:
        encoded = cv2.imencode(
            ".jpg",
            image[..., ::-1],
            [
                *(cv2.IMWRITE_JPEG_QUALITY, 97, cv2.IMWRITE_JPEG_RST_INTERVAL, -(-image.shape[1] // 8)),
                *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
            ],
        )[1].tobytes()
        strip = _at_even(content, encoded)
        starts = np.array(list(_restarts(encoded)), "<u4")
        per_cm = round(10_000 / (UM_PER_PIXEL * step)) if lens > 0 else 1000
        values: dict[int, tuple[int, bytes]] = {
            254: (4, struct.pack("<I", 0)),
            256: (4, struct.pack("<I", image.shape[1])),
            257: (4, struct.pack("<I", image.shape[0])),
            258: (3, struct.pack("<3H", 8, 8, 8)),
            259: (3, struct.pack("<H", 7)),
            262: (3, struct.pack("<H", 6)),
            271: (2, b"Hamamatsu\0"),
            272: (2, b"NanoZoomer\0"),
            273: (4, struct.pack("<I", strip)),
            277: (3, struct.pack("<H", 3)),
            278: (4, struct.pack("<I", image.shape[0])),
            279: (4, struct.pack("<I", len(encoded))),
            282: (5, struct.pack("<2I", per_cm, 1)),
            283: (5, struct.pack("<2I", per_cm, 1)),
            296: (3, struct.pack("<H", 3)),
            530: (3, struct.pack("<2H", 1, 1)),
            65420: (4, struct.pack("<I", 1)),
            65421: (11, struct.pack("<f", lens)),
            65422: (9, struct.pack("<i", 0)),
            65423: (9, struct.pack("<i", 0)),
            65424: (9, struct.pack("<i", depth)),
            65426: (4, starts.tobytes()),
        }
        at_next = _append_directory(content, values, at_next)
    path.write_bytes(content)
    return path


_BYTES_OF_TYPE = {2: 1, 3: 2, 4: 4, 5: 8, 9: 4, 11: 4}


def _append_directory(content: bytearray, values: dict[int, tuple[int, bytes]], at_next: int) -> int:
    """Append a directory of NDPI's own kind and point to it; returns where to point to the next from."""
    entries = []
    for tag, (kind, value) in sorted(values.items()):
        count = len(value) // _BYTES_OF_TYPE[kind]
        held = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack("<I", _at_even(content, value))
        entries.append(struct.pack("<HHI", tag, kind, count) + held)
    begin = _at_even(content, b"")
    content[at_next : at_next + 8] = struct.pack("<Q", begin)
    content += struct.pack("<H", len(entries)) + b"".join(entries)
    at_next = len(content)
    content += bytes(8) + bytes(4 * len(entries))  # the next directory; then the high bits of all offsets
    return at_next


def _at_even(content: bytearray, data: bytes) -> int:
    content += bytes(len(content) % 2)
    begin = len(content)
    content += data
    return begin


def _restarts(encoded: bytes) -> Iterator[int]:
    """Where the data of each restart interval begin."""
    at = 2
    while encoded[at + 1] != 0xDA:
        at += 2 + int.from_bytes(encoded[at + 2 : at + 4], "big")
    at += 2 + int.from_bytes(encoded[at + 2 : at + 4], "big")
    yield at
    for index in range(at, len(encoded) - 1):
        if encoded[index] == 0xFF and 0xD0 <= encoded[index + 1] <= 0xD7:
            yield index + 2


def _tiles(level: Image) -> Iterator[bytes]:
    rows, columns = (-(-side // TILE_PX) for side in level.shape[:2])
    missing = rows * TILE_PX - level.shape[0], columns * TILE_PX - level.shape[1]
    padded = np.pad(level, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")
    for row in range(rows):
        for column in range(columns):
            yield jpeg(padded[row * TILE_PX :, column * TILE_PX :][:TILE_PX, :TILE_PX])
