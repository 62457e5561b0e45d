"""From rows of the database to records."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, func, select

from core.cells.located import WhyNot
from core.results.result import SlideResult
from core.store.calls import Call, Reason, Role, Species, Stage
from core.store.notes import Note
from core.store.places import place
from core.store.records import (
    Amendment,
    AuditEntry,
    Candidate,
    CandidateKind,
    Case,
    FlaggedField,
    Look,
    Opinion,
    ReadField,
    Reading,
    Removal,
    ScoringStep,
    Signature,
    SlideRecord,
    StoredSlide,
    StoreError,
    TakenIn,
)
from core.store.tables import (
    AMENDMENTS,
    AUDIT,
    CANDIDATES,
    CASES,
    FIELD_FLAGS,
    FIELD_READINGS,
    LABORATORY_NUMBERS,
    LOOKS,
    NOTES,
    OFFERS,
    READINGS,
    REMOVALS,
    RESULTS,
    SCORING_STEPS,
    SIGNATURES,
    SLIDE_DETAILS,
    SLIDE_SETTINGS,
    SLIDES,
    UNDOINGS,
)
from core.wording import sentence

_Rows = dict[int, list[Row[Any]]]


def case_of(connection: Connection, case_id: int) -> Case:
    """One case; raises `StoreError` where there is none."""
    row = connection.execute(select(CASES).where(CASES.c.id == case_id)).one_or_none()
    if row is None:
        raise StoreError(sentence("store.no_case", case=str(case_id)))
    return case_from(row)


def case_from(row: Row[Any]) -> Case:
    """A row of cases."""
    return Case(row.id, row.patient, row.salt, row.created_at)


def slides_of(connection: Connection, slide_ids: Sequence[int] | None = None) -> tuple[StoredSlide, ...]:
    """Slides with the last step of their scoring, in the order in which they were added; None: all."""
    query = (
        select(
            SLIDES,
            SCORING_STEPS.c.step,
            SCORING_STEPS.c.detail,
            SLIDE_SETTINGS.c.red_cells_per_ul,
            SLIDE_SETTINGS.c.review_budget,
            SLIDE_DETAILS.c.name.label("new_name"),
            SLIDE_DETAILS.c.sampled_on,
            LABORATORY_NUMBERS.c.number.label("laboratory_number"),
            REMOVALS.c.removed,
            REMOVALS.c.by.label("removed_by"),
            REMOVALS.c.reason.label("removed_why"),
            REMOVALS.c.at.label("removed_at"),
        )
        .join(SCORING_STEPS, _last_of(SCORING_STEPS))
        .outerjoin(SLIDE_SETTINGS, _last_of(SLIDE_SETTINGS))
        .outerjoin(SLIDE_DETAILS, _last_of(SLIDE_DETAILS))
        .outerjoin(LABORATORY_NUMBERS, _last_of(LABORATORY_NUMBERS))
        .outerjoin(REMOVALS, _last_of(REMOVALS))
        .order_by(SLIDES.c.id)
    )
    if slide_ids is not None:
        query = query.where(SLIDES.c.id.in_(slide_ids))
    return tuple(
        StoredSlide(
            row.id,
            row.case_id,
            row.new_name or row.name,
            place(connection, row.folder),
            row.um_per_pixel,
            row.added_at,
            ScoringStep(row.step),
            row.detail,
            row.red_cells_per_ul,
            row.review_budget,
            row.sampled_on,
            row.laboratory_number,
            Removal(row.removed_by, row.removed_why, row.removed_at) if row.removed else None,
        )
        for row in connection.execute(query)
    )


def _last_of(table: Table) -> ColumnElement[bool]:
    """Of a table with any number of rows about a slide, the last: it takes the place of those before."""
    last = select(func.max(table.c.id)).group_by(table.c.slide_id)
    return and_(table.c.slide_id == SLIDES.c.id, table.c.id.in_(last))


def slide_of(connection: Connection, slide_id: int) -> StoredSlide:
    """One slide; raises `StoreError` where there is none."""
    found = slides_of(connection, [slide_id])
    if not found:
        raise StoreError(sentence("store.no_slide", slide=str(slide_id)))
    return found[0]


def records_of(connection: Connection, slide_ids: Sequence[int] | None = None) -> tuple[SlideRecord, ...]:
    """All that is held of slides, in the order in which they were added; None: of all slides."""
    slides = slides_of(connection, slide_ids)
    chosen = None if slide_ids is None else [slide.id for slide in slides]
    of_these = select(CASES).where(CASES.c.id.in_({slide.case_id for slide in slides}))
    cases = {row.id: case_from(row) for row in connection.execute(of_these)}
    results = latest_results(connection, chosen)
    candidates = _by_slide(connection, CANDIDATES, chosen)
    offers = _by_slide(connection, OFFERS, chosen)
    readings = readings_of(connection, chosen)
    flags = _by_slide(connection, FIELD_FLAGS, chosen)
    fields_read = _by_slide(connection, FIELD_READINGS, chosen)
    signatures = _by_slide(connection, SIGNATURES, chosen)
    amendments = _by_slide(connection, AMENDMENTS, chosen)
    looks = _by_slide(connection, LOOKS, chosen)
    notes = notes_of(connection, chosen)
    last = _of_slides(select(AUDIT.c.slide_id, func.max(AUDIT.c.id).label("last")), AUDIT, chosen)
    last_entries = {row.slide_id: row.last for row in connection.execute(last.group_by(AUDIT.c.slide_id))}
    return tuple(
        SlideRecord(
            cases[slide.case_id],
            slide,
            results.get(slide.id),
            _candidates(
                candidates[slide.id], offers[slide.id], results.get(slide.id), readings.get(slide.id, ())
            ),
            readings.get(slide.id, ()),
            _flags(flags[slide.id]),
            tuple(signature_from(row) for row in signatures[slide.id]),
            tuple(
                Amendment(row.slide_id, row.version, row.by, row.reason, row.at)
                for row in amendments[slide.id]
            ),
            tuple(look_from(row) for row in looks[slide.id]),
            notes.get(slide.id, ()),
            last_entries[slide.id],
            tuple(read_field_from(row) for row in fields_read[slide.id]),
        )
        for slide in slides
    )


def readings_of(connection: Connection, slide_ids: Sequence[int] | None) -> dict[int, tuple[Reading, ...]]:
    """Readings by slide, in the order in which they were made, with those that were taken back."""
    grouped: dict[int, list[Reading]] = defaultdict(list)
    for row in connection.execute(_of_slides(select_readings(), READINGS, slide_ids).order_by(READINGS.c.id)):
        grouped[row.slide_id].append(reading_from(row))
    return {slide_id: tuple(readings) for slide_id, readings in grouped.items()}


def select_readings() -> Select[Any]:
    """Readings, each with the number of what took it back: the rows of `reading_from`."""
    return select(READINGS, UNDOINGS.c.id.label("undone_by")).outerjoin(
        UNDOINGS, UNDOINGS.c.reading_id == READINGS.c.id
    )


def reading_from(row: Row[Any]) -> Reading:
    """A row of readings, with the number of what took it back."""
    opinion = Opinion(
        Call(row.call),
        None if row.reason is None else Reason(row.reason),
        None if row.stage is None else Stage(row.stage),
        None if row.species is None else Species(row.species),
    )
    return Reading(
        row.id, row.slide_id, row.candidate_id, row.reader, Role(row.role), opinion, row.at, row.undone_by
    )


def read_field_from(row: Row[Any]) -> ReadField:
    """A row of field readings."""
    return ReadField(row.id, row.slide_id, row.field, row.reader, Role(row.role), bool(row.whole), row.at)


def signature_from(row: Row[Any]) -> Signature:
    """A row of signatures."""
    return Signature(row.id, row.slide_id, row.version, row.by, row.at, row.sha256, row.document)


def look_from(row: Row[Any]) -> Look:
    """A row of looks."""
    return Look(row.id, row.slide_id, row.person, row.last_reading_id, row.at)


def notes_of(connection: Connection, slide_ids: Sequence[int] | None) -> dict[int, tuple[Note, ...]]:
    """Notes by slide, in the order in which they were written, with those that no longer stand."""
    return {
        slide_id: tuple(
            Note(row.id, row.slide_id, row.candidate_id, row.field, row.by, row.text, row.at) for row in rows
        )
        for slide_id, rows in _by_slide(connection, NOTES, slide_ids).items()
    }


def audit_of(connection: Connection, slide_id: int | None = None) -> tuple[AuditEntry, ...]:
    """The audit trail, oldest first; of one slide, or all of it."""
    query = select(AUDIT).order_by(AUDIT.c.id)
    if slide_id is not None:
        query = query.where(AUDIT.c.slide_id == slide_id)
    return tuple(
        AuditEntry(row.id, row.at, row.who, row.what, row.slide_id, row.detail)
        for row in connection.execute(query)
    )


def _of_slides(query: Select[Any], table: Table, slide_ids: Sequence[int] | None) -> Select[Any]:
    return query if slide_ids is None else query.where(table.c.slide_id.in_(slide_ids))


def _by_slide(connection: Connection, table: Table, slide_ids: Sequence[int] | None) -> _Rows:
    grouped: _Rows = defaultdict(list)
    for row in connection.execute(_of_slides(select(table), table, slide_ids).order_by(table.c.id)):
        grouped[row.slide_id].append(row)
    return grouped


def latest_results(connection: Connection, slide_ids: Sequence[int] | None) -> dict[int, TakenIn]:
    """The latest result of each slide that was scored, by number of the slide."""
    last = select(func.max(RESULTS.c.id)).group_by(RESULTS.c.slide_id)
    query = _of_slides(select(RESULTS).where(RESULTS.c.id.in_(last)), RESULTS, slide_ids)
    return {row.slide_id: _taken_in(connection, row) for row in connection.execute(query)}


def result_with(connection: Connection, slide_id: int, sha256: str) -> TakenIn | None:
    """The result of a slide, be it not its latest, whose document has a hash; None where there is none."""
    query = select(RESULTS).where(RESULTS.c.slide_id == slide_id, RESULTS.c.sha256 == sha256)
    row = connection.execute(query.order_by(RESULTS.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else _taken_in(connection, row)


def cases_of(connection: Connection) -> tuple[Case, ...]:
    """All cases, in the order in which they were added."""
    return tuple(case_from(row) for row in connection.execute(select(CASES).order_by(CASES.c.id)))


def _taken_in(connection: Connection, row: Row[Any]) -> TakenIn:
    return TakenIn(
        row.id,
        row.slide_id,
        place(connection, row.folder),
        row.sha256,
        SlideResult.model_validate_json(row.document),
        row.field_cells,
        row.at,
    )


def _candidates(
    rows: list[Row[Any]], offers: list[Row[Any]], taken_in: TakenIn | None, readings: Sequence[Reading]
) -> tuple[Candidate, ...]:
    offers_of: _Rows = defaultdict(list)
    for offer in offers:
        offers_of[offer.candidate_id].append(offer)
    read = {reading.candidate_id for reading in readings}
    found = []
    for row in rows:
        own = offers_of[row.id]
        listed = [
            offer
            for offer in own
            if offer.kind == CandidateKind.LISTED and taken_in is not None and offer.result_id == taken_in.id
        ]
        otherwise = [offer.kind for offer in own if offer.kind != CandidateKind.LISTED]
        if listed:
            kind = CandidateKind.LISTED
        elif otherwise:
            kind = CandidateKind(otherwise[0])
        elif row.id in read:
            # In the list of an earlier result and no more; what was read stays before readers.
            kind = CandidateKind.MARKED
        else:
            continue
        scores = [offer.infected_score for offer in own if offer.infected_score is not None]
        reasons = [offer.why_not for offer in own if offer.why_not is not None]
        found.append(
            Candidate(
                row.id,
                row.slide_id,
                kind,
                listed[-1].rank if listed else None,
                row.field,
                (row.x, row.y, row.width, row.height),
                scores[-1] if scores else None,
                WhyNot(reasons[-1]) if reasons else None,
                listed[-1].picture if listed else None,
            )
        )
    return tuple(sorted(found, key=lambda candidate: (candidate.rank is None, candidate.rank or 0)))


def _flags(rows: list[Row[Any]]) -> tuple[FlaggedField, ...]:
    last = {row.field: row for row in rows}
    return tuple(
        FlaggedField(row.slide_id, row.field, row.by, row.reason, row.at)
        for row in last.values()
        if row.flagged
    )
