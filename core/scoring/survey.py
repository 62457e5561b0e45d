"""Which fields of a slide count, and the scores of their cells."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.cells.located import WhyNot
from core.cells.quality import FieldQuality
from core.cells.scored_field import ScoredField
from core.scoring.candidates import Suspect
from core.scoring.ledger import Ledger


@dataclass(frozen=True)
class Counted:
    """Whether a field's cells count.

    Attributes
    ----------
    name
        The field.
    why_excluded
        Why none of its cells counts; empty where they do.
    why_not
        What its evaluable cells are marked with where they do not count; empty where they do.
    """

    name: str
    why_excluded: str = ""
    why_not: WhyNot = WhyNot.EVALUABLE

    @property
    def reason(self) -> str:
        """`why_excluded` in a word or two, the same for all fields alike."""
        return str(self.why_not) or self.why_excluded.partition(":")[0]


@dataclass(frozen=True)
class Survey:
    """The fields of a slide in order, and the scores of the cells that count.

    Attributes
    ----------
    fields
        All fields, counted or not.
    field_index, cell_index
        (N,) int32: where each cell that counts stands: position in `fields`, row in that field.
    score
        (N,) float32 infected scores of these cells.
    """

    fields: tuple[Counted, ...]
    field_index: NDArray[np.int32]
    cell_index: NDArray[np.int32]
    score: NDArray[np.float32]

    @property
    def counted(self) -> tuple[str, ...]:
        """Names of the fields whose cells count."""
        return tuple(field.name for field in self.fields if not field.why_excluded)

    @property
    def excluded(self) -> dict[str, int]:
        """Number of fields left out, by reason."""
        return dict(Counter(field.reason for field in self.fields if field.why_excluded))

    @property
    def failed(self) -> int:
        """Number of fields left out for their quality."""
        passed = (WhyNot.EVALUABLE, WhyNot.DUPLICATE)
        return sum(field.why_not not in passed for field in self.fields)


def survey_slide(
    ledger: Ledger, names: Sequence[str], field_failure: Callable[[FieldQuality], WhyNot]
) -> Survey:
    """Decide which fields count, and collect the scores of their evaluable cells.

    Of several fields with the same pixels the one that counts is that of the earliest lot of fields, and of
    these the first in the order of `names`: the order in which workers finish has no part in it, and a field
    added later pushes none out. An image without cells cannot be counted twice, so it is never a duplicate.

    Parameters
    ----------
    ledger
        Holds all of `names`.
    names
        The slide's fields in order.
    field_failure
        Gives the reason for which a whole field is left out for its quality; empty for a good one.
    """
    first = _first_of_each_content(ledger, names)
    fields: list[Counted] = []
    field_index, cell_index, score = [], [], []
    for index, name in enumerate(names):
        scored = ledger.get(name)
        fields.append(_counted(scored, first, field_failure))
        if fields[-1].why_excluded:
            continue
        cells = np.flatnonzero(scored.evaluable)
        field_index.append(np.full(len(cells), index, np.int32))
        cell_index.append(cells.astype(np.int32))
        score.append(scored.infected_score[cells])
    return Survey(
        tuple(fields),
        np.concatenate([np.empty(0, np.int32), *field_index]),
        np.concatenate([np.empty(0, np.int32), *cell_index]),
        np.concatenate([np.empty(0, np.float32), *score]),
    )


def suspects_of(ledger: Ledger, survey: Survey, threshold: float, most: int) -> tuple[Suspect, ...]:
    """Rank the cells called infected, highest score first, and give the first `most` of them.

    Equal scores keep the order of fields and cells.
    """
    called = np.flatnonzero(survey.score >= threshold)
    order = called[np.argsort(-survey.score[called], kind="stable")][:most]
    suspects = []
    for rank, position in enumerate(order, start=1):
        scored = ledger.get(survey.fields[survey.field_index[position]].name)
        x, y, width, height = (float(side) for side in scored.boxes[survey.cell_index[position]])
        suspects.append(
            Suspect(
                rank,
                float(survey.score[position]),
                scored.name,
                (x, y, width, height),
                scored.cell_colour,
                scored.feature_statistics,
            )
        )
    return tuple(suspects)


def _first_of_each_content(ledger: Ledger, names: Sequence[str]) -> dict[str, str]:
    """Name of the field that counts, for each hash of pixels."""
    generation, content, cells = (
        ledger.column("generation"),
        ledger.column("content_hash"),
        ledger.column("cells"),
    )
    first: dict[str, str] = {}
    for name in sorted(names, key=generation.__getitem__):  # stable: the order of names within a lot
        if cells[name]:
            first.setdefault(content[name], name)
    return first


def _counted(
    scored: ScoredField, first: dict[str, str], field_failure: Callable[[FieldQuality], WhyNot]
) -> Counted:
    if scored.quality is None:
        return Counted(scored.name, f"unreadable: {scored.unreadable}")
    counted = first.get(scored.content_hash, scored.name)
    if counted != scored.name:
        return Counted(scored.name, f"duplicate of {counted}", WhyNot.DUPLICATE)
    failure = field_failure(scored.quality)
    return Counted(scored.name, str(failure), failure)
