"""The map methods on the same images: where the maps lie, whether the network agrees, what they cost.

    python -m benchmarks.map_methods images --data DATA --count 40
    python -m benchmarks.map_methods cells --data DATA --count 200
    python -m benchmarks.map_methods cells --data DATA --count 200 --unseen iml_malaria --weights FILE

`images`: boxed imagenette under MobileNetV2, those of ILSVRC's validation set (which the weights have not
seen) apart from the rest, classes in equal parts. `cells`: under the released classifier, healthy cells of
malaria-free fields that a parasite of another set was laid over, so that where it lies is known to the
pixel; and infected cells as they are, where no region is known. With `--unseen`: under the weights in FILE,
written by `smearscope validate` with that source left out, whose parasites are the only ones laid over.
Tables go to docs/validation, sheets of pictures to out/maps. Seconds are of one thread, as the processor
counts them, so that what else runs does not enter.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.fx.experimental.optimization import fuse
from tqdm import tqdm

from core.cam import FIMFScoreCAM, GradCAM, GuidedGradCAM, Method, ScoreCAM, activation_maps, normalised
from core.reports.overlays import MapTile, map_sheet
from core.saliency.faithfulness import blurred, deletion, drop_and_increase, insertion
from core.saliency.localisation import (
    box_overlaps,
    energy,
    energy_above_area,
    magtr,
    mangtr,
    max_box_acc,
    max_box_acc_v2,
    pointing_game,
    share_above_half,
)

TABLES, SHEETS = Path("docs/validation"), Path("out/maps")
BATCH = 8
SHEET_ROWS = 12
PLACED = "Grad-CAM, placed"
"""The one row whose cells lie where the network looked; those of the others divide the image evenly."""
CENTRE_SPREAD = 0.25
"""Standard deviation of the centre control, as a share of the image's side."""


@dataclass(frozen=True)
class Sample:
    """Images of one kind, ready for the network.

    Attributes
    ----------
    shown
        (N, H, W, 3) uint8 for people.
    inputs
        (N, 3, H, W) for the network.
    classes
        (N,) int64: the class that each map is of.
    regions
        (N, H, W) bool; None where no truth is known.
    boxes
        Per image (M, 4) first and last pixels; None where the truth is no box.
    controls
        By name, (N, H, W) maps that know nothing of the network.
    """

    name: str
    shown: NDArray[np.uint8]
    inputs: Tensor
    classes: Tensor
    regions: Tensor | None
    boxes: list[Tensor] | None
    controls: dict[str, Tensor]


def methods(channels: Sequence[int], *, both_readings: bool) -> dict[str, Method]:
    """By the name they have in the table; Faster Score-CAM with each number of channels."""
    found: dict[str, Method] = {
        "Grad-CAM (= CAM)": GradCAM(),
        PLACED: GradCAM(),
        "Guided Grad-CAM": GuidedGradCAM(other_rectifiers="plain"),
    }
    for count in channels:
        found[f"Faster Score-CAM, {count}"] = ScoreCAM(max_channels=count)
    found["Score-CAM (code)"] = ScoreCAM()
    if both_readings:
        found["Score-CAM (paper)"] = ScoreCAM(reading="paper")
    found["FIMF Score-CAM (positive)"] = FIMFScoreCAM()
    found["FIMF Score-CAM (minmax)"] = FIMFScoreCAM(template="minmax")
    return found


def probability(network: nn.Module, classes: Tensor) -> Callable[[Tensor], Tensor]:
    """Score of the measures: each image's probability of its own class."""

    def score(images: Tensor) -> Tensor:
        logits: Tensor = network(images)
        if logits.ndim == 1:
            return logits.sigmoid()
        return logits.softmax(dim=1).gather(1, classes[:, None])[:, 0]

    return score


