"""A signed result as CSV."""

import csv
import io
from pathlib import Path

from core.reports.signed_result_table import signed_result_csv
from core.review import read_document, sign
from core.store import Call, Opinion, Reason, Role, Store
from tests.scored_slides import PARASITE, read_all, scored_slide


def test_each_cell_is_a_row_with_what_each_reader_said(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path / "data")
    record = scored_slide(store, tmp_path, listed=2)
    slide = record.slide.id
    platelet = Opinion(Call.NOT_PARASITE, reason=Reason.PLATELET)
    store.read(slide, record.candidates[0].id, platelet, reader="=Anna()", role=Role.FIRST)
    store.read(slide, record.candidates[1].id, PARASITE, reader="=Anna()", role=Role.FIRST)
    read_all(store, record, "-+", reader="Ben", role=Role.SECOND)
    signed = read_document(sign(store, slide, by="Dora"))
    store.close()
    first, second = csv.DictReader(io.StringIO(signed_result_csv(signed)))
    assert (first["slide"], first["version"], first["rank"], first["infected_score"]) == (
        "slide 7",
        "1",
        "1",
        "0.99",
    )
    assert (first["first_call"], first["first_reason"]) == ("not a parasite", "platelet")
    assert first["first_reader"] == "'=Anna()"  # no formula for a spreadsheet
    assert (first["decision"], second["decision"]) == ("rejected", "accepted by two readers")
    assert (second["second_reader"], second["adjudicator_reader"]) == ("Ben", "")
    assert first["notice"] == "research use only, not for diagnosis"
