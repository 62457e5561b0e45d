"""Result folders as `smearscope score` writes them, made without a network: for tests of what reads them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.cells.located import WhyNot
from core.cells.quality import FieldQuality
from core.reports.candidates import CandidatePicture, candidate_image
from core.results.features import FEATURES, write_features
from core.results.fields import FieldRow, write_fields
from core.results.folder import tables_of as read_tables
from core.results.result import (
    CellCounts,
    CellReference,
    FieldCounts,
    ModelReference,
    Options,
    SlideResult,
    UnreadableField,
    write_result,
)
from core.results.tables import (
    NUMBER_OF_REASON,
    CellRows,
    first_ranked,
    image_name,
    write_candidates_list,
    write_cells,
)
from core.slides import content_hash
from core.store import Call, Opinion, Role, ScoringStep, SlideRecord, Store
from core.tally import (
    Evidence,
    Excluded,
    Performance,
    RankCurve,
    SlideConditions,
    SlideCount,
    verdict,
)

SIDE_PX = 40
"""Cells lie this far apart, in one row a field."""
BOX_PX = 30.25

WORTH = Performance("dots", "drawn discs", RankCurve((1e-7,), (95,), 100))


def box_of(position: int) -> tuple[float, float, float, float]:
    """Box of the cell at a position of its field, from 0 on."""
    return (5 + SIDE_PX * position, 5, BOX_PX, BOX_PX)


def write_score(
    folder: Path,
    cells: Mapping[str, int],
    leading: Sequence[tuple[str, int, float]] = (),
    *,
    budget: int | None = None,
    counted: int | None = None,
    outside: tuple[str, ...] = (),
    worth: Performance = WORTH,
    unreadable: tuple[UnreadableField, ...] = (),
) -> SlideResult:
    """Write a result folder.

    Parameters
    ----------
    cells
        Evaluable cells by field; those of which nothing else is said score from .4 down.
    leading
        Field, position and score of the cells that lead the list, scores above .5.
    budget
        How many of the list are laid before readers; None: those of `leading`.
    counted
        Cells that `result.json` says were examined, for slides whose cells nobody wants to write down.
    outside
        Why the model is not valid for the slide.
    worth
        What its list is worth.
    unreadable
        Fields that could not be read.
    """
    budget = len(leading) if budget is None else budget
    rows, table = tables_of(cells, leading, budget)
    folder.mkdir(parents=True, exist_ok=True)
    write_cells(folder / "cells.parquet", rows, table)
    write_fields(folder, rows)
    ranked = first_ranked(rows, table, budget)
    write_candidates_list(folder / "candidates" / "candidates.csv", ranked)
    for cell in ranked:
        crop = np.full((32, 32, 3), (200, 20, 60), np.uint8)
        drawn_cell = CandidatePicture(
            cell.rank,
            cell.infected_score,
            cell.why_not,
            cell.field,
            crop,
            np.zeros((32, 32), np.float32),
            10.0,
        )
        cv2.imwrite(
            str(folder / "candidates" / image_name(cell.rank)), candidate_image(drawn_cell)[..., ::-1]
        )
    total = sum(cells.values()) if counted is None else counted
    looked_at = total + 1  # one is cut by the edge
    examined = SlideCount(
        cells=total,
        fields=len(cells),
        looked_at=looked_at,
        to_read=len(ranked),
        read_to=0,
        unread=len(ranked),
        excluded=(Excluded(1, "cells", "edge"),),
    )
    evidence = Evidence(examined, SlideConditions(outside, 0, 0.3), worth)
    result = SlideResult(
        slide="as scored",
        fields=FieldCounts(
            found=len(rows), counted=len(cells), excluded={"out of focus": 1}, unreadable=unreadable
        ),
        cells=CellCounts(
            located=len(table),
            looked_at=looked_at,
            evaluable=total,
            not_evaluable={"edge": 1},
            listed=len(ranked),
        ),
        evidence=evidence,
        verdict=verdict(evidence),
        reference=CellReference(cell_diameter_px=30.0, cell_colour=(200.0, 140.0, 150.0)),
        options=Options(um_per_pixel=None, review_budget=budget),
        model=ModelReference(name="dots", identity="dots 1"),
        versions={"smearscope": "0.1.0"},
    )
    write_result(folder / "result.json", result)
    return result


def tables_of(
    cells: Mapping[str, int], leading: Sequence[tuple[str, int, float]], budget: int
) -> tuple[tuple[FieldRow, ...], CellRows]:
    """The tables of `write_score`: its cells, one cut by the edge of the first field, and an unread field.

    The one that is cut ends the list.
    """
    scores = {(field, position): score for field, position, score in leading}
    places = [(field, position) for field, count in cells.items() for position in range(count)]
    healthy = iter(np.arange(1, len(places) + 1) * 0.001)
    score = [scores.get(place) or 0.4 - next(healthy) for place in places]
    numbers = {field: number for number, field in enumerate(cells)}
    quality = FieldQuality(0.04, 240.0, 0.1, 0.2, 0.15)
    edge = NUMBER_OF_REASON[WhyNot.EDGE]
    table = CellRows(
        field=np.array([*(numbers[field] for field, _ in places), 0], np.int32),
        boxes=np.array([*(box_of(position) for _, position in places), (0, 45, BOX_PX, BOX_PX)], np.float32),
        detection_score=np.full(len(places) + 1, 0.9, np.float32),
        infected_score=np.array([*score, 0.0], np.float32),
        second_score=np.full(len(places) + 1, np.nan, np.float32),
        why_not=np.array([0] * len(places) + [edge], np.uint8),
    )
    listed = np.bincount(table.field[table.ranked[:budget]], minlength=len(cells)).tolist()
    rows = [
        FieldRow(
            name=field,
            width=SIDE_PX * count + 10,
            height=60,
            cells=count + (number == 0),
            evaluable_cells=count,
            listed=listed[number],
            quality=quality,
            content_hash=content_hash(image_of(count)),
            why_excluded="",
        )
        for number, (field, count) in enumerate(cells.items())
    ]
    rows.append(FieldRow("blurred.png", 0, 0, 0, 0, 0, None, "", "out of focus"))
    return tuple(rows), table


def write_images(folder: Path, cells: Mapping[str, int]) -> Path:
    """Write the slide's images: grey fields, each cell a disc in a colour of its own position."""
    folder.mkdir(parents=True, exist_ok=True)
    for field, count in cells.items():
        cv2.imwrite(str(folder / field), image_of(count)[..., ::-1])
    return folder


