"""Evaluation of a guided network on drawn images: answers and maps, with parts covered and blurred."""

import json
from pathlib import Path

import pytest
import torch

from core.cam import activation_maps
from core.saliency.localisation import energy, pointing_game
from core.training.checkpoints import load_epoch
from scripts.guided.guided_run import open_run, settings_of_run
from tests.drawn_classes import NAMES
from tests.scripts.drawn_training import evaluate, table


@pytest.mark.parametrize("epoch", ["best", "last", "0"])
def test_evaluation_writes_answers_and_maps_of_the_test_images(
    guided_out: Path, data: Path, epoch: str
) -> None:
    result = evaluate(guided_out, data, "--epoch", epoch)
    assert result.exit_code == 0, result.output
    (line,) = [line for line in result.output.splitlines() if line.startswith("Tables: ")]
    folder = Path(line.removeprefix("Tables: "))
    found = json.loads((folder / "evaluation.json").read_text())
    images = table(folder / "images.csv")
    assert len(images) == found["maps"]["images"] == 6
    right = sum(row["truth"] == row["prediction"] for row in images)
    assert found["accuracy"] == pytest.approx(right / 6)
    assert found["maps"]["epg"] == pytest.approx(sum(float(row["epg"]) for row in images) / 6, abs=1e-5)
    assert [row["name"] for row in table(folder / "classes.csv")] == list(NAMES)
    assert [row["truth"] for row in table(folder / "confusion.csv")] == list(NAMES)
    assert found["unseen_by_imagenet_weights"] is None
    assert {row["path"] for row in images}.isdisjoint(
        row["path"]
        for part in ("training", "validation")
        for row in table(guided_out / "images" / f"{part}_000.csv")
    )


def test_maps_are_measured_where_their_cells_looked_and_on_the_usual_grid_beside(
    guided_out: Path, data: Path
) -> None:
    assert evaluate(guided_out, data, "--epoch", "last").exit_code == 0
    found = json.loads((guided_out / "evaluation" / "002_grad-cam" / "evaluation.json").read_text())
    opened = open_run(data, settings_of_run(guided_out))
    network = opened.guided.network
    load_epoch(guided_out, 2, network, opened.guided.objective)
    samples = [opened.test.samples[index] for index in range(6)]
    images, regions = (
        torch.stack(parts) for parts in zip(*((s.image, s.region) for s in samples), strict=True)
    )
    classes = torch.tensor([sample.class_index for sample in samples])
    layer = opened.guided.layer
    placed = activation_maps(network, images, "grad-cam", classes, layer, "placed").maps
    even = activation_maps(network, images, "grad-cam", classes, layer, "input").maps
    assert not torch.equal(placed, even)
    for name, measure in (("epg", energy), ("pointing_game", pointing_game)):
        assert found["maps"][name] == pytest.approx(measure(placed, regions).mean().item(), abs=1e-6)
        assert found[f"{name}_even_grid"] == pytest.approx(measure(even, regions).mean().item(), abs=1e-6)


def test_evaluation_covers_the_region_and_blurs_what_is_outside(guided_out: Path, data: Path) -> None:
    assert evaluate(guided_out, data, "--epoch", "last").exit_code == 0
    folder = guided_out / "evaluation" / "002_grad-cam"
    found = json.loads((folder / "evaluation.json").read_text())
    images = table(folder / "images.csv")
    assert {row["right_outside_blurred"] for row in images} <= {"0", "1"}
    for key, column in (
        ("accuracy_outside_blurred", "right_outside_blurred"),
        ("deletion_inside", "deletion_inside"),
        ("deletion_outside", "deletion_outside"),
    ):
        mean = sum(float(row[column]) for row in images) / 6
        assert found[key] == pytest.approx(mean, abs=1e-5)
    gap = found["deletion_inside"] - found["deletion_outside"]
    assert found["deletion_gap"] == pytest.approx(gap, abs=1e-6)
