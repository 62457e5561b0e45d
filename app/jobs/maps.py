"""Activation maps of a slide's candidates, by several methods, made where the networks are loaded."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.pictures.tiles import METHODS
from core.cam import activation_maps, normalised
from core.cells.crops import cut_crops
from core.results.result import SlideResult
from core.scoring.candidates import Suspect
from core.scoring.field_tasks import SlideInWork, read_field
from core.scoring.judging import ModelCard
from core.scoring.ledger import Ledger
from core.scoring.slide_run import LEDGER_FOLDER, ScoringOptions, identity_of, slide_in_work
from core.scoring.survey import survey_slide, suspects_of
from core.scoring.workers import Workers
from core.slides import Slide
from core.store import Box
from models.checkpoint import Models
from models.classifier import FEATURE_LAYER, as_input

DRAWN_BY_SCORING, *OTHERS = METHODS

CellMaps = tuple[str, Box, dict[str, NDArray[np.float32]]]
"""Field, box, and a map in [0, 1] by each method."""


def candidate_maps(
    slide: Slide,
    folder: Path,
    card: ModelCard,
    workers: Workers[Models],
    options: ScoringOptions,
    result: SlideResult,
) -> Iterator[CellMaps]:
    """Make the maps of the candidates that scoring has written.

    Parameters
    ----------
    slide, folder, card, workers, options
        As they were scored (`core.scoring.slide_run.score_slide`).
    result
        What came of it.
    """
    with Ledger(folder / LEDGER_FOLDER, identity_of(slide, card, options), resume=True) as ledger:
        survey = survey_slide(ledger, slide.field_names(), card.field_failure)
        threshold = result.evidence.performance.threshold
        suspects = suspects_of(ledger, survey, threshold, options.review_budget)
    in_work = slide_in_work(slide, None, options)
    by_field = sorted(suspects, key=lambda suspect: suspect.field_name)
    tasks = [
        (in_work, tuple(on_field))
        for _, on_field in groupby(by_field, key=lambda suspect: suspect.field_name)
    ]
    for _, made in workers.map(maps_of_field, tasks):
        yield from made


def maps_of_field(models: Models, task: tuple[SlideInWork, Sequence[Suspect]]) -> list[CellMaps]:
    """Make the maps of the candidates of one field."""
    slide, suspects = task
    image = read_field(slide, suspects[0].field_name).image
    boxes = np.array([suspect.box for suspect in suspects], np.float32)
    crops = cut_crops(image, boxes, suspects[0].cell_colour, models.classifier.crop_size_px)
    network = models.classifier.network_of(suspects[0].feature_statistics)
    inputs = as_input(crops).to(next(network.parameters()).device)
    maps = {DRAWN_BY_SCORING: models.classifier.activation_map(crops, suspects[0].feature_statistics)}
    for method in OTHERS:
        made = activation_maps(network, inputs, method, layer=FEATURE_LAYER, size="placed")
        maps[method] = np.asarray(normalised(made.maps, "max").cpu(), np.float32)
    return [
        (suspect.field_name, suspect.box, {method: values[number] for method, values in maps.items()})
        for number, suspect in enumerate(suspects)
    ]
