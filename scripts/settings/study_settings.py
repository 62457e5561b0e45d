"""What a configuration says of a study: one training, its arms, and how often each is run."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from core.cam import CAM, METHODS, GradCAM, Method
from core.study.comparison import RunKey
from scripts.settings.guided_settings import (
    FoldSettings,
    GuidedBase,
    GuidedSettings,
    GuidingRegions,
    MapSettings,
    ObjectiveSettings,
)

REFERENCE = "reference"
"""Folder of the reference phases, beside those of the arms."""


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ArmSettings(_Settings):
    """What one arm does otherwise than the base.

    Attributes
    ----------
    name
        Of the arm and of its folder.
    objective, weights
        As in a guided training.
    method
        Of the maps in the objective; None for that of the base, by which all arms are measured.
    max_channels
        That the method scores; None for as many as it has.
    learning_rate
        Of the guided phase; None for that of the base.
    regions
        To guide by.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    objective: str
    weights: dict[str, float] = Field(default_factory=dict)
    method: str | None = None
    max_channels: int | None = Field(default=None, gt=0)
    learning_rate: float | None = Field(default=None, gt=0)
    regions: GuidingRegions = "own"

    @field_validator("name")
    @classmethod
    def _free(cls, name: str) -> str:
        if name == REFERENCE:
            raise ValueError(f"{name!r} is the folder of the reference phases; give another name")
        return name

    @field_validator("method")
    @classmethod
    def _known(cls, method: str | None) -> str | None:
        if method is not None and method not in METHODS:
            raise ValueError(f"no method {method!r}; choose one of {', '.join(METHODS)}")
        return method

    @model_validator(mode="after")
    def _possible(self) -> Self:
        ObjectiveSettings(name=self.objective, weights=self.weights)
        if self.max_channels is not None:
            if self.method is None:
                raise ValueError("max_channels: it needs a method; give one too")
            MapSettings(method=self.method, layer=None, max_channels=self.max_channels)
        return self


@dataclass(frozen=True, eq=False)
class PlannedReference:
    """The reference phase that the arms of a seed and fold go on from: everything up to epoch 0.

    Attributes
    ----------
    key
        Which seed and fold.
    folder
        Its path below the folder of the study.
    settings
        Of the training: cross-entropy, without guided epochs, measured as the study measures.
    """

    key: RunKey
    folder: str
    settings: GuidedSettings


@dataclass(frozen=True, eq=False)
class PlannedRun:
    """One training of a study.

    Attributes
    ----------
    arm, key
        Which arm, seed and fold.
    folder
        Its path below the folder of the study.
    settings
        Of the training.
    """

    arm: ArmSettings
    key: RunKey
    folder: str
    settings: GuidedSettings


