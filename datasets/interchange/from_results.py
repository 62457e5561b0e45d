"""Labelled fields from what scoring has written, and from what readers said of it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from core.cells.boxes import Box, rounded_box
from core.cells.located import WhyNot
from core.files import shown_path
from core.results.folder import ResultFolderError, ResultTables, tables_of
from core.results.tables import REASONS
from core.review import Decision, SignedResult, read_cells, read_document
from core.store import Call, Opinion, Reason, Role, Signature, SlideRecord, Store
from datasets.interchange.formats import InterchangeError
from datasets.interchange.labelled import CellClass, LabelledField, LabelledObject, Said

_ROLES = tuple(Role)
_LABELS = {
    Decision.ACCEPTED_BY_BOTH: CellClass.INFECTED,
    Decision.ACCEPTED_BY_ONE: CellClass.UNSURE,
    Decision.DISPUTED: CellClass.UNSURE,
    Decision.UNSURE: CellClass.UNSURE,
    Decision.REJECTED: CellClass.HEALTHY,
}
_INSTEAD = {Reason.WHITE_CELL: CellClass.WHITE_CELL, Reason.PLATELET: CellClass.PLATELET}


@dataclass(frozen=True)
class ReadObject:
    """An object that was laid before readers, with what those said of it who read it, by their role.

    Attributes
    ----------
    why_not
        Why it is not an evaluable cell, empty where it is one; None for what was marked by hand.
    """

    field: str
    box: Box
    why_not: WhyNot | None
    decision: Decision
    opinions: tuple[Opinion, ...]
    said: tuple[Said, ...]


def scored_fields(
    tables: ResultTables, read: Iterable[ReadObject] = (), *, slide: str = "", folder: str = ""
) -> Iterator[LabelledField]:
    """The fields of a result that could be read, each with all its located objects.

    Nobody has looked for cells that the detector overlooked: the fields are not `all_marked`.

    Parameters
    ----------
    read
        What readers said; an object that none of them was located at is added to its field.
    slide
        Which slide or patient it is.
    folder
        Put before the names of the fields, where those of several slides are written together.

    Raises
    ------
    InterchangeError
        Where somebody has read cells on fields that the result does not have; with the number of readings.
    """
    by_field: dict[str, dict[Box, ReadObject]] = defaultdict(dict)
    for one in read:
        by_field[one.field][one.box] = one
    _refuse_elsewhere(by_field, {row.name for row in tables.fields if row.was_read})
    order = np.argsort(tables.cells.field, kind="stable")
    starts = np.searchsorted(tables.cells.field[order], np.arange(len(tables.fields) + 1))
    for number, row in enumerate(tables.fields):
        if not row.was_read:
            continue
        of_field = by_field.get(row.name, {})
        located = [
            _located(tables, position) for position in order[starts[number] : starts[number + 1]].tolist()
        ]
        boxes = {(one.x, one.y, one.width, one.height) for one in located}
        marked = (LabelledObject(*box, CellClass.UNREAD) for box in of_field if box not in boxes)
        objects = tuple(_as_read(one, of_field) for one in chain(located, marked))
        name = f"{folder}/{row.name}" if folder else row.name
        yield LabelledField(name, row.width, row.height, objects, slide=slide, all_marked=False)


def signed_fields(
    store: Store, record: SlideRecord, signature: Signature, *, slide: str = "", folder: str = ""
) -> Iterator[LabelledField]:
    """The fields of the result that was signed as a version, which may be older than the slide's latest.

    Raises
    ------
    InterchangeError
        Naming the version, where the store has that result no more or its files are gone.
    """
    signed = read_document(signature)
    version = f"version {signature.version} of {record.slide.name}"
    taken_in = store.result(record.slide.id, signed.signature.result_sha256)
    if taken_in is None:
        raise InterchangeError(
            f"{version} was signed on a result that is not in the store; take away its JSON or CSV, or "
            "sign the slide anew"
        )
    try:
        tables = tables_of(taken_in.folder, taken_in.sha256)
    except ResultFolderError as error:
        raise InterchangeError(f"{version}: {error}") from error
    yield from scored_fields(tables, signed_objects(signed), slide=slide, folder=folder)


def _refuse_elsewhere(read: Mapping[str, Mapping[Box, ReadObject]], fields: Collection[str]) -> None:
    readings = {
        name: sum(len(one.said) for one in of_field.values())
        for name, of_field in read.items()
        if name not in fields
    }
    if number := sum(readings.values()):
        first = next(name for name, count in readings.items() if count)
        raise InterchangeError(
            f"{number} readings are of cells on fields that the result does not have, the first on "
            f"{shown_path(first)}; put the images back and score the slide anew"
        )


def _located(tables: ResultTables, position: int) -> LabelledObject:
    """What scoring says of an object."""
    cells = tables.cells
    score, rank, why_not = (
        float(cells.ranking_score[position]),
        int(cells.rank[position]),
        cells.why_not[position],
    )
    return LabelledObject(
        *rounded_box(cells.boxes[position].tolist()),
        label=_unread(REASONS[why_not]),
        score=round(score, 6) if rank else None,
        rank=rank or None,
        why_not=str(REASONS[why_not]),
    )


def _unread(why_not: WhyNot | None) -> str:
    return str(CellClass.OTHER if why_not == WhyNot.NOT_A_RED_CELL else CellClass.UNREAD)


def _as_read(one: LabelledObject, read: Mapping[Box, ReadObject]) -> LabelledObject:
    found = read.get((one.x, one.y, one.width, one.height))
    if found is None or not found.said:
        return one
    label = label_of(found.decision, found.opinions, found.why_not)
    return replace(one, label=label, stage=stage_of(found.opinions), said=found.said)


def label_of(decision: Decision, opinions: Iterable[Opinion], why_not: WhyNot | None) -> str:
    """What an object is called in the end.

    One that a single reader accepted is `unsure`, as no training takes it for truth.
    A rejected one is what the last reader who rejected it saw in its place, if that is a white cell or a
    platelet; else a healthy cell, or no red cell where scoring took it for none.
    """
    label = _LABELS.get(decision)
    if label is None:
        return _unread(why_not)
    if label != CellClass.HEALTHY:
        return str(label)
    reasons = [said.reason for said in opinions if said.call == Call.NOT_PARASITE and said.reason in _INSTEAD]
    if reasons and reasons[-1]:
        return str(_INSTEAD[reasons[-1]])
    return str(CellClass.OTHER if why_not == WhyNot.NOT_A_RED_CELL else CellClass.HEALTHY)


def stage_of(opinions: Iterable[Opinion]) -> str:
    """The stage that those named who accepted an object; empty where they differ or named none."""
    stages = {said.stage for said in opinions if said.call == Call.PARASITE and said.stage}
    return str(*stages) if len(stages) == 1 else ""


def signed_objects(document: SignedResult) -> Iterator[ReadObject]:
    """What stood as a result was signed."""
    for cell in document.readings:
        readings = sorted(cell.readings, key=lambda reading: _ROLES.index(reading.role))
        opinions = tuple(Opinion(one.call, one.reason, one.stage, one.species) for one in readings)
        said = tuple(
            _said(one.reader, one.role, opinion, one.at.isoformat())
            for one, opinion in zip(readings, opinions, strict=True)
        )
        box = (cell.x, cell.y, cell.width, cell.height)
        yield ReadObject(cell.field, box, cell.why_not, cell.decision, opinions, said)


def read_objects(record: SlideRecord) -> Iterator[ReadObject]:
    """What stands now of a slide that is not signed."""
    for cell in read_cells(record):
        readings = [cell.readings[role] for role in _ROLES if role in cell.readings]
        said = tuple(_said(one.reader, one.role, one.opinion, one.at.isoformat()) for one in readings)
        opinions = tuple(one.opinion for one in readings)
        of = cell.candidate
        yield ReadObject(of.field, of.box, of.why_not, cell.decision, opinions, said)


def _said(who: str, role: Role, opinion: Opinion, at: str) -> Said:
    return Said(
        who,
        str(opinion.call),
        str(role),
        reason=str(opinion.reason or ""),
        stage=str(opinion.stage or ""),
        species=str(opinion.species or ""),
        at=at,
    )
