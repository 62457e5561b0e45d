"""The answers and maps of a trained network on test images, measured and written."""

import csv
import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader

from core.atomic import replacing, write_bytes
from core.cam import Method, activation_maps
from core.confusion import ClassMeasures, Confusion, confusion
from core.guided.checkpoints import GuidedCheckpointError, Progress, epoch_folder
from core.guided.passes import upsampled
from core.saliency.set_measures import ImageMeasures, SetMeasures, image_measures, joined, set_measures
from datasets.region_samples import batched
from scripts.guided_run import GuidedRun

PER_IMAGE = ("hagtr", "magtr", "mangtr", "epg", "epg_above_area", "pointing_game", "share_above_half")


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a network is worth on test images.

    Attributes
    ----------
    paths, truth, predicted
        Of N images.
    confusion, cross_entropy
        Of its answers.
    images
        Measures of the maps of the true classes.
    whole, unseen
        Sums over all images, and over those that no published ImageNet weights were trained on; None where
        there are none of them.
    unseen_accuracy
        Of those.
    """

    paths: tuple[str, ...]
    truth: Tensor
    predicted: Tensor
    confusion: Confusion
    cross_entropy: float
    images: ImageMeasures
    whole: SetMeasures
    unseen: SetMeasures | None
    unseen_accuracy: float | None


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


def evaluation(run: GuidedRun, method: Method, device: torch.device, images_a_pass: int) -> Evaluation:
    """Measure a network with trained weights on the test images.

    Parameters
    ----------
    run
        With the weights in its network.
    method
        Of the maps, at the layer that the training looked at.
    device
        Where the network runs.
    images_a_pass
        At a time.
    """
    network = run.guided.network.to(device)
    measured: list[ImageMeasures] = []
    truth: list[Tensor] = []
    predicted: list[Tensor] = []
    entropies: list[Tensor] = []
    for batch in DataLoader(run.test, batch_size=images_a_pass, collate_fn=batched):
        images, classes = batch.images.to(device), batch.classes.to(device)
        made = activation_maps(network, images, method, classes, run.guided.layer)
        measured.append(image_measures(upsampled(made.maps, images).cpu(), batch.regions, batch.boxes))
        entropies.append(functional.cross_entropy(made.logits, classes, reduction="none").cpu())
        predicted.append(made.logits.argmax(dim=1).cpu())
        truth.append(batch.classes)
    images_measured, true, answered = joined(measured), torch.cat(truth), torch.cat(predicted)
    unseen = torch.tensor([image.unseen_by_imagenet_weights for image in run.test.images])
    return Evaluation(
        paths=run.test_paths,
        truth=true,
        predicted=answered,
        confusion=confusion(true.numpy(), answered.numpy(), run.images.class_names),
        cross_entropy=float(torch.cat(entropies).mean()),
        images=images_measured,
        whole=set_measures(images_measured),
        unseen=set_measures(images_measured.of(unseen)) if unseen.any() else None,
        unseen_accuracy=float((true == answered)[unseen].double().mean()) if unseen.any() else None,
    )


def write_evaluation(found: Evaluation, folder: Path, *, epoch: int, method: str) -> None:
    """Write the tables to a folder; raises `core.atomic.OutputError`."""
    names = found.confusion.classes
    per_class = found.confusion.per_class()
    content = {
        "epoch": epoch,
        "method": method,
        "accuracy": found.confusion.accuracy,
        "cross_entropy": found.cross_entropy,
        "maps": asdict(found.whole),
        "unseen_by_imagenet_weights": None
        if found.unseen is None
        else {"accuracy": found.unseen_accuracy, "maps": asdict(found.unseen)},
        "classes": [asdict(one) for one in per_class],
        "confusion": found.confusion.counts.tolist(),
    }
    text = json.dumps(_without_nan(content), indent=1, allow_nan=False)
    write_bytes(folder / "evaluation.json", (text + "\n").encode())
    found.confusion.write(folder / "confusion.csv")
    with replacing(folder / "classes.csv") as path, path.open("w", newline="") as file:
        rows = csv.DictWriter(file, [field.name for field in fields(ClassMeasures)])
        rows.writeheader()
        rows.writerows(asdict(one) for one in per_class)
    columns = [getattr(found.images, name).tolist() for name in PER_IMAGE]
    with replacing(folder / "images.csv") as path, path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "truth", "prediction", *PER_IMAGE])
        for name, true, answered, *values in zip(
            found.paths, found.truth.tolist(), found.predicted.tolist(), *columns, strict=True
        ):
            writer.writerow([name, names[true], names[answered], *(f"{value:.6g}" for value in values)])


def _without_nan(value: object) -> object:
    """The same with null for NaN, which JSON does not have."""
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value
