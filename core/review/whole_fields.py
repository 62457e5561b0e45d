"""Fields that readers have looked at whole, and the parasites that are counted on them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from core.cells.boxes import Box
from core.cells.located import WhyNot
from core.results.folder import tables_of
from core.review.decisions import Decision, ReadCell
from core.store import ReadField, Role, TakenIn
from core.tally import FieldReading

_UNDECIDED = {Decision.ACCEPTED_BY_ONE, Decision.DISPUTED, Decision.UNSURE}


def read_whole(said: Iterable[ReadField]) -> dict[Role, dict[str, ReadField]]:
    """The fields that are read whole in each role, with who read them; what was said last holds."""
    found: dict[Role, dict[str, ReadField]] = defaultdict(dict)
    for one in said:
        if one.whole:
            found[one.role][one.field] = one
        else:
            found[one.role].pop(one.field, None)
    return dict(found)


def looked_through(
    said: Iterable[ReadField], cells: Sequence[ReadCell], taken_in: TakenIn
) -> tuple[FieldReading, ...]:
    """Fields that both readers have looked at whole, each with the parasites that two accept on it.

    Of the parasites those that count: evaluable cells, however they came before readers, and no gametocytes.
    Only fields whose cells count at all. None as long as any cell on any of them is undecided: it may be
    infected, and to leave out its field alone would leave out those with parasites.
    """
    whole = read_whole(said)
    both = whole.get(Role.FIRST, {}).keys() & whole.get(Role.SECOND, {}).keys()
    undecided = {cell.candidate.field for cell in cells if cell.to_adjudicate or cell.decision in _UNDECIDED}
    if both & undecided:
        return ()
    infected = Counter(
        cell.candidate.field
        for cell in cells
        if cell.candidate.field in both
        and cell.decision == Decision.ACCEPTED_BY_BOTH
        and not cell.gametocyte
        and _evaluable(cell, taken_in)
    )
    return tuple(
        FieldReading(count, infected[field]) for field, count in taken_in.field_cells.items() if field in both
    )


def _evaluable(cell: ReadCell, taken_in: TakenIn) -> bool:
    candidate = cell.candidate
    if candidate.why_not is not None:
        return candidate.evaluable
    return _evaluable_at(taken_in.folder, taken_in.sha256, candidate.field, candidate.box)


@lru_cache(maxsize=4096)
def _evaluable_at(folder: Path, sha256: str, field: str, box: Box) -> bool:
    """Whether a mark by hand is a cell that scoring has counted; elsewhere it is none of those examined."""
    located = tables_of(folder, sha256).at(field, box)
    return located is not None and located.why_not == WhyNot.EVALUABLE
