"""The answers and maps of a trained network on test images, measured and written."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass, fields, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from core.cam import Method, activation_maps
from core.cam.output import class_probability
from core.cam.rebuilt import for_many_passes
from core.files import RFC_4180, write_bytes, write_csv
from core.saliency.faithfulness import region_deletion, right_outside_blurred
from core.saliency.localisation import energy, pointing_game
from core.saliency.set_measures import ImageMeasures, SetMeasures, image_measures, joined, set_measures
from core.training.checkpoints import GuidedCheckpointError, TrainingProgress, epoch_folder
from core.training.figures import ClassMeasures, Confusion, confusion
from core.training.passes import upsampled
from datasets.region_samples import batched
from scripts.guided.guided_run import GuidedRun
from scripts.guided.image_sources import Part

OF_MAPS = ("hagtr", "magtr", "mangtr", "epg", "epg_above_area", "pointing_game", "share_above_half")
BESIDE_MAPS = (
    "deletion_inside",
    "deletion_outside",
    "right_outside_blurred",
    "epg_even_grid",
    "pointing_game_even_grid",
)


@dataclass(frozen=True)
class Sums:
    """What a network is worth on a set of images.

    Attributes
    ----------
    accuracy, cross_entropy
        Of its answers.
    region_area
        Mean share of the image that the region takes.
    deletion_inside, deletion_outside, deletion_gap
        Means of `core.saliency.faithfulness`, of the probability of the true class.
    accuracy_outside_blurred
        Of its answers to images that are sharp in the region alone (`core.saliency.faithfulness`).
    epg_even_grid, pointing_game_even_grid
        Of the maps upsampled as usual, their cells taken for equal parts of the image: to compare with
        published figures.
    maps
        Of the true classes, each cell where the network looked (`GuidedNetwork.at_image_size`).
    """

    accuracy: float
    cross_entropy: float
    region_area: float
    deletion_inside: float
    deletion_outside: float
    deletion_gap: float
    accuracy_outside_blurred: float
    epg_even_grid: float
    pointing_game_even_grid: float
    maps: SetMeasures


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a network is worth on images it was not trained with.

    Attributes
    ----------
    paths, truth, predicted
        Of N images.
    confusion
        Of its answers.
    per_image
        (N,) measures by name, `OF_MAPS` and `BESIDE_MAPS`; their means are in the sums.
    whole, unseen
        Sums over all images, and over those that no published ImageNet weights were trained on; None where
        there are none of them.
    """

    paths: tuple[str, ...]
    truth: Tensor
    predicted: Tensor
    confusion: Confusion
    per_image: Mapping[str, Tensor]
    whole: Sums
    unseen: Sums | None


def numbered(run: Path, progress: TrainingProgress | None, epoch: str) -> int:
    """The number of an epoch that is "best", "last" or a number; raises `GuidedCheckpointError`."""
    if progress is None:
        raise GuidedCheckpointError(f"{run}: no training was begun there; give the --out of smearscope train")
    named = {"best": progress.best_epoch, "last": progress.epoch}
    kept = sorted(
        int(folder.name) for folder in (run / "epochs").iterdir() if folder.name.lstrip("-").isdigit()
    )
    try:
        number = named[epoch] if epoch in named else int(epoch)
    except ValueError:
        number = None
    if number is None or not epoch_folder(run, number).is_dir():
        raise GuidedCheckpointError(
            f"--epoch {epoch}: {run} has no weights of it; give best, last or {', '.join(map(str, kept))}"
        )
    return number


