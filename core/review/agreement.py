"""How well readers agree who have read the same cells."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.review.decisions import standing
from core.store import Call, Role, SlideRecord


@dataclass(frozen=True)
class PairAgreement:
    """Two persons who read the same cells, first and second in either order.

    Attributes
    ----------
    readers
        Both names, in alphabetical order.
    cells
        Cells that both have read.
    agreed
        Cells that both called alike.
    kappa
        Cohen's; None where it is not defined.
    """

    readers: tuple[str, str]
    cells: int
    agreed: int
    kappa: float | None


def cohen_kappa(pairs: Sequence[tuple[Call, Call]]) -> float | None:
    """Agreement beyond chance of two readers (Cohen, 1960): (p_o - p_e) / (1 - p_e).

    p_o is the share of cells called alike; p_e the share expected where each reader keeps to the frequencies
    of their own calls, by chance.

    Returns
    -------
    In [-1, 1]; None without a cell, and where both gave one and the same call throughout (p_e = 1).
    """
    if not pairs:
        return None
    cells = len(pairs)
    agreed = sum(one == other for one, other in pairs)
    ones, others = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    # In whole numbers: a p_e of exactly 1 must be seen as such.
    by_chance = sum(ones[call] * others[call] for call in Call)
    if by_chance == cells**2:
        return None
    return (agreed * cells - by_chance) / (cells**2 - by_chance)


def agreement(
    records: Iterable[SlideRecord], *, since: datetime, until: datetime
) -> tuple[PairAgreement, ...]:
    """Agreement of each pair of first and second readers, before any adjudication.

    Parameters
    ----------
    records
        The slides to look at.
    since, until
        Cells count whose later reading of the two was made from `since` on and before `until`.
    """
    calls: dict[tuple[str, str], list[tuple[Call, Call]]] = defaultdict(list)
    names: dict[str, str] = {}
    for record in records:
        for readings in standing(record.readings).values():
            first, second = readings.get(Role.FIRST), readings.get(Role.SECOND)
            if first is None or second is None or not since <= max(first.at, second.at) < until:
                continue
            both = sorted((first, second), key=lambda reading: reading.reader.casefold())
            for reading in both:
                names.setdefault(reading.reader.casefold(), reading.reader)
            pair = both[0].reader.casefold(), both[1].reader.casefold()
            calls[pair].append((both[0].opinion.call, both[1].opinion.call))
    return tuple(
        PairAgreement(
            (names[one], names[other]),
            len(pairs),
            sum(first == second for first, second in pairs),
            cohen_kappa(pairs),
        )
        for (one, other), pairs in sorted(calls.items())
    )
