"""Published sets of annotated smear fields, each from its own layout to one sample type."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import numpy as np
from numpy.typing import NDArray

from core.cells.boxes import intersection_over_union
from core.cells.detection import ObjectKind
from core.errors import SmearscopeError

STAGES = ("ring", "trophozoite", "schizont", "gametocyte")
CHULA_CLASSES = 13
DOUBLE_MARK = 0.5
"""Two marks of one kind that overlap more than this (intersection over union) are one object."""


class AnnotationError(SmearscopeError):
    """An annotated set that does not follow its published layout."""


@dataclass(frozen=True)
class AnnotatedField:
    """A field image with the objects marked on it.

    Attributes
    ----------
    path, source
        The image file; the name of the set.
    boxes
        (N, 4) float32: x, y of the top-left corner, width, height, pixels. Where the set gives only
        centres, width and height are NaN and x, y are the centre.
    kind
        (N,) uint8, values of `core.cells.detection.ObjectKind`.
    infected
        (N,) bool; False throughout in a malaria-free set.
    stage
        (N,) names of the parasite stage; empty where there is none.
    kinds_marked
        What the annotators marked at all: absence says nothing about the other kinds.
    """

    path: Path
    source: str
    boxes: NDArray[np.float32]
    kind: NDArray[np.uint8]
    infected: NDArray[np.bool_]
    stage: tuple[str, ...]
    kinds_marked: frozenset[ObjectKind]

    def image(self) -> NDArray[np.uint8]:
        """Decode the image to (H, W, 3) RGB."""
        return read_rgb(self.path)

    @property
    def centres(self) -> NDArray[np.float32]:
        """(N, 2) x, y of the objects' centres."""
        return np.asarray(self.boxes[:, :2] + np.nan_to_num(self.boxes[:, 2:]) / 2, np.float32)


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """Decode a training image; raises `AnnotationError` naming the file."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if image is None:
        raise AnnotationError(f"{path}: cannot be decoded; replace the file or remove its annotation")
    return np.asarray(image, np.uint8)


def _field(
    path: Path,
    source: str,
    rows: Sequence[tuple[ObjectKind, float, float, float, float, str]],
    marked: frozenset[ObjectKind],
) -> AnnotatedField:
    rows = _each_once(rows)
    boxes = np.array([row[1:5] for row in rows], np.float32).reshape(-1, 4)
    return AnnotatedField(
        path=path,
        source=source,
        boxes=boxes,
        kind=np.array([row[0] for row in rows], np.uint8),
        infected=np.array([row[5] != "" for row in rows], bool),
        stage=tuple(row[5] for row in rows),
        kinds_marked=marked,
    )


def _each_once(
    rows: Sequence[tuple[ObjectKind, float, float, float, float, str]],
) -> list[tuple[ObjectKind, float, float, float, float, str]]:
    """The marks less the second ones of objects marked twice; of two marks the one with a stage stays.

    In `iml_malaria` 27 cells carry two or three boxes, ten of them once as infected and once as healthy.
    """
    boxes = np.array([row[1:5] for row in rows], np.float32).reshape(-1, 4)
    overlap = intersection_over_union(boxes, boxes)  # NaN, so never a double, where only centres are given
    kept: list[int] = []
    for index in sorted(range(len(rows)), key=lambda index: rows[index][5] == ""):
        doubles = [other for other in kept if overlap[index, other] > DOUBLE_MARK]
        if all(rows[index][0] != rows[other][0] for other in doubles):
            kept.append(index)
    return [rows[index] for index in sorted(kept)]


def _require(folder: Path, pattern: str) -> list[Path]:
    found = sorted(folder.glob(pattern))
    if not found:
        raise AnnotationError(f"{folder}: no {pattern} here; give the folder that the set unpacks to")
    return found


@contextmanager
def _reading(path: Path, where: str) -> Iterator[None]:
    """Name the file and the place in it of whatever does not follow the layout."""
    try:
        yield
    except KeyError as error:
        raise AnnotationError(f"{path}: {where}: no {error}; unpack the set anew") from error
    except (TypeError, ValueError, ElementTree.ParseError) as error:
        raise AnnotationError(f"{path}: {where}: {error}; unpack the set anew") from error


def _numbered_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Number, from 1, and words of the lines that are not blank."""
    with _reading(path, "the file"):
        text = path.read_text(encoding="utf-8")
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line.split()


def _kind_named(name: str | None, kinds: Mapping[str, ObjectKind]) -> ObjectKind:
    if name is None or name not in kinds:
        raise ValueError(f"{name!r} is none of {', '.join(kinds)}")
    return kinds[name]


