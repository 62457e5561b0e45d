"""What validation says of released networks: curves, spreads, false calls, ranges of validity."""

import json
from collections import defaultdict
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from core.cells.classification import CellClassifier
from core.cells.detection import CellDetector
from core.cells.located import find_cells
from core.cells.quality import FieldQuality, field_quality
from core.cells.reference import slide_reference
from core.errors import SmearscopeError
from core.scoring.calls import bulk, excess
from core.slides.field import Field, Rectangle
from datasets.field_sets import READERS
from datasets.provenance import PROVENANCE
from models.cards import Curve, Range, Validity
from scripts.settings.configuration import ConfigurationError

FALSE_CALLS_ALLOWED = 0.01
"""Rate of false calls at which the released threshold, the lowest for any slide, is set."""
LARGEST_EXCESS = 60.0
"""Thresholds are tabulated up to this, as far as they find an infected cell."""
LARGEST_CANDIDATE_SHARE = 0.15
FAILED_SHARE_LIMIT = 0.3
SPAN_QUANTILES = (0.005, 0.995)
SPAN_MARGIN = 0.25
"""Ranges of validity reach this share of their width beyond the fields that were seen."""
QUALITY_FIELDS_A_SET = 40


def made_file(path: Path, *, by: str) -> Path:
    """The file that a command made; `ConfigurationError` where it is not there."""
    if not path.is_file():
        raise ConfigurationError(f"{path}: missing; run the {by} command first")
    return path


def table_of(path: Path) -> list[dict[str, Any]]:
    """The rows of a table that the validate command wrote; `ConfigurationError` where it is not there."""
    rows: list[dict[str, Any]] = json.loads(made_file(path, by="validate").read_text(encoding="utf-8"))
    return rows


def slide_excess(
    scores: dict[str, NDArray[Any]], source: str, typical_spread: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Excess and truth of the cells of the source left out, each slide by its own healthy bulk.

    Published sets hold as many infected cells as healthy ones; on a slide nearly all are healthy. So the bulk
    is taken from the healthy cells. Patients are slides; a set without patients is one slide.
    """
    score, infected = expit(scores["test"].astype(np.float64)), scores["infected"]
    slide = scores["group"] if PROVENANCE[source].by_patient else np.zeros(len(score))
    above = np.empty(len(score))
    for one in np.unique(slide):
        here = slide == one
        above[here] = excess(score[here], bulk(score[here & ~infected], typical_spread))
    return above, infected


def _runs(source: str, scores: Path) -> list[dict[str, NDArray[Any]]]:
    """What networks that had not seen the source scored its cells, by seed."""
    files = sorted(scores.glob(f"{source}_[0-9]*.npz"))
    if not files:
        raise ConfigurationError(
            f"{scores}: no scores of {source}; run the validate command with --plan sources to its end"
        )
    return [dict(np.load(path)) for path in files]


def curve_of(source: str, scores: Path, typical_spread: float) -> Curve:
    """Counts over the threshold, of the first seed that left the source out."""
    run = _runs(source, scores)[0]
    above, infected = slide_excess(run, source, typical_spread)
    levels = np.arange(0.0, LARGEST_EXCESS, 0.1)
    found = [int((above[infected] >= level).sum()) for level in levels]
    false = [int((above[~infected] >= level).sum()) for level in levels]
    kept = [index for index, count in enumerate(found) if count > 0]
    return Curve(
        excess=tuple(round(float(levels[index]), 2) for index in kept),
        found=tuple(found[index] for index in kept),
        infected=int(infected.sum()),
        false_calls=tuple(false[index] for index in kept),
        healthy=int((~infected).sum()),
        measured_on=f"{source}, left out of training",
    )


def false_calls(source: str, scores: Path, typical_spread: float, threshold: float) -> dict[str, float]:
    """Cells of a malaria-free source, left out of training, that the released threshold calls."""
    run = _runs(source, scores)[0]
    above, _ = slide_excess(run, source, typical_spread)
    calls = int((above >= threshold).sum())
    return {"cells": len(above), "calls": calls, "calls_per_200000": round(200_000 * calls / len(above))}


def at_threshold_of_others(curves: dict[str, Curve]) -> dict[str, dict[str, float]]:
    """For each source left out, what the threshold that the other sources, if any, choose would do on it."""
    if len(curves) == 1:
        return {}
    rows = {}
    for source, curve in curves.items():
        threshold = max(
            other.lowest_within(FALSE_CALLS_ALLOWED) for name, other in curves.items() if name != source
        )
        found, false_calls = curve.at(threshold)
        rows[source] = {
            "threshold_excess": threshold,
            "sensitivity": found / curve.infected,
            "false_call_rate": false_calls / curve.healthy,
        }
    return rows


def typical_spread_of(sources: tuple[str, ...], scores: Path) -> float:
    """Median over sources and seeds of a slide's spread: the median log-odds less its 16th percentile."""
    spreads = []
    for source in sources:
        for run in _runs(source, scores):
            healthy = run["test"][~run["infected"]].astype(float)
            spreads.append(float(np.median(healthy) - np.quantile(healthy, 0.16)))
    return round(float(np.median(spreads)), 3)


def validity_on(
    detector: CellDetector, classifier: CellClassifier, sources: tuple[str, ...], data: Path
) -> Validity:
    """Ranges of focus and stain over annotated fields of every set the detector knows."""
    qualities: list[FieldQuality] = []
    for source in sources:
        fields = READERS[source](data / source)
        for annotated in fields[:: max(1, len(fields) // QUALITY_FIELDS_A_SET)]:
            image = annotated.image()
            field = Field(
                annotated.path.stem, image, None, 0, 0, Rectangle(0, 0, image.shape[1], image.shape[0])
            )
            try:
                reference = slide_reference([field], detector, classifier, None)
            except SmearscopeError:
                continue  # white cells only
            qualities.append(field_quality(image, find_cells(field, detector, reference), reference))
    ranges: dict[str, Range] = {}
    for measure in ("edge_blur", "background", "density_red", "density_green", "density_blue"):
        values = np.array([getattr(quality, measure) for quality in qualities], float)
        low, high = np.nanquantile(values, SPAN_QUANTILES)
        margin = SPAN_MARGIN * (high - low)
        ranges[measure] = Range(low=round(float(low - margin), 4), high=round(float(high + margin), 4))
    return Validity(
        **ranges, largest_candidate_share=LARGEST_CANDIDATE_SHARE, failed_share_limit=FAILED_SHARE_LIMIT
    )


def summary_over_seeds(rows: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Mean and standard deviation over the seeds, per source left out."""
    by_source: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_source[row["left_out"]].append(row)
    summary = {}
    for source, seeds in by_source.items():
        measures = [key for key, value in seeds[0].items() if isinstance(value, float)]
        summary[source] = {
            key: f"{mean(row[key] for row in seeds):.4f}"
            + (f" ± {stdev(row[key] for row in seeds):.4f}" if len(seeds) > 1 else " (one seed)")
            for key in measures
        }
    return summary
