"""A laboratory's cells: read with their truth and what the model saw in them, and of no other model."""

from pathlib import Path

import numpy as np
import pytest

from core.cells.detection import ObjectKind
from core.files import write_csv
from datasets.fields import AnnotatedField, AnnotationError, Mark, annotated_field
from datasets.laboratory_cells import (
    SEEN,
    SeenCell,
    joined,
    of_annotated_fields,
    of_reviewed_cells,
    write_seen_cells,
)
from tests.coloured_cells import draw_field, load_models

FEATURES = np.array([[0.5, 1.0], [0.25, 2.0], [0.125, 3.0]], np.float16)


def save_reviewed(folder: Path, models: tuple[str, ...] = ("A", "A", "B")) -> Path:
    """Three cells of two patients, scored by these models."""
    folder.mkdir()
    names = [f"{number}.png" for number in range(3)]
    rows = zip(names, (1, 0, 0), ("patient_1", "patient_1", "patient_2"), strict=True)
    write_csv(folder / "index.csv", ("path", "infected", "patient"), rows)
    cells = [
        SeenCell(name, model, log_odds, features)
        for name, model, log_odds, features in zip(names, models, (2.5, -1.0, -3.0), FEATURES, strict=True)
    ]
    write_seen_cells(folder, cells)
    return folder


def test_reviewed_cells_are_read_back_with_their_patient_and_what_was_seen(tmp_path: Path) -> None:
    cells = of_reviewed_cells(save_reviewed(tmp_path / "out", ("A", "A", "A")), "A")
    assert cells.patient.tolist() == ["patient_1", "patient_1", "patient_2"]
    assert cells.infected.tolist() == [True, False, False]
    assert cells.log_odds.tolist() == [2.5, -1.0, -3.0]
    assert np.array_equal(cells.features, FEATURES)


def test_cells_that_another_model_scored_are_left_out(tmp_path: Path) -> None:
    cells = of_reviewed_cells(save_reviewed(tmp_path / "out"), "A")
    assert (len(cells), set(cells.patient)) == (2, {"patient_1"})
    assert len(joined([cells, of_reviewed_cells(tmp_path / "out", "B")])) == 3


def test_where_another_model_scored_all_cells_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="scored by A, B, not by C; give that --model"):
        of_reviewed_cells(save_reviewed(tmp_path / "out"), "C")


@pytest.mark.parametrize("file", ["index.csv", SEEN])
def test_a_folder_without_one_of_the_files_is_refused(file: str, tmp_path: Path) -> None:
    (save_reviewed(tmp_path / "out") / file).unlink()
    with pytest.raises(AnnotationError, match=f"{file}: missing; give a folder that `smearscope export`"):
        of_reviewed_cells(tmp_path / "out", "A")


def test_a_damaged_table_is_refused(tmp_path: Path) -> None:
    (save_reviewed(tmp_path / "out") / SEEN).write_bytes(b"no table")
    with pytest.raises(AnnotationError, match="cannot be read"):
        of_reviewed_cells(tmp_path / "out", "A")


@pytest.mark.parametrize(("infected", "patient"), [("2", "patient_1"), ("", "patient_1"), ("1", "")])
def test_a_line_without_truth_or_patient_is_named(infected: str, patient: str, tmp_path: Path) -> None:
    folder = save_reviewed(tmp_path / "out")
    write_csv(folder / "index.csv", ("path", "infected", "patient"), [("0.png", infected, patient)])
    with pytest.raises(AnnotationError, match=r"index\.csv: line 2: no truth or patient"):
        of_reviewed_cells(folder, "A")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (SeenCell("0.png", "A", float("nan"), FEATURES[0]), "not finite"),
        (SeenCell("0.png", "A", 1.0, FEATURES[0, :1]), "inhomogeneous"),
    ],
)
def test_what_was_seen_must_be_numbers_and_as_many_of_each_cell(
    cell: SeenCell, said: str, tmp_path: Path
) -> None:
    folder = save_reviewed(tmp_path / "out")
    write_seen_cells(folder, [cell, SeenCell("1.png", "A", 1.0, FEATURES[1])])
    with pytest.raises(AnnotationError, match=said):
        of_reviewed_cells(folder, "A")


def test_a_cell_that_the_index_does_not_list_is_named(tmp_path: Path) -> None:
    folder = save_reviewed(tmp_path / "out")
    write_csv(folder / "index.csv", ("path", "infected", "patient"), [("0.png", 1, "patient_1")])
    with pytest.raises(AnnotationError, match=r"1\.png"):
        of_reviewed_cells(folder, "A")


def drawn_fields(
    monkeypatch: pytest.MonkeyPatch, kinds_marked: frozenset[ObjectKind]
) -> list[AnnotatedField]:
    """A field of two patients each, of thirty discs; the seventh, 24 px wide, has a dot and is marked."""
    image = draw_field(infected=(7,))
    monkeypatch.setattr(AnnotatedField, "image", lambda _: image)
    mark = Mark(ObjectKind.RED_CELL, 60 - 14, 60 - 14, 28, 28, infected=True)
    return [
        annotated_field(Path(f"{slide}.png"), "our_set", [mark], kinds_marked, slide=slide)
        for slide in ("Anna", "Ben")
    ]


def test_annotated_fields_give_the_cells_of_each_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = drawn_fields(monkeypatch, frozenset({ObjectKind.RED_CELL}))
    cells = of_annotated_fields(fields, load_models())
    assert sorted(set(cells.patient)) == ["our_set Anna", "our_set Ben"]
    assert (len(cells), cells.infected.sum()) == (60, 2)
    assert cells.log_odds[cells.infected].min() > cells.log_odds[~cells.infected].max()
    assert cells.features.shape == (60, 2)


def test_where_parasites_alone_are_marked_no_cell_is_taken_for_healthy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cells = of_annotated_fields(drawn_fields(monkeypatch, frozenset()), load_models())
    assert cells.infected.tolist() == [True, True]


def test_fields_without_a_cell_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = np.full((120, 160, 3), 235, np.uint8)
    monkeypatch.setattr(AnnotatedField, "image", lambda _: empty)
    with pytest.raises(AnnotationError, match="no cell of known truth"):
        of_annotated_fields([annotated_field(Path("set/a.png"), "set", [], frozenset())], load_models())
