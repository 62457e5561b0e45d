"""`smearscope release`: trained weights, and what validation says of them, as a model to score with."""

import json
import shutil
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.classification import CellClassifier
    from core.detection import CellDetector
    from models.cards import ClassifierCard, Curve, DetectorCard, Training, Validity
    from scripts.configuration import ClassifierSettings, DetectorSettings

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


def release(
    detector: Annotated[Path, typer.Option(help="Folder with detector.safetensors.")],
    classifier: Annotated[Path, typer.Option(help="Folder with classifier.safetensors.")],
    detector_name: Annotated[str, typer.Option(metavar="NAME", help="What results call the detector.")],
    classifier_name: Annotated[str, typer.Option(metavar="NAME", help="What results call the classifier.")],
    validation: Annotated[Path, typer.Option(help="Folder that the validate command wrote.")],
    data: Annotated[Path, typer.Option(help="Folder that holds the data sets.")],
    out: Annotated[Path, typer.Option(help="Folder for weights and cards.")],
    configs: Annotated[Path, typer.Option(help="Folder with the configurations trained from.")] = Path(
        "models/configs"
    ),
) -> None:
    """Write the two weights files and their cards into OUT; the whole is what --model takes."""
    from core.atomic import check_writable
    from core.notice import RESEARCH_USE_ONLY
    from datasets.provenance import PROVENANCE
    from models.cards import ClassifierCard
    from models.checkpoint import load_classifier, load_detector
    from models.classifier import STRIDE_PX
    from scripts.configuration import ClassifierSettings, ConfigurationError, DetectorSettings, read_settings

    detector_config, classifier_config = configs / "detector.yaml", configs / "classifier.yaml"
    detector_settings, classifier_settings = read_settings(detector_config), read_settings(classifier_config)
    if not isinstance(detector_settings, DetectorSettings) or not isinstance(
        classifier_settings, ClassifierSettings
    ):
        raise ConfigurationError(
            f"{configs}: detector.yaml must describe a detector, classifier.yaml a classifier"
        )
    check_writable(out)
    detector_weights = _made(detector / "detector.safetensors", by="train")
    classifier_weights = _made(classifier / "classifier.safetensors", by="train")
    located = _detector_card(detector_name, _training(detector_config, detector_settings, data), validation)

    scores = validation / "scores"
    rows = [
        row for row in _table(validation / "classifier_sources.json") if PROVENANCE[row["left_out"]].measures
    ]
    measured = tuple(source for source in classifier_settings.sources if PROVENANCE[source].measures)
    if not measured:
        raise ConfigurationError(
            f"{classifier_config}: sources: nothing is measured on {', '.join(classifier_settings.sources)}; "
            "train with a published set beside"
        )
    spread = _typical_spread(measured, scores)
    curves = {source: _curve(source, scores, spread) for source in measured}
    threshold = max(curve.lowest_within(FALSE_CALLS_ALLOWED) for curve in curves.values())
    worst = min(curves, key=lambda source: curves[source].at(threshold)[0] / curves[source].infected)
    species = _species(classifier_settings.sources)
    called = ClassifierCard(
        name=classifier_name,
        notice=RESEARCH_USE_ONLY,
        width=classifier_settings.width,
        stride_px=STRIDE_PX,
        training=_training(classifier_config, classifier_settings, data),
        threshold_excess=threshold,
        threshold_choice=_threshold_choice(classifier_settings.sources),
        typical_spread=spread,
        curve=curves[worst],
        figures={
            "left_out": rows,
            "summary": _summary(rows),
            "at_threshold_of_others": at_threshold_of_others(curves),
            "malaria_free": {
                source: false_calls(source, scores, spread, threshold)
                for source in classifier_settings.malaria_free
            },
        },
        limits=(
            "Measured on single cells of sources that training had not seen, never on patients.",
            "Published labels are not free of error, in both classes.",
            f"{species} only; other species and mixed infections were not seen.",
        ),
        validity=_validity(
            load_detector(detector_weights),
            load_classifier(classifier_weights, classifier_settings.width),
            detector_settings.sources,
            data,
        ),
    )
    _write(out, {"detector": (detector_weights, located), "classifier": (classifier_weights, called)})
    typer.echo(f"Model: {out}; threshold {threshold:.2f} spreads above a slide's centre; curve of {worst}")


def _write(out: Path, networks: "dict[str, tuple[Path, DetectorCard | ClassifierCard]]") -> None:
    """Put weights and cards into a folder that may hold other files; raises `core.atomic.OutputError`.

    All are there before the first takes its place, so that no card comes to lie beside other weights.
    """
    from core.atomic import replacing
    from models.cards import write_card

    with ExitStack() as files:
        for name, (weights, card) in networks.items():
            shutil.copyfile(weights, files.enter_context(replacing(out / f"{name}.safetensors")))
            write_card(card, files.enter_context(replacing(out / f"{name}.json")))


def _detector_card(name: str, training: "Training", validation: Path) -> "DetectorCard":
    from core.notice import RESEARCH_USE_ONLY
    from models.cards import DetectorCard, Found
    from scripts.configuration import ConfigurationError

    table = validation / "detector_blocks.json"
    blocks = _table(table)
    native = [row for row in blocks if row["source"] == "iml_malaria" and row["scale"] == 1.0]
    if not native:
        raise ConfigurationError(f"{table}: no block of iml_malaria; run the validate command to its end")
    found, infected = (sum(row[key] for row in native) for key in ("infected_found", "infected"))
    return DetectorCard(
        name=name,
        notice=RESEARCH_USE_ONLY,
        training=training,
        infected_cells=Found(
            found=found,
            missed=infected - found,
            measured_on=f"{len(native)} unseen blocks of iml_malaria",
        ),
        figures={"blocks": blocks},
        limits=(
            "Cells of one slide must be of about one width; fields are scaled to it.",
            "Annotations at borders and in crowds are incomplete, so precision was not measured on them.",
        ),
    )


