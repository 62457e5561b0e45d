"""Cells of signed slides as training data: which ones, with which truth, and that no split cuts a patient."""

import csv
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cells.crops import raw_crops
from core.results.folder import read_tables, tables_of
from core.review import SignedResult, read_document, sign
from core.review.signed_result import SignedCell
from core.store import Call, Case, Opinion, Role, Signature, SlideRecord, Stage, Store
from datasets.cells import STORED_SIZE_PX
from datasets.fields import AnnotationError
from datasets.laboratory_cells import of_reviewed_cells
from datasets.reviewed_cells import (
    ExportError,
    _view,
    patient_numbers,
    reviewed_cells,
    write_reviewed_cells,
)
from datasets.splits import split
from tests.scored_slides import PARASITE, box_of, keep_features, read_all, scored_slide


def signed_slide(store: Store, folder: Path, first: str, second: str, third: str = "") -> SlideRecord:
    record = scored_slide(store, folder, listed=len(first))
    read_all(store, record, first, reader="Anna", role=Role.FIRST)
    read_all(store, record, second, reader="Ben", role=Role.SECOND)
    read_all(store, record, third or "." * len(first), reader="Cleo", role=Role.ADJUDICATOR)
    sign(store, record.slide.id, by="Dora")
    return store.record(record.slide.id)


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "index.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_cells_that_readers_agreed_on_are_written_and_doubtful_ones_left_out(
    store: Store, tmp_path: Path
) -> None:
    record = signed_slide(store, tmp_path / "slide", "+-+?+", "+--?-", "..-.?")
    written = write_reviewed_cells(tmp_path / "out", store.records())
    assert (written.infected, written.healthy, written.left_out) == (1, 2, 2)
    assert written.slides == (record,)
    by_truth = sorted((row["infected"], row["field"], row["decision"]) for row in rows(tmp_path / "out"))
    assert by_truth == [
        ("0", "field1.png", "rejected"),
        ("0", "field2.png", "rejected"),
        ("1", "field1.png", "accepted by two readers"),
    ]
    (disputed,) = (row for row in rows(tmp_path / "out") if row["adjudicator"])
    said = (disputed["first"], disputed["second"], disputed["adjudicator"])
    assert said == ("Anna: parasite", "Ben: not a parasite", "Cleo: not a parasite")
    assert disputed["signed_sha256"] == record.signatures[0].sha256


def test_what_the_second_look_saw_is_written_beside_the_cells(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path / "slide", listed=6)
    keep_features(record, seen=5, alike=(1,))
    for reader, role in (("Anna", Role.FIRST), ("Ben", Role.SECOND)):
        read_all(store, record, "+-?+--", reader=reader, role=role)
    sign(store, record.slide.id, by="Dora")
    write_reviewed_cells(tmp_path / "out", store.records())
    assert record.taken_in is not None
    cells = of_reviewed_cells(tmp_path / "out", record.taken_in.result.model.identity)
    # The third is in doubt, and the second look has not seen the sixth.
    assert cells.infected.tolist() == [True, False, True, False]
    assert cells.features[:, 0].tolist() == pytest.approx([3, 0, 0, 0], abs=0.5)
    assert cells.log_odds[0] > 0 > cells.log_odds[-1]
    assert set(cells.patient) == {"patient_1"}


def test_of_a_result_whose_files_are_gone_the_pictures_are_written(store: Store, tmp_path: Path) -> None:
    record = signed_slide(store, tmp_path / "slide", "+-", "+-")
    assert record.taken_in is not None
    (record.taken_in.folder / "cells.parquet").unlink()
    tables_of.cache_clear()
    assert write_reviewed_cells(tmp_path / "out", [record]).infected == 1
    with pytest.raises(AnnotationError, match="it holds no cell"):
        of_reviewed_cells(tmp_path / "out", "dots 1")