def drawn_maps(
    network: nn.Module, sample: Sample, method: Method, size: Literal["input", "placed"]
) -> tuple[Tensor, float]:
    """(N, H, W) maps of a sample, image by image, and the processor's seconds that one took."""
    started = time.process_time()
    maps = [
        activation_maps(network, sample.inputs[i : i + 1], method, sample.classes[i : i + 1], size=size).maps
        for i in tqdm(range(len(sample.inputs)), desc=f"{sample.name}: {method}"[:60], disable=None)
    ]
    return torch.cat(maps), (time.process_time() - started) / len(sample.inputs)


def centre(inputs: Tensor) -> Tensor:
    """(N, H, W) a control: a soft spot in the middle of every image, whatever is on it."""
    height, width = inputs.shape[-2:]
    down, across = (
        torch.exp(-(((torch.arange(side) + 0.5) / side - 0.5) ** 2) / (2 * CENTRE_SPREAD**2))
        for side in (height, width)
    )
    return (down[:, None] * across).expand(len(inputs), height, width).clone()


def measured(network: nn.Module, sample: Sample, maps: Tensor) -> dict[str, float]:
    """The row of a table."""
    parts: dict[str, list[Tensor]] = {}
    for start in range(0, len(maps), BATCH):
        batch = slice(start, start + BATCH)
        images, own = sample.inputs[batch], maps[batch]
        score = probability(network, sample.classes[batch])
        grey = torch.zeros(1)
        alone = drop_and_increase(score, images, own, grey)
        row = {
            "average_drop": alone.drop,
            "average_increase": alone.increase,
            "insertion": insertion(score, images, own, blurred(images)).area,
            "deletion": deletion(score, images, own, grey).area,
            "share_above_half": share_above_half(own),
        }
        if sample.regions is not None:
            region = sample.regions[batch]
            row |= {
                "energy": energy(own, region),
                "energy_above_area": energy_above_area(own, region),
                "pointing_game": pointing_game(own, region),
                "magtr": magtr(own, region),
                "mangtr": mangtr(own, region),
            }
        for name, values in row.items():
            parts.setdefault(name, []).append(values.double())
    means = {name: float(torch.cat(values).nanmean()) for name, values in parts.items()}
    if sample.boxes is not None:
        overlaps = box_overlaps(maps, sample.boxes)
        means["max_box_acc"] = max_box_acc(overlaps.largest).value
        means["max_box_acc_v2"] = max_box_acc_v2(overlaps.any).value
    return means


def rank_correlation(maps: Tensor, others: Tensor) -> float:
    """Mean over the images of Spearman's correlation of the maps' values."""
    from scipy.stats import spearmanr

    pairs = zip(maps.flatten(1).numpy(), others.flatten(1).numpy(), strict=True)
    return float(np.nanmean([spearmanr(one, other).statistic for one, other in pairs]))


def compared(
    network: nn.Module, sample: Sample, chosen: dict[str, Method], title: str
) -> list[dict[str, Any]]:
    """A row a method; the sheet of the first images is drawn too."""
    rows: list[dict[str, Any]] = []
    all_maps: dict[str, Tensor] = {}
    for name, method in chosen.items():
        size: Literal["input", "placed"] = "placed" if name == PLACED else "input"
        all_maps[name], seconds = drawn_maps(network, sample, method, size)
        rows.append(
            {
                "sample": sample.name,
                "images": len(sample.inputs),
                "method": name,
                "seconds_an_image": seconds,
                "empty_maps": int((all_maps[name].flatten(1).amax(dim=1) == 0).sum()),
                **measured(network, sample, all_maps[name]),
            }
        )
        print(json.dumps(rows[-1]), flush=True)
    for row, maps in zip(rows, all_maps.values(), strict=True):
        row["rank_correlation_with_score_cam"] = rank_correlation(maps, all_maps["Score-CAM (code)"])
    for name, maps in sample.controls.items():
        about = {"sample": sample.name, "images": len(maps), "method": f"control: {name}"}
        rows.append(about | measured(network, sample, maps))
        print(json.dumps(rows[-1]), flush=True)
    draw_sheet(sample, all_maps, title)
    return rows


