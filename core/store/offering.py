"""What scoring brings to a slide: its steps, its results, and the cells laid before readers.

Cells are those of the slide's list, those drawn from it at random, and those marked by hand. All is written
in a transaction that the caller holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, func, select

from core.cells.boxes import Box, rounded_box
from core.cells.located import WhyNot
from core.results.folder import ResultFolder, fields_of, tables_of
from core.results.tables import RankedCell
from core.store.places import kept_place
from core.store.records import Candidate, CandidateKind, ScoringStep, SlideRecord, StoreError, TakenIn
from core.store.rows import latest_results, records_of, slide_of
from core.store.tables import CANDIDATES, OFFERS, RESULTS, SCORING_STEPS
from core.store.writes import append, note, now
from core.wording import sentence

_STEPS_FROM = {
    ScoringStep.QUEUED: set(ScoringStep) - {ScoringStep.QUEUED},
    ScoringStep.SCORING: {ScoringStep.QUEUED},
    ScoringStep.STOPPED: {ScoringStep.QUEUED, ScoringStep.SCORING},
    ScoringStep.FAILED: {ScoringStep.SCORING},
}
"""What must have come before a step; `SCORED` comes with a result alone (`before_result`)."""


def append_step(connection: Connection, slide_id: int, step: ScoringStep, who: str, detail: str) -> None:
    """Write a step; raises `StoreError` where it cannot follow the last one."""
    last = slide_of(connection, slide_id).scoring
    if last not in _STEPS_FROM.get(step, set()):
        raise StoreError(sentence("store.step", last=last, step=step))
    append(connection, SCORING_STEPS, slide_id=slide_id, step=step, detail=detail, at=now())
    note(connection, who, f"scoring: {step}", slide_id)


def before_result(connection: Connection, slide_id: int) -> ScoringStep:
    """The last step, where a result may follow it.

    Raises `StoreError` where the slide was stopped, or queued anew, while the result was being made: it is of
    other fields, or another review budget, than the slide is to have.
    """
    last = slide_of(connection, slide_id).scoring
    if last not in {ScoringStep.SCORING, ScoringStep.SCORED}:
        raise StoreError(sentence("store.step", last=last, step=ScoringStep.SCORED))
    return last


def append_opening(connection: Connection, slide_id: int, who: str) -> None:
    """Stop a slide's scoring, done or not, because fields are about to be added."""
    append(connection, SCORING_STEPS, slide_id=slide_id, step=ScoringStep.STOPPED, detail="fields", at=now())
    note(connection, who, "fields added", slide_id)


def append_result(connection: Connection, slide_id: int, folder: Path, read: ResultFolder) -> int | None:
    """Write a result and offer the first of its list; None where it is the one taken in last.

    What was read of an earlier list is offered too, with the rank that it has in this one.
    """
    last = connection.execute(
        select(RESULTS.c.sha256, RESULTS.c.folder)
        .where(RESULTS.c.slide_id == slide_id)
        .order_by(RESULTS.c.id.desc())
        .limit(1)
    ).one_or_none()
    kept = kept_place(connection, folder)
    if last is not None and (last.sha256, last.folder) == (read.sha256, kept):
        return None
    (before,) = records_of(connection, [slide_id])
    number = append(
        connection,
        RESULTS,
        slide_id=slide_id,
        folder=kept,
        sha256=read.sha256,
        document=read.document,
        field_cells={row.name: row.evaluable_cells for row in read.tables.fields if not row.why_excluded},
        at=now(),
    )
    listed = [_offered(cell) for cell in (*read.listed, *_read_further_down(before, read))]
    _offer(connection, slide_id, number, CandidateKind.LISTED, listed)
    return number


def _read_further_down(before: SlideRecord, read: ResultFolder) -> list[RankedCell]:
    """What was read of an earlier list and stands in the new one beyond its first."""
    was_read = {reading.candidate_id for reading in before.readings}
    found = (
        read.tables.at(candidate.field, candidate.box)
        for candidate in before.candidates
        if candidate.kind == CandidateKind.LISTED and candidate.id in was_read
    )
    return [cell for cell in found if cell is not None and cell.rank > len(read.listed)]


def append_more(connection: Connection, slide_id: int, count: int) -> tuple[Candidate, ...]:
    """Offer the next of the list by rank, after those that are laid before readers.

    Raises
    ------
    StoreError
        Where the slide was not scored.
    core.results.folder.ResultFolderError
        Where its files are gone or damaged.
    """
    (record,) = records_of(connection, [slide_id])
    taken_in = result_of(connection, slide_id)
    cells = tables_of(taken_in.folder, taken_in.sha256).after_rank(record.laid_out, count)
    return _candidates(connection, taken_in, CandidateKind.LISTED, list(map(_offered, cells)))


def append_ranked(connection: Connection, slide_id: int, ranks: Sequence[int]) -> tuple[Candidate, ...]:
    """Offer those of these ranks that are not laid before readers yet; raises as `append_more`."""
    (record,) = records_of(connection, [slide_id])
    offered = {candidate.rank for candidate in record.candidates}
    new = sorted(set(ranks) - offered)
    taken_in = result_of(connection, slide_id)
    cells = tables_of(taken_in.folder, taken_in.sha256).at_ranks(new) if new else ()
    return _candidates(connection, taken_in, CandidateKind.LISTED, list(map(_offered, cells)))


