"""A guided training in a folder: its images and network as its settings say, and how it is taken up again."""

from dataclasses import dataclass
from pathlib import Path

import torch
import yaml

from core.files import write_bytes
from core.saliency.objectives import Objective
from core.training.guided import ImageSets, MeasuredImages
from core.training.passes import GuidedNetwork
from models.backbones import InputNormalisation, LoadedBackbone, WeightsFile, load_backbone, random_backbone
from models.dilation import dilate_last_stage
from scripts.guided.image_sources import ImageSource, Part, read_source, split_of
from scripts.settings.configuration import ConfigurationError, read_settings
from scripts.settings.guided_settings import NORMALISATIONS, BackboneSettings, GuidedSettings


@dataclass(frozen=True, eq=False)
class GuidedRun:
    """What a training works with.

    Attributes
    ----------
    guided
        The network as it is before training, its channels last in memory.
    images
        For training.
    validation, test
        Images to choose by, and images that training does not see.
    normalisation
        What the network expects of images.
    """

    guided: GuidedNetwork
    images: ImageSets
    validation: Part
    test: Part
    normalisation: InputNormalisation


def open_run(data: Path, settings: GuidedSettings, source: ImageSource | None = None) -> GuidedRun:
    """Read the list of images, split it, and build the network.

    Parameters
    ----------
    data
        Folder of the sets and weights.
    settings
        Of the training.
    source
        The images that the settings name, where they are read already.

    Raises
    ------
    core.errors.SmearscopeError
        Naming what is missing in the folder of the data, or cannot be.
    """
    source = source or read_source(data, settings.images)
    parts = split_of(source, settings.images)
    seed = settings.training.seed
    loaded = _backbone(data, settings.backbone, len(source.class_names), seed)
    # Convolutions on a processor are about twice as fast where channels lie last in memory.
    network = loaded.network.to(memory_format=torch.channels_last)
    inputs = loaded.normalisation.inputs
    training, validation = source.part(parts.training, inputs), source.part(parts.validation, inputs)
    return GuidedRun(
        guided=GuidedNetwork(
            network=network,
            head=loaded.backbone.head,
            objective=Objective(settings.objective.name, settings.objective.weights),
            method=settings.maps.chosen,
            layer=settings.maps.layer or loaded.backbone.feature_layer,
        ),
        images=ImageSets(
            drawn=source.drawn(parts.training, inputs, seed, settings.images.guiding_regions),
            training=MeasuredImages(training.samples, training.paths),
            validation=MeasuredImages(validation.samples, validation.paths),
            class_names=source.class_names,
        ),
        validation=validation,
        test=source.part(parts.test, inputs),
        normalisation=loaded.normalisation,
    )


def settings_of_run(run: Path) -> GuidedSettings:
    """The settings that a training was begun with; raises `ConfigurationError`."""
    path = run / "settings.yaml"
    settings = read_settings(path) if path.exists() else None
    if not isinstance(settings, GuidedSettings):
        raise ConfigurationError(f"{run}: not the folder of a guided training; give one")
    return settings


def kept_settings(config: Path, settings: GuidedSettings) -> bytes:
    """What the folder of a training keeps of its settings: the YAML as it is, or with whole paths.

    Own fields are found from the folder of the configuration, which is another one there.
    """
    if isinstance(settings.images.dataset, str):
        return config.read_bytes()
    content: str = yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False)
    return content.encode()


def begin_run(run: Path, config: Path, settings: GuidedSettings, content: bytes) -> None:
    """Keep the settings in the folder of a training, or see that they are those it was begun with.

    Parameters
    ----------
    run
        The folder.
    config
        Where the settings are from.
    settings, content
        What they are, and the YAML that says so.

    Raises
    ------
    ConfigurationError
        Where the folder is of a training with other settings.
    """
    kept = run / "settings.yaml"
    if kept.exists():
        if settings_of_run(run) != settings:
            raise ConfigurationError(
                f"{config}: not the settings that the training in {run} was begun with; give another --out"
            )
        return
    write_bytes(kept, content)


def _backbone(data: Path, settings: BackboneSettings, classes: int, seed: int) -> LoadedBackbone:
    loaded = _as_published(data, settings, classes, seed)
    if settings.dilate_last_stage:
        dilate_last_stage(loaded.network, loaded.backbone)
    return loaded


def _as_published(data: Path, settings: BackboneSettings, classes: int, seed: int) -> LoadedBackbone:
    if settings.weights == "random":
        return random_backbone(settings.name, classes, seed)
    if settings.normalisation is None:
        return load_backbone(settings.name, classes, seed=seed)
    file = WeightsFile(data / settings.weights, NORMALISATIONS[settings.normalisation])
    return load_backbone(settings.name, classes, file, seed=seed)
