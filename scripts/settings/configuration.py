"""Training settings: what a YAML file may say, checked before anything runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from core.errors import SmearscopeError
from core.saliency.objectives import OBJECTIVES
from core.store import Stage
from core.training.loop import Schedule
from datasets.cell_sets import CELL_SETS
from datasets.field_sets import READERS
from datasets.staged_cells import STAGED_SETS
from datasets.surrounded_cells import CROP_SETS
from scripts.settings.guided_settings import GuidedSettings, ObjectiveSettings
from scripts.settings.sources import NAMED, OWN, Sources, among
from scripts.settings.study_settings import StudySettings

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Settings = TypeVar("Settings")


def _fixed_weights(objective: ObjectiveSettings) -> ObjectiveSettings:
    if OBJECTIVES[objective.name].learned:
        raise ValueError(
            f"{objective.name} has learned weights, which this training does not support; give another"
        )
    return objective


FixedObjective = Annotated[ObjectiveSettings, AfterValidator(_fixed_weights)]
FieldSets = Annotated[Sources, among(READERS)]
SecondLookSets = Annotated[Sources, among([*CROP_SETS, *READERS])]
StagedSets = Annotated[tuple[str, ...], among(STAGED_SETS)]
InfectedCellSets = Annotated[Sources, among([*CELL_SETS, *READERS])]


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
        Sets of annotated fields, named as in `datasets.field_sets.READERS`, and a laboratory's own
        (`scripts.settings.sources`).
    synthetic_fields
        Fields drawn in addition, each of a slide of its own.
    """

    network: Literal["detector"]
    sources: FieldSets = Field(min_length=1)
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
        Sets with infected and healthy cells, named as in `datasets.cell_sets.CELL_SETS` or
        `datasets.field_sets.READERS`, and a laboratory's own.
    malaria_free
        Sets of annotated fields, named as in the latter, and a laboratory's own, all of whose red cells are
        healthy; the detector cuts the cells.
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
    sources: InfectedCellSets = Field(min_length=1)
    malaria_free: FieldSets
    width: int = Field(ge=4)
    batch: BatchSettings
    label_smoothing: float = Field(ge=0, lt=0.5)
    objective: FixedObjective
    remark: str = ""


class LayoutSettings(BaseModel):
    """Slides in a batch, and objects of each (`datasets.second_look_batches.SecondLookLayout`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slides: int = Field(gt=0)
    typical: int = Field(gt=1)
    leading: int = Field(ge=0)
    foreign: int = Field(ge=0)
    infected: int = Field(gt=0)


class SecondLookSettings(_Settings):
    """Settings of a second look.

    Attributes
    ----------
    detector, first_look
        Configurations of the two networks before it, in the same folder: in validation they are trained
        without the source left out, and the first look is trained anew to find what to train on.
    backbone
        Weights of MobileNetV2 to begin with, a file below the folder of the data sets.
    frozen_blocks
        First blocks that keep these weights: edges and colours are the same everywhere.
    sources
        Sets with infected cells or fields, named as in `datasets.surrounded_cells.CROP_SETS` or
        `datasets.field_sets.READERS`, and a laboratory's own.
    malaria_free
        Sets of fields, named as in the latter, and a laboratory's own, in which no parasite is.
    batch
        Slides in a batch, and objects of each.
    label_smoothing
        Truth is taken as this and one minus this: published labels are not free of error.
    objective
        As in `ClassifierSettings`.
    """

    network: Literal["second_look"]
    detector: str
    first_look: str
    backbone: str
    frozen_blocks: int = Field(ge=0, lt=14)
    sources: SecondLookSets = Field(min_length=1)
    malaria_free: FieldSets
    batch: LayoutSettings
    label_smoothing: float = Field(ge=0, lt=0.5)
    objective: FixedObjective


class StageSettings(BaseModel):
    """Settings of the layer that suggests stages from what a second look saw.

    Attributes
    ----------
    sources
        Sets that name stages, as in `datasets.staged_cells.STAGED_SETS`.
    ridge
        Penalty on the square of each weight.
    confidence
        Probability from which a stage is suggested; a stage that is not named here never is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: Literal["stage"]
    sources: StagedSets = Field(min_length=1)
    ridge: float = Field(gt=0)
    confidence: dict[Stage, Annotated[float, Field(gt=0, lt=1)]] = Field(min_length=1)


AnySettings = Annotated[
    DetectorSettings | ClassifierSettings | SecondLookSettings | StageSettings | GuidedSettings,
    Field(discriminator="network"),
]


def read_settings(
    path: Path,
) -> DetectorSettings | ClassifierSettings | SecondLookSettings | StageSettings | GuidedSettings:
    """Read and check a configuration; raises `ConfigurationError` naming the file and the key."""
    return _checked(TypeAdapter(AnySettings), path)


def read_study(path: Path) -> StudySettings:
    """Read and check a configuration of a study; raises `ConfigurationError` naming the file and the key."""
    return _checked(TypeAdapter(StudySettings), path)


def _checked(adapter: TypeAdapter[Settings], path: Path) -> Settings:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"{path}: cannot be read ({error.strerror}); give the file of a configuration, see models/configs"
        ) from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigurationError(f"{path}: cannot be read as YAML ({reason}); see models/configs") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path}: the file holds no keys; see models/configs for an example")
    try:
        return adapter.validate_python(content, context=path.parent)
    except ValidationError as error:
        faults = "; ".join(_fault(each, content) for each in error.errors())
        raise ConfigurationError(f"{path}: {faults}; see models/configs for an example") from error


def _fault(error: "ErrorDetails", content: object) -> str:
    """One thing that is wrong: the key, what it may be, and what it is."""
    key, said, given = _key(error["loc"], content), error["msg"], error["input"]
    match error["type"]:
        case "missing":
            said = "missing"
        case "extra_forbidden":
            said = "no such key"
        case "union_tag_not_found":
            network = "network: missing, give detector, classifier, second_look or guided"
            return f"{network} (for a study: smearscope study)" if "arms" in given else network
        case "value_error":
            said = said.removeprefix("Value error, ")
        case "union_tag_invalid":
            pass
        case _ if isinstance(given, str | float | int | None):
            said = f"{said}, not {given!r}"
    return f"{key}: {said}"


def _key(place: tuple[int | str, ...], content: object) -> str:
    """Where in the file it is; entries of a list by their name, where that is not what is wrong."""
    if isinstance(content, dict) and place and place[0] == content.get("network"):
        place = place[1:]  # the kind of settings, which is no key
    names: list[str] = []
    for part in place:
        if part in (NAMED, OWN):
            continue  # the kind of an entry of sources, which is no key
        name: object = part
        if isinstance(content, dict):
            content = content.get(part)
        elif isinstance(content, list) and isinstance(part, int):
            content = content[part]
            if isinstance(content, dict) and place[-1] != "name":
                name = content.get("name", part)
        names.append(str(name))
    return ".".join(names) or "the file"