def append_sample(connection: Connection, slide_id: int, count: int) -> tuple[Candidate, ...]:
    """Offer cells drawn at random from the rest of the list; raises as `append_more`."""
    (record,) = records_of(connection, [slide_id])
    taken_in = result_of(connection, slide_id)
    known = frozenset((candidate.field, candidate.box) for candidate in record.candidates)
    seed = connection.execute(select(func.count()).select_from(OFFERS)).scalar_one()
    tables = tables_of(taken_in.folder, taken_in.sha256)
    cells = tables.drawn_after_rank(record.laid_out, count, known, seed)
    # Its rank would tell a reader what to expect of a cell that stands for all others.
    unranked = [replace(_offered(cell), rank=None) for cell in cells]
    return _candidates(connection, taken_in, CandidateKind.SAMPLE, unranked)


def candidate_at(connection: Connection, slide_id: int, field: str, box: Box) -> int:
    """Number of the cell at a box; offered as marked by hand where it was never laid before readers.

    Raises
    ------
    StoreError
        Where the slide was not scored or its files are gone, it has no such field that is looked at, or the
        middle of the box does not lie on it.
    """
    taken_in = result_of(connection, slide_id)
    rows = {row.name: row for row in fields_of(taken_in.folder, taken_in.sha256) if row.looked_at}
    if field not in rows:
        raise StoreError(sentence("store.no_field", field=repr(field)))
    x, y, width, height = rounded_box(box)
    if min(width, height) <= 0:
        raise StoreError(sentence("store.empty_box", width=f"{width}", height=f"{height}"))
    across, down = rows[field].width, rows[field].height
    if not (0 <= x + width / 2 < across and 0 <= y + height / 2 < down):
        raise StoreError(sentence("store.beyond_field", across=f"{across}", down=f"{down}"))
    marked = _Offered(field, (x, y, width, height))
    (number,) = _offer(connection, slide_id, taken_in.id, CandidateKind.MARKED, [marked])
    return number


def result_of(connection: Connection, slide_id: int) -> TakenIn:
    """The slide's latest result; raises `StoreError` where there is none."""
    taken_in = latest_results(connection, [slide_id]).get(slide_id)
    if taken_in is None:
        raise StoreError(sentence("store.not_scored"))
    return taken_in


@dataclass(frozen=True)
class _Offered:
    """A cell to lay before readers; of one marked by hand nothing but its place is known."""

    field: str
    box: Box
    infected_score: float | None = None
    why_not: WhyNot | None = None
    rank: int | None = None
    picture: str | None = None


def _offered(cell: RankedCell) -> _Offered:
    return _Offered(cell.field, cell.box, cell.infected_score, cell.why_not, cell.rank, cell.picture)


def _candidates(
    connection: Connection, taken_in: TakenIn, kind: CandidateKind, cells: Sequence[_Offered]
) -> tuple[Candidate, ...]:
    """Offer cells, and give them as the candidates that they are now."""
    numbers = _offer(connection, taken_in.slide_id, taken_in.id, kind, cells)
    return tuple(
        Candidate(
            number,
            taken_in.slide_id,
            kind,
            cell.rank,
            cell.field,
            cell.box,
            cell.infected_score,
            cell.why_not,
            cell.picture,
        )
        for number, cell in zip(numbers, cells, strict=True)
    )


def _offer(
    connection: Connection, slide_id: int, result_id: int, kind: CandidateKind, cells: Sequence[_Offered]
) -> tuple[int, ...]:
    known = _known(connection, slide_id, cells)
    offered = []
    for cell in cells:
        number = known.get((cell.field, cell.box))
        if number is None:
            x, y, width, height = cell.box
            number = append(
                connection,
                CANDIDATES,
                slide_id=slide_id,
                field=cell.field,
                x=x,
                y=y,
                width=width,
                height=height,
            )
        elif kind == CandidateKind.MARKED:
            offered.append(number)
            continue
        append(
            connection,
            OFFERS,
            slide_id=slide_id,
            candidate_id=number,
            result_id=result_id,
            kind=kind,
            rank=cell.rank,
            infected_score=cell.infected_score,
            why_not=cell.why_not,
            picture=cell.picture,
        )
        offered.append(number)
    return tuple(offered)


def _known(connection: Connection, slide_id: int, cells: Sequence[_Offered]) -> dict[tuple[str, Box], int]:
    """Numbers of a slide's candidates by place: one cell is looked up, for several all are read."""
    query = select(CANDIDATES).where(CANDIDATES.c.slide_id == slide_id)
    if len(cells) == 1:
        x, y, width, height = cells[0].box
        query = query.where(
            CANDIDATES.c.field == cells[0].field,
            CANDIDATES.c.x == x,
            CANDIDATES.c.y == y,
            CANDIDATES.c.width == width,
            CANDIDATES.c.height == height,
        )
    rows = connection.execute(query)
    return {(row.field, (row.x, row.y, row.width, row.height)): row.id for row in rows}
