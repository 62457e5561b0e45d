"""Configurations: the shipped ones are valid, and a wrong one is refused by file and key."""

from pathlib import Path

import pytest

from models.cards import load_card
from scripts.configuration import ClassifierSettings, ConfigurationError, DetectorSettings, read_settings
from scripts.guided_settings import GuidedSettings

SHIPPED = Path(__file__).parents[2] / "models" / "configs"
GOOD = (SHIPPED / "classifier.yaml").read_text()


def test_the_shipped_configurations_are_what_their_names_say() -> None:
    assert isinstance(read_settings(SHIPPED / "detector.yaml"), DetectorSettings)
    assert isinstance(read_settings(SHIPPED / "classifier.yaml"), ClassifierSettings)
    assert isinstance(read_settings(SHIPPED / "guided.yaml"), GuidedSettings)


def test_the_released_cards_say_what_the_shipped_configurations_say() -> None:
    released = load_card("released")
    for card, name in ((released.detector, "detector"), (released.classifier, "classifier")):
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
        ("- a list", "the file"),
        ("network: [", "YAML"),
    ],
)
def test_a_wrong_configuration_is_refused_by_file_and_key(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=key) as refused:
        read_settings(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.yaml"):
        read_settings(tmp_path / "none.yaml")
