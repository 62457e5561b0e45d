"""What a list that learns from its reader is worth, and how often its stop statement is right.

    python -m benchmarks.learning_while_reading --data DATA --networks runs/validation/networks --cache CACHE

Whole fields of each source left out, and of those only measured on, go through the networks that
`smearscope validate models/configs/second_look.yaml` left in the folder and that have not seen them. Then a
reader who makes no mistake reads each slide's list from its first cell on, once as the machine ranks it and
once ranked anew after every ten calls. Objects of which nobody knows are not in the lists. Printed as rows of
two tables. Scored sets are kept in the cache and taken from there by a later run.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from benchmarks.second_look_maps import width_of
from core.cells.second_look import SCORE_LIMIT
from core.review.learned_ranking import learned_ranking
from core.review.stopping import AHEAD, WhatIsLeft, what_is_left
from datasets.field_sets import MEASURED_ONLY, READERS
from datasets.fields import AnnotatedField
from datasets.located_objects import Truth, located_fields
from models.checkpoint import load_classifier, load_detector, load_second_look
from models.graphs.second_look_graph import CHANNELS
from scripts.cell_networks.train_second_look import Looks
from scripts.cell_networks.validate_lists import MOST_PARASITES, OBJECTS

FOLDS = ("iml_malaria", "md2019")
FIELDS_A_GROUP = 25
"""Consecutive fields of `iml_malaria`, which is one slide, that make a lighter one."""
DRAWS = 50
"""Slides drawn by dilution; half as many, less their parasites, are slides without any."""
BUDGETS = (100, 300)
CALLS = 10
"""After so many calls the unread are ranked anew."""
STATED_EVERY, STATED_TO = 50, 500
"""Calls after which a statement is compared with what the reader then finds."""


@dataclass(frozen=True, eq=False)
class ScoredSet:
    """The located objects of an annotated set, field after field.

    Attributes
    ----------
    field
        (N,) number of its field.
    second
        (N,) float32 scores of both looks; NaN of what the second look has not seen.
    features
        (N, D) float32 of the second look; NaN as well.
    truth
        (N,) values of `Truth`.
    slides, marked
        (F,) the slide of each field, and the parasites marked on it.
    """

    field: NDArray[np.int64]
    second: NDArray[np.float32]
    features: NDArray[np.float32]
    truth: NDArray[np.uint8]
    slides: NDArray[np.str_]
    marked: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SlideList:
    """The objects of a slide that both looks have seen, and all parasites marked on it."""

    log_odds: NDArray[np.float64]
    features: NDArray[np.float32]
    infected: NDArray[np.bool_]
    marked: int

    def without_parasites(self) -> "SlideList":
        """The same slide less its parasites."""
        healthy = ~self.infected
        return SlideList(self.log_odds[healthy], self.features[healthy], self.infected[healthy], 0)


@dataclass(frozen=True)
class Stated:
    """A statement, and the parasites that the reader then found: as far ahead as it looks, and in all."""

    left: WhatIsLeft
    found_ahead: int
    found: int


def scored_set(fields: Sequence[AnnotatedField], networks: Path, unseen: str, seed: int) -> ScoredSet:
    """Take whole fields through the networks that have not seen their source."""

    def weights(network: str, of_seed: int) -> Path:
        return networks / f"{network}_{unseen}_{of_seed}.safetensors"

    first = weights("classifier", seed)
    second = load_second_look(weights("second_look", seed))
    looks = Looks(load_detector(weights("detector", 0)), load_classifier(first, width_of(first)), second)
    located, features = [], []
    for field in located_fields(fields, looks):
        seen = np.isfinite(field.scored.second_score)
        of_field = np.full((len(seen), CHANNELS), np.nan, np.float32)
        if seen.any():
            of_field[seen] = field.scored.second_features
        located.append(field)
        features.append(of_field)
    return ScoredSet(
        np.repeat(np.arange(len(located)), [len(field.scored) for field in located]),
        np.concatenate([field.scored.second_score for field in located]),
        np.concatenate(features),
        np.concatenate([field.truth for field in located]),
        np.array([field.annotated.slide for field in located]),
        np.array([len(field.found) for field in located]),
    )


def in_groups(fields: Sequence[AnnotatedField]) -> list[AnnotatedField]:
    """Fields of one slide as those of lighter slides, consecutive ones in each."""
    return [replace(field, slide=f"{number // FIELDS_A_GROUP:02}") for number, field in enumerate(fields)]


def kept(path: Path, fields: Sequence[AnnotatedField], networks: Path, unseen: str, seed: int) -> ScoredSet:
    """As `scored_set`, from the cache where an earlier run left it there."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **vars(scored_set(fields, networks, unseen, seed)))
    with np.load(path) as arrays:
        return ScoredSet(**{name: arrays[name] for name in ScoredSet.__dataclass_fields__})


