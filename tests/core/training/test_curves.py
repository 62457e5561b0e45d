"""Means of an epoch and tables of its images, from figures written down here."""

import math
from pathlib import Path

import torch
from torch import Tensor

from core.training.curves import epoch_figures, write_curves, write_image_figures
from core.training.passes import FIGURES

NAN = math.nan
CLASSES = torch.tensor([0, 1, 1, 0])


def figures(**columns: list[float]) -> Tensor:
    """(4, 9) of four images; what is not told of is 0."""
    told = [columns.get(name, [0.0] * 4) for name in FIGURES]
    return torch.tensor(told, dtype=torch.float64).T


def test_means_are_over_all_images_and_those_of_the_map_over_the_images_that_have_them() -> None:
    found = epoch_figures(
        -1,
        "validation",
        figures(
            prediction=[0, 1, 0, 0],
            cross_entropy=[0.5, 0.25, 1.0, 0.25],
            loss=[1, 2, 3, 6],
            magtr=[0.5, NAN, 0.25, NAN],
            mangtr=[0.125, NAN, NAN, NAN],
            epg=[1, 0.5, 0, NAN],
            without_region=[0, 1, 0, 1],
            region_too_large=[0, 0, 1, 0],
            empty_map=[0, 0, 0, 0],
        ),
        CLASSES,
    )
    assert (found.epoch, found.images, found.accuracy) == (-1, "validation", 0.75)
    assert (found.cross_entropy, found.loss) == (0.5, 3.0)
    assert (found.magtr, found.mangtr, found.epg) == (0.375, 0.125, 0.5)
    assert (found.without_region, found.region_too_large, found.empty_map) == (2, 1, 0)


def test_a_figure_that_no_image_has_is_not_a_number() -> None:
    assert math.isnan(epoch_figures(0, "training", figures(magtr=[NAN] * 4), CLASSES).magtr)


def test_the_curves_are_a_row_each_under_the_names_of_their_figures(tmp_path: Path) -> None:
    rows = [epoch_figures(epoch, "training", figures(loss=[1, 2, 3, 6]), CLASSES) for epoch in (0, 1)]
    write_curves(tmp_path / "curves.csv", rows)
    written = (tmp_path / "curves.csv").read_bytes().decode()
    assert written == (
        "epoch,images,accuracy,magtr,cross_entropy,loss,mangtr,epg,"
        "without_region,region_too_large,empty_map\r\n"
        "0,training,0.5,0.0,0.0,3.0,0.0,0.0,0,0,0\r\n"
        "1,training,0.5,0.0,0.0,3.0,0.0,0.0,0,0,0\r\n"
    )


def test_each_image_is_a_row_with_its_true_and_its_predicted_class_by_name(tmp_path: Path) -> None:
    told = figures(prediction=[0, 1, 0, 0], cross_entropy=[1 / 3, 0, 0, 0], magtr=[0.5, NAN, 0, 0])
    paths = ["a.png", "b, c.png", "d.png", "e.png"]
    write_image_figures(tmp_path / "images.csv", paths, ("ring", "healthy"), told, CLASSES)
    head, first, second, third, _ = (tmp_path / "images.csv").read_text(encoding="utf-8").splitlines()
    assert head == ",".join(["path", "truth", *FIGURES])
    of = dict(zip(head.split(","), first.split(","), strict=True))
    assert (of["path"], of["truth"], of["prediction"]) == ("a.png", "ring", "ring")
    assert (of["cross_entropy"], of["magtr"]) == ("0.333333", "0.5")
    assert second.startswith('"b, c.png",healthy,healthy,')
    assert third.startswith("d.png,healthy,ring,")
