"""Annotated fields of malaria-free smears, each set from its published layout."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from core.cells.detection import ObjectKind
from datasets.fields import (
    AnnotatedField,
    Mark,
    annotated_field,
    files_of,
    kind_named,
    numbered_lines,
    read_rgb,
    reading,
    rows_of,
)

CHULA_CLASSES = 13


def chula_rbc12(root: Path) -> list[AnnotatedField]:
    """Naruenatthanaset 2021: malaria-free, thalassaemia; red-cell centres only."""
    fields = []
    for label in files_of(root / "labels", "*.txt"):
        marks = []
        for number, words in numbered_lines(label):
            with reading(label, f"line {number}"):
                x, y, shape = words
                if not 0 <= int(shape) < CHULA_CLASSES:
                    raise ValueError(f"class {shape} is not in 0 to {CHULA_CLASSES - 1}")
                marks.append(Mark(ObjectKind.RED_CELL, float(x), float(y), np.nan, np.nan))
        path = root / "images" / f"{label.stem}.jpg"
        fields.append(annotated_field(path, "chula_rbc12", marks, frozenset({ObjectKind.RED_CELL})))
    return fields


def cbc_count(root: Path) -> list[AnnotatedField]:
    """Alam & Islam 2019: malaria-free; Pascal VOC boxes of red cells, white cells and platelets."""
    kinds = {"RBC": ObjectKind.RED_CELL, "WBC": ObjectKind.WHITE_CELL, "Platelets": ObjectKind.PLATELET}
    fields = []
    for label in files_of(root, "*/Annotations/*.xml"):
        marks = []
        with reading(label, "the file"):
            items = list(ElementTree.parse(label).getroot().iter("object"))  # noqa: S314  (a local set)
        for number, item in enumerate(items, start=1):
            with reading(label, f"object {number}"):
                kind = kind_named(item.findtext("name"), kinds)
                corners = {edge.tag: float(edge.text or "") for edge in item.iterfind("bndbox/*")}
                width, height = corners["xmax"] - corners["xmin"], corners["ymax"] - corners["ymin"]
                if width >= 1 and height >= 1:
                    marks.append(Mark(kind, corners["xmin"], corners["ymin"], width, height))
        path = label.parents[1] / "Images" / f"{label.stem}.jpg"
        fields.append(annotated_field(path, "cbc_count", marks, frozenset(ObjectKind), slide=label.stem))
    return fields


def txl_pbc(root: Path) -> list[AnnotatedField]:
    """TXL-PBC: malaria-free, four peripheral-blood sets; YOLO boxes of white cells, red cells, platelets."""
    kinds = {"0": ObjectKind.WHITE_CELL, "1": ObjectKind.RED_CELL, "2": ObjectKind.PLATELET}
    fields = []
    for label in files_of(root / "labels", "*.txt"):
        path = root / "images" / f"{label.stem}.jpg"
        image_height, image_width = read_rgb(path).shape[:2]
        marks = []
        for number, (name, *shares) in numbered_lines(label):
            with reading(label, f"line {number}"):
                kind = kind_named(name, kinds)
                x, y, width, height = (float(share) for share in shares)
                left_px, top_px = (x - width / 2) * image_width, (y - height / 2) * image_height
                marks.append(Mark(kind, left_px, top_px, width * image_width, height * image_height))
        fields.append(annotated_field(path, "txl_pbc", marks, frozenset(ObjectKind), slide=label.stem))
    return fields


def healthy_tiles(root: Path) -> list[AnnotatedField]:
    """Tiles of two smears presumed healthy; nothing is marked."""
    return [
        annotated_field(root / row["image"], "healthy_tiles", (), frozenset(), slide=row["slide"])
        for row in rows_of(root / "index.csv", ("image", "slide"))
    ]


def pbc_normal(root: Path) -> list[AnnotatedField]:
    """Acevedo 2020: healthy smears, each picture round a platelet or an erythroblast; nothing is marked.

    All of one microscope and stain, so one slide.
    """
    return [
        annotated_field(root / row["path"], "pbc_normal", (), frozenset())
        for row in rows_of(root / "index.csv", ("path", "class"))
    ]
