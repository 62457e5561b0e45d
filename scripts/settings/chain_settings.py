"""The configurations of a detector, a first and a second look that belong together."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from scripts.settings.configuration import (
    ClassifierSettings,
    ConfigurationError,
    DetectorSettings,
    SecondLookSettings,
    read_settings,
)
from scripts.settings.sources import name_of


@dataclass(frozen=True)
class ChainSettings:
    """Settings of the three networks of a chain."""

    detector: DetectorSettings
    first_look: ClassifierSettings
    second_look: SecondLookSettings

    def without(self, left_out: str, seed: int) -> "ChainSettings":
        """The same without a source, by another seed; the detector keeps its seed, it is trained once."""
        return ChainSettings(
            _without(self.detector, left_out, self.detector.seed),
            _without(self.first_look, left_out, seed),
            _without(self.second_look, left_out, seed),
        )


AnySettings = TypeVar("AnySettings", DetectorSettings, ClassifierSettings, SecondLookSettings)


def _without(settings: AnySettings, left_out: str, seed: int) -> AnySettings:
    """The same without a source; raises `ConfigurationError` where none is left."""
    rest = tuple(source for source in settings.sources if name_of(source) != left_out)
    if not rest and not getattr(settings, "synthetic_fields", 0):
        raise ConfigurationError(
            f"{settings.network}: {left_out} is its only source: without it nothing remains to train on; "
            "add another, such as a published set"
        )
    return settings.model_copy(update={"sources": rest, "seed": seed})


def chain_of(config: Path, settings: SecondLookSettings) -> ChainSettings:
    """The settings of a second look with those that it names, from the folder of its configuration."""
    path = config.parent / settings.detector
    detector = read_settings(path)
    if not isinstance(detector, DetectorSettings):
        raise ConfigurationError(f"{config}: detector: {path} does not describe a detector")
    return ChainSettings(detector, first_look_of(config, settings), settings)


def first_look_of(config: Path, settings: SecondLookSettings) -> ClassifierSettings:
    """The settings of the first look that a second look's configuration names."""
    path = config.parent / settings.first_look
    first_look = read_settings(path)
    if not isinstance(first_look, ClassifierSettings):
        raise ConfigurationError(f"{config}: first_look: {path} does not describe a classifier")
    return first_look
