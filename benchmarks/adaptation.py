"""What adapting to a laboratory gives: each malaria source as the new one, a few of its fields reviewed.

    python -m benchmarks.adaptation --data DATA --networks runs/validation/networks --cache CACHE

Whole fields of a source are scored by the networks that `smearscope validate models/configs/second_look.yaml`
left in the folder and that have not seen it. Some are drawn to be reviewed: whole patients, or at most three
fields of each; consecutive fields of `iml_malaria`, which names no patients. The last layer is fitted on
them, and the fields of the other patients are ranked by both lists; of `iml_malaria` all fields but the
reviewed ones and five on either side. Then the reviewed cells go through the comparison of patients kept
aside by which `smearscope adapt` refuses. Printed as the rows of a table. Scored sets are kept in the cache,
which may be that of `benchmarks.learning_while_reading`.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from benchmarks.learning_while_reading import ScoredSet, kept, sets_of
from core.cells.second_look import SCORE_LIMIT
from core.training.list_figures import RankedTruth, shown_diluted
from datasets.laboratory_cells import LaboratoryCells
from datasets.located_objects import Truth
from models.adapted_head import fitted_change
from scripts.cell_networks.adaptation import AdaptationError, is_gain, kept_aside
from scripts.cell_networks.validate_lists import MOST_PARASITES, OBJECTS

SETS = (
    ("iml_malaria", "iml_malaria_groups"),
    ("md2019", "md2019"),
    ("iml_malaria", "ph_thin"),
    ("md2019", "ph_thin"),
)
"""The source left out of training, and the set that is the new laboratory."""
REVIEWED = (5, 10, 20)
SPREAD = 3
"""Fields of each patient where reviewed fields are spread over patients."""
BETWEEN = 5
"""Fields on either side of reviewed ones that are not tested on, where there are no patients."""
PARTS = 5
"""Into so many parts consecutive reviewed fields are cut, each as a patient, for what is kept aside."""


@dataclass(frozen=True, eq=False)
class Draw:
    """Fields to review, whose they are, and fields to test on."""

    reviewed: NDArray[np.int64]
    patient: NDArray[np.str_]
    tested: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Outcome:
    """Shares of the tested parasites at 1 in 1,000 and in the first 100, by both lists; whether it passes."""

    before: NDArray[np.float64]
    after: NDArray[np.float64]
    passed: bool


def drawn(scored: ScoredSet, count: int, most: int | None, seed: int) -> Draw:
    """Draw fields to review, of a patient `most` at most; consecutive ones of a set without patients."""
    random = np.random.default_rng([count, seed])
    fields = np.arange(len(scored.slides))
    if scored.slides[0].isdigit():  # groups of consecutive fields of one slide
        first = int(random.integers(len(fields) - count + 1))
        reviewed = fields[first : first + count]
        near = (fields >= first - BETWEEN) & (fields < first + count + BETWEEN)
        return Draw(reviewed, (np.arange(count) * PARTS // count).astype(str), fields[~near])
    taken: list[int] = []
    used = []
    for patient in random.permutation(np.unique(scored.slides)):
        if len(taken) < count:
            used.append(patient)
            taken += fields[scored.slides == patient][:most].tolist()
    reviewed = np.array(taken[:count])
    return Draw(reviewed, scored.slides[reviewed], fields[~np.isin(scored.slides, used)])


def reviewed_cells(scored: ScoredSet, draw: Draw) -> LaboratoryCells:
    """The cells of the reviewed fields that the second look has seen."""
    patient = dict(zip(draw.reviewed.tolist(), draw.patient.tolist(), strict=True))
    known = np.isfinite(scored.second) & (scored.truth != Truth.UNKNOWN)
    which = np.flatnonzero(known & np.isin(scored.field, draw.reviewed))
    return LaboratoryCells(
        np.array([patient[field] for field in scored.field[which].tolist()]),
        scored.truth[which] == Truth.INFECTED,
        log_odds_of(scored)[which],
        scored.features[which],
    )


def log_odds_of(scored: ScoredSet) -> NDArray[np.float64]:
    """(N,) by both looks; what the second has not seen stands below all else."""
    score = np.clip(scored.second.astype(np.float64), SCORE_LIMIT, 1 - SCORE_LIMIT)
    return np.where(np.isfinite(score), logit(score), -np.inf)


def shares(
    scored: ScoredSet, fields: NDArray[np.int64], log_odds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Of the parasites on some fields: at 1 in 1,000, and in the first 100 of slides diluted to few."""
    known = np.isin(scored.field, fields) & (scored.truth != Truth.UNKNOWN)

    def ranked(which: NDArray[np.bool_], marked: int) -> RankedTruth:
        return RankedTruth(log_odds[which], scored.truth[which] == Truth.INFECTED, marked)

    whole = ranked(known, int(scored.marked[fields].sum()))
    lists = [ranked(known & (scored.field == field), int(scored.marked[field])) for field in fields]
    healthy = whole.rank_value[~whole.infected]
    first = shown_diluted(lists, healthy, most=MOST_PARASITES, objects=OBJECTS, budgets=(100,), seed=0)
    return np.array([whole.share(1 / 1000), first[100]])