def list_of(scored: ScoredSet, objects: NDArray[np.bool_] | NDArray[np.intp], marked: int) -> SlideList:
    """A slide's list of some of the objects of a set: those that both looks have seen."""
    which = np.arange(len(scored.truth))[objects]
    which = which[np.isfinite(scored.second[which])]
    score = np.clip(scored.second[which].astype(np.float64), SCORE_LIMIT, 1 - SCORE_LIMIT)
    return SlideList(logit(score), scored.features[which], scored.truth[which] == Truth.INFECTED, marked)


def slides_of(scored: ScoredSet) -> list[SlideList]:
    """The lists of a set's slides as they are."""
    lists = []
    for slide in np.unique(scored.slides):
        fields = scored.slides == slide
        known = fields[scored.field] & (scored.truth != Truth.UNKNOWN)
        lists.append(list_of(scored, known, int(scored.marked[fields].sum())))
    return lists


def diluted(scored: ScoredSet) -> list[SlideList]:
    """Slides of few parasites, as `core.training.list_figures.shown_diluted` draws them.

    But no object is drawn twice: a list that learns would know its double. So a slide has no more healthy
    objects than the set.
    """
    random = np.random.default_rng(0)
    healthy = np.flatnonzero(scored.truth == Truth.HEALTHY)
    with_parasites = np.flatnonzero((scored.marked > 0) & (scored.marked <= MOST_PARASITES))
    lists = []
    for _ in range(DRAWS):
        fields = random.permutation(with_parasites)
        fields = fields[np.cumsum(scored.marked[fields]) <= MOST_PARASITES]
        parasites = np.flatnonzero(np.isin(scored.field, fields) & (scored.truth == Truth.INFECTED))
        others = random.permutation(healthy)[: OBJECTS - len(parasites)]
        objects = np.sort(np.concatenate([parasites, others]))
        lists.append(list_of(scored, objects, int(scored.marked[fields].sum())))
    return lists


def read(slide: SlideList, calls: int) -> tuple[NDArray[np.intp], dict[int, WhatIsLeft], float]:
    """Read a list that learns.

    Which cells in which order, what was stated after how many, and seconds of the slowest ranking.
    """
    order = np.argsort(-slide.log_odds, kind="stable")
    called: dict[int, bool] = {}
    stated: dict[int, WhatIsLeft] = {}
    slowest_s = 0.0
    while len(called) < min(calls, len(order)):
        here = len(called)
        called.update((int(cell), bool(slide.infected[cell])) for cell in order[here : here + CALLS])
        start = process_time()
        ranking = learned_ranking(slide.log_odds, slide.features, called)
        left = order[len(called) :]
        order = np.concatenate(
            [order[: len(called)], left[np.lexsort((-slide.log_odds[left], -ranking.log_odds[left]))]]
        )
        slowest_s = max(slowest_s, process_time() - start)
        if len(called) % STATED_EVERY == 0 and len(called) <= STATED_TO:
            unread = np.ones(len(order), bool)
            unread[order[: len(called)]] = False
            if (statement := what_is_left(ranking, called, unread)) is not None:
                stated[len(called)] = statement
    return order, stated, slowest_s