def draw_sheet(sample: Sample, all_maps: dict[str, Tensor], title: str) -> None:
    """A row an image, a column a method, the truth outlined in green."""
    rows = []
    for index in range(min(SHEET_ROWS, len(sample.shown))):
        region = None if sample.regions is None else sample.regions[index].numpy()
        image = sample.shown[index]
        tiles = [MapTile(image, (), None, region)]
        for maps in all_maps.values():
            relative = normalised(maps[index : index + 1])[0].numpy()
            tiles.append(MapTile(image, (), relative, region))
        rows.append(tiles)
    page = map_sheet(title, sample.name, ["image", *all_maps], rows)
    SHEETS.mkdir(parents=True, exist_ok=True)
    path = SHEETS / f"{sample.name.replace(' ', '_')}.png"
    cv2.imwrite(str(path), cv2.cvtColor(page, cv2.COLOR_RGB2BGR))
    print(f"Sheet: {path}", flush=True)


def imagenette(data: Path, count: int, *, unseen: bool, seed: int) -> Sample:
    """`count` images of the boxed imagenette, classes in equal parts."""
    from datasets.boxed_images import imagenette_boxed
    from models.backbones import IMAGENET_CATEGORIES, MINUS_ONE_TO_ONE

    draw = np.random.default_rng(seed)
    pool = [
        image
        for image in imagenette_boxed(data / "imagenette_boxed")
        if image.unseen_by_imagenet_weights == unseen
    ]
    names = sorted({image.name for image in pool})
    chosen = []
    for name in names:
        own = [image for image in pool if image.name == name]
        chosen += [own[i] for i in draw.permutation(len(own))[: count // len(names)]]
    shown = np.stack([image.image() for image in chosen])
    inputs = MINUS_ONE_TO_ONE.inputs(torch.from_numpy(shown))
    return Sample(
        name="ILSVRC validation, unseen" if unseen else "seen in training",
        shown=shown,
        inputs=inputs,
        classes=torch.tensor([IMAGENET_CATEGORIES.index(image.name) for image in chosen]),
        regions=torch.from_numpy(np.stack([image.region() for image in chosen])),
        boxes=[torch.from_numpy(image.boxes) for image in chosen],
        controls={"a spot in the centre": centre(inputs)},
    )


def cells(
    data: Path, count: int, seed: int, weights: Path | None, sources: Sequence[str]
) -> tuple[nn.Module, list[Sample]]:
    """A classifier (by default the released one) on the slide of the hosts, and its two samples."""
    from core.cells.crops import GREY, normalise
    from datasets.cells import STORED_SIZE_PX, CellSet, joined
    from datasets.classification import centre as middle
    from datasets.classification import plain
    from datasets.field_sets import READERS
    from datasets.transplant import VISIBLE_DENSITY, parasite_of, with_parasite
    from models.cards import RELEASED
    from models.checkpoint import load_classifier
    from models.classifier import Classifier, ClassifierNetwork
    from models.loading import load_models
    from models.slide_network import as_input
    from scripts.cell_networks.train_classifier import healthy_cells, read_source

    draw = np.random.default_rng(seed)
    released = load_models()
    weights = weights or RELEASED / "classifier.safetensors"
    classifier = load_classifier(weights, released.card.classifier.width)
    hosts = healthy_cells(READERS["chula_rbc12"](data / "chula_rbc12"), released.detector)
    donors = joined([read_source(data, source) for source in sources])
    donors = donors.take(donors.infected)
    whole = np.ones((1, STORED_SIZE_PX, STORED_SIZE_PX), bool)

    def levels(of: CellSet, index: int) -> NDArray[np.uint8]:
        return np.asarray(normalise(of.crops[index : index + 1], whole, of.colour[index])[0])

    infected, regions, shown = [], [], []
    for host in draw.permutation(len(hosts)):
        donor = int(draw.integers(len(donors)))
        parasite = parasite_of(levels(donors, donor), donors.masks[donor])
        if parasite is None:
            continue
        mask = middle(hosts.masks[host : host + 1])[0].astype(bool)
        crop = middle(with_parasite(levels(hosts, host), parasite)[None])[0]
        dark = cv2.blur(parasite.mean(axis=2), (3, 3)) >= VISIBLE_DENSITY
        region = middle(dark[None])[0].astype(bool) & mask
        if not region.any():
            continue
        regions.append(region)
        infected.append(np.where(mask[..., None], crop, np.uint8(GREY)))
        # To look at: the host's own colours, darkened by the parasite.
        shown.append(middle((np.exp(-parasite) * hosts.crops[host]).astype(np.uint8)[None])[0])
        if len(infected) == count:
            break
    reference = plain(hosts)[draw.permutation(len(hosts))[:400]]
    network = classifier.network_of(classifier.feature_statistics(reference))
    torch.manual_seed(seed)
    untrained = Classifier(ClassifierNetwork(network.head.in_features // 4), torch.device("cpu"))
    random = untrained.network_of(untrained.feature_statistics(reference))

    def controls(inputs: Tensor) -> dict[str, Tensor]:
        """What needs no network, or none that was trained."""
        return {
            "a spot in the centre": centre(inputs),
            "the darkest pixels": (-inputs.sum(dim=1)).clamp(min=0),
            "Guided Grad-CAM, random weights": activation_maps(random, inputs, "guided-grad-cam").maps,
        }

    transplanted = Sample(
        name="parasites laid over healthy cells",
        shown=np.stack(shown),
        inputs=as_input(np.stack(infected)),
        classes=torch.zeros(len(infected), dtype=torch.int64),
        regions=torch.from_numpy(np.stack(regions)),
        boxes=None,
        controls=controls(as_input(np.stack(infected))),
    )
    own = read_source(data, "iml_malaria")
    own = own.take(draw.permutation(np.flatnonzero(own.infected))[:count])
    as_they_are = Sample(
        name="infected cells as they are",
        shown=middle(own.crops),
        inputs=as_input(plain(own)),
        classes=torch.zeros(len(own), dtype=torch.int64),
        regions=None,
        boxes=None,
        controls=controls(as_input(plain(own))),
    )
    return network, [transplanted, as_they_are]


def main() -> None:
    """Compare on images or on cells; write the table and the sheets."""
    from models.backbones import MINUS_ONE_TO_ONE, WeightsFile, load_backbone

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("on", choices=["images", "cells"])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--unseen", choices=["westlake_cells", "iml_malaria"])
    parser.add_argument("--weights", type=Path)
    given = parser.parse_args()
    if bool(given.unseen) != bool(given.weights) or (given.unseen and given.on == "images"):
        parser.error("--unseen and --weights go together, with cells")
    torch.set_num_threads(1)
    if given.on == "images":
        weights = WeightsFile(given.data / "weights" / "mobilenet_v2_imagenet.safetensors", MINUS_ONE_TO_ONE)
        # The measures need hundreds of passes an image: on the network with its normalisations drawn in.
        network: nn.Module = fuse(load_backbone("mobilenet_v2", 1000, weights).network)
        network = network.to(memory_format=torch.channels_last)
        samples = [
            imagenette(given.data, given.count, unseen=True, seed=given.seed),
            imagenette(given.data, given.count // 2, unseen=False, seed=given.seed),
        ]
        chosen = methods([10, 50, 200], both_readings=False)
    else:
        sources = [given.unseen] if given.unseen else ["westlake_cells", "iml_malaria"]
        network, samples = cells(given.data, given.count, given.seed, given.weights, sources)
        chosen = methods([4, 10, 25], both_readings=True)
    network.requires_grad_(requires_grad=False)
    rows = [
        row for sample in samples for row in compared(network, sample, chosen, f"Map methods on {given.on}")
    ]
    table = TABLES / f"maps_{given.on}{'_unseen' if given.unseen else ''}.json"
    table.write_text(json.dumps(rows, indent=1) + "\n")
    print(f"Table: {table}")


if __name__ == "__main__":
    main()