class StudySettings(_Settings):
    """Settings of a study.

    Attributes
    ----------
    study
        Its title.
    base
        The training that the arms share. Its last guided epoch is the one that every arm is judged at; its
        seed is replaced by each of `seeds`, and its map method is the one that all arms are measured with.
    other_method
        A second method to measure EPG with. Where it or one of its kind is in the loss of an arm, that arm
        has no such figure.
    measured_on
        "validation" to choose arms by, "test" for what is reported.
    seeds
        Each arm is trained with each.
    folds
        Each arm is trained on each fold of a cross-validation of so many; None for the one split.
    compared_with
        The arm that the others are compared with.
    arms
        In the order of the table.
    """

    study: str = Field(min_length=1)
    base: GuidedBase
    other_method: str
    measured_on: Literal["validation", "test"]
    seeds: tuple[int, ...] = Field(min_length=1)
    folds: int | None = Field(ge=3)
    compared_with: str
    arms: tuple[ArmSettings, ...] = Field(min_length=1)

    @field_validator("base")
    @classmethod
    def _for_all_arms(cls, base: GuidedBase) -> GuidedBase:
        if base.training.guided.epochs < 1:
            raise ValueError("training.guided.epochs: 0; a study compares guided epochs, give 1 or more")
        if base.training.patience_epochs is not None:
            raise ValueError("training.patience_epochs: all arms are judged at the same epoch; give null")
        if base.images.fold is not None or base.images.guiding_regions != "own":
            raise ValueError("images: fold and guiding_regions are for the study to set; leave them out")
        if base.maps.max_channels is not None:
            raise ValueError("maps.max_channels: all arms are measured by a method as it is; give null")
        return base

    @field_validator("seeds")
    @classmethod
    def _different(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) < len(seeds) or min(seeds) < 0:
            raise ValueError(f"{list(seeds)}; give each seed once, 0 or more")
        return seeds

    @model_validator(mode="after")
    def _of_one_study(self) -> Self:
        names = [arm.name for arm in self.arms]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"arms: two are called {twice[0]!r}; give each a name of its own")
        if self.compared_with not in names:
            raise ValueError(
                f"compared_with: no arm {self.compared_with!r}; choose one of {', '.join(names)}"
            )
        if self.other_method not in METHODS or self.other_method == self.base.maps.method:
            raise ValueError(
                f"other_method: {self.other_method!r}; choose another one than base.maps.method of "
                f"{', '.join(METHODS)}"
            )
        return self

    @property
    def judged_epoch(self) -> int:
        """The last guided one, the same for every arm."""
        return self.base.training.guided.epochs

    def has_in_loss(self, arm: ArmSettings, method: str) -> bool:
        """Whether the objective of an arm looks at maps of a method, or of one of its kind.

        Score-CAM's readings and numbers of channels are one kind, CAM and Grad-CAM another: what is in the
        loss by one of them is no check by another.
        """
        takes_maps = arm.objective != "cross-entropy"
        own = METHODS[arm.method or self.base.maps.method]
        return takes_maps and _kind(own) is _kind(METHODS[method])

    def runs(self) -> Iterator[PlannedRun]:
        """All of them, seed by seed and fold by fold, so that a study that is broken off has whole pairs."""
        for seed in self.seeds:
            for fold in range(1, self.folds + 1) if self.folds else (0,):
                for arm in self.arms:
                    key = RunKey(seed, fold)
                    yield PlannedRun(arm, key, self._folder(arm.name, key), self._of_arm(arm, key))

    def reference(self, key: RunKey) -> PlannedReference:
        """What the arms of a seed and fold have in common."""
        arm = ArmSettings(name="ce", objective="cross-entropy")
        settings = self._of_arm(arm, key)
        guided = settings.training.guided.model_copy(update={"epochs": 0})
        training = settings.training.model_copy(update={"guided": guided})
        return PlannedReference(
            key, self._folder(REFERENCE, key), settings.model_copy(update={"training": training})
        )

    def _folder(self, name: str, key: RunKey) -> str:
        return f"runs/{name}/seed_{key.seed}" + (f"_fold_{key.fold}" if self.folds else "")

    def _of_arm(self, arm: ArmSettings, key: RunKey) -> GuidedSettings:
        base = self.base
        guided = base.training.guided
        if arm.learning_rate is not None:
            guided = guided.model_copy(update={"learning_rate": arm.learning_rate})
        fold = FoldSettings(number=key.fold, of=self.folds) if self.folds else None
        return GuidedSettings(
            network="guided",
            images=base.images.model_copy(update={"fold": fold, "guiding_regions": arm.regions}),
            backbone=base.backbone,
            maps=MapSettings(
                method=arm.method or base.maps.method, layer=base.maps.layer, max_channels=arm.max_channels
            ),
            objective=ObjectiveSettings(name=arm.objective, weights=arm.weights),
            training=base.training.model_copy(update={"guided": guided, "seed": key.seed}),
            precision=base.precision,
        )


def _kind(method: Method) -> type[Method]:
    """CAM is Grad-CAM, up to a factor, where a network averages before its linear layer (Selvaraju 2017)."""
    return GradCAM if isinstance(method, CAM) else type(method)
