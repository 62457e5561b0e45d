"""Leave a source, a block or some patients out, train the classifier on the rest, test on the part left."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import typer
from lightning_fabric import Fabric
from numpy.typing import NDArray

from core.files import replacing, write_bytes
from core.training.figures import area_under_curve, sensitivity_at
from datasets.cells import CellSet
from datasets.classification import plain
from datasets.provenance import PROVENANCE
from models.checkpoint import load_classifier, save_weights
from models.classifier import Classifier
from scripts.cell_networks.train_classifier import train_classifier
from scripts.settings.configuration import ClassifierSettings
from scripts.settings.sources import own_states

FOLDS = 5
LARGEST_REFERENCE = 400
"""Cells that a slide is measured on, as in scoring (`core.cells.reference.CELLS_WANTED`)."""
HEALTHY_TO_AN_INFECTED = 50

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


def trained_once(
    cells: dict[str, CellSet], settings: ClassifierSettings, fabric: Fabric, weights: Path
) -> Classifier:
    """The classifier of these settings and cells; trained now, or by an earlier run that left its weights.

    A validation trains many networks. One that was broken off, or is to be measured in another way, does not
    train them again. Throw the folder away after a change of the program: that is not seen here.
    """
    made_with = weights.with_suffix(".json")
    described = json.dumps(
        {
            "settings": settings.model_dump(mode="json"),
            "cells": {name: len(cells[name]) for name in cells},
            "own": own_states((*settings.sources, *settings.malaria_free)),
        }
    )
    kept = weights.is_file() and made_with.is_file()
    if not kept or made_with.read_text(encoding="utf-8") != described:
        save_weights(train_classifier(cells, settings, fabric), weights)
        write_bytes(made_with, described.encode())
    return load_classifier(weights, settings.width)


def has_fields(cells: CellSet) -> bool:
    """Whether cells are grouped by field, not by patient or laboratory's slide (`datasets.provenance`)."""
    published = [PROVENANCE[source] for source in np.unique(cells.source) if source in PROVENANCE]
    return not all(known.by_patient for known in published)


def slides_of(cells: CellSet) -> list[NDArray[np.intp]]:
    """Indices of the cells of each slide: patients are slides, a set without patients counts as one."""
    names = cells.source if has_fields(cells) else cells.group
    return [np.flatnonzero(names == name) for name in np.unique(names)]


def reference_cells(infected: NDArray[np.bool_], random: np.random.Generator) -> NDArray[np.intp]:
    """Indices of the cells that a slide is measured on.

    Published sets hold as many infected cells as healthy ones. A slide does not: infected cells are taken in
    only up to one in fifty, a parasitaemia that is already high.
    """
    healthy, ill = (np.flatnonzero(infected == flag) for flag in (False, True))
    if len(healthy) == 0:
        return ill
    healthy = random.permutation(healthy)[:LARGEST_REFERENCE]
    return np.concatenate([healthy, random.permutation(ill)[: len(healthy) // HEALTHY_TO_AN_INFECTED]])


def slide_logits(classifier: Classifier, cells: CellSet) -> NDArray[np.float32]:
    """(N,) log-odds of cells; each slide, and each of its fields, measured on its own cells as in scoring."""
    crops, random = plain(cells), np.random.default_rng(0)
    odds = np.empty(len(cells), np.float32)
    for slide in slides_of(cells):
        reference = slide[reference_cells(cells.infected[slide], random)]
        statistics = classifier.feature_statistics(crops[reference])
        if not has_fields(cells):
            odds[slide] = classifier.logits(crops[slide], statistics)
            continue
        for name in np.unique(cells.group[slide]):
            field = slide[cells.group[slide] == name]
            odds[field], _ = classifier.field_logits(crops[field], statistics)
    return odds


def figures(infected: NDArray[np.bool_], odds: NDArray[np.float32]) -> dict[str, Any]:
    """What a part left out shows of a network."""
    row: dict[str, Any] = {
        "infected": int(infected.sum()),
        "healthy": int((~infected).sum()),
        "healthy_called_at_even_odds": float((odds[~infected] > 0).sum() / max(1, (~infected).sum())),
    }
    if infected.any() and not infected.all():
        row |= {
            "auc": area_under_curve(infected, odds),
            "accuracy": float(((odds > 0) == infected).mean()),
            "sensitivity_at_even_odds": float((odds[infected] > 0).mean()),
            "sensitivity_at_1_in_100": sensitivity_at(infected, odds, 0.01),
            "sensitivity_at_1_in_1000": sensitivity_at(infected, odds, 0.001),
        }
    return row


def validate_classifier(
    cells: dict[str, CellSet],
    settings: ClassifierSettings,
    plan: str,
    seeds: int,
    fabric: Fabric,
    out: Path,
) -> Iterator[dict[str, Any]]:
    """One row a seed and part, and one for all folds of a seed; weights and log-odds go to folders of `out`.

    Seed after seed, so that a run that is broken off has measured every part about as often.
    """
    networks, scores = out / "networks", out / "scores"
    pooled: dict[int, list[tuple[NDArray[np.bool_], NDArray[np.float32]]]] = defaultdict(list)
    for seed in range(settings.seed, settings.seed + seeds):
        changed = settings.model_copy(update={"seed": seed})
        for left_out, training, test in parts(cells, settings, plan):
            name = f"{left_out.replace(' ', '_')}_{seed}"
            classifier = trained_once(training, changed, fabric, networks / f"{name}.safetensors")
            odds = slide_logits(classifier, test)
            with replacing(scores / f"{name}.npz") as temporary, temporary.open("wb") as file:
                np.savez_compressed(file, test=odds, infected=test.infected, group=test.group)
            pooled[seed].append((test.infected, odds))
            yield shown({"left_out": left_out, "seed": seed, **figures(test.infected, odds)})
    if plan != "sources":
        for seed, folds in pooled.items():
            infected, odds = (np.concatenate(each) for each in zip(*folds, strict=True))
            yield shown({"left_out": f"all {plan}, pooled", "seed": seed, **figures(infected, odds)})


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """The row, printed."""
    typer.echo(
        "  ".join(
            f"{key} {value:.4f}" if isinstance(value, float) else f"{key} {value}"
            for key, value in row.items()
        )
    )
    return row