def iml_malaria(root: Path) -> list[AnnotatedField]:
    """Arshad 2022: P. vivax, one box a red cell with its stage, ordered by file number."""
    annotations = root / "annotations.json"
    if not annotations.is_file():
        raise AnnotationError(f"{annotations}: missing; give the folder that the set unpacks to")
    with _reading(annotations, "the file"):
        entries = sorted(
            json.loads(annotations.read_text(encoding="utf-8")), key=lambda entry: entry["image_name"]
        )
    fields = []
    for entry in entries:
        with _reading(annotations, entry["image_name"]):
            rows = [row for item in entry["objects"] if (row := _iml_row(item)) is not None]
        path = root / "images" / entry["image_name"]
        fields.append(_field(path, "iml_malaria", rows, frozenset({ObjectKind.RED_CELL})))
    return fields


def _iml_row(item: dict[str, Any]) -> tuple[ObjectKind, float, float, float, float, str] | None:
    """One marked red cell; None where the annotators could not tell, or the box is empty."""
    x, y, width, height = (float(item["bbox"][key]) for key in "xywh")
    if item["type"] == "difficult" or width < 1 or height < 1:
        return None
    stage = "" if item["type"] == "red blood cell" else item["type"]
    if stage and stage not in STAGES:
        raise ValueError(f"{stage!r} is none of red blood cell, difficult, {', '.join(STAGES)}")
    return ObjectKind.RED_CELL, x, y, width, height, stage


def chula_rbc12(root: Path) -> list[AnnotatedField]:
    """Naruenatthanaset 2021: malaria-free, thalassaemia; red-cell centres only."""
    fields = []
    for label in _require(root / "labels", "*.txt"):
        rows = []
        for number, words in _numbered_lines(label):
            with _reading(label, f"line {number}"):
                x, y, shape = words
                if not 0 <= int(shape) < CHULA_CLASSES:
                    raise ValueError(f"class {shape} is not in 0 to {CHULA_CLASSES - 1}")
                rows.append((ObjectKind.RED_CELL, float(x), float(y), np.nan, np.nan, ""))
        path = root / "images" / f"{label.stem}.jpg"
        fields.append(_field(path, "chula_rbc12", rows, frozenset({ObjectKind.RED_CELL})))
    return fields


def cbc_count(root: Path) -> list[AnnotatedField]:
    """Alam & Islam 2019: malaria-free; Pascal VOC boxes of red cells, white cells and platelets."""
    kinds = {"RBC": ObjectKind.RED_CELL, "WBC": ObjectKind.WHITE_CELL, "Platelets": ObjectKind.PLATELET}
    fields = []
    for label in _require(root, "*/Annotations/*.xml"):
        rows = []
        with _reading(label, "the file"):
            items = list(ElementTree.parse(label).getroot().iter("object"))  # noqa: S314  (a local set)
        for number, item in enumerate(items, start=1):
            with _reading(label, f"object {number}"):
                kind = _kind_named(item.findtext("name"), kinds)
                corners = {edge.tag: float(edge.text or "") for edge in item.iterfind("bndbox/*")}
                width, height = corners["xmax"] - corners["xmin"], corners["ymax"] - corners["ymin"]
                if width >= 1 and height >= 1:
                    rows.append((kind, corners["xmin"], corners["ymin"], width, height, ""))
        path = label.parents[1] / "Images" / f"{label.stem}.jpg"
        fields.append(_field(path, "cbc_count", rows, frozenset(ObjectKind)))
    return fields


def txl_pbc(root: Path) -> list[AnnotatedField]:
    """TXL-PBC: malaria-free, four peripheral-blood sets; YOLO boxes of white cells, red cells, platelets."""
    kinds = {"0": ObjectKind.WHITE_CELL, "1": ObjectKind.RED_CELL, "2": ObjectKind.PLATELET}
    fields = []
    for label in _require(root / "labels", "*.txt"):
        path = root / "images" / f"{label.stem}.jpg"
        image_height, image_width = read_rgb(path).shape[:2]
        rows = []
        for number, (name, *shares) in _numbered_lines(label):
            with _reading(label, f"line {number}"):
                kind = _kind_named(name, kinds)
                x, y, width, height = (float(share) for share in shares)
                left_px, top_px = (x - width / 2) * image_width, (y - height / 2) * image_height
                rows.append((kind, left_px, top_px, width * image_width, height * image_height, ""))
        fields.append(_field(path, "txl_pbc", rows, frozenset(ObjectKind)))
    return fields


READERS = {
    "iml_malaria": iml_malaria,
    "chula_rbc12": chula_rbc12,
    "cbc_count": cbc_count,
    "txl_pbc": txl_pbc,
}
"""Reader of each set, by the name of its folder."""
