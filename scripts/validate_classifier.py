"""Leave a source, a block or some patients out, train the classifier on the rest, test on the part left."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import typer
from lightning_fabric import Fabric
from numpy.typing import NDArray

from core.evaluation import area_under_curve, sensitivity_at
from datasets.cells import CellSet
from datasets.classification import plain
from models.classifier import Classifier
from scripts.configuration import ClassifierSettings
from scripts.train_classifier import train_classifier

FOLDS = 5

Parts = Iterator[tuple[str, dict[str, CellSet], CellSet]]
"""Name of the part left out, the cells to train on, the cells to test on."""


def parts(cells: dict[str, CellSet], settings: ClassifierSettings, plan: str) -> Parts:
    """What each plan leaves out."""
    if plan == "sources":
        for source in cells:
            yield source, {name: part for name, part in cells.items() if name != source}, cells[source]
        return
    source = "iml_malaria" if plan == "blocks" else "nih_cells"
    folds = (
        contiguous_folds(cells[source]) if plan == "blocks" else patient_folds(cells[source], settings.seed)
    )
    for fold in range(FOLDS):
        rest = {**cells, source: cells[source].take(folds != fold)}
        yield f"{source} {plan[:-1]} {fold + 1}", rest, cells[source].take(folds == fold)


def contiguous_folds(cells: CellSet) -> NDArray[np.intp]:
    """(N,) fold of each cell: fields in the order of their file numbers, cut into equal runs."""
    names, position = np.unique(cells.group, return_inverse=True)
    return np.asarray(position * FOLDS // len(names), np.intp)


def patient_folds(cells: CellSet, seed: int) -> NDArray[np.intp]:
    """(N,) fold of each cell, drawn by patient."""
    names, position = np.unique(cells.group, return_inverse=True)
    return np.asarray(np.random.default_rng(seed).permutation(len(names))[position] % FOLDS, np.intp)


def validate_classifier(
    cells: dict[str, CellSet],
    settings: ClassifierSettings,
    plan: str,
    seeds: int,
    fabric: Fabric,
    scores: Path,
) -> Iterator[dict[str, Any]]:
    """One row a part and seed; the log-odds of all cells of all sources go to `scores` for the card."""
    scores.mkdir(parents=True, exist_ok=True)
    for left_out, training, test in parts(cells, settings, plan):
        for seed in range(settings.seed, settings.seed + seeds):
            changed = settings.model_copy(update={"seed": seed})
            classifier = Classifier(train_classifier(training, changed, fabric), torch.device("cpu"))
            odds = classifier.logits(plain(test))
            arrays: dict[str, Any] = {"test": odds, "infected": test.infected, "group": test.group}
            for name, part in training.items():
                arrays[f"training_{name}"] = classifier.logits(plain(part))
                arrays[f"training_{name}_infected"] = part.infected
            np.savez_compressed(scores / f"{left_out.replace(' ', '_')}_{seed}.npz", **arrays)
            row: dict[str, Any] = {
                "left_out": left_out,
                "seed": seed,
                "infected": int(test.infected.sum()),
                "healthy": int((~test.infected).sum()),
                "healthy_called_at_even_odds": float((odds[~test.infected] > 0).mean()),
            }
            if test.infected.any():
                row |= {
                    "auc": area_under_curve(test.infected, odds),
                    "accuracy": float(((odds > 0) == test.infected).mean()),
                    "sensitivity_at_even_odds": float((odds[test.infected] > 0).mean()),
                    "sensitivity_at_1_in_100": sensitivity_at(test.infected, odds, 0.01),
                    "sensitivity_at_1_in_1000": sensitivity_at(test.infected, odds, 0.001),
                }
            shown = (
                f"{key} {value:.4f}" if isinstance(value, float) else f"{key} {value}"
                for key, value in row.items()
            )
            typer.echo("  ".join(shown))
            yield row
