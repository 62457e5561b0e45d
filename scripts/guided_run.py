"""A guided training in a folder: its images and network as its settings say, and how it is taken up again."""

from dataclasses import dataclass
from pathlib import Path

from core.atomic import write_bytes
from core.cam import METHODS
from core.guided.passes import GuidedNetwork
from core.guided.training import ImageSets, MeasuredImages
from core.saliency.objectives import Objective
from datasets.augmentation import boxed_evaluation, boxed_training
from datasets.boxed_images import BoxedImage, boxed_images, classes_in_14, of_classes
from datasets.region_samples import BoxedSamples
from datasets.splits import image_groups, split
from models.backbones import LoadedBackbone, WeightsFile, load_backbone, random_backbone
from scripts.configuration import ConfigurationError, read_settings
from scripts.guided_settings import NORMALISATIONS, BackboneSettings, GuidedSettings, ImageSettings


@dataclass(frozen=True, eq=False)
class GuidedRun:
    """What a training works with.

    Attributes
    ----------
    guided
        The network as it is before training.
    images
        For training.
    test, test_paths
        Images that training does not see, and what they are called in tables.
    """

    guided: GuidedNetwork
    images: ImageSets
    test: BoxedSamples
    test_paths: tuple[str, ...]


def open_run(data: Path, settings: GuidedSettings) -> GuidedRun:
    """Read the list of images, split it, and build the network.

    Raises
    ------
    core.errors.SmearscopeError
        Naming what is missing in the folder of the data, or cannot be.
    """
    root = data / settings.images.dataset
    images, wnids = _images(root, settings.images)
    parts = split(*image_groups(images), settings.images.split_seed)
    seed = settings.training.seed
    loaded = _backbone(data, settings.backbone, len(wnids), seed)
    evaluation, training = boxed_evaluation(settings.images.size_px), boxed_training(settings.images.size_px)

    def samples(indices: list[int], *, changed: bool) -> BoxedSamples:
        chosen = [images[index] for index in indices]
        transform = training if changed else evaluation
        return BoxedSamples(chosen, wnids, transform, loaded.normalisation.inputs, seed)

    def paths(indices: list[int]) -> tuple[str, ...]:
        return tuple(images[index].path.relative_to(root).as_posix() for index in indices)

    def measured(indices: list[int]) -> MeasuredImages:
        return MeasuredImages(samples(indices, changed=False), paths(indices))

    names = {image.wnid: image.name for image in images}
    drawn = samples(parts.training.tolist(), changed=True)
    return GuidedRun(
        guided=GuidedNetwork(
            network=loaded.network,
            head=loaded.backbone.head,
            objective=Objective(settings.objective.name, settings.objective.weights),
            method=METHODS[settings.maps.method],
            layer=settings.maps.layer or loaded.backbone.feature_layer,
        ),
        images=ImageSets(
            drawn=drawn.of_epoch,
            training=measured(parts.training.tolist()),
            validation=measured(parts.validation.tolist()),
            class_names=tuple(names[wnid] for wnid in wnids),
        ),
        test=samples(parts.test.tolist(), changed=False),
        test_paths=paths(parts.test.tolist()),
    )


def settings_of_run(run: Path) -> GuidedSettings:
    """The settings that a training was begun with; raises `ConfigurationError`."""
    settings = read_settings(run / "settings.yaml")
    if not isinstance(settings, GuidedSettings):
        raise ConfigurationError(f"{run}: not the folder of a guided training; give one")
    return settings


def begin_run(run: Path, config: Path, settings: GuidedSettings) -> None:
    """Keep the settings in the folder of a training, or see that they are those it was begun with.

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
    write_bytes(kept, config.read_bytes())


def _images(root: Path, settings: ImageSettings) -> tuple[list[BoxedImage], tuple[str, ...]]:
    """The images of the classes asked for, and the classes in the order of the logits."""
    images = boxed_images(root)
    if settings.classes == "all":
        return images, tuple(sorted({image.wnid for image in images}))
    wnids = classes_in_14(root) if settings.classes == "in_14" else settings.classes
    return of_classes(images, wnids), tuple(wnids)


def _backbone(data: Path, settings: BackboneSettings, classes: int, seed: int) -> LoadedBackbone:
    if settings.weights == "random":
        return random_backbone(settings.name, classes, seed)
    if settings.normalisation is None:
        return load_backbone(settings.name, classes, seed=seed)
    file = WeightsFile(data / settings.weights, NORMALISATIONS[settings.normalisation])
    return load_backbone(settings.name, classes, file, seed=seed)