def _made(path: Path, *, by: str) -> Path:
    """The file that a command made; `ConfigurationError` where it is not there."""
    from scripts.configuration import ConfigurationError

    if not path.is_file():
        raise ConfigurationError(f"{path}: missing; run the {by} command first")
    return path


def _table(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(_made(path, by="validate").read_text(encoding="utf-8"))
    return rows


def _training(config: Path, settings: "DetectorSettings | ClassifierSettings", data: Path) -> "Training":
    from datasets.provenance import PROVENANCE
    from models.cards import Source, Training

    names = [*settings.sources, *getattr(settings, "malaria_free", ())]
    return Training(
        command=f"smearscope train {config.as_posix()} --data DATA --out runs/{settings.network}",
        settings=settings.model_dump(mode="json"),
        seed=settings.seed,
        sources=tuple(
            Source(
                name=name,
                citation=PROVENANCE[name].citation,
                licence=PROVENANCE[name].licence,
                items=_images(data / name),
            )
            for name in names
        ),
    )


def _images(folder: Path) -> int:
    from core.slides.formats import is_image_name
    from scripts.configuration import ConfigurationError

    count = sum(is_image_name(path) for path in folder.rglob("*"))
    if count == 0:
        raise ConfigurationError(f"{folder}: no image here; give the --data that was trained on")
    return count


def _threshold_choice(sources: tuple[str, ...]) -> str:
    from datasets.provenance import PROVENANCE

    unmeasured = [source for source in sources if not PROVENANCE[source].measures]
    but = f" but {', '.join(unmeasured)}" if unmeasured else ""
    return (
        f"The lowest excess at which at most {FALSE_CALLS_ALLOWED:g} of the healthy cells are called in each "
        f"of the training sources{but}, every one scored by a network that had not seen it."
    )


def _species(sources: tuple[str, ...]) -> str:
    from datasets.provenance import PROVENANCE

    *others, last = dict.fromkeys(species for source in sources for species in PROVENANCE[source].species)
    return f"{', '.join(others)} and {last}" if others else last


def slide_excess(
    scores: "dict[str, NDArray[Any]]", source: str, typical_spread: float
) -> "tuple[NDArray[Any], NDArray[Any]]":
    """Excess and truth of the cells of the source left out, each slide by its own healthy bulk.

    Published sets hold as many infected cells as healthy ones; on a slide nearly all are healthy. So the bulk
    is taken from the healthy cells. Patients are slides; a set without patients is one slide.
    """
    import numpy as np
    from scipy.special import expit

    from core.calls import bulk, excess
    from datasets.provenance import PROVENANCE

    score, infected = expit(scores["test"].astype(np.float64)), scores["infected"]
    slide = scores["group"] if PROVENANCE[source].by_patient else np.zeros(len(score))
    above = np.empty(len(score))
    for one in np.unique(slide):
        here = slide == one
        above[here] = excess(score[here], bulk(score[here & ~infected], typical_spread))
    return above, infected


def _runs(source: str, scores: Path) -> "list[dict[str, NDArray[Any]]]":
    """What networks that had not seen the source scored its cells, by seed."""
    import numpy as np

    from scripts.configuration import ConfigurationError

    files = sorted(scores.glob(f"{source}_[0-9]*.npz"))
    if not files:
        raise ConfigurationError(
            f"{scores}: no scores of {source}; run the validate command with --plan sources to its end"
        )
    return [dict(np.load(path)) for path in files]


def _curve(source: str, scores: Path, typical_spread: float) -> "Curve":
    """Counts over the threshold, of the first seed that left the source out."""
    import numpy as np

    from models.cards import Curve

    run = _runs(source, scores)[0]
    excess, infected = slide_excess(run, source, typical_spread)
    levels = np.arange(0.0, LARGEST_EXCESS, 0.1)
    found = [int((excess[infected] >= level).sum()) for level in levels]
    false = [int((excess[~infected] >= level).sum()) for level in levels]
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
    excess, _ = slide_excess(run, source, typical_spread)
    calls = int((excess >= threshold).sum())
    return {"cells": len(excess), "calls": calls, "calls_per_200000": round(200_000 * calls / len(excess))}


def at_threshold_of_others(curves: "dict[str, Curve]") -> dict[str, dict[str, float]]:
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


def _typical_spread(sources: tuple[str, ...], scores: Path) -> float:
    import numpy as np

    spreads = []
    for source in sources:
        for run in _runs(source, scores):
            healthy = run["test"][~run["infected"]].astype(float)
            spreads.append(float(np.median(healthy) - np.quantile(healthy, 0.16)))
    return round(float(np.median(spreads)), 3)


def _validity(
    detector: "CellDetector", classifier: "CellClassifier", sources: tuple[str, ...], data: Path
) -> "Validity":
    """Ranges of focus and stain over annotated fields of every set the detector knows."""
    import numpy as np

    from core.cells import find_cells
    from core.errors import SmearscopeError
    from core.quality import FieldQuality, field_quality
    from core.reference import slide_reference
    from core.slides.field import Field, Rectangle
    from datasets.fields import READERS
    from models.cards import Range, Validity

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


def _summary(rows: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
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
