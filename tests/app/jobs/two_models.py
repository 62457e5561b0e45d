"""Two models that need no weights, and one signed slide on which they are compared."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.jobs import comparison_process
from app.jobs import scoring_process as process
from app.jobs.models_here import ModelHere, UnusableModel
from app.workplace import Workplace
from core.cells.classification import FeatureStatistics, FieldScores
from core.cells.second_look import SecondSight
from core.review import sign
from core.store import Role
from tests.coloured_cells import (
    DotCard,
    DotClassifier,
    DotModels,
    DotSecondLook,
    load_models,
    save_slide,
)
from tests.scored_slides import read_all

CONTRARY = DotCard(name="contrary", identity="contrary 2")
MODELS = (
    ModelHere("released", "released", DotCard()),  # type: ignore[arg-type] # a card as scoring asks for
    ModelHere("contrary", "contrary", CONTRARY),  # type: ignore[arg-type]
)


class ContraryClassifier(DotClassifier):
    """Ranks last what the other ranks first."""

    def score_field(
        self, crops: NDArray[np.uint8], evaluable: NDArray[np.bool_], slide: FeatureStatistics
    ) -> FieldScores:
        scores = super().score_field(crops, evaluable, slide)
        return FieldScores(1 - scores.infected_score, scores.statistics)


class ContrarySecondLook(DotSecondLook):
    """Ranks last what the other ranks first, as its first look does."""

    def look(self, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> SecondSight:
        sight = super().look(crops, statistics)
        return replace(sight, logits=-sight.logits)


def models_named(name: str, device: str) -> DotModels:
    """The networks of one of `MODELS`."""
    models = load_models()
    if name == "released":
        return models
    return DotModels(models.detector, ContraryClassifier(), ContrarySecondLook(), CONTRARY)


@pytest.fixture(autouse=True)
def drawn_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """One model that ranks the dark dots first, and one that ranks them last; readers get two cells."""

    def here(_: Workplace) -> tuple[tuple[ModelHere, ...], tuple[UnusableModel, ...]]:
        return MODELS, ()

    monkeypatch.setattr("app.jobs.models_here.models_here", here)
    monkeypatch.setattr("app.jobs.models_here._released", lambda: MODELS[0])
    monkeypatch.setattr(comparison_process, "models_here", here)
    for module in (process, comparison_process):
        monkeypatch.setattr(module, "load_models", models_named)
    monkeypatch.setattr(process, "available_cores", lambda: 1)
    monkeypatch.setattr(process, "REVIEW_BUDGET", 2)


@pytest.fixture
def signed(workplace: Workplace, tmp_path: Path) -> Workplace:
    """One slide of two fields; the first has dots, seven and eight, which lead the list; read and signed."""
    case = workplace.store.add_case("patient", by="Anna")
    folder = save_slide(tmp_path / "images", fields=2)
    slide = workplace.store.add_slide(case.id, "slide", folder, by="Anna")
    process.work_through_queue(workplace, lambda _: None)
    record = workplace.store.record(slide.id)
    for reader, role in (("Anna", Role.FIRST), ("Ben", Role.SECOND)):
        read_all(workplace.store, record, "+-", reader=reader, role=role)
    sign(workplace.store, slide.id, by="Dora")
    return workplace
