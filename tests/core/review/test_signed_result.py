"""The document that is signed: its one text, its schema, and that a later change is seen."""

import hashlib
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from core.review import read_document, sign, violations
from core.review.signed_result import SCHEMA_PATH, canonical, patient_sha256, sha256_of, signed_result_schema
from core.store import Role, SlideRecord, Store
from core.tally.verdicts import recall_of_read
from core.wording import sentence


def test_the_document_is_canonical_and_fits_the_published_schema(store: Store, finished: SlideRecord) -> None:
    signature = sign(store, finished.slide.id, by="Dora")
    document = signature.document
    parsed = json.loads(document)
    jsonschema.validate(parsed, json.loads(SCHEMA_PATH.read_text(encoding="utf-8")))
    assert document == json.dumps(parsed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert canonical(read_document(signature)) == document
    result = json.loads(finished.taken_in.folder.joinpath("result.json").read_text())  # type: ignore[union-attr]
    assert set(result) < set(parsed)
    assert parsed["notice"] == "research use only, not for diagnosis"


def test_the_published_schema_is_that_of_the_program() -> None:
    published = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
    assert published == signed_result_schema(), (
        "write signed_result_schema() to core/review/signed_result.schema.json"
    )
    jsonschema.Draft202012Validator.check_schema(published)


def test_a_document_that_version_0_1_0_signed_is_read_and_verified(
    store: Store, finished: SlideRecord
) -> None:
    document = Path(__file__).with_name("signed_format_1.json").read_text(encoding="utf-8")
    signature = sign(store, finished.slide.id, by="Dora")
    old = replace(signature, document=document, sha256=sha256_of(document))
    assert old.sha256 == "872a7b35f8486cf7c417c000dae7704100574772b416b18abdb20b63fa2ac11e"
    signed = read_document(old)
    assert signed.verdict.reasons[0] == "Two readers agree on 1 parasite."
    assert (signed.evidence.count.to_read, signed.evidence.count.read_to) == (3, 3)
    assert signed.evidence.readings is not None
    assert signed.evidence.readings.counted == 1
    # 372 of 379 located and 125 of 379 classified: of 379 122.69 come through.
    assert (recall_of_read(signed.evidence).found, recall_of_read(signed.evidence).missed) == (122, 257)
    assert len(signed.readings) == 4
    assert signed.notes == ()
    altered = violations(replace(store.record(finished.slide.id), signatures=(old,)), 1, {})
    assert sentence("altered.document") not in altered
    assert sentence("altered.no_result") not in altered


def test_fields_read_whole_are_signed_as_they_stand(store: Store, finished: SlideRecord) -> None:
    slide, read = finished.slide.id, store.field_readings.read
    second = next(reading.reader for reading in finished.readings if reading.role == Role.SECOND)
    first = next(reading.reader for reading in finished.readings if reading.role == Role.FIRST)
    read(slide, "field1.png", reader=first, role=Role.FIRST)
    read(slide, "field2.png", reader=first, role=Role.FIRST)
    store.field_readings.take_back(slide, "field2.png", reader=first, role=Role.FIRST)
    read(slide, "field1.png", reader=second, role=Role.SECOND)
    signed = read_document(sign(store, slide, by="Dora"))
    assert [(one.field, one.reader, one.role) for one in signed.fields_read] == [
        ("field1.png", first, Role.FIRST),
        ("field1.png", second, Role.SECOND),
    ]
    assert signed.verdict.whole_fields is not None
    assert signed.verdict.whole_fields.fields == 1
    record = store.record(slide)
    pictures = store.signatures.pictures(record.signatures[0])
    assert violations(record, 1, pictures) == ()
    renamed = (replace(record.fields_read[0], reader="Emil"), *record.fields_read[1:])
    altered = violations(replace(record, fields_read=renamed), 1, pictures)
    assert altered == (sentence("altered.fields", count=1),)


def test_what_was_signed_before_fields_were_read_whole_is_still_read_and_verified(
    store: Store, finished: SlideRecord
) -> None:
    signature = sign(store, finished.slide.id, by="Dora")
    before = json.loads(signature.document)
    del before["fields_read"], before["verdict"]["whole_fields"]
    del before["evidence"]["readings"]["fields_looked_through"]
    document = json.dumps(before, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    old = replace(signature, document=document, sha256=sha256_of(document))
    record = replace(store.record(finished.slide.id), signatures=(old,))
    assert violations(record, 1, store.signatures.pictures(signature)) == ()
    assert read_document(old) == read_document(signature)


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("UPDATE readings SET call = 'not a parasite' WHERE id = 1", "Signed readings that have changed"),
        ("UPDATE readings SET reader = 'Ben' WHERE id = 1", "Signed readings that have changed"),
        ("DELETE FROM readings WHERE id = 1", "Signed readings that have changed"),
        ("UPDATE signatures SET document = replace(document, 'slide 7', 'slide 8')", "its hash differs"),
        ("UPDATE signatures SET document = 'gone'", "is not a signed result"),
        ("UPDATE signatures SET by = 'Emil'", "name or time of the signature"),
        ("UPDATE signatures SET at = '2020-01-01 00:00:00.000000'", "name or time of the signature"),
        ("UPDATE cases SET patient = 'somebody else'", "patient is not the one"),
        ("UPDATE notes SET text = 'a parasite' WHERE field IS NULL", "Signed notes that have changed"),
        ("UPDATE notes SET text = NULL WHERE field IS NULL", "Signed notes that have changed"),
        ("UPDATE notes SET \"by\" = 'Ben'", "Signed notes that have changed"),
        ("DELETE FROM notes", "Signed notes that have changed"),
        ("UPDATE signed_pictures SET png = x'00'", "pictures are not those"),
        ("DELETE FROM signed_pictures WHERE id = 1", "pictures are not those"),
    ],
)
def test_what_is_altered_past_the_program_is_seen(
    store: Store, finished: SlideRecord, tmp_path: Path, tampering: str, found: str
) -> None:
    store.notes.on_slide(finished.slide.id, "stained twice", by="Anna")
    sign(store, finished.slide.id, by="Dora")
    with sqlite3.connect(tmp_path / "data" / "smearscope.sqlite") as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (trigger,) in triggers:
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute(tampering)
    connection.close()
    record = store.record(finished.slide.id)
    sentences = [str(said) for said in violations(record, 1, store.signatures.pictures(record.signatures[0]))]
    assert any(found in sentence for sentence in sentences), sentences


def test_an_old_version_put_in_place_of_another_is_seen(store: Store, finished: SlideRecord) -> None:
    slide = finished.slide.id
    sign(store, slide, by="Dora")
    store.signatures.begin_amendment(slide, "again", by="Anna")
    second = sign(store, slide, by="Dora")
    record = store.record(slide)
    other = replace(record, signatures=(replace(record.signatures[0], sha256="0" * 64), second))
    assert sentence("altered.version_before") in violations(other, 2, store.signatures.pictures(second))


def test_a_patient_is_tied_to_the_document_by_a_secret_text_and_an_erased_one_by_nothing(
    finished: SlideRecord,
) -> None:
    case = replace(finished.case, patient="Ada", salt="a secret")
    assert patient_sha256(case) == hashlib.sha256(b"a secret\nAda").hexdigest()
    assert patient_sha256(replace(case, patient=None, salt=None)) is None
