"""The weights that ship: small, carded, and of use on fields whose truth is known."""

import json

import numpy as np
import pytest

from core.cells.boxes import centre_gains, matched
from core.cells.crops import disk_masks, field_colour, normalise, raw_crops
from core.cells.detection import ObjectKind
from core.cells.located import find_cells
from core.cells.reference import slide_reference
from core.slides.field import Field, Rectangle
from core.training.figures import area_under_curve
from core.wording import RESEARCH_USE_ONLY
from datasets.synthetic import random_style, render_field
from models.cards import FILES, RELEASED
from models.loading import Models, load_models

SEED = 4711
FIELDS = 4


@pytest.fixture(scope="module")
def released() -> Models:
    return load_models()


def test_weights_and_cards_are_under_forty_megabytes() -> None:
    assert sum((RELEASED / name).stat().st_size for name in FILES) < 40_000_000


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".json")])
def test_each_card_says_how_to_make_the_weights_and_what_they_are_for(name: str) -> None:
    card = json.loads((RELEASED / name).read_text())
    assert card["notice"] == RESEARCH_USE_ONLY
    assert card["training"]["command"].startswith("smearscope train ")
    assert all(source["licence"] for source in card["training"]["sources"])
    assert card["limits"]


def test_the_curve_of_the_card_is_that_of_the_source_of_which_the_lists_show_least(released: Models) -> None:
    card = released.card.second_look
    by_rank = card.figures["by_rank"]
    worst = min(by_rank, key=lambda source: by_rank[source]["1_in_100"])
    assert card.curve_measured_on.startswith(f"{worst}, left out")
    for name, rate in {"1_in_2000": 1 / 2000, "1_in_1000": 1 / 1000, "1_in_100": 1 / 100}.items():
        assert card.curve.at(rate)[0] == pytest.approx(by_rank[worst][name] * card.curve.parasites)


def test_cells_of_drawn_fields_are_located_and_infected_ones_rank_high(released: Models) -> None:
    style = random_style(np.random.default_rng(SEED))
    drawn = [
        render_field(style, seed=SEED, index=index, cells=90, parasitaemia=0.1) for index in range(FIELDS)
    ]
    fields = [
        Field(str(index), image, None, 0, 0, Rectangle(0, 0, image.shape[1], image.shape[0]))
        for index, (image, _) in enumerate(drawn)
    ]
    reference = slide_reference(fields, released.detector, released.classifier, released.second_look, None)
    located, infected, scores = [], [], []
    for field, (image, truth) in zip(fields, drawn, strict=True):
        cells = find_cells(field, released.detector, reference)
        whole = (truth.kind == ObjectKind.RED_CELL) & ~truth.cut_by_edge & (truth.covered < 0.2)
        centres = (truth.boxes[:, :2] + truth.boxes[:, 2:] / 2).astype(np.float32)
        gains = centre_gains(centres, cells.boxes)
        located.append(matched(gains[whole], 0.5))
        evaluable = np.flatnonzero(cells.why_not == "")
        nearest = np.where(truth.kind[:, None] == ObjectKind.RED_CELL, gains, -np.inf).argmax(axis=0)
        infected.append(truth.infected[nearest[evaluable]])
        crops, disks = raw_crops(image, cells.boxes[evaluable]), disk_masks(cells.boxes[evaluable])
        colour = np.asarray(field_colour(crops, disks, reference.cell_colour), np.float32)
        normalised = normalise(crops, disks, colour)
        all_of_them = np.ones(len(crops), bool)
        scored = released.classifier.score_field(normalised, all_of_them, reference.feature_statistics)
        scores.append(scored.infected_score)
    assert np.concatenate(located).mean() >= 0.95
    assert area_under_curve(np.concatenate(infected), np.concatenate(scores)) >= 0.9