def outcome(scored: ScoredSet, draw: Draw) -> Outcome:
    """Review, adapt, test."""
    log_odds = log_odds_of(scored)
    cells = reviewed_cells(scored, draw)
    before = shares(scored, draw.tested, log_odds)
    if cells.infected.all() or not cells.infected.any():
        return Outcome(before, before, passed=False)
    change = fitted_change(cells.log_odds, cells.features, cells.infected, cells.patient)
    adapted = change.applied(log_odds, np.nan_to_num(scored.features))
    try:
        passed = is_gain(kept_aside(cells))
    except AdaptationError:
        passed = False
    return Outcome(before, shares(scored, draw.tested, adapted), passed)


def row(title: str, outcomes: list[Outcome]) -> str:
    """Means over draws and seeds, and of those that the comparison lets through."""
    before = np.array([each.before for each in outcomes])
    after = np.array([each.after for each in outcomes])
    gain = after - before
    passed = np.array([each.passed for each in outcomes])
    cells = [title, str(len(outcomes))]
    for column in range(2):
        cells.append(f"{before[:, column].mean():.3f} → {after[:, column].mean():.3f}")
        cells.append(f"{(gain[:, column] < 0).sum()} (to {min(0, gain[:, column].min()):+.3f})")
    cells.append(str(passed.sum()))
    cells += [
        "/".join(f"{one:+.3f}" for one in gain[which].mean(axis=0)) if which.any() else ""
        for which in (passed, ~passed)
    ]
    return f"| {' | '.join(cells)} |"


def rows(data: Path, networks: Path, cache: Path, seeds: list[int], draws: int) -> Iterator[str]:
    """Source after source, few fields before many."""
    for unseen, name in SETS:
        fields = sets_of(data, unseen)[name]
        by_seed = [
            kept(cache / f"{unseen}_{seed}_{name}.npz", fields, networks, unseen, seed) for seed in seeds
        ]
        ways = (None,) if by_seed[0].slides[0].isdigit() else (None, SPREAD)
        for most in ways:
            for count in REVIEWED:
                outcomes = [
                    outcome(scored, drawn(scored, count, most, number))
                    for scored in by_seed
                    for number in range(draws)
                ]
                how = "" if most is None else f", {most} a patient"
                yield row(f"{name} without {unseen}, {count} fields{how}", outcomes)


def main() -> None:
    """Score or take from the cache, draw, adapt, test, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--networks", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--draws", type=int, default=10)
    given = parser.parse_args()
    for line in rows(given.data, given.networks, given.cache, given.seeds, given.draws):
        print(line, flush=True)


if __name__ == "__main__":
    main()