def test_what_is_written_is_read_back_as_cells_like_those_of_the_published_sets(
    store: Store, tmp_path: Path
) -> None:
    record = signed_slide(store, tmp_path / "slide", "+-", "+-")
    write_reviewed_cells(tmp_path / "out", [record])
    cells = reviewed_cells(tmp_path / "out")
    assert cells.crops.shape == (2, STORED_SIZE_PX, STORED_SIZE_PX, 3)
    assert cells.infected.tolist() == [True, False]
    assert set(cells.source) == {"reviewed_cells"}
    assert cells.colour.tolist() == [[200.0, 140.0, 150.0]] * 2  # the slide's own, as it was scored
    for crop, candidate in zip(cells.crops, record.candidates, strict=True):
        image = cv2.imread(str(record.slide.folder / candidate.field))
        assert image is not None
        box = np.array([candidate.box], np.float32)
        np.testing.assert_array_equal(
            crop, raw_crops(np.asarray(image[..., ::-1], np.uint8), box, STORED_SIZE_PX)[0]
        )


@given(
    middle=st.tuples(st.floats(0.01, 199.98), st.floats(0.01, 159.98)),
    sides=st.tuples(st.floats(8, 50), st.floats(8, 50)),
)
def test_the_crop_of_a_view_is_that_of_the_field_wherever_the_cell_lies(
    middle: tuple[float, float], sides: tuple[float, float]
) -> None:
    width, height = (round(side, 2) for side in sides)
    x, y = (round(place - side / 2, 2) for place, side in zip(middle, (width, height), strict=True))
    image = np.random.default_rng(0).integers(0, 256, (160, 200, 3)).astype(np.uint8)
    cell = SignedCell.model_construct(x=x, y=y, width=width, height=height)
    view, left, top = _view(image, cell)
    # In quarters, which float32 holds exactly in both places.
    box = np.round(np.array([[x, y, width, height]]) * 4) / 4
    moved = (box - [left, top, 0, 0]).astype(np.float32)
    # Beyond the field both are filled, each with its own background; what of the field they show is the same.
    black = (0, 0, 0)
    np.testing.assert_array_equal(
        raw_crops(view, moved, STORED_SIZE_PX, beyond=black),
        raw_crops(image, box.astype(np.float32), STORED_SIZE_PX, beyond=black),
    )


def test_stages_that_readers_named_are_written(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path / "slide", listed=1)
    ring = Opinion(Call.PARASITE, stage=Stage.RING)
    for reader, role in (("Anna", Role.FIRST), ("Ben", Role.SECOND)):
        store.read(record.slide.id, record.candidates[0].id, ring, reader=reader, role=role)
    sign(store, record.slide.id, by="Dora")
    write_reviewed_cells(tmp_path / "out", store.records())
    assert rows(tmp_path / "out")[0]["stages"] == "ring"


def test_cells_come_from_the_last_signed_version_whatever_was_read_since(
    store: Store, tmp_path: Path
) -> None:
    record = signed_slide(store, tmp_path / "slide", "+-", "+-")
    store.signatures.begin_amendment(record.slide.id, "cell 2 too", by="Dora")
    read_all(store, record, ".+", reader="Anna", role=Role.FIRST)
    read_all(store, record, ".+", reader="Ben", role=Role.SECOND)
    assert write_reviewed_cells(tmp_path / "before", store.records()).infected == 1
    sign(store, record.slide.id, by="Dora")
    assert write_reviewed_cells(tmp_path / "after", store.records()).infected == 2


def test_no_patient_is_named_and_none_is_cut_by_a_split(store: Store, tmp_path: Path) -> None:
    for number in range(8):  # all of one patient, as `scored_slide` enters them
        signed_slide(store, tmp_path / f"slide{number}", "+-", "+-")
    records = [
        replace(record, case=replace(record.case, patient=f"Patient {number // 2}"))
        for number, record in enumerate(store.records())
    ]
    write_reviewed_cells(tmp_path / "out", records)
    assert all("Patient " not in file.read_text() for file in (tmp_path / "out").glob("*.csv"))
    cells = reviewed_cells(tmp_path / "out")
    assert len(set(cells.group)) == 4
    parts = split(cells.group.tolist(), cells.infected.astype(str).tolist(), seed=0)
    groups = [set(cells.group[part]) for part in (parts.training, parts.validation, parts.test)]
    assert sum(len(group) for group in groups) == 4


def test_cases_of_one_patient_are_one_and_those_without_a_name_each_their_own() -> None:
    entered = ["Anna Roy", "anna  roy ", "", None, "Ben", "", None]
    cases = [
        Case(number, patient, None, datetime.now(UTC)) for number, patient in enumerate(entered, start=1)
    ]
    assert list(patient_numbers(cases[::-1]).values()) == [
        "patient_1",
        "patient_1",
        "patient_3",
        "patient_4",
        "patient_5",
        "patient_6",
        "patient_7",
    ]


