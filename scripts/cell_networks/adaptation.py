"""Whether a laboratory's own cells make its lists better, told on patients that were kept aside."""

import numpy as np
from numpy.typing import NDArray

from core.errors import SmearscopeError
from datasets.laboratory_cells import LaboratoryCells
from models.adapted_head import fitted_change
from models.cards import Adapted, KeptAside, SecondLookCard, Source

EARLY = 0.01
"""A parasite is shown early if at most this share of its patient's healthy cells stand before it."""
FIRST = 100
LEAST_PATIENTS = 2
DRAWS, SEED = 1000, 0
"""Of patients drawn anew for the interval of the gain."""


class AdaptationError(SmearscopeError):
    """Cells by which a model cannot be adapted, or that make its lists no better."""


def check_enough(cells: LaboratoryCells) -> None:
    """Refuse cells of which no patient can be kept aside; raises `AdaptationError`."""
    with_parasites = np.unique(cells.patient[cells.infected])
    if cells.infected.all() or not cells.infected.any():
        kind = "infected" if cells.infected.any() else "healthy"
        raise AdaptationError(f"all {len(cells)} cells are {kind}: give reviewed slides that have both")
    if len(with_parasites) < LEAST_PATIENTS:
        raise AdaptationError(
            f"the parasites are all of one patient ({with_parasites[0]}): the gain is measured on patients "
            f"that are kept aside, so give parasites of at least {LEAST_PATIENTS}"
        )


def kept_aside(cells: LaboratoryCells) -> KeptAside:
    """Keep each patient aside in turn, learn from the others, and rank the cells of the one by both lists.

    Patients whose reviewed cells are of one kind have no list to compare, but teach.

    Raises
    ------
    AdaptationError
        Where none of the patients can be kept aside.
    """
    check_enough(cells)
    rows = []
    for patient in np.unique(cells.patient):
        own = cells.patient == patient
        rest, aside = cells.take(~own), cells.take(own)
        both = all(part.infected.any() and not part.infected.all() for part in (rest, aside))
        if both:
            change = fitted_change(rest.log_odds, rest.features, rest.infected, rest.patient)
            adapted = change.applied(aside.log_odds, aside.features)
            lists = (aside.log_odds, adapted)
            rows.append(
                [
                    aside.infected.sum(),
                    *(shown_early(values, aside.infected) for values in lists),
                    *(among_first(values, aside.infected) for values in lists),
                ]
            )
    if not rows:
        raise AdaptationError("no patient has both infected and healthy cells reviewed: review more cells")
    counts = np.array(rows)
    low, high = _interval(counts[:, 2] - counts[:, 1])
    parasites, before, after, first_before, first_after = counts.sum(axis=0).tolist()
    return KeptAside(
        patients=len(counts),
        parasites=parasites,
        before=before,
        after=after,
        gain_low=low,
        gain_high=high,
        first_100_before=first_before,
        first_100_after=first_after,
    )


def check_gain(found: KeptAside) -> None:
    """Refuse an adaptation that is not known to gain anything; raises `AdaptationError` with the figures."""
    if not is_gain(found):
        why = "no gain" if found.gain <= 0 else "the gain may be a loss"
        raise AdaptationError(f"{why}, so nothing was written. {said_of(found)}")


def is_gain(found: KeptAside) -> bool:
    """Whether more parasites are shown early, and the interval of how many more holds no loss."""
    return found.gain > 0 and found.gain_low >= 0


def said_of(found: KeptAside) -> str:
    """The figures of a comparison in words."""
    return (
        f"On {found.patients} patients kept aside, with {found.parasites} parasites, "
        f"{found.before} stood before all but 1 % of the healthy cells without the adaptation and "
        f"{found.after} with it: {found.gain:+d} "
        f"(95 % interval {found.gain_low:+d} to {found.gain_high:+d}). "
        f"Among the first {FIRST} cells of each: {found.first_100_before} without, "
        f"{found.first_100_after} with it."
    )


def adapted_card(card: SecondLookCard, adapted: Adapted) -> SecondLookCard:
    """The card of a second look after an adaptation; its curve stays that of the model before."""
    found = adapted.kept_aside
    return card.model_copy(
        update={
            "name": f"{card.name} adapted to {adapted.laboratory}",
            "adapted": adapted,
            "training": card.training.model_copy(
                update={
                    "sources": (
                        *card.training.sources,
                        Source(
                            name=adapted.laboratory,
                            citation=f"reviewed cells of {adapted.patients} patients of this laboratory, "
                            "for the last layer alone",
                            licence="that of the laboratory's slides",
                            items=adapted.infected + adapted.healthy,
                        ),
                    )
                }
            ),
            "limits": (
                f"Adapted to {adapted.laboratory}: of {found.parasites} parasites of patients kept aside, "
                f"{found.before} were shown early before and {found.after} after. For other laboratories "
                "it may be worse than the model that it was made from.",
                "The curve was measured on the model before the adaptation, and not again.",
                *card.limits,
            ),
        }
    )


def shown_early(log_odds: NDArray[np.floating], infected: NDArray[np.bool_]) -> int:
    """Parasites before which at most `EARLY` of the healthy cells stand, or one where that is less than one.

    A healthy cell that is level with a parasite stands before it.
    """
    healthy = np.sort(log_odds[~infected])
    before = len(healthy) - np.searchsorted(healthy, log_odds[infected], side="left")
    return int((before <= max(1.0, EARLY * len(healthy))).sum())


def among_first(log_odds: NDArray[np.floating], infected: NDArray[np.bool_]) -> int:
    """Parasites among the first cells of a list."""
    return int(infected[np.argsort(-log_odds, kind="stable")[:FIRST]].sum())


def _interval(gains: NDArray[np.integer]) -> tuple[int, int]:
    """95 % interval of a sum over patients, who are drawn anew with replacement."""
    drawn = np.random.default_rng(SEED).choice(gains, (DRAWS, len(gains))).sum(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975], method="nearest")
    return int(low), int(high)