def measured(name: str, slides: Sequence[SlideList]) -> tuple[str, list[Stated]]:
    """A row of the table of what is found, and what was stated on the way."""
    found = np.zeros((len(slides), 2, len(BUDGETS)), int)
    statements: list[Stated] = []
    slowest = 0.0
    for number, slide in enumerate(slides):
        order, stated, slowest_s = read(slide, STATED_TO + AHEAD)
        slowest = max(slowest, slowest_s)
        as_ranked = slide.infected[np.argsort(-slide.log_odds, kind="stable")]
        as_read = slide.infected[order]
        found[number] = [[row[:budget].sum() for budget in BUDGETS] for row in (as_ranked, as_read)]
        statements += [
            Stated(left, int(as_read[at : at + AHEAD].sum()), int(as_read[at:].sum()))
            for at, left in stated.items()
        ]
    marked = sum(slide.marked for slide in slides)
    cells = [str(len(slides)), str(marked)]
    for column in range(len(BUDGETS)):
        machine, learned = found[:, 0, column], found[:, 1, column]
        change = learned - machine
        cells.append(f"{machine.sum()} → {learned.sum()}")
        cells.append(f"{machine.sum() / marked:.3f} → {learned.sum() / marked:.3f}" if marked else "")
        cells.append(f"{(change > 0).sum()} rise, {(change < 0).sum()} fall (by {max(0, -change.min())})")
    return f"| {name} | {' | '.join(cells)} | {slowest:.3f} s |", statements


def judged(name: str, statements: Sequence[Stated]) -> str:
    """A row of the table of what was stated and what was then found."""
    ahead = np.array([each.left.expected_ahead for each in statements])
    unread = np.array([each.left.expected_unread for each in statements])
    found_ahead = np.array([each.found_ahead for each in statements])
    found = np.array([each.found for each in statements])
    cells = [
        str(len(statements)),
        f"{ahead.mean():.2f} / {found_ahead.mean():.2f}",
        f"{unread.mean():.2f} / {found.mean():.2f}",
    ]
    few = ahead < 1
    if few.any():
        then = found_ahead[few]
        right = f"{(then == 0).sum()}, {(then == 1).sum()}, {(then > 1).sum()}"
        cells += [str(few.sum()), f"{ahead[few].mean():.2f} / {then.mean():.2f}", right]
    else:
        cells += ["0", "", ""]
    return f"| {name} | {' | '.join(cells)} |"


def sets_of(data: Path, unseen: str) -> Mapping[str, list[AnnotatedField]]:
    """What the networks without a source are tested on."""
    fields = READERS[unseen](data / unseen)
    by_name = {unseen: fields, **{name: reader(data / name) for name, reader in MEASURED_ONLY.items()}}
    return (
        by_name
        if len({field.slide for field in fields}) > 1
        else {**by_name, f"{unseen}_groups": in_groups(fields)}
    )


def lists(data: Path, networks: Path, cache: Path, seed: int) -> Iterator[tuple[str, list[SlideList]]]:
    """The lists of every set by the networks of a seed that have not seen it, and what to call them."""
    for unseen in FOLDS:
        for name, fields in sets_of(data, unseen).items():
            scored = kept(cache / f"{unseen}_{seed}_{name}.npz", fields, networks, unseen, seed)
            title = f"{name}, seed {seed}" if name.startswith(unseen) else f"{name} without {unseen}, {seed}"
            yield title, slides_of(scored)
            if name in READERS:
                drawn = diluted(scored)
                yield f"{title}, diluted", drawn
                yield f"{title}, without parasites", [each.without_parasites() for each in drawn[::2]]


def main() -> None:
    """Score or take from the cache, read, print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--networks", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    given = parser.parse_args()
    stops = []
    for seed in given.seeds:
        for title, slides in lists(given.data, given.networks, given.cache, seed):
            row, statements = measured(title, slides)
            print(row, flush=True)
            if statements:
                stops.append(judged(title, statements))
    print("\n".join(stops))


if __name__ == "__main__":
    main()
