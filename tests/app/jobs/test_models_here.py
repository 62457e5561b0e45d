"""Models of a data folder: the released one, those beside it, and which of them scores."""

import json
import shutil
from pathlib import Path

import pytest

from app.jobs.models_here import (
    ModelHereError,
    active_model,
    model_of_identity,
    models_here,
    result_folder,
    stage_head_of,
)
from app.workplace import Workplace
from models.cards import RELEASED


def other_model(workplace: Workplace, name: str = "other") -> Path:
    """The released weights, with a card that says another name."""
    folder = workplace.models / name
    shutil.copytree(RELEASED, folder)
    card = json.loads((folder / "classifier.json").read_text(encoding="utf-8"))
    (folder / "classifier.json").write_text(json.dumps(card | {"name": f"classifier-{name}"}))
    return folder


def test_without_others_the_released_model_scores(workplace: Workplace) -> None:
    (released,), unusable = models_here(workplace)
    assert (released.name, unusable) == ("released", ())
    assert active_model(workplace) == released


def test_a_folder_with_weights_and_cards_is_a_model_and_can_be_made_the_active_one(
    workplace: Workplace,
) -> None:
    folder = other_model(workplace)
    (_, other), unusable = models_here(workplace)
    assert (other.name, other.source, unusable) == ("other", str(folder), ())
    assert other.card.classifier.name == "classifier-other"
    workplace.store.models.switch("other", other.card.identity, by="Zoe")
    assert active_model(workplace) == other
    assert model_of_identity(workplace, other.card.identity) == other


def test_scores_of_another_model_or_version_go_to_a_folder_of_their_own(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_model(workplace)
    (released, other), _ = models_here(workplace)
    before = result_folder(workplace, 3, released)
    assert before == result_folder(workplace, 3, released)
    assert before.parent == workplace.results
    monkeypatch.setattr("app.jobs.models_here.version", lambda _: "9.9")
    folders = {before, *(result_folder(workplace, 3, model) for model in (released, other))}
    assert len(folders) == 3


def test_folders_that_hold_no_model_are_named_with_the_reason(workplace: Workplace) -> None:
    (workplace.models / "empty").mkdir(parents=True)
    (other_model(workplace, "broken") / "classifier.json").write_text("{}")
    other_model(workplace, "released")
    (only,), unusable = models_here(workplace)
    assert only.name == "released"
    why = {one.name: str(one.why) for one in unusable}
    assert "detector.safetensors: missing" in why["empty"]
    assert "classifier.json: name" in why["broken"]
    assert "cannot be called 'released'" in why["released"]


def test_an_active_model_whose_files_were_changed_scores_nothing(workplace: Workplace) -> None:
    folder = other_model(workplace)
    (_, other), _ = models_here(workplace)
    workplace.store.models.switch("other", other.card.identity, by="Zoe")
    card = json.loads((folder / "second_look.json").read_text(encoding="utf-8"))
    (folder / "second_look.json").write_text(json.dumps(card | {"curve_measured_on": "another set"}))
    with pytest.raises(ModelHereError, match="no longer those of"):
        active_model(workplace)
    with pytest.raises(ModelHereError, match="is no longer in the data folder"):
        model_of_identity(workplace, other.card.identity)
    shutil.rmtree(folder)
    with pytest.raises(ModelHereError, match="make another model active"):
        active_model(workplace)


def test_back_to_the_released_model(workplace: Workplace) -> None:
    other_model(workplace)
    (released, other), _ = models_here(workplace)
    workplace.store.models.switch("other", other.card.identity, by="Zoe")
    workplace.store.models.switch("released", released.card.identity, by="Zoe")
    assert active_model(workplace) == released


def test_stages_are_suggested_by_what_lies_beside_the_model_of_the_result(workplace: Workplace) -> None:
    folder = other_model(workplace)
    (released, other), _ = models_here(workplace)
    assert stage_head_of(workplace, released.card.identity) is not None
    assert stage_head_of(workplace, other.card.identity) is not None
    (folder / "stage.safetensors").write_bytes(b"damaged")
    assert stage_head_of(workplace, other.card.identity) is None
    (folder / "stage.safetensors").unlink()
    assert stage_head_of(workplace, other.card.identity) is None
    assert stage_head_of(workplace, "a model of yesterday 12ab") is None
