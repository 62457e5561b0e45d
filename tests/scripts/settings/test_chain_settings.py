"""Three configurations that belong together, and what is left out of all of them."""

from pathlib import Path

import pytest

from scripts.settings.chain_settings import chain_of, first_look_of
from scripts.settings.configuration import ConfigurationError, SecondLookSettings, read_settings

CONFIGS = Path("models/configs")


def shipped() -> SecondLookSettings:
    settings = read_settings(CONFIGS / "second_look.yaml")
    assert isinstance(settings, SecondLookSettings)
    return settings


def test_a_source_is_left_out_of_all_three_networks() -> None:
    chain = chain_of(CONFIGS / "second_look.yaml", shipped())
    rest = chain.without("iml_malaria", seed=2)
    for before, after in (
        (chain.detector, rest.detector),
        (chain.first_look, rest.first_look),
        (chain.second_look, rest.second_look),
    ):
        assert "iml_malaria" in before.sources
        assert set(before.sources) - set(after.sources) == {"iml_malaria"}
    assert (rest.detector.seed, rest.first_look.seed, rest.second_look.seed) == (0, 2, 2)


def test_a_configuration_of_another_network_is_refused_by_its_key(tmp_path: Path) -> None:
    for name in ("detector.yaml", "classifier.yaml"):
        (tmp_path / name).write_text((CONFIGS / name).read_text())
    config = tmp_path / "second_look.yaml"
    swapped = shipped().model_copy(update={"detector": "classifier.yaml", "first_look": "detector.yaml"})
    with pytest.raises(ConfigurationError, match=r"second_look\.yaml: detector: .*classifier\.yaml does not"):
        chain_of(config, swapped)
    with pytest.raises(ConfigurationError, match=r"second_look\.yaml: first_look: .*detector\.yaml does not"):
        first_look_of(config, swapped)
