"""Three configurations that belong together, and what is left out of all of them."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

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


def test_where_a_source_is_the_only_one_it_cannot_be_left_out() -> None:
    chain = chain_of(CONFIGS / "second_look.yaml", shipped())
    alone = replace(chain, first_look=chain.first_look.model_copy(update={"sources": ("iml_malaria",)}))
    with pytest.raises(ConfigurationError, match="classifier: iml_malaria is its only source: without it"):
        alone.without("iml_malaria", seed=0)
    drawn = chain.detector.model_copy(update={"sources": ("iml_malaria",)})
    assert replace(chain, detector=drawn).without("iml_malaria", seed=0).detector.sources == ()


def test_own_fields_are_left_out_by_their_name(tmp_path: Path) -> None:
    for name in ("detector", "classifier", "second_look"):
        content = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())
        content["sources"].append({"name": "ours", "path": "lab", "format": "coco"})
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(content))
    settings = read_settings(tmp_path / "second_look.yaml")
    assert isinstance(settings, SecondLookSettings)
    chain = chain_of(tmp_path / "second_look.yaml", settings)
    rest = chain.without("ours", seed=0)
    assert rest.second_look.sources == shipped().sources
    assert len(rest.detector.sources) == len(chain.detector.sources) - 1


def test_a_configuration_of_another_network_is_refused_by_its_key(tmp_path: Path) -> None:
    for name in ("detector.yaml", "classifier.yaml"):
        (tmp_path / name).write_text((CONFIGS / name).read_text())
    config = tmp_path / "second_look.yaml"
    swapped = shipped().model_copy(update={"detector": "classifier.yaml", "first_look": "detector.yaml"})
    with pytest.raises(ConfigurationError, match=r"second_look\.yaml: detector: .*classifier\.yaml does not"):
        chain_of(config, swapped)
    with pytest.raises(ConfigurationError, match=r"second_look\.yaml: first_look: .*detector\.yaml does not"):
        first_look_of(config, swapped)
