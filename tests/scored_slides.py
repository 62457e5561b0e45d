"""Result folders as `smearscope score` writes them, made without a network: for tests of what reads them."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.reports.candidates import Candidate, candidate_image
from core.results.result import (
    CellCounts,
    CellReference,
    FieldCounts,
    ModelReference,
    Options,
    SlideResult,
    write_result,
)
from core.results.tables import CELLS_SCHEMA, FIELDS_SCHEMA
from core.scoring.candidates import image_name
from core.store import Call, Opinion, Role, ScoringStep, SlideRecord, Store
from core.tally import (
    Evidence,
    Excluded,
    FalseCalls,
    Performance,
    Recall,
    SlideConditions,
    SlideCount,
    verdict,
)

SIDE_PX = 40
"""Cells lie this far apart, in one row a field."""
BOX_PX = 30.25

WORTH = Performance("dots", "drawn discs", 0.5, (Recall(95, 5),), FalseCalls(1, 10_000))


def box_of(position: int) -> tuple[float, float, float, float]:
    """Box of the cell at a position of its field, from 0 on."""
    return (5 + SIDE_PX * position, 5, BOX_PX, BOX_PX)


def write_score(
    folder: Path,
    cells: Mapping[str, int],
    called: Sequence[tuple[str, int, float]] = (),
    *,
    drawn: int = 100,
    counted: int | None = None,
    outside: tuple[str, ...] = (),
) -> SlideResult:
    """Write a result folder.

    Parameters
    ----------
    cells
        Evaluable cells by field; those that are not called score from .4 down.
    called
        Field, position and score of each cell called infected, scores above .5.
    drawn
        Called cells with a picture at most: the review budget.
    counted
        Cells that `result.json` says were examined, for slides whose cells nobody wants to write down.
    outside
        Why the model is not valid for the slide.
    """
    scores = {(field, position): score for field, position, score in called}
    rows, healthy = [], 0
    for field, count in cells.items():
        for position in range(count):
            score = scores.get((field, position))
            healthy += score is None
            x, y, width, height = box_of(position)
            rows.append(
                {
                    "field": field,
                    "x": x,
                    "y": y,
                    "width": width,
                    "height": height,
                    "detection_score": 0.9,
                    "infected_score": 0.4 - 0.001 * healthy if score is None else score,
                    "evaluable": True,
                    "why_not": "",
                    "call": "healthy" if score is None else "infected",
                }
            )
    left_out = {"infected_score": None, "evaluable": False, "why_not": "edge", "call": None}
    rows.append({**rows[0], "x": 0.0, "y": 90.0, **left_out})
    fields = [
        {
            "field": field,
            "width": SIDE_PX * count + 10,
            "height": 60,
            "cells": count,
            "evaluable_cells": count,
            "called_infected": sum(of == field for of, _, _ in called),
            "excluded": False,
            "why_excluded": "",
        }
        for field, count in cells.items()
    ]
    fields.append({"field": "blurred.png", "evaluable_cells": 0, "excluded": True})
    (folder / "candidates").mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, CELLS_SCHEMA), folder / "cells.parquet")
    pq.write_table(pa.Table.from_pylist(fields, FIELDS_SCHEMA), folder / "fields.parquet")
    ranked = sorted(called, key=lambda cell: -cell[2])
    with (folder / "candidates" / "candidates.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["rank", "infected_score", "field"])
        for rank, (field, _, score) in enumerate(ranked[:drawn], start=1):
            writer.writerow([rank, score, field])
            crop = np.full((32, 32, 3), (200, 20, 60), np.uint8)
            picture = candidate_image(
                Candidate(rank, score, field, crop, np.zeros((32, 32), np.float32), 10.0)
            )
            cv2.imwrite(str(folder / "candidates" / image_name(rank)), picture[..., ::-1])
    total = sum(cells.values()) if counted is None else counted
    examined = SlideCount(total, len(cells), len(called), len(called), (Excluded(1, "cells", "edge"),))
    evidence = Evidence(examined, SlideConditions(outside, 0, 0.3), WORTH)
    result = SlideResult(
        slide="as scored",
        fields=FieldCounts(
            found=len(fields), counted=len(cells), excluded={"out of focus": 1}, unreadable=()
        ),
        cells=CellCounts(
            located=len(rows),
            evaluable=total,
            not_evaluable={"edge": 1},
            called_infected=len(called),
            candidates_written=min(drawn, len(called)),
        ),
        evidence=evidence,
        verdict=verdict(evidence),
        machine_figures=None,
        reference=CellReference(cell_diameter_px=30.0, cell_colour=(200.0, 140.0, 150.0)),
        options=Options(um_per_pixel=None, review_budget=drawn),
        model=ModelReference(name="dots", identity="dots 1"),
        versions={"smearscope": "0.1.0"},
    )
    write_result(folder / "result.json", result)
    return result


def write_images(folder: Path, cells: Mapping[str, int]) -> Path:
    """Write the slide's images: grey fields, each cell a disc in a colour of its own position."""
    folder.mkdir(parents=True, exist_ok=True)
    for field, count in cells.items():
        image = np.full((60, SIDE_PX * count + 10, 3), 230, np.uint8)
        for position in range(count):
            centre = (5 + SIDE_PX * position + 15, 20)
            cv2.circle(image, centre, 15, (10 * position, 60, 120), cv2.FILLED)
        cv2.imwrite(str(folder / field), image[..., ::-1])
    return folder


def scored_slide(
    store: Store, folder: Path, called: int = 4, *, fields: int = 2, counted: int | None = None
) -> SlideRecord:
    """A slide of `fields` fields of ten cells, the first of them called in turn, taken into a store."""
    names = [f"field{number + 1}.png" for number in range(fields)]
    cells = dict.fromkeys(names, 10)
    picked = [
        (names[number % fields], number // fields, round(0.99 - 0.01 * number, 2)) for number in range(called)
    ]
    write_score(folder / "result", cells, picked, counted=counted)
    case = store.add_case("patient 7", by="Anna")
    slide = store.add_slide(case.id, "slide 7", write_images(folder / "images", cells), by="Anna")
    return take_in(store, slide.id, folder / "result")


def take_in(store: Store, slide_id: int, folder: Path) -> SlideRecord:
    """Take a result in as the scoring process does: the slide is being scored till then."""
    store.note_scoring(slide_id, ScoringStep.SCORING, by="process")
    return store.take_in_result(slide_id, folder, by="Anna")


PARASITE, NOT_PARASITE, UNSURE = (Opinion(call) for call in Call)


def read_all(store: Store, record: SlideRecord, opinions: str, *, reader: str, role: Role) -> SlideRecord:
    """Read candidates in their order: "+" parasite, "-" not, "?" unsure, "." left unread."""
    meaning = {"+": PARASITE, "-": NOT_PARASITE, "?": UNSURE}
    for candidate, sign in zip(record.candidates, opinions, strict=True):
        if sign != ".":
            store.read(record.slide.id, candidate.id, meaning[sign], reader=reader, role=role)
    return store.record(record.slide.id)
