"""A detector held against fields that it has not seen, and the sheet of the cells that nobody marked."""

from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest
from lightning_fabric import Fabric
from numpy.typing import NDArray

from core.cells.detection import ObjectKind
from core.files import OutputError
from datasets.fields import AnnotatedField
from scripts.cell_networks.validate_detector import (
    SHEET_COLUMNS,
    TILE_PX,
    sheet_of_unmarked,
    validate_detector,
    width_of_source,
)
from scripts.settings.configuration import DetectorSettings, read_settings
from tests.drawn_cells import ToldDetector, boxes_around, located
from tests.scripts.settings.test_configuration import SHIPPED


def test_the_cell_width_is_estimated_anew_at_each_image_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []

    def watching(image: NDArray[np.uint8], _: object) -> float:
        seen.append((image.shape[0], image.shape[1]))
        return 20.0

    field = AnnotatedField(
        path=Path("a.jpg"),
        source="iml_malaria",
        boxes=np.empty((0, 4), np.float32),
        kind=np.empty(0, np.uint8),
        infected=np.empty(0, bool),
        stage=(),
        kinds_marked=frozenset({ObjectKind.RED_CELL}),
    )
    monkeypatch.setattr(AnnotatedField, "image", lambda _: np.zeros((60, 80, 3), np.uint8))
    monkeypatch.setattr("scripts.cell_networks.validate_detector.cell_diameter_px", watching)
    for scale in (0.5, 1.0, 2.0):
        assert width_of_source([field], ToldDetector(located(boxes_around([], 1))), scale) == 20.0
    assert seen == [(30, 40), (60, 80), (120, 160)]


def field_with_a_marked_cell(folder: Path) -> AnnotatedField:
    """At (30, 30), red; a blue one at (120, 80) has no mark."""
    image = np.full((120, 160, 3), 200, np.uint8)
    image[20:40, 20:40] = (255, 0, 0)
    image[70:90, 110:130] = (0, 0, 255)
    path = folder / "f.png"
    cv2.imwrite(str(path), image[..., ::-1])
    return AnnotatedField(
        path=path,
        source="chula_rbc12",
        boxes=np.array([[30, 30, np.nan, np.nan]], np.float32),
        kind=np.array([ObjectKind.RED_CELL], np.uint8),
        infected=np.array([False]),
        stage=("",),
        kinds_marked=frozenset({ObjectKind.RED_CELL}),
    )


def test_the_sheet_shows_the_located_cells_that_nobody_marked(tmp_path: Path) -> None:
    found = ToldDetector(located(boxes_around([(30, 30), (120, 80)], 20)), cell_diameter_px=20.0)
    sheet = sheet_of_unmarked([field_with_a_marked_cell(tmp_path)], found, 20.0, seed=0)
    assert sheet.shape == (TILE_PX, SHEET_COLUMNS * TILE_PX, 3)
    middle = sheet[TILE_PX // 2, TILE_PX // 2]
    # Blue, the one without a mark; the red one has its mark.
    assert middle.tolist() == [0, 0, 255]
    assert sheet[:, TILE_PX:].max() == 0


def rows_with_a_detector_that_locates(
    centres: list[tuple[float, float]], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> int:
    """Number of rows of a validation on one field with a marked cell."""
    detector = ToldDetector(located(boxes_around(centres, 20)), cell_diameter_px=20.0)
    monkeypatch.setattr("scripts.cell_networks.validate_detector.train_detector", lambda *_: None)
    monkeypatch.setattr("scripts.cell_networks.validate_detector.fuse", lambda _: None)
    monkeypatch.setattr("scripts.cell_networks.validate_detector.answer_of", lambda *_: None)
    monkeypatch.setattr("scripts.cell_networks.validate_detector.Detector", lambda *_: detector)
    monkeypatch.setattr("scripts.cell_networks.validate_detector.width_of_source", lambda *_: 20.0)
    settings = read_settings(SHIPPED / "detector.yaml")
    assert isinstance(settings, DetectorSettings)
    fields = {"chula_rbc12": [field_with_a_marked_cell(folder)]}
    return len(list(validate_detector(fields, settings, "sources", cast(Fabric, None), folder / "sheets")))


def test_a_sheet_is_written_where_a_located_cell_has_no_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rows_with_a_detector_that_locates([(30, 30)], tmp_path, monkeypatch) == 3
    assert not (tmp_path / "sheets").exists()
    assert rows_with_a_detector_that_locates([(30, 30), (120, 80)], tmp_path, monkeypatch) == 3
    assert cv2.imread(str(tmp_path / "sheets" / "chula_rbc12_unmarked.png")) is not None


def test_a_sheet_that_cannot_be_written_is_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sheets").touch()
    with pytest.raises(OutputError, match=r"cannot write .*chula_rbc12_unmarked\.png"):
        rows_with_a_detector_that_locates([(120, 80)], tmp_path, monkeypatch)
