"""Published sets of annotated smear fields, each from its own layout to one sample type."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
from numpy.typing import NDArray

from core.detection import Kind
from core.errors import SmearscopeError


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
        (N,) uint8, values of `core.cells.Kind`.
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
    kinds_marked: frozenset[Kind]

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
    rows: Sequence[tuple[Kind, float, float, float, float, str]],
    marked: frozenset[Kind],
) -> AnnotatedField:
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


def _require(folder: Path, pattern: str) -> list[Path]:
    found = sorted(folder.glob(pattern))
    if not found:
        raise AnnotationError(f"{folder}: no {pattern} here; give the folder that the set unpacks to")
    return found


def iml_malaria(root: Path) -> list[AnnotatedField]:
    """Arshad 2022: P. vivax, one box a red cell with its stage, ordered by file number."""
    annotations = root / "annotations.json"
    if not annotations.is_file():
        raise AnnotationError(f"{annotations}: missing; give the folder that the set unpacks to")
    fields = []
    for entry in sorted(json.loads(annotations.read_text()), key=lambda entry: entry["image_name"]):
        rows = []
        for item in entry["objects"]:
            x, y, width, height = (float(item["bbox"][key]) for key in "xywh")
            if item["type"] == "difficult" or width < 1 or height < 1:
                continue
            stage = "" if item["type"] == "red blood cell" else item["type"]
            rows.append((Kind.RED_CELL, x, y, width, height, stage))
        path = root / "images" / entry["image_name"]
        fields.append(_field(path, "iml_malaria", rows, frozenset({Kind.RED_CELL})))
    return fields


def chula_rbc12(root: Path) -> list[AnnotatedField]:
    """Naruenatthanaset 2021: malaria-free, thalassaemia; red-cell centres only."""
    fields = []
    for label in _require(root / "labels", "*.txt"):
        rows = []
        for line in label.read_text().split("\n"):
            if line.strip():
                x, y, _ = line.split()
                rows.append((Kind.RED_CELL, float(x), float(y), np.nan, np.nan, ""))
        path = root / "images" / f"{label.stem}.jpg"
        fields.append(_field(path, "chula_rbc12", rows, frozenset({Kind.RED_CELL})))
    return fields


def cbc_count(root: Path) -> list[AnnotatedField]:
    """Alam & Islam 2019: malaria-free; Pascal VOC boxes of red cells, white cells and platelets."""
    kinds = {"RBC": Kind.RED_CELL, "WBC": Kind.WHITE_CELL, "Platelets": Kind.PLATELET}
    fields = []
    for label in _require(root, "*/Annotations/*.xml"):
        rows = []
        for item in ElementTree.parse(label).getroot().iter("object"):  # noqa: S314  (a local, trusted set)
            corners = {edge.tag: float(edge.text or "nan") for edge in item.iterfind("bndbox/*")}
            width, height = corners["xmax"] - corners["xmin"], corners["ymax"] - corners["ymin"]
            if width < 1 or height < 1:
                continue
            kind = kinds[item.findtext("name") or ""]
            rows.append((kind, corners["xmin"], corners["ymin"], width, height, ""))
        path = label.parents[1] / "Images" / f"{label.stem}.jpg"
        fields.append(_field(path, "cbc_count", rows, frozenset(Kind)))
    return fields


def txl_pbc(root: Path) -> list[AnnotatedField]:
    """TXL-PBC: malaria-free, four peripheral-blood sets; YOLO boxes of white cells, red cells, platelets."""
    kinds = (Kind.WHITE_CELL, Kind.RED_CELL, Kind.PLATELET)
    fields = []
    for label in _require(root / "labels", "*.txt"):
        path = root / "images" / f"{label.stem}.jpg"
        image_height, image_width = read_rgb(path).shape[:2]
        rows = []
        for line in label.read_text().split("\n"):
            if line.strip():
                number, *shares = line.split()
                x, y, width, height = (float(share) for share in shares)
                rows.append(
                    (
                        kinds[int(number)],
                        (x - width / 2) * image_width,
                        (y - height / 2) * image_height,
                        width * image_width,
                        height * image_height,
                        "",
                    )
                )
        fields.append(_field(path, "txl_pbc", rows, frozenset(Kind)))
    return fields


READERS = {
    "iml_malaria": iml_malaria,
    "chula_rbc12": chula_rbc12,
    "cbc_count": cbc_count,
    "txl_pbc": txl_pbc,
}
"""Reader of each set, by the name of its folder."""
