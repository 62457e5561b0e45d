"""Annotated fields of malaria slides, each set from its published layout."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from core.cells.detection import ObjectKind
from datasets.fields import STAGES, AnnotatedField, AnnotationError, Mark, annotated_field, reading, rows_of

RED_CELLS = frozenset({ObjectKind.RED_CELL})
SIDES = ("x", "y", "width", "height")


LOOK_INFECTED = Path(__file__).with_name("iml_malaria_unsure.csv")
"""Boxes of unmarked objects of `iml_malaria` that look infected.

The set marks neither cells at the border nor those of some crowds, nor free merozoites. Two networks that had
not seen it put 233 unmarked objects among their best; one of us, no microscopist, looked at each and took 41
for parasites or could not tell (docs/TRIALS.md). They are neither healthy nor infected.
"""


def iml_malaria(root: Path) -> list[AnnotatedField]:
    """Arshad 2022: P. vivax, one box a red cell with its stage, ordered by file number.

    What the set calls difficult is unsure, and so is what `LOOK_INFECTED` lists.
    """
    annotations = root / "annotations.json"
    if not annotations.is_file():
        raise AnnotationError(f"{annotations}: missing; give the folder that the set unpacks to")
    with reading(annotations, "the file"):
        entries = sorted(
            json.loads(annotations.read_text(encoding="utf-8")), key=lambda entry: entry["image_name"]
        )
    look_infected = _look_infected()
    fields = []
    for entry in entries:
        with reading(annotations, entry["image_name"]):
            marks = [_iml_mark(item) for item in entry["objects"]]
            path = root / "images" / entry["image_name"]
        told = [mark for mark, kind in marks if mark.width >= 1 and mark.height >= 1 and kind != DIFFICULT]
        unsure = [mark for mark, kind in marks if kind == DIFFICULT] + look_infected[entry["image_name"]]
        fields.append(annotated_field(path, "iml_malaria", told, RED_CELLS, unsure=unsure))
    return fields


DIFFICULT = "difficult"
"""What the annotators of `iml_malaria` call a cell of which they could not tell."""


def _look_infected() -> dict[str, list[Mark]]:
    """By image."""
    found: dict[str, list[Mark]] = defaultdict(list)
    for row in rows_of(LOOK_INFECTED, ("image", *SIDES)):
        x, y, width, height = (float(row[side]) for side in SIDES)
        found[row["image"]].append(Mark(ObjectKind.RED_CELL, x, y, width, height))
    return found


def _iml_mark(item: dict[str, Any]) -> tuple[Mark, str]:
    """A marked red cell, and what the set calls it."""
    x, y, width, height = (float(item["bbox"][key]) for key in "xywh")
    kind = str(item["type"])
    if kind not in (DIFFICULT, "red blood cell", *STAGES):
        raise ValueError(f"{kind!r} is none of red blood cell, {DIFFICULT}, {', '.join(STAGES)}")
    stage = kind if kind in STAGES else ""
    return Mark(ObjectKind.RED_CELL, x, y, width, height, bool(stage), stage), kind


def md2019(root: Path) -> list[AnnotatedField]:
    """Abbas & Dijkstra 2019: P. falciparum, 12 patients; red cells in clumps and at the edge as well."""
    index, boxes = root / "index.csv", root / "boxes.csv"
    marks: dict[str, dict[str, list[Mark]]] = defaultdict(lambda: defaultdict(list))
    for number, row in enumerate(rows_of(boxes, ("image", *SIDES, "label")), start=2):
        with reading(boxes, f"line {number}"):
            if row["label"] not in MD2019_LABELS:
                raise ValueError(f"label {row['label']!r} is none of {', '.join(MD2019_LABELS)}")
            x, y, width, height = (float(row[side]) for side in SIDES)
        infected = row["label"] == "infected"
        marks[row["image"]][row["label"]].append(
            Mark(ObjectKind.RED_CELL, x, y, width, height, infected=infected)
        )
    return [
        annotated_field(
            root / "images" / row["image"],
            "md2019",
            [*marks[row["image"]]["healthy"], *marks[row["image"]]["infected"]],
            RED_CELLS,
            slide=row["patient"],
            unsure=marks[row["image"]]["unsure"],
            not_red_cells=marks[row["image"]]["not_a_red_cell"],
        )
        for row in rows_of(index, ("image", "patient"))
    ]


MD2019_LABELS = ("healthy", "infected", "unsure", "not_a_red_cell")


def ph_thin(root: Path) -> list[AnnotatedField]:
    """P. falciparum and P. vivax, two cameras: boxes round parasites and not round cells, all else unmarked.

    For measuring only: no network is trained or chosen by it.
    """
    table = root / "parasites.csv"
    parasites: dict[str, list[Mark]] = defaultdict(list)
    for number, row in enumerate(rows_of(table, ("image", *SIDES)), start=2):
        with reading(table, f"line {number}"):
            x, y, width, height = (float(row[side]) for side in SIDES)
        parasites[row["image"]].append(Mark(ObjectKind.RED_CELL, x, y, width, height, infected=True))
    return [
        annotated_field(
            root / "images" / row["image"],
            "ph_thin",
            parasites[row["image"]],
            frozenset(),
            slide=row["slide_group_guess"],
        )
        for row in rows_of(root / "index.csv", ("image", "slide_group_guess"))
    ]