def image_of(count: int) -> NDArray[np.uint8]:
    """A grey field with so many cells, each a disc in a colour of its own position."""
    image = np.full((60, SIDE_PX * count + 10, 3), 230, np.uint8)
    for position in range(count):
        centre = (5 + SIDE_PX * position + 15, 20)
        cv2.circle(image, centre, 15, (10 * position, 60, 120), cv2.FILLED)
    return image


def scored_slide(
    store: Store,
    folder: Path,
    listed: int = 4,
    *,
    fields: int = 2,
    counted: int | None = None,
    worth: Performance = WORTH,
) -> SlideRecord:
    """A slide of `fields` fields of ten cells, the first of them listed in turn, taken into a store."""
    names = [f"field{number + 1}.png" for number in range(fields)]
    cells = dict.fromkeys(names, 10)
    picked = [
        (names[number % fields], number // fields, round(0.99 - 0.01 * number, 2)) for number in range(listed)
    ]
    write_score(folder / "result", cells, picked, counted=counted, worth=worth)
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


def keep_features(record: SlideRecord, seen: int, alike: Collection[int]) -> None:
    """Let the second look have seen the first of a slide's list; to it, cells of some ranks look alike.

    The ranks stay, and the scores hardly differ.
    """
    taken_in = record.taken_in
    assert taken_in is not None
    tables = read_tables(taken_in.folder, taken_in.sha256)
    first = tables.cells.ranked[:seen]
    second = np.full(len(tables.cells), np.nan, np.float32)
    second[first] = np.linspace(0.55, 0.45, seen)
    cells = replace(tables.cells, second_score=second)
    features = np.random.default_rng(0).normal(0, 0.1, (seen, 4)).astype(np.float16)
    for rank in alike:
        features[np.searchsorted(cells.seen_again, first[rank - 1]), 0] += 3
    write_cells(taken_in.folder / "cells.parquet", tables.fields, cells)
    write_features(taken_in.folder / FEATURES, cells, features)
    listed = first_ranked(tables.fields, cells, taken_in.result.cells.listed)
    write_candidates_list(taken_in.folder / "candidates/candidates.csv", listed)
    read_tables.cache_clear()  # it was read before the files were changed
