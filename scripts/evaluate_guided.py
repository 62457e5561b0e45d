"""The answers and maps of a trained network on test images, measured and written."""

import csv
import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from core.atomic import replacing, write_bytes
from core.cam import Method, activation_maps
from core.cam.method import class_probability
from core.confusion import ClassMeasures, Confusion, confusion
from core.guided.checkpoints import GuidedCheckpointError, Progress, epoch_folder
from core.guided.passes import upsampled
from core.saliency.region_deletion import RegionDeletion, region_deletion
from core.saliency.set_measures import ImageMeasures, SetMeasures, image_measures, joined, set_measures
from datasets.region_samples import batched
from scripts.guided_run import GuidedRun
from scripts.image_sources import Part

PER_IMAGE = ("hagtr", "magtr", "mangtr", "epg", "epg_above_area", "pointing_game", "share_above_half")


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
        Means of `core.saliency.region_deletion`, of the probability of the true class.
    maps
        Of the true classes.
    """

    accuracy: float
    cross_entropy: float
    region_area: float
    deletion_inside: float
    deletion_outside: float
    deletion_gap: float
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
    images, deletion
        Measures of the maps of the true classes, and of covered regions.
    whole, unseen
        Sums over all images, and over those that no published ImageNet weights were trained on; None where
        there are none of them.
    """

    paths: tuple[str, ...]
    truth: Tensor
    predicted: Tensor
    confusion: Confusion
    images: ImageMeasures
    deletion: RegionDeletion
    whole: Sums
    unseen: Sums | None


def numbered(run: Path, progress: Progress | None, epoch: str) -> int:
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
    measured: list[ImageMeasures] = []
    deleted: list[RegionDeletion] = []
    columns: list[Tensor] = []
    for batch in DataLoader(part.samples, batch_size=images_a_pass, collate_fn=batched):
        images, classes = batch.images.to(device), batch.classes.to(device)
        made = activation_maps(network, images, method, classes, run.guided.layer)
        measured.append(image_measures(upsampled(made.maps, images).cpu(), batch.regions, batch.boxes))
        deleted.append(_deletion(network, images, classes, batch.regions))
        entropies = functional.cross_entropy(made.logits, classes, reduction="none")
        area = batch.regions.double().mean(dim=(1, 2))
        answers = (classes, made.logits.argmax(dim=1), entropies)
        columns.append(torch.stack([*(column.double().cpu() for column in answers), area]))
    images_measured = joined(measured)
    deletion = RegionDeletion(
        torch.cat([one.inside for one in deleted]), torch.cat([one.outside for one in deleted])
    )
    table = torch.cat(columns, dim=1)
    true, answered = table[0].long(), table[1].long()

    def sums(chosen: Tensor) -> Sums:
        covered = deletion.of(chosen)
        return Sums(
            accuracy=float((true == answered)[chosen].double().mean()),
            cross_entropy=float(table[2, chosen].mean()),
            region_area=float(table[3, chosen].mean()),
            deletion_inside=float(covered.inside.nanmean()),
            deletion_outside=float(covered.outside.nanmean()),
            deletion_gap=float(covered.gap.nanmean()),
            maps=set_measures(images_measured.of(chosen)),
        )

    return Evaluation(
        paths=part.paths,
        truth=true,
        predicted=answered,
        confusion=confusion(true.numpy(), answered.numpy(), run.images.class_names),
        images=images_measured,
        deletion=deletion,
        whole=sums(torch.ones(len(true), dtype=torch.bool)),
        unseen=sums(part.unseen) if part.unseen.any() else None,
    )


def write_evaluation(found: Evaluation, folder: Path, *, epoch: int, method: str) -> None:
    """Write the tables to a folder, evaluation.json last; raises `core.atomic.OutputError`."""
    names = found.confusion.classes
    per_class = found.confusion.per_class()
    found.confusion.write(folder / "confusion.csv")
    with replacing(folder / "classes.csv") as path, path.open("w", newline="") as file:
        rows = csv.DictWriter(file, [field.name for field in fields(ClassMeasures)])
        rows.writeheader()
        rows.writerows(asdict(one) for one in per_class)
    columns = [getattr(found.images, name).tolist() for name in PER_IMAGE]
    columns += [found.deletion.inside.tolist(), found.deletion.outside.tolist()]
    with replacing(folder / "images.csv") as path, path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "truth", "prediction", *PER_IMAGE, "deletion_inside", "deletion_outside"])
        for name, true, answered, *values in zip(
            found.paths, found.truth.tolist(), found.predicted.tolist(), *columns, strict=True
        ):
            writer.writerow([name, names[true], names[answered], *(f"{value:.6g}" for value in values)])
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


def _deletion(network: nn.Module, images: Tensor, classes: Tensor, regions: Tensor) -> RegionDeletion:
    """Of the true class's probability, on the CPU; a covered pixel takes the mean colour or mid grey (0)."""

    def probability(inputs: Tensor) -> Tensor:
        return class_probability(network(inputs), classes)

    found = region_deletion(probability, images, regions, torch.zeros((), device=images.device))
    return RegionDeletion(found.inside.cpu(), found.outside.cpu())
