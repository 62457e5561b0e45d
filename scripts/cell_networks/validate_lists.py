"""Leave a source out, train all three networks on the rest, and rank its whole fields as scoring does."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import nn

from core.cells.second_look import rank_values
from core.files import write_bytes
from core.training.list_figures import RankedTruth, shown_diluted, shown_undiluted
from datasets.cells import CellSet
from datasets.field_sets import MEASURED_ONLY
from datasets.located_objects import LocatedField, Truth, located_fields
from datasets.surrounded_cells import SurroundedCells
from models.checkpoint import load_classifier, load_detector, load_second_look, save_weights
from models.detector import Detector
from scripts.cell_networks.train_classifier import read_cells, train_classifier
from scripts.cell_networks.train_detector import read_fields, train_detector
from scripts.cell_networks.train_second_look import Looks, second_look_sources, train_second_look
from scripts.cell_networks.validate_classifier import shown
from scripts.settings.chain_settings import ChainSettings
from scripts.settings.configuration import ClassifierSettings, DetectorSettings, SecondLookSettings
from scripts.settings.sources import has_fields, malaria_fields_of, name_of, own_states

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


class Chain:
    """The networks without one source: a detector, and two looks a seed.

    What the looks are trained on is read and mined once, by the detector's seed, and only where a network is
    still to be trained. Weights go to a folder, and a later run takes those of the same settings.
    """

    def __init__(
        self, data: Path, settings: ChainSettings, left_out: str, fabric: Fabric, networks: Path
    ) -> None:
        self._data, self._left_out, self._fabric, self._networks = data, left_out, fabric, networks
        self._settings = settings.without(left_out, settings.detector.seed)

    def looks(self, seed: int) -> Looks:
        """Of a seed, trained now or by an earlier run that left their weights."""
        settings = self._settings.without(self._left_out, seed)
        of_first = (settings.detector, settings.first_look)
        of_second = (*of_first, settings.second_look)
        first_weights, second_weights = self._path("classifier", seed), self._path("second_look", seed)
        if _to_be_made(first_weights, *of_first):
            network = train_classifier(self._cells, settings.first_look, self._fabric)
            _keep(network, first_weights, *of_first)
        if _to_be_made(second_weights, *of_second):
            backbone = self._data / settings.second_look.backbone
            second = train_second_look(self._mined, settings.second_look, backbone, self._fabric)
            _keep(second, second_weights, *of_second)
        return Looks(
            self._detector,
            load_classifier(first_weights, settings.first_look.width),
            load_second_look(second_weights),
        )

    @cached_property
    def _detector(self) -> Detector:
        settings = self._settings.detector
        weights = self._path("detector", settings.seed)
        if _to_be_made(weights, settings):
            network = train_detector(read_fields(self._data, settings), settings, self._fabric)
            _keep(network, weights, settings)
        return load_detector(weights)

    @cached_property
    def _cells(self) -> dict[str, CellSet]:
        return read_cells(self._data, self._settings.first_look, self._detector)

    @cached_property
    def _mined(self) -> list[SurroundedCells]:
        settings = self._settings
        return second_look_sources(
            self._data, settings.second_look, self._detector, settings.first_look, self._cells, self._fabric
        )

    def _path(self, network: str, seed: int) -> Path:
        return self._networks / f"{network}_{self._left_out}_{seed}.safetensors"


def validate_lists(
    data: Path, settings: ChainSettings, seeds: int, fabric: Fabric, out: Path
) -> Iterator[dict[str, Any]]:
    """One row a seed, source of fields left out, and set tested on: that source, and those only measured on.

    Of the latter those that are below `data`.

    Seed after seed, so that a run that is broken off has measured every source about as often.
    """
    left_out = {
        name_of(source): malaria_fields_of(source, data)
        for source in settings.second_look.sources
        if has_fields(source)
    }
    measured_only = {
        name: reader(data / name) for name, reader in MEASURED_ONLY.items() if (data / name).is_dir()
    }
    chains = {name: Chain(data, settings, name, fabric, out / "networks") for name in left_out}
    first = settings.second_look.seed
    for seed in range(first, first + seeds):
        for source, chain in chains.items():
            looks = chain.looks(seed)
            for name, unseen in ((source, left_out[source]), *measured_only.items()):
                fields = list(located_fields(unseen, looks))
                row = list_figures(fields, ranked(fields))
                yield shown({"left_out": source, "seed": seed, "tested_on": name, **row})


AnySettings = DetectorSettings | ClassifierSettings | SecondLookSettings


def _to_be_made(weights: Path, *settings: AnySettings) -> bool:
    """Whether no earlier run left the weights of these settings, its own and those of the networks before it.

    Changes of the program are not seen.
    """
    made_with = weights.with_suffix(".json")
    if not weights.is_file() or not made_with.is_file():
        return True
    return made_with.read_text(encoding="utf-8") != _said(settings)


def _keep(network: nn.Module, weights: Path, *settings: AnySettings) -> None:
    save_weights(network, weights)
    write_bytes(weights.with_suffix(".json"), _said(settings).encode())


def _said(settings: Sequence[AnySettings]) -> str:
    states = [state for each in settings for state in own_states(each.sources)]
    return "\n".join([*(each.model_dump_json() for each in settings), *states])
