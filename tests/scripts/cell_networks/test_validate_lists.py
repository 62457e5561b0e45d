"""Whole fields through the whole chain: what is counted, and that a broken-off run goes on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from lightning_fabric import Fabric
from torch import nn

from core.cells.detection import ObjectKind
from datasets.fields import AnnotatedField, Mark, annotated_field
from datasets.located_objects import LocatedField, located_fields
from models.classifier import ClassifierNetwork
from models.detector_network import DetectorNetwork
from models.second_look import SecondLookNetwork
from scripts.cell_networks import validate_lists
from scripts.cell_networks.validate_lists import Chain, list_figures, pooled, ranked
from scripts.settings.chain_settings import chain_of
from scripts.settings.configuration import SecondLookSettings, read_settings
from tests.coloured_cells import draw_field, load_models

INFECTED = 7
CONFIG = Path("models/configs/second_look.yaml")


@pytest.fixture
def fields(monkeypatch: pytest.MonkeyPatch) -> list[LocatedField]:
    """Two fields of thirty discs, the eighth infected; on the second a cell is marked where there is none."""
    image = draw_field(infected=(INFECTED,))
    monkeypatch.setattr(AnnotatedField, "image", lambda _: image)
    # Six discs a row, 40 px apart: the eighth is the second of the second row.
    there = Mark(ObjectKind.RED_CELL, 46, 46, 28, 28, infected=True)
    nowhere = Mark(ObjectKind.RED_CELL, 0, 190, 12, 10, infected=True)
    annotated = [
        annotated_field(Path("a.png"), "set", [there], frozenset()),
        annotated_field(Path("b.png"), "set", [there, nowhere], frozenset()),
    ]
    return list(located_fields(annotated, load_models()))


def test_parasites_that_are_not_located_count_as_missed(fields: list[LocatedField]) -> None:
    row = list_figures(fields, ranked(fields))
    assert (row["fields"], row["objects"], row["healthy"]) == (2, 60, 58)
    assert (row["marked"], row["located"]) == (3, 2)
    # The one that is marked beside the border is cut.
    assert (row["whole"], row["whole_located"]) == (2, 2)
    assert row["auc"] == row["first_look_auc"] == 1.0
    assert row["first_look_one_in_100"] == pytest.approx(2 / 3)
    assert row["one_in_2000"] == pytest.approx(2 / 3)
    assert row["diluted_first_100"] == pytest.approx(2 / 3)
    assert (row["undiluted_first_100"], row["undiluted_of"]) == (2, 3)
    # Both stand above every healthy object.
    assert (row["rates"], row["found"]) == ([0.0], [2])


def test_the_lists_of_several_fields_are_one(fields: list[LocatedField]) -> None:
    lists = ranked(fields)
    whole = pooled(lists)
    assert whole.marked == 3
    assert len(whole.rank_value) == sum(len(each.rank_value) for each in lists)


def test_what_the_second_look_has_not_seen_stands_below_what_it_has(fields: list[LocatedField]) -> None:
    scores = fields[0].scored.second_score
    assert np.isfinite(scores).all()
    scores[INFECTED] = np.nan
    first = ranked(fields)[0]
    assert fields[0].scored.infected_score[INFECTED] == fields[0].scored.infected_score.max()
    assert first.rank_value[first.infected] < first.rank_value[~first.infected].min()


def test_weights_that_an_earlier_run_left_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read_settings(CONFIG)
    assert isinstance(settings, SecondLookSettings)
    chain = chain_of(CONFIG, settings)
    trained: list[str] = []

    def training(name: str, network: nn.Module) -> Callable[..., nn.Module]:
        def train(*_: object) -> nn.Module:
            trained.append(name)
            return network

        return train

    monkeypatch.setattr(validate_lists, "train_detector", training("detector", DetectorNetwork()))
    monkeypatch.setattr(
        validate_lists, "train_classifier", training("first look", ClassifierNetwork(chain.first_look.width))
    )
    monkeypatch.setattr(validate_lists, "train_second_look", training("second look", SecondLookNetwork()))
    mined: list[int] = []
    for name in ("read_fields", "read_cells"):
        monkeypatch.setattr(validate_lists, name, lambda *_: {})
    monkeypatch.setattr(validate_lists, "second_look_sources", lambda *_: mined.append(1))
    fabric = Fabric(accelerator="cpu", devices=1)

    def fold() -> Chain:
        return Chain(tmp_path, chain, "iml_malaria", fabric, tmp_path / "networks")

    for _ in range(2):
        fold().looks(0)
    assert trained == ["detector", "first look", "second look"]
    again = fold()
    again.looks(1)
    again.looks(2)
    # Another seed trains both looks anew; the detector keeps its own, and fields are mined once.
    assert trained[3:] == ["first look", "second look"] * 2
    assert len(mined) == 2
