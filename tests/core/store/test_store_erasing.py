"""A patient's identification is erased for good, on record, and nothing else is."""

import sqlite3
from pathlib import Path

import pytest

from core.review import read_document, sign, violations
from core.store import Role, Store, StoreError, notes_that_stand
from tests.scored_slides import read_all, scored_slide

PATIENT = "Nguyễn Thị Hồng, 1987-02-30"


def files_that_hold(folder: Path, text: str) -> list[str]:
    return [file.name for file in folder.iterdir() if text.encode() in file.read_bytes()]


def test_an_erased_patient_is_in_no_file_of_the_database_any_more(store: Store, tmp_path: Path) -> None:
    case = store.add_case(PATIENT, by="Anna")
    for number in range(50):  # so that pages are moved and freed
        store.add_case(f"somebody else {number}", by="Anna")
    assert files_that_hold(tmp_path / "data", PATIENT) != []
    erased = store.erase_patient(case.id, by="Supervisor")
    assert (erased.patient, erased.salt) == (None, None)
    assert files_that_hold(tmp_path / "data", PATIENT) == []
    assert files_that_hold(tmp_path / "data", str(case.salt)) == []
    assert files_that_hold(tmp_path / "data", "somebody else 0") != []


def test_all_laboratory_numbers_that_a_slide_ever_had_are_erased_with_the_patient(
    store: Store, tmp_path: Path
) -> None:
    record = scored_slide(store, tmp_path / "slide")
    other = store.add_slide(store.add_case("Ada", by="Anna").id, "other", tmp_path / "other", by="Anna")
    for slide, number in ((1, "LAB-117-first"), (1, "LAB-117-second"), (other.id, "LAB-118")):
        store.housekeeping.describe(
            slide, name="thin 1", sampled_on=None, laboratory_number=number, by="Anna"
        )
    assert store.record(1).slide.laboratory_number == "LAB-117-second"
    store.erase_patient(record.case.id, by="Supervisor")
    assert store.record(1).slide.laboratory_number is None
    assert store.records()[0].slide.laboratory_number is None
    assert files_that_hold(tmp_path / "data", "LAB-117") == []
    assert store.record(other.id).slide.laboratory_number == "LAB-118"
    with pytest.raises(StoreError, match="the patient of this slide was erased"):
        store.housekeeping.describe(1, name="thin 1", sampled_on=None, laboratory_number="117", by="Anna")


def test_notes_on_the_slide_are_erased_with_the_patient_and_those_on_its_cells_and_fields_stay(
    store: Store, tmp_path: Path
) -> None:
    record = scored_slide(store, tmp_path / "slide", listed=1)
    store.notes.on_slide(1, "taken from Hong by the door", by="Anna")
    store.notes.on_slide(1, "taken from Hong by the window", by="Anna")
    store.notes.on_field(1, "field1.png", "thick here", by="Anna")
    store.notes.on_cell(1, record.candidates[0].id, "dust?", by="Anna")
    store.erase_patient(record.case.id, by="Supervisor")
    assert [note.text for note in notes_that_stand(store.record(1).notes)] == ["thick here", "dust?"]
    assert files_that_hold(tmp_path / "data", "taken from Hong") == []


def test_a_signed_document_keeps_a_note_that_was_erased_since_and_still_verifies(
    store: Store, tmp_path: Path
) -> None:
    record = scored_slide(store, tmp_path / "slide", listed=1)
    read_all(store, record, "-", reader="Anna", role=Role.FIRST)
    store.notes.on_slide(1, "stained twice", by="Anna")
    signature = sign(store, 1, by="Anna")
    store.erase_patient(record.case.id, by="Supervisor")
    assert read_document(signature).notes[0].text == "stained twice"
    assert violations(store.record(1), 1, {}) == ()


def test_the_audit_trail_says_who_erased_which_case_and_never_held_the_patient(
    store: Store, tmp_path: Path
) -> None:
    case = store.add_case(PATIENT, by="Anna")
    store.erase_patient(case.id, by="Supervisor")
    store.erase_patient(case.id, by="Supervisor")
    erasings = [entry for entry in store.audit() if entry.what == "patient erased"]
    assert [(entry.who, entry.detail) for entry in erasings] == [("Supervisor", {"case": case.id})]
    assert all(PATIENT not in str(entry) for entry in store.audit())


def test_readings_and_signed_results_outlive_the_patients_identification(
    store: Store, tmp_path: Path
) -> None:
    record = scored_slide(store, tmp_path / "slide", listed=1)
    read_all(store, record, "-", reader="Anna", role=Role.FIRST)
    signature = sign(store, record.slide.id, by="Anna")
    assert record.case.patient is not None
    assert record.case.patient not in signature.document
    store.erase_patient(record.case.id, by="Supervisor")
    after = store.record(record.slide.id)
    assert after.signatures == (signature,)
    assert len(after.readings) == 1
    assert violations(after, 1, store.signatures.pictures(signature)) == ()
    store.signatures.begin_amendment(record.slide.id, "looked again", by="Anna")
    assert read_document(sign(store, record.slide.id, by="Anna")).signature.patient_sha256 is None


def test_who_reads_all_the_while_is_named_as_the_reason_why_the_log_still_holds_it(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.database.SECONDS_TO_WAIT", 0)
    impatient = Store.in_folder(tmp_path / "data")
    case = impatient.add_case(PATIENT, by="Anna")
    reader = sqlite3.connect(tmp_path / "data" / "smearscope.sqlite", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM cases").fetchall()
    with pytest.raises(StoreError, match="write-ahead log may hold it"):
        impatient.erase_patient(case.id, by="Supervisor")
    reader.execute("COMMIT")
    reader.close()
    impatient.erase_patient(case.id, by="Supervisor")
    impatient.close()
    assert files_that_hold(tmp_path / "data", PATIENT) == []
