"""The list of a slide as its first reader's calls rank it anew, and what is likely left of it.

The machine's list stays what it is: its ranks stand beside the cells, the second reader gets an order of
their own, and every figure is that of the machine's list as far as it was read without a gap (docs/TALLY.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from core.cells.boxes import Box
from core.cells.second_look import SCORE_LIMIT
from core.results.folder import features_of, tables_of
from core.review.decisions import standing
from core.review.learned_ranking import LearnedRanking, learned_ranking, standardised
from core.review.stopping import WhatIsLeft, what_is_left
from core.store import Call, Candidate, CandidateKind, Role, SlideRecord, TakenIn

EVERY = 10
"""After so many calls the unread are ranked anew, and again after as many."""


@dataclass(frozen=True, eq=False)
class SeenList:
    """What the second look has seen of a slide: the first of its list, in order of rank.

    Attributes
    ----------
    log_odds
        (K,) float64, by both looks together.
    features
        (K, D) float32.
    index_at
        Index of an object by its field and box.
    """

    log_odds: NDArray[np.float64]
    features: NDArray[np.float32]
    index_at: dict[tuple[str, Box], int]


@dataclass(frozen=True, eq=False)
class LearnedList:
    """A slide's list after some calls.

    Attributes
    ----------
    calls
        On how many it rests: a multiple of `EVERY`; calls "unsure" teach nothing.
    ranked_anew
        Whether they changed anything: where all calls are alike, they do not.
    ranking
        Of the cells that the second look has seen, by the machine's rank.
    first_unread
        Ranks in the machine's list of the `EVERY` cells that are to be read next, not all of which are laid
        before readers yet.
    left
        What may still be expected; None while too little is known.
    order
        The first reader's candidates: those that were read, then the unread as they are ranked now. What the
        second look has not seen, or was drawn at random, stays behind them as it was.
    """

    calls: int
    ranked_anew: bool
    ranking: LearnedRanking
    first_unread: tuple[int, ...]
    left: WhatIsLeft | None
    order: tuple[Candidate, ...]


def learned_list(record: SlideRecord) -> LearnedList | None:
    """Rank a slide's unread cells by the calls of its first reader.

    Returns
    -------
    None for a slide that was not scored, or by a version that kept no features, and before `EVERY` calls.

    Raises
    ------
    core.results.folder.ResultFolderError
        Where the files of the result are gone or damaged.
    """
    if record.taken_in is None:
        return None
    seen = seen_list(record.taken_in)
    if seen is None:
        return None
    at = {one.id: seen.index_at.get((one.field, one.box)) for one in record.candidates}
    readings = sorted(
        (by_role[Role.FIRST] for by_role in standing(record.readings).values() if Role.FIRST in by_role),
        key=lambda reading: reading.id,
    )
    calls = {
        index: reading.opinion.call == Call.PARASITE
        for reading in readings
        if reading.opinion.call != Call.UNSURE and (index := at[reading.candidate_id]) is not None
    }
    taught = tuple(calls.items())[: len(calls) // EVERY * EVERY]
    if not taught:
        return None
    ranking = _ranking(seen, taught)
    unread = np.ones(len(seen.log_odds), bool)
    unread[[index for one in readings if (index := at[one.candidate_id]) is not None]] = False
    read = {reading.candidate_id for reading in readings}
    best = np.argsort(-np.where(unread, ranking.log_odds, -np.inf), kind="stable")[: min(EVERY, unread.sum())]
    return LearnedList(
        calls=len(taught),
        ranked_anew=len({infected for _, infected in taught}) == 2,
        ranking=ranking,
        first_unread=tuple(int(index) + 1 for index in best),
        left=what_is_left(ranking, calls, unread),
        order=_order(record.candidates, read, at, ranking),
    )


def keeps_features(taken_in: TakenIn) -> bool:
    """Whether a result keeps what the second look saw, by which alone its list can learn."""
    return seen_list(taken_in) is not None


def seen_list(taken_in: TakenIn) -> SeenList | None:
    """What the second look has seen of a slide; None of a result that does not keep it.

    Raises
    ------
    core.results.folder.ResultFolderError
        Where the files of the result are gone or damaged.
    """
    return _seen(taken_in.folder, taken_in.sha256)


def not_offered(record: SlideRecord, learned: LearnedList) -> tuple[int, ...]:
    """Ranks of the cells to be read next that are not laid before readers; none where nothing was learned."""
    if not learned.ranked_anew:
        return ()
    offered = {candidate.rank for candidate in record.candidates}
    return tuple(rank for rank in learned.first_unread if rank not in offered)


def ranks_like(record: SlideRecord, candidate: Candidate, count: int) -> tuple[int, ...]:
    """Ranks of the unread cells that look most like one to the second look, the most alike first.

    By the distance of features, each less its mean over the slide and over its standard deviation there.

    Returns
    -------
    Nothing where the result keeps no features, or the second look has not seen the cell.
    """
    if record.taken_in is None:
        return ()
    seen = seen_list(record.taken_in)
    own = None if seen is None else seen.index_at.get((candidate.field, candidate.box))
    if seen is None or own is None:
        return ()
    features = standardised(seen.features)
    distance = np.linalg.norm(features - features[own], axis=1)
    read = {reading.candidate_id for reading in record.readings if reading.undone_by is None}
    known = [seen.index_at.get((one.field, one.box)) for one in record.candidates if one.id in read]
    distance[[index for index in (own, *known) if index is not None]] = np.inf
    nearest = np.argsort(distance, kind="stable")[: min(count, int(np.isfinite(distance).sum()))]
    return tuple(int(index) + 1 for index in nearest)


def _order(
    candidates: Sequence[Candidate], read: set[int], at: dict[int, int | None], ranking: LearnedRanking
) -> tuple[Candidate, ...]:
    def place(candidate: Candidate) -> tuple[int, float]:
        index = at[candidate.id]
        if candidate.id in read:
            return 0, 0.0
        if index is None or candidate.kind == CandidateKind.SAMPLE:
            return 2, 0.0
        return 1, -float(ranking.log_odds[index])

    return tuple(sorted(candidates, key=place))


@lru_cache(maxsize=4)
def _seen(folder: Path, sha256: str) -> SeenList | None:
    features = features_of(folder, sha256)
    if features is None:
        return None
    tables = tables_of(folder, sha256)
    first = tables.after_rank(0, len(features))
    by_rank = np.argsort(tables.cells.rank[tables.cells.seen_again])
    scores = np.array([cell.infected_score for cell in first])
    return SeenList(
        logit(np.clip(scores, SCORE_LIMIT, 1 - SCORE_LIMIT)),
        features[by_rank].astype(np.float32),
        {(cell.field, cell.box): index for index, cell in enumerate(first)},
    )


@lru_cache(maxsize=32)
def _ranking(seen: SeenList, calls: tuple[tuple[int, bool], ...]) -> LearnedRanking:
    """As asked for again and again between two rankings."""
    return learned_ranking(seen.log_odds, seen.features, dict(calls))
