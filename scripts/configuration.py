"""Training settings: what a YAML file may say, checked before anything runs."""

from pathlib import Path
from typing import Annotated, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from core.errors import SmearscopeError
from core.saliency.objectives import OBJECTIVES
from core.training import Schedule
from scripts.guided_settings import GuidedSettings, ObjectiveSettings
from scripts.study_settings import StudySettings

Settings = TypeVar("Settings")


class ConfigurationError(SmearscopeError):
    """A configuration file that cannot be read or says something impossible."""


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    schedule: Schedule
    seed: int = Field(ge=0)


class DetectorSettings(_Settings):
    """Settings of a detector.

    Attributes
    ----------
    batch_size
        Tiles of fields.
    sources
        Sets of annotated fields, named as in `datasets.fields.READERS`.
    synthetic_fields
        Fields drawn in addition, each of a slide of its own.
    """

    network: Literal["detector"]
    sources: tuple[str, ...] = Field(min_length=1)
    synthetic_fields: int = Field(ge=0)
    batch_size: int = Field(gt=1)


class BatchSettings(BaseModel):
    """Slides in a batch, and cells of each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slides: int = Field(gt=0)
    healthy: int = Field(gt=1)
    infected: int = Field(gt=0)


class ClassifierSettings(_Settings):
    """Settings of a classifier.

    Attributes
    ----------
    sources
        Sets with infected and healthy cells.
    malaria_free
        Sets of annotated fields all of whose red cells are healthy; the detector cuts the cells.
    width
        Channels of the first stage.
    label_smoothing
        Truth is taken as this and one minus this: published labels are not free of error.
    objective
        What is lowered: the binary cross-entropy, and with it where the class activation maps of infected
        cells fall, against the parasite where it is plain to see. Without learned weights.
    remark
        What the card is to say of the weights, such as why this training was chosen.
    """

    network: Literal["classifier"]
    sources: tuple[str, ...] = Field(min_length=1)
    malaria_free: tuple[str, ...]
    width: int = Field(ge=4)
    batch: BatchSettings
    label_smoothing: float = Field(ge=0, lt=0.5)
    objective: ObjectiveSettings
    remark: str = ""

    @field_validator("objective")
    @classmethod
    def _fixed_weights(cls, objective: ObjectiveSettings) -> ObjectiveSettings:
        if OBJECTIVES[objective.name].learned:
            raise ValueError(
                f"{objective.name} has learned weights, which this training has not; give another"
            )
        return objective


AnySettings = Annotated[
    DetectorSettings | ClassifierSettings | GuidedSettings, Field(discriminator="network")
]


def read_settings(path: Path) -> DetectorSettings | ClassifierSettings | GuidedSettings:
    """Read and check a configuration; raises `ConfigurationError` naming the file and the key."""
    return _checked(TypeAdapter(AnySettings), path)


def read_study(path: Path) -> StudySettings:
    """Read and check a configuration of a study; raises `ConfigurationError` naming the file and the key."""
    return _checked(TypeAdapter(StudySettings), path)


def _checked(adapter: TypeAdapter[Settings], path: Path) -> Settings:
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigurationError(f"{path}: cannot be read as YAML ({reason}); see models/configs") from error
    try:
        return adapter.validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ConfigurationError(
            f"{path}: {key}: {first['msg']}; see models/configs for an example"
        ) from error
