"""Staged parasites of published sets: cut as scoring cuts them, smear by smear, each damage named."""

import csv
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from datasets import staged_cells
from datasets.fields import AnnotationError
from datasets.staged_cells import STAGED_SETS
from tests.drawn_cells import disc_picture

CELL = (180, 120, 140)
CENTRES = [(40, 40), (120, 40), (200, 40), (280, 40)]


def marked(number: int, kinds: list[str]) -> dict[str, Any]:
    """A field's annotation: a box round each disc."""
    objects = [
        {"type": kind, "bbox": {"x": x - 25, "y": y - 25, "w": 50, "h": 50}}
        for kind, (x, y) in zip(kinds, CENTRES, strict=True)
    ]
    return {"image_name": f"{number}.png", "objects": objects}


def iml(root: Path, fields: list[list[str]]) -> Path:
    """A set with a field for each list of kinds; the colour of cells is another in every field."""
    (root / "images").mkdir(parents=True)
    for number in range(len(fields)):
        colour = (CELL[0], CELL[1] - 30 * number, CELL[2])
        picture = disc_picture(80, 320, CENTRES, 48, colour)
        cv2.imwrite(str(root / "images" / f"{number}.png"), picture[..., ::-1])
    entries = [marked(number, kinds) for number, kinds in enumerate(fields)]
    (root / "annotations.json").write_text(json.dumps(entries), encoding="utf-8")
    return root


HEALTHY = "red blood cell"


def test_a_smear_has_its_own_parasites_and_its_own_healthy_cells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staged_cells, "FIRST_FIELDS", (0, 1))
    root = iml(tmp_path, [["ring", HEALTHY, HEALTHY, "gametocyte"], [HEALTHY, HEALTHY, "schizont", HEALTHY]])
    first, second = STAGED_SETS["iml_malaria"](root)
    assert (first.smear, second.smear) == ("iml_malaria, smear 1", "iml_malaria, smear 2")
    assert (first.stage.tolist(), second.stage.tolist()) == ([0, 3], [2])
    assert (first.block.tolist(), second.block.tolist()) == (["0", "0"], ["1"])
    assert (len(first.healthy), len(second.healthy)) == (2, 3)
    # By the colour of their own field's healthy cells, cells of either smear are grey.
    for smear in (first, second):
        assert np.abs(smear.crops[:, 44:52, 44:52].astype(int) - 128).max() <= 2


def test_a_field_without_a_healthy_cell_is_left_out(tmp_path: Path) -> None:
    (only,) = STAGED_SETS["iml_malaria"](
        iml(tmp_path, [["ring"] * 4, ["trophozoite", HEALTHY, HEALTHY, HEALTHY]])
    )
    assert only.stage.tolist() == [1]


def test_a_smear_without_a_stage_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="smear 1: no staged parasite"):
        STAGED_SETS["iml_malaria"](iml(tmp_path, [[HEALTHY] * 4]))


def plasmocount(root: Path, stages: list[str]) -> Path:
    """Single cells with these stages."""
    rows = []
    for number, stage in enumerate(stages):
        picture = disc_picture(160, 160, [(80, 80)], 140, CELL)
        cv2.imwrite(str(root / f"{number}.png"), picture[..., ::-1])
        rows.append({"path": f"{number}.png", "infected": "1", "field": f"{number % 2}", "stage": stage})
    with (root / "index.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return root


def test_single_cells_have_no_healthy_ones_beside_them(tmp_path: Path) -> None:
    (cells,) = STAGED_SETS["plasmocount_cells"](plasmocount(tmp_path, ["ring", "schizont", "trophozoite"]))
    assert cells.stage.tolist() == [0, 2, 1]
    assert cells.crops.shape == (3, 96, 96, 3)
    assert cells.healthy.shape == (0, 96, 96, 3)


def test_an_unknown_stage_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=r"line 3: stage 'segmenter' is none of ring"):
        STAGED_SETS["plasmocount_cells"](plasmocount(tmp_path, ["ring", "segmenter"]))