def test_nothing_is_written_over_and_nothing_without_a_signature(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path / "slide", listed=1)
    with pytest.raises(ExportError, match="no slide is signed"):
        write_reviewed_cells(tmp_path / "out", [record])
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    with pytest.raises(ExportError, match="out exists already"):
        write_reviewed_cells(tmp_path / "out", [record])


HEAD = "path,infected,patient,x,y,width,height,red,green,blue\n"


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (None, "index.csv: missing"),
        ("path,infected\n", "lists no cell"),
        ("path,infected,patient\na.png,1,p\n", "line 2: KeyError\\('x'\\)"),
        (
            HEAD + "a.png,1,p,1,1,q,2,3,3,3\n",
            "line 2: ValueError",
        ),
        (
            HEAD + "a.png,2,p,1,1,2,2,3,3,3\n",
            "line 2: no truth",
        ),
        (
            HEAD + "a.png,1,,1,1,2,2,3,3,3\n",
            "line 2: no truth",
        ),
        (
            HEAD + "a.png,1,p,1,1,2,2,3,3,3\n",
            "cannot be decoded",
        ),
    ],
)
def test_a_folder_that_is_not_as_written_is_named_with_its_line(
    tmp_path: Path, content: str | None, named: str
) -> None:
    if content is not None:
        (tmp_path / "index.csv").write_text(content)
    with pytest.raises(AnnotationError, match=named):
        reviewed_cells(tmp_path)


@pytest.mark.parametrize("content", [b"path,infected\n\xff.png,1\n", b"path\n" + b"x" * 200_000])
def test_an_index_that_is_no_table_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "index.csv").write_bytes(content)
    with pytest.raises(AnnotationError, match=r"index\.csv: the file: .*; unpack the set anew"):
        reviewed_cells(tmp_path)


@pytest.mark.parametrize("box", [box_of(3), (-4.5, -4.5, 9.0, 9.0), (405.49, 55.49, 9.0, 9.0)])
def test_a_marked_cell_is_among_them_wherever_on_its_field_it_lies(
    store: Store, tmp_path: Path, box: tuple[float, float, float, float]
) -> None:
    record = scored_slide(store, tmp_path / "slide", listed=0)
    parasite = Opinion(Call.PARASITE)
    for reader, role in (("Anna", Role.FIRST), ("Ben", Role.SECOND)):
        store.mark(record.slide.id, "field2.png", box, parasite, reader=reader, role=role)
    sign(store, record.slide.id, by="Dora")
    assert write_reviewed_cells(tmp_path / "out", store.records()).infected == 1
    assert len(reviewed_cells(tmp_path / "out").crops) == 1


def test_a_cell_that_an_earlier_version_let_be_marked_beyond_its_field_is_left_out_and_counted(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = scored_slide(store, tmp_path / "slide", listed=0)
    rows = [
        replace(row, width=10_000, height=10_000) for row in read_tables(tmp_path / "slide" / "result").fields
    ]
    monkeypatch.setattr("core.store.offering.fields_of", lambda *_: rows)
    for box in ((500.0, 20.0, 30.0, 30.0), (10.0, 59.0, 30.0, 30.0), box_of(3)):
        for reader, role in (("Anna", Role.FIRST), ("Ben", Role.SECOND)):
            store.mark(record.slide.id, "field2.png", box, PARASITE, reader=reader, role=role)
    sign(store, record.slide.id, by="Dora")
    written = write_reviewed_cells(tmp_path / "out", store.records())
    assert (written.infected, written.beyond_field, written.left_out) == (1, 2, 0)
    assert len(reviewed_cells(tmp_path / "out").crops) == 1


def test_each_signed_document_is_read_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_slide(store, tmp_path / "slide", "+-", "+-")
    read: list[Signature] = []

    def counting(signature: Signature) -> SignedResult:
        read.append(signature)
        return read_document(signature)

    monkeypatch.setattr("datasets.reviewed_cells.read_document", counting)
    write_reviewed_cells(tmp_path / "out", store.records())
    assert len(read) == 1
