"""Real fields cut into photographs that overlap, and copied as people copy pictures."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.cells.located import find_cells
from core.cells.quality import field_quality
from core.cells.reference import SlideReference, slide_reference
from core.slides.field import Field, Rectangle
from models.loading import Models

OVERLAPS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.15)
LARGEST_TURN = 5.0
REFERENCE_FIELDS = 8
COPIES = (
    "half size",
    "larger",
    "quarter turn",
    "half turn",
    "slight turn",
    "mirrored",
    "drawn on",
    "focal plane",
    "upside down",
    "mirrored, quarter turn",
)


@dataclass(frozen=True, eq=False)
class LocatedPhotograph:
    """A photograph with what the released detector locates on it.

    Attributes
    ----------
    image
        (H, W, 3) uint8, as it was read back from its JPEG.
    boxes, why_not
        As `core.cells.located.LocatedCells` has them.
    edge_blur
        Of the field.
    """

    image: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    why_not: NDArray[np.str_]
    edge_blur: float


def reference_of(images: Sequence[NDArray[np.uint8]], models: Models) -> SlideReference:
    """The reference of a set taken as one slide."""
    step = max(1, len(images) // REFERENCE_FIELDS)
    fields = (field_of(image) for image in images[::step][:REFERENCE_FIELDS])
    return slide_reference(fields, models.detector, models.classifier, models.second_look, None)


def field_of(image: NDArray[np.uint8]) -> Field:
    """A photograph as the detector is given it."""
    height, width = image.shape[:2]
    return Field("photograph", image, None, 0, 0, Rectangle(0, 0, width, height))


def located(
    image: NDArray[np.uint8], quality: int, models: Models, reference: SlideReference, cache: Path
) -> LocatedPhotograph:
    """Save a picture as JPEG of this quality and locate what it shows; kept in `cache` for the next time."""
    encoded = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    read = _plain(np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR))[..., ::-1])
    key = hashlib.blake2b(
        encoded.tobytes() + repr(reference).encode() + models.card.identity.encode(), digest_size=12
    )
    kept = cache / f"{key.hexdigest()}.npz"
    if not kept.exists():
        cells = find_cells(field_of(read), models.detector, reference)
        blur = field_quality(read, cells, reference).edge_blur
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(kept, boxes=cells.boxes, why_not=cells.why_not, edge_blur=blur)
    values = np.load(kept, allow_pickle=False)
    return LocatedPhotograph(read, values["boxes"], values["why_not"], float(values["edge_blur"]))


def _plain(image: NDArray[Any]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(image, np.uint8)


def other_light(image: NDArray[np.uint8], draw: np.random.Generator) -> NDArray[np.uint8]:
    """The picture with another gain, gamma and white balance."""
    gain = draw.uniform(0.8, 1.15) * draw.uniform(0.95, 1.05, 3)
    curve = (np.arange(256) / 255) ** draw.uniform(0.8, 1.25)
    levels = np.clip(curve[:, None] * gain * 255, 0, 255).round().astype(np.uint8)
    return np.stack([levels[image[..., channel], channel] for channel in range(3)], axis=2)


def jpeg_quality(draw: np.random.Generator) -> int:
    """One of 70 to 95."""
    return int(draw.integers(70, 96))


@dataclass(frozen=True, eq=False)
class CutField:
    """Two photographs cut from one field.

    Attributes
    ----------
    first, second
        The pictures; the second is turned and stands in other light.
    to_field
        (2, 2, 3) float64: what takes a place on each of them to its place on the uncut field.
    """

    first: NDArray[np.uint8]
    second: NDArray[np.uint8]
    to_field: NDArray[np.float64]


def cut_field(image: NDArray[np.uint8], overlap: float, draw: np.random.Generator) -> CutField:
    """Cut two photographs of one size that share about this much of their width, one of them turned."""
    height, width = image.shape[:2]
    angle = draw.uniform(-LARGEST_TURN, LARGEST_TURN)
    beyond = np.sin(np.radians(LARGEST_TURN)) * height / 2
    cut_width = int((width - beyond) / (2 - overlap))
    cut_height = int(height - np.sin(np.radians(LARGEST_TURN)) * cut_width)
    top = (height - cut_height) // 2
    middle = (cut_width * (1.5 - overlap), height / 2)
    turn = cv2.getRotationMatrix2D((cut_width / 2, cut_height / 2), angle, 1.0)
    turn[:, 2] += np.array([middle[0] - cut_width / 2, middle[1] - cut_height / 2])
    second = cv2.warpAffine(
        image, turn, (cut_width, cut_height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    shift = np.array([[1.0, 0, 0], [0, 1, top]])
    first = np.ascontiguousarray(image[top : top + cut_height, :cut_width])
    return CutField(first, other_light(_plain(second), draw), np.stack([shift, turn]))


def copied(image: NDArray[np.uint8], how: str, draw: np.random.Generator) -> NDArray[np.uint8]:
    """A copy of a picture, one of `COPIES`."""
    height, width = image.shape[:2]
    match how:
        case "half size":
            return _plain(cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
        case "larger":
            return _plain(cv2.resize(image, None, fx=1.3, fy=1.3, interpolation=cv2.INTER_CUBIC))
        case "quarter turn":
            return np.ascontiguousarray(np.rot90(image))
        case "half turn":
            return np.ascontiguousarray(np.rot90(image, 2))
        case "slight turn":
            turn = cv2.getRotationMatrix2D((width / 2, height / 2), draw.uniform(-5, 5), 1.0)
            return _plain(cv2.warpAffine(image, turn, (width, height)))
        case "mirrored":
            return np.ascontiguousarray(image[:, ::-1])
        case "upside down":
            return np.ascontiguousarray(image[::-1])
        case "mirrored, quarter turn":
            return np.ascontiguousarray(np.rot90(image[:, ::-1]))
        case "drawn on":
            drawn = image.copy()
            for _ in range(8):
                at = draw.integers((0, 0), (width, height))
                end = at + draw.integers(-width // 6, width // 6, 2)
                colour = [(255, 0, 0), (0, 0, 255), (0, 0, 0)][int(draw.integers(3))]
                cv2.arrowedLine(drawn, at.tolist(), end.tolist(), colour, max(2, width // 300))
                cv2.circle(drawn, end.tolist(), width // 25, colour, max(2, width // 400))
            return drawn
        case "focal plane":
            return _plain(cv2.GaussianBlur(image, (0, 0), width / 900))
    raise ValueError(f"{how!r} is not one of {COPIES}")
