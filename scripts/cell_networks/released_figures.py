"""What validation says of released networks: rank curves, and ranges of validity."""

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.cells.classification import CellClassifier
from core.cells.detection import CellDetector
from core.cells.located import find_cells
from core.cells.quality import FieldQuality, field_quality
from core.cells.reference import slide_reference
from core.cells.second_look import SecondLook
from core.errors import SmearscopeError
from core.tally import RankCurve
from core.training.list_figures import RankedTruth
from models.cards import MEASURES, Range, Validity
from scripts.settings.configuration import ConfigurationError
from scripts.settings.sources import Sources, fields_of

RANKS = (2000, 1000, 100)
"""One healthy object in so many: where the sources are compared."""
WORST_AT = 1 / 100
"""How far a list is read where the worst source is chosen: nearer to its beginning a few objects decide."""
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


def _runs(source: str, scores: Path) -> list[dict[str, NDArray[Any]]]:
    """What networks that had not seen the source scored its cells, by seed."""
    files = [path for path in sorted(scores.glob("*_*.npz")) if path.stem.rpartition("_")[0] == source]
    if not files:
        raise ConfigurationError(
            f"{scores}: no scores of {source}; run the validate command with --plan sources to its end"
        )
    return [dict(np.load(path)) for path in files]


def curve_of(source: str, scores: Path) -> RankCurve:
    """What reading down the ranked cells of a source finds, by the first seed that left the source out."""
    run = _runs(source, scores)[0]
    infected = run["infected"]
    marked = int(infected.sum())
    rates, found = RankedTruth(run["test"].astype(np.float64), infected, marked).curve()
    return RankCurve(tuple(rates), tuple(found), marked)


def list_curves(rows: list[dict[str, Any]]) -> dict[str, RankCurve]:
    """What reading the lists of each source is worth, by the first seed that left the source out."""
    first = min((row["seed"] for row in rows), default=0)
    return {
        row["tested_on"]: RankCurve(tuple(row["rates"]), tuple(row["found"]), row["marked"])
        for row in rows
        if row["seed"] == first and row["left_out"] == row["tested_on"]
    }


def worst_of(curves: dict[str, RankCurve]) -> str:
    """The source of whose parasites the fewest are seen at `WORST_AT`."""
    return min(curves, key=lambda source: curves[source].at(WORST_AT)[0] / curves[source].parasites)


def shares_found(curve: RankCurve) -> dict[str, float]:
    """Share of the parasites that stand above one healthy object in so many."""
    return {f"1_in_{number}": curve.at(1 / number)[0] / curve.parasites for number in RANKS}


def validity_on(
    detector: CellDetector,
    classifier: CellClassifier,
    second_look: SecondLook,
    sources: Sources,
    data: Path,
) -> Validity:
    """Ranges of focus and stain over annotated fields of every set the detector knows."""
    qualities: list[FieldQuality] = []
    for source in sources:
        fields = fields_of(source, data)
        for annotated in fields[:: max(1, len(fields) // QUALITY_FIELDS_A_SET)]:
            field = annotated.as_scored()
            try:
                reference = slide_reference([field], detector, classifier, second_look, None)
            except SmearscopeError:
                continue  # white cells only
            qualities.append(field_quality(field.image, find_cells(field, detector, reference), reference))
    return Validity(**ranges_over(qualities), failed_share_limit=FAILED_SHARE_LIMIT)


def ranges_over(qualities: Sequence[FieldQuality]) -> dict[str, Range]:
    """Range of each of `models.cards.MEASURES` over fields, less the outermost, with a margin."""
    ranges: dict[str, Range] = {}
    for measure in MEASURES:
        values = np.array([getattr(quality, measure) for quality in qualities], float)
        low, high = np.nanquantile(values, SPAN_QUANTILES)
        margin = SPAN_MARGIN * (high - low)
        ranges[measure] = Range(low=round(float(low - margin), 4), high=round(float(high + margin), 4))
    return ranges


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
