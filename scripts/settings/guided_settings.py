"""What a configuration says of a guided training."""

from dataclasses import replace
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from core.cam import METHODS, FIMFScoreCAM, Method, ScoreCAM
from core.saliency.objectives import Objective, ObjectiveError
from core.training.plan import TrainingPlan
from core.training.processes import Precision
from models.backbones import BACKBONES, MEAN_AND_DEVIATION, MINUS_ONE_TO_ONE
from scripts.settings.sources import Source

NORMALISATIONS = {"imagenet": MEAN_AND_DEVIATION, "minus-one-to-one": MINUS_ONE_TO_ONE}


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


GuidingRegions = Literal["own", "random", "shuffled", "centre", "stain"]


class FoldSettings(_Settings):
    """One split of a cross-validation.

    Attributes
    ----------
    number
        From 1: the part that is for test; the next one is for validation.
    of
        How many parts there are.
    """

    number: int = Field(ge=1)
    of: int = Field(ge=3)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.number > self.of:
            raise ValueError(f"number: fold {self.number} of {self.of}; count from 1 to {self.of}")
        return self


class ImageSettings(_Settings):
    """Which images, and what becomes of them.

    Attributes
    ----------
    dataset
        Folder of a set of images with boxes, or of one of red cells (in `datasets.cell_sets.CELL_SETS`),
        below that of the data; or a laboratory's own annotated fields, for their red cells.
    classes
        "all", "in_14" (as the set's `classes.csv` marks them), or their keys, in the order of the logits.
    split_seed
        Of the 70 % for training, 15 % for validation and 15 % for test, or of the folds.
    size_px
        Side of the square images that the network is given.
    fold
        A split of a cross-validation instead.
    guiding_regions
        What the objective takes for the regions of training images: "own"; "random", "shuffled" or "centre"
        (`datasets.control_regions`); for red cells also "stain", the dark chromatin in infected ones.
        Measures are always of their own.
    """

    dataset: Source
    classes: Literal["all", "in_14"] | tuple[str, ...]
    split_seed: int = Field(ge=0)
    size_px: int = Field(gt=0)
    fold: FoldSettings | None = None
    guiding_regions: GuidingRegions = "own"


class BackboneSettings(_Settings):
    """The network.

    Attributes
    ----------
    name
        Key in `models.backbones.BACKBONES`.
    weights
        "random", "torchvision" (as its cache has them), or a safetensors file below the folder of the data.
    normalisation
        What the weights of a file expect: "imagenet" or "minus-one-to-one"; None for the other two.
    dilate_last_stage
        Twice as many cells a side in its last feature map (`models.dilation`).
    """

    name: str
    weights: str = Field(min_length=1)
    normalisation: Literal["imagenet", "minus-one-to-one"] | None
    dilate_last_stage: bool = False

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in BACKBONES:
            raise ValueError(f"no backbone {name!r}; choose one of {', '.join(BACKBONES)}")
        return name

    @model_validator(mode="after")
    def _normalised(self) -> Self:
        of_file = self.weights not in ("random", "torchvision")
        if of_file and self.normalisation is None:
            raise ValueError("normalisation: a file of weights does not say what it expects; say it here")
        if not of_file and self.normalisation is not None:
            raise ValueError(f"normalisation: weights {self.weights} have theirs; give null")
        return self


class MapSettings(_Settings):
    """The maps that are guided and measured: those of the true class.

    Attributes
    ----------
    method
        Name in `core.cam.METHODS`.
    layer
        Module name; None for the last feature map.
    max_channels
        Of each image, those of largest spatial standard deviation, for a method that scores its channels one
        by one; None for as many as the method has: 10 for "faster-score-cam", all for the others.
    """

    method: str
    layer: str | None
    max_channels: int | None = Field(default=None, gt=0)

    @field_validator("method")
    @classmethod
    def _known(cls, method: str) -> str:
        if method not in METHODS:
            raise ValueError(f"no method {method!r}; choose one of {', '.join(METHODS)}")
        return method

    @model_validator(mode="after")
    def _has_so_many(self) -> Self:
        fitting = [name for name, one in METHODS.items() if isinstance(one, ScoreCAM | FIMFScoreCAM)]
        if self.max_channels is not None and self.method not in fitting:
            raise ValueError(
                f"max_channels: {self.method} does not score channels one by one; leave it out, or choose "
                f"one of {', '.join(fitting)}"
            )
        return self

    @property
    def chosen(self) -> Method:
        """The method, with its number of channels."""
        method = METHODS[self.method]
        if self.max_channels is not None and isinstance(method, ScoreCAM | FIMFScoreCAM):
            return replace(method, max_channels=self.max_channels)
        return method

    @property
    def name(self) -> str:
        """What folders of measures call it."""
        return self.method if self.max_channels is None else f"{self.method}_{self.max_channels}"


class ObjectiveSettings(_Settings):
    """What the guided phase lowers.

    Attributes
    ----------
    name
        Key in `core.saliency.objectives.OBJECTIVES`.
    weights
        By name, instead of those that the objective has.
    """

    name: str
    weights: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        try:
            Objective(self.name, self.weights)
        except ObjectiveError as error:
            raise ValueError(str(error)) from error
        return self


class GuidedBase(_Settings):
    """Settings of a classifier whose maps are guided, but for its objective."""

    images: ImageSettings
    backbone: BackboneSettings
    maps: MapSettings
    training: TrainingPlan
    precision: Precision


class GuidedSettings(GuidedBase):
    """Settings of a classifier whose maps are guided; its images, network, maps, objective and training."""

    network: Literal["guided"]
    objective: ObjectiveSettings
