"""Leave a source out, train all three networks on the rest, and rank its whole fields as scoring does."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from lightning_fabric import Fabric
from numpy.typing import NDArray
from pydantic import BaseModel
from torch import nn

from core.files import write_bytes
from core.training.list_figures import RankedTruth, rank_values, shown_diluted, shown_undiluted
from datasets.field_sets import MEASURED_ONLY, READERS
from datasets.located_objects import LocatedField, Truth, located_fields
from models.checkpoint import load_classifier, load_detector, load_second_look, save_weights
from scripts.cell_networks.train_classifier import read_cells, train_classifier
from scripts.cell_networks.train_detector import read_fields, train_detector
from scripts.cell_networks.train_second_look import Looks, second_look_sources, train_second_look
from scripts.cell_networks.validate_classifier import shown
from scripts.settings.chain_settings import ChainSettings

ONE_IN = (2000, 1000, 300, 100, 25)
BUDGETS = (100, 300, 1000)
MOST_PARASITES, OBJECTS = 50, 20_000
"""Of a slide as a reader meets it: few parasites, and so many objects."""


def ranked(fields: Sequence[LocatedField]) -> list[RankedTruth]:
    """The objects of each field as its slide's list ranks them."""
    values = [rank_values(field.scored.infected_score, field.scored.second_score) for field in fields]
    return with_truth(fields, values)


def first_look_values(fields: Sequence[LocatedField]) -> list[NDArray[np.float64]]:
    """What the first look alone sorts the objects of each field by."""
    return [field.scored.infected_score.astype(np.float64) for field in fields]


def with_truth(fields: Sequence[LocatedField], values: Sequence[NDArray[np.float64]]) -> list[RankedTruth]:
    """The objects of each field, sorted by these values, and what is true of them."""
    return [
        RankedTruth(
            value[field.truth != Truth.UNKNOWN],
            field.truth[field.truth != Truth.UNKNOWN] == Truth.INFECTED,
            len(field.found),
        )
        for field, value in zip(fields, values, strict=True)
    ]


def pooled(fields: Sequence[RankedTruth]) -> RankedTruth:
    """All objects of several fields in one list."""
    return RankedTruth(
        np.concatenate([field.rank_value for field in fields]),
        np.concatenate([field.infected for field in fields]),
        sum(field.marked for field in fields),
    )


def list_figures(fields: Sequence[LocatedField], lists: Sequence[RankedTruth]) -> dict[str, Any]:
    """What the lists of a source left out are worth, and what those of the first look alone would be."""
    whole, by_first = pooled(lists), pooled(with_truth(fields, first_look_values(fields)))
    slides = [
        pooled([one for field, one in zip(fields, lists, strict=True) if field.annotated.slide == slide])
        for slide in sorted({field.annotated.slide for field in fields})
    ]
    cut = np.concatenate([field.cut for field in fields])
    found = np.concatenate([field.found for field in fields])
    undiluted, of = shown_undiluted(slides, BUDGETS[0], MOST_PARASITES)
    diluted = shown_diluted(
        lists,
        whole.rank_value[~whole.infected],
        most=MOST_PARASITES,
        objects=OBJECTS,
        budgets=BUDGETS,
        seed=0,
    )
    rates, found_there = whole.curve()
    return {
        "fields": len(fields),
        "objects": sum(len(field.scored) for field in fields),
        "healthy": whole.healthy,
        "marked": whole.marked,
        "located": int(found.sum()),
        "whole": int((~cut).sum()),
        "whole_located": int(found[~cut].sum()),
        "auc": whole.area_under_curve(),
        **{f"one_in_{number}": whole.share(1 / number) for number in ONE_IN},
        **{f"first_look_one_in_{number}": by_first.share(1 / number) for number in ONE_IN},
        "first_look_auc": by_first.area_under_curve(),
        **{f"diluted_first_{budget}": share for budget, share in diluted.items()},
        "undiluted_first_100": undiluted,
        "undiluted_of": of,
        "rates": rates,
        "found": found_there,
    }


def validate_lists(
    data: Path, settings: ChainSettings, seeds: int, fabric: Fabric, out: Path
) -> Iterator[dict[str, Any]]:
    """One row a seed, source of fields left out, and set tested on: that source, and those only measured on.

    Seed after seed, so that a run that is broken off has measured every source about as often. Weights go to
    a folder of `out`, and a later run takes those of the same settings.
    """
    first = settings.second_look.seed
    for seed in range(first, first + seeds):
        for left_out in (source for source in settings.second_look.sources if source in READERS):
            looks = looks_without(data, settings.without(left_out, seed), fabric, out / "networks", left_out)
            for name, reader in ((left_out, READERS[left_out]), *MEASURED_ONLY.items()):
                fields = list(located_fields(reader(data / name), looks))
                row = list_figures(fields, ranked(fields))
                yield shown({"left_out": left_out, "seed": seed, "tested_on": name, **row})


def looks_without(
    data: Path, settings: ChainSettings, fabric: Fabric, networks: Path, left_out: str
) -> Looks:
    """The three networks of these settings, trained now or by an earlier run that left their weights."""

    def path(network: str, seed: int) -> Path:
        return networks / f"{network}_{left_out}_{seed}.safetensors"

    detector_weights = path("detector", settings.detector.seed)
    if _to_be_made(detector_weights, settings.detector):
        network = train_detector(read_fields(data, settings.detector), settings.detector, fabric)
        _keep(network, detector_weights, settings.detector)
    detector = load_detector(detector_weights)
    seed = settings.second_look.seed
    first_weights, second_weights = path("classifier", seed), path("second_look", seed)
    first_due = _to_be_made(first_weights, settings.first_look)
    second_due = _to_be_made(second_weights, settings.second_look)
    if first_due or second_due:
        cells = read_cells(data, settings.first_look, detector)
    if first_due:
        _keep(train_classifier(cells, settings.first_look, fabric), first_weights, settings.first_look)
    if second_due:
        sources = second_look_sources(
            data, settings.second_look, detector, settings.first_look, cells, fabric
        )
        backbone = data / settings.second_look.backbone
        _keep(
            train_second_look(sources, settings.second_look, backbone, fabric),
            second_weights,
            settings.second_look,
        )
    return Looks(
        detector,
        load_classifier(first_weights, settings.first_look.width),
        load_second_look(second_weights),
    )


def _to_be_made(weights: Path, settings: BaseModel) -> bool:
    """Whether no earlier run left the weights of these settings; changes of the program are not seen."""
    made_with = weights.with_suffix(".json")
    if not weights.is_file() or not made_with.is_file():
        return True
    return made_with.read_text(encoding="utf-8") != settings.model_dump_json()


def _keep(network: nn.Module, weights: Path, settings: BaseModel) -> None:
    save_weights(network, weights)
    write_bytes(weights.with_suffix(".json"), settings.model_dump_json().encode())
