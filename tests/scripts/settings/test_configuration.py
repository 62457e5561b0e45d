"""Configurations: the shipped ones are valid, and a wrong one is refused by file and key."""

import re
from pathlib import Path

import pytest

from models.cards import load_card
from scripts.settings.configuration import (
    ClassifierSettings,
    ConfigurationError,
    DetectorSettings,
    read_settings,
    read_study,
)
from scripts.settings.guided_settings import GuidedSettings

SHIPPED = Path(__file__).parents[3] / "models" / "configs"
GOOD = (SHIPPED / "classifier.yaml").read_text(encoding="utf-8")
DETECTOR = (SHIPPED / "detector.yaml").read_text(encoding="utf-8")
STUDY = (SHIPPED / "studies" / "tiny_2.yaml").read_text(encoding="utf-8")


def test_a_second_look_refuses_a_set_that_it_cannot_be_trained_on(tmp_path: Path) -> None:
    text = (SHIPPED / "second_look.yaml").read_text(encoding="utf-8")
    config = tmp_path / "second_look.yaml"
    config.write_text(text.replace("plasmocount_cells", "reviewed_cells"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"sources: .*'reviewed_cells'; choose one of nih_cells"):
        read_settings(config)


def test_the_shipped_configurations_are_what_their_names_say() -> None:
    assert isinstance(read_settings(SHIPPED / "detector.yaml"), DetectorSettings)
    assert isinstance(read_settings(SHIPPED / "classifier.yaml"), ClassifierSettings)
    assert isinstance(read_settings(SHIPPED / "guided.yaml"), GuidedSettings)


def test_the_released_cards_say_what_the_shipped_configurations_say() -> None:
    released = load_card("released")
    for card, name in (
        (released.detector, "detector"),
        (released.classifier, "classifier"),
        (released.second_look, "second_look"),
    ):
        assert card.training.settings == read_settings(SHIPPED / f"{name}.yaml").model_dump(mode="json")
    assert "cross-entropy alone" in released.classifier.training.settings["remark"]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (GOOD.replace("width: 16", "width: wide"), "width"),
        (GOOD.replace("seed: 0", "seed: -1"), "seed"),
        (GOOD.replace("batch:", "batches:"), "batch"),
        (GOOD.replace("healthy: 16", "healthy: 1"), "batch.healthy"),
        (GOOD.replace("infected: 12", "infected: 0"), "batch.infected"),
        (GOOD.replace("slides: 4", "slides: 0"), "batch.slides"),
        (GOOD.replace("slides: 4, ", ""), "batch.slides"),
        (GOOD.replace("slides: 4", "slides: 4, patients: 2"), "batch.patients"),
        (GOOD.replace("network: classifier", "network: clasifier"), "clasifier"),
        (GOOD.replace("steps: 450", "steps: many"), "steps"),
        (GOOD.replace("steps: 450", "steps: 0"), "schedule.steps"),
        (GOOD.replace("learning_rate: 0.003", "learning_rate: 0"), "schedule.learning_rate"),
        (GOOD.replace("weight_decay: 0.005", "weight_decay: -1"), "schedule.weight_decay"),
        (GOOD.replace("warm_up: 0.1", "warm_up: 2"), "schedule.warm_up"),
        (GOOD.replace("averaging: 0.995", "averaging: 1"), "schedule.averaging"),
        (
            GOOD.replace("[nih_cells", "[nih_cels"),
            "sources: .*'nih_cels'; choose one of nih_cells, westlake_cells",
        ),
        (
            GOOD.replace("[chula_rbc12", "[nih_cells"),
            "malaria_free: .*'nih_cells'; choose one of iml_malaria",
        ),
        (DETECTOR.replace("txl_pbc", "txl"), "sources: .*'txl'; choose one of iml_malaria, md2019"),
        ("- a list", "the file"),
        ("network: [", "YAML"),
    ],
)
def test_a_wrong_configuration_is_refused_by_file_and_key(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=key) as refused:
        read_settings(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_all_faults_are_told_at_once_each_with_its_value(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    text = (
        GOOD.replace("width: 16", "wide: 16")
        .replace("slides: 4", "slides: none")
        .replace("seed: 0", "seed: -1")
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        read_settings(path)
    for fault in ("width: missing", "wide: no such key", "batch.slides: .*, not 'none'", "seed: .*, not -1"):
        assert re.search(fault, str(refused.value))


def test_an_arm_is_called_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(STUDY.replace("regions: shuffled", "regions: shufled"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"arms\.energy-dice-shuffled\.regions: .*, not 'shufled'"):
        read_study(path)


def test_who_trains_a_study_is_told_of_the_other_command(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(STUDY, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"network: missing, .* smearscope study"):
        read_settings(path)


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.yaml: cannot be read \(No such file"):
        read_settings(tmp_path / "none.yaml")
