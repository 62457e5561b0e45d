"""How many parasites are likely left in a list that is read from its best cell on, and whether to stop.

The scores of a slide are calibrated by the calls on its own first cells. These are the top of the list, not a
sample of it, but whether a cell of a given score is infected does not depend on its having been read. So a
logistic regression of the calls on the scores holds for the unread too, as far down as its line is straight.
The score of a called cell is the one that it would have without its own call.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, expit

from core.review.decisions import standing
from core.review.learned_ranking import LearnedRanking, penalised_logistic
from core.store import Call, CandidateKind, Role, SlideRecord

LEAST_CALLS = 30
"""Fewer calls say too little of a slide's scores."""
AHEAD = 200
"""Cells of the list that a statement looks ahead."""
EXPECTED_LINE, LINE_SPREAD = (-1.0, 1.0), (2.0, 0.3)
"""Intercept and slope of true log-odds over scores before any call, and how much slides differ."""
NODES = 7
"""Of Gauss-Hermite quadrature over intercept and slope, each."""


@dataclass(frozen=True)
class WhatIsLeft:
    """What a reader may expect who reads on.

    Attributes
    ----------
    since_last
        Cells called since the last parasite; None where no parasite was called.
    ahead, expected_ahead
        The next so many cells of the list, and the parasites expected among them.
    unread, expected_unread
        All unread cells that both looks have seen, and the parasites expected among them.
    """

    since_last: int | None
    ahead: int
    expected_ahead: float
    unread: int
    expected_unread: float


def what_is_left(
    ranking: LearnedRanking, calls: Mapping[int, bool], unread: NDArray[np.bool_]
) -> WhatIsLeft | None:
    """Expect parasites among the unread from the calls made so far.

    Parameters
    ----------
    ranking, calls
        The ranking that these calls made; the calls in the order in which they were made.
    unread
        (K,) which cells nobody has read; those called unsure are read.

    Returns
    -------
    None after fewer than `LEAST_CALLS`.
    """
    if len(calls) < LEAST_CALLS:
        return None
    scores = np.sort(ranking.log_odds[unread])[::-1]
    lines, weights = _lines(ranking.blind_log_odds, ranking.infected)
    chances = weights @ expit(lines[:, :1] + lines[:, 1:] * scores)
    in_turn = list(calls.values())
    since = sum(1 for _ in takewhile(lambda infected: not infected, reversed(in_turn)))
    return WhatIsLeft(
        since_last=since if any(in_turn) else None,
        ahead=min(AHEAD, len(scores)),
        expected_ahead=float(chances[:AHEAD].sum()),
        unread=len(scores),
        expected_unread=float(chances.sum()),
    )


def _lines(
    scores: NDArray[np.float64], infected: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(Q, 2) intercepts and slopes that the calls leave possible, and their weights.

    The posterior about its mode as a normal distribution, by quadrature.
    """
    design = np.stack([np.ones_like(scores), scores], axis=1)
    expected, precision = np.array(EXPECTED_LINE), np.diag(1 / np.square(LINE_SPREAD))
    beyond, hessian = penalised_logistic(design @ expected, design, infected, np.ones(len(scores)), precision)
    line = expected + beyond
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    grid = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 2)
    spread = np.linalg.cholesky(np.linalg.inv(hessian))
    product = np.outer(weights, weights).ravel()
    return line + grid @ spread.T, product / product.sum()


@dataclass(frozen=True)
class SampleRead:
    """What was found among cells that were drawn at random from the unread.

    Attributes
    ----------
    cells, parasites
        Those of them that the first reader called, and which of these are parasites; calls "unsure" count as
        parasites.
    """

    cells: int
    parasites: int


def sample_read(record: SlideRecord) -> SampleRead:
    """What a slide's first reader found among the cells that were drawn at random."""
    drawn = {one.id for one in record.candidates if one.kind == CandidateKind.SAMPLE}
    calls = [
        by_role[Role.FIRST].opinion.call
        for candidate, by_role in standing(record.readings).items()
        if candidate in drawn and Role.FIRST in by_role
    ]
    return SampleRead(len(calls), sum(call != Call.NOT_PARASITE for call in calls))


def sample_bound(read: SampleRead, *, confidence: float = 0.95) -> float:
    """Largest share of the cells that a sample was drawn from that may be parasites (Clopper, Pearson 1934).

    Where none of m is, the share above which that has a chance of less than 1 - C: 1 - (1 - C)^(1/m). For 100
    cells at 95 % it is .0295.
    """
    if read.cells < 1:
        raise ValueError("a sample of no cells: draw at least one")
    if read.parasites == read.cells:
        return 1.0
    return float(betaincinv(read.parasites + 1, read.cells - read.parasites, confidence))
