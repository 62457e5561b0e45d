"""Whether what a laboratory measures on its own slides holds on its other slides.

    python -m benchmarks.calibration --data DATA --networks runs/validation/networks

Each of two sets in turn is the laboratory, under networks that had not seen it. Of its slides (patients of
`md2019`; ten fields in a row of `iml_malaria`, which names none) some are drawn as negatives, by their
healthy cells alone, and some as positives; the rest tell what is true. 300 draws. A row a set, seed and rate:
what the laboratory's curve says, its one-sided 95 % limit, what the other slides show, in which share of the
draws they show no less than the limit, and what the released card says.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.pixels_and_detail import looks_without
from core.tally import (
    NegativeSlide,
    PositiveSlide,
    RankCurve,
    Recall,
    curve_of_laboratory,
    sensitivity_lower_limit,
)
from core.training.list_figures import RankedTruth
from datasets.field_sets import READERS
from datasets.located_objects import located_fields
from models.cards import load_card
from scripts.cell_networks.validate_lists import pooled, ranked

SETS = {"md2019": (5, 3), "iml_malaria": (8, 8)}
"""Slides that are drawn as negatives and as positives."""
FIELDS_A_BLOCK = 10
DRAWS = 300
ONE_IN = (100, 300, 1000)


@dataclass(frozen=True)
class Row:
    """Means over the draws, at one rate."""

    claimed: float
    limit: float
    shown: float
    held: float


def slides_of(name: str, data: Path, networks: Path, seed: int) -> list[RankedTruth]:
    """The list of each slide of a set."""
    fields = list(located_fields(READERS[name](data / name), looks_without(name, networks, seed)))
    of_slide: dict[str, list[RankedTruth]] = {}
    for number, (field, one) in enumerate(zip(fields, ranked(fields), strict=True)):
        of_slide.setdefault(field.annotated.slide or str(number // FIELDS_A_BLOCK), []).append(one)
    return [pooled(lists) for lists in of_slide.values()]


def rows(slides: Sequence[RankedTruth], negatives: int, positives: int) -> Iterator[Row]:
    """A row for each of `ONE_IN`."""
    random = np.random.default_rng(0)
    draws = []
    for _ in range(DRAWS):
        drawn = [slides[index] for index in random.permutation(len(slides))]
        free, rest = drawn[:negatives], [slide for slide in drawn[negatives:] if slide.marked]
        curve = curve_of_laboratory(
            [NegativeSlide("", slide.rank_value[~slide.infected]) for slide in free],
            [PositiveSlide("", one.rank_value[one.infected], one.marked) for one in rest[:positives]],
        )
        if curve is not None:
            draws.append([_at(1 / number, curve, rest[positives:]) for number in ONE_IN])
    for claimed, limit, shown, held in np.mean(draws, axis=0).tolist():
        yield Row(claimed, limit, shown, held)


def _at(rate: float, curve: RankCurve, others: Sequence[RankedTruth]) -> tuple[float, float, float, float]:
    recall = Recall(*curve.at(rate))
    limit = sensitivity_lower_limit(recall)
    shown = sum(slide.found(rate) for slide in others) / sum(slide.marked for slide in others)
    return recall.value, limit, shown, shown >= limit


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--networks", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    given = parser.parse_args()
    released = load_card("released").performance.curve
    print("set seed one_in claimed limit shown held released")
    for name, (negatives, positives) in SETS.items():
        for seed in given.seeds:
            slides = slides_of(name, given.data, given.networks, seed)
            for number, row in zip(ONE_IN, rows(slides, negatives, positives), strict=True):
                print(
                    f"{name} {seed} {number} {row.claimed:.3f} {row.limit:.3f} {row.shown:.3f} "
                    f"{row.held:.2f} {Recall(*released.at(1 / number)).value:.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