def evaluation(
    run: GuidedRun, part: Part, method: Method, device: torch.device, images_a_pass: int
) -> Evaluation:
    """Measure a network with trained weights.

    Parameters
    ----------
    run
        With the weights in its network.
    part
        Its test or validation images.
    method
        Of the maps, at the layer that the training looked at.
    device
        Where the network runs.
    images_a_pass
        At a time.
    """
    network = run.guided.network.to(device).eval()
    guided = replace(run.guided, method=method)
    # Of one network for all covered images and the whole ones that they are compared with.
    covering = for_many_passes(network, part.samples[0].image[None].to(device))
    measured: list[ImageMeasures] = []
    batches: list[dict[str, Tensor]] = []
    for batch in DataLoader(part.samples, batch_size=images_a_pass, collate_fn=batched):
        images, classes = batch.images.to(device), batch.classes.to(device)
        made = activation_maps(network, images, method, classes, guided.layer)
        maps = guided.at_image_size(made.maps, images).cpu()
        measured.append(image_measures(maps, batch.regions, batch.boxes))
        even = upsampled(made.maps, images).cpu()
        batches.append(
            {
                "truth": classes,
                "predicted": made.logits.argmax(dim=1),
                "cross_entropy": functional.cross_entropy(made.logits, classes, reduction="none"),
                "region_area": batch.regions.double().mean(dim=(1, 2)),
                "epg_even_grid": energy(even, batch.regions),
                "pointing_game_even_grid": pointing_game(even, batch.regions),
                **_without_parts(covering, images, classes, batch.regions),
            }
        )
    columns = {name: torch.cat([one[name].double().cpu() for one in batches]) for name in batches[0]}
    images_measured = joined(measured)
    true, answered = columns["truth"].long(), columns["predicted"].long()

    def sums(chosen: Tensor) -> Sums:
        def mean(name: str) -> float:
            return float(columns[name][chosen].nanmean())

        return Sums(
            accuracy=float((true == answered)[chosen].double().mean()),
            cross_entropy=mean("cross_entropy"),
            region_area=mean("region_area"),
            deletion_inside=mean("deletion_inside"),
            deletion_outside=mean("deletion_outside"),
            deletion_gap=mean("deletion_gap"),
            accuracy_outside_blurred=mean("right_outside_blurred"),
            epg_even_grid=mean("epg_even_grid"),
            pointing_game_even_grid=mean("pointing_game_even_grid"),
            maps=set_measures(images_measured.of(chosen)),
        )

    return Evaluation(
        paths=part.paths,
        truth=true,
        predicted=answered,
        confusion=confusion(true.numpy(), answered.numpy(), run.images.class_names),
        per_image={
            **{name: getattr(images_measured, name) for name in OF_MAPS},
            **{name: columns[name] for name in BESIDE_MAPS},
        },
        whole=sums(torch.ones(len(true), dtype=torch.bool)),
        unseen=sums(part.unseen) if part.unseen.any() else None,
    )


def write_evaluation(found: Evaluation, folder: Path, *, epoch: int, method: str) -> None:
    """Write the tables to a folder, evaluation.json last; raises `core.files.OutputError`."""
    names = found.confusion.classes
    per_class = found.confusion.per_class()
    found.confusion.write(folder / "confusion.csv")
    heads = [field.name for field in fields(ClassMeasures)]
    write_csv(folder / "classes.csv", heads, map(astuple, per_class), RFC_4180)
    columns = [values.tolist() for values in found.per_image.values()]
    rows = (
        [name, names[true], names[answered], *(f"{value:.6g}" for value in values)]
        for name, true, answered, *values in zip(
            found.paths, found.truth.tolist(), found.predicted.tolist(), *columns, strict=True
        )
    )
    write_csv(folder / "images.csv", ["path", "truth", "prediction", *found.per_image], rows, RFC_4180)
    content = {
        "epoch": epoch,
        "method": method,
        **asdict(found.whole),
        "unseen_by_imagenet_weights": None if found.unseen is None else asdict(found.unseen),
        "classes": [asdict(one) for one in per_class],
        "confusion": found.confusion.counts.tolist(),
    }
    text = json.dumps(without_nan(content), indent=1, allow_nan=False)
    write_bytes(folder / "evaluation.json", (text + "\n").encode())


def without_nan(value: object) -> object:
    """The same with null for NaN, which JSON does not have."""
    if isinstance(value, dict):
        return {key: without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _without_parts(network: nn.Module, images: Tensor, classes: Tensor, regions: Tensor) -> dict[str, Tensor]:
    """What becomes of the answers, (N,) each; a covered pixel takes the mean colour or mid grey (0)."""

    def probability(inputs: Tensor) -> Tensor:
        return class_probability(network(inputs), classes)

    deletion = region_deletion(probability, images, regions, torch.zeros((), device=images.device))
    return {
        "deletion_inside": deletion.inside,
        "deletion_outside": deletion.outside,
        "deletion_gap": deletion.gap,
        "right_outside_blurred": right_outside_blurred(network, images, regions, classes),
    }
