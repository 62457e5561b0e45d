"""What is taken away of a signed result: by a signed address, for some time, by those who may."""

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from app.web.exports import FORMS, SECONDS, Export, export_address, export_of, export_routes
from app.workplace import Workplace
from core.reports.signed_result_page import Letterhead
from core.results.folder import tables_of
from core.review import sign
from core.store import Role, SlideRecord
from core.store.settings import Settings
from datasets.interchange.formats import AnnotationFormat, read_labelled
from tests.scored_slides import read_all, scored_slide


@pytest.fixture
def signed(workplace: Workplace, record: SlideRecord) -> Workplace:
    """The slide of four candidates, read by Anna and signed by Ben."""
    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    sign(workplace.store, record.slide.id, by="Ben")
    return workplace


def get(workplace: Workplace, address: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=Starlette(routes=export_routes(workplace)))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.get(address)

    return asyncio.run(ask())


def exported(workplace: Workplace) -> list[tuple[str, str]]:
    return [(one.who, one.detail["form"]) for one in workplace.store.audit(1) if one.what == "exported"]


@pytest.mark.parametrize(
    ("form", "name", "media_type", "begins"),
    [
        ("PDF en", "slide 7_v1_en.pdf", "application/pdf", b"%PDF-"),
        ("PDF fr", "slide 7_v1_fr.pdf", "application/pdf", b"%PDF-"),
        ("JSON", "slide 7_v1.json", "application/json", b"{"),
        ("CSV", "slide 7_v1.csv", "text/csv; charset=utf-8", b""),
        ("FHIR", "slide 7_v1_fhir.json", "application/fhir+json", b'{\n  "resourceType": "Bundle"'),
        ("COCO", "slide 7_v1_coco.json", "application/json", b"{"),
        ("Pascal VOC", "slide 7_v1_voc.zip", "application/zip", b"PK"),
        ("YOLO", "slide 7_v1_yolo.zip", "application/zip", b"PK"),
        ("CVAT", "slide 7_v1_cvat.xml", "application/xml", b"<?xml"),
        ("Label Studio", "slide 7_v1_label_studio.json", "application/json", b"["),
        ("QuPath", "slide 7_v1_geojson.zip", "application/zip", b"PK"),
    ],
)
def test_each_form_is_a_file_of_its_name_and_goes_on_record(
    signed: Workplace, form: str, name: str, media_type: str, begins: bytes
) -> None:
    answer = get(signed, export_address(signed.secret, Export(1, 1, form, "Cleo")))
    assert answer.status_code == 200
    assert answer.content.startswith(begins)
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-disposition"].endswith("''" + name.replace(" ", "%20"))
    assert answer.headers["cache-control"] == "no-store"
    assert exported(signed) == [("Cleo", form)]


@pytest.mark.parametrize("laboratory", ["North Hospital", None])
def test_the_pdf_names_the_laboratory_of_the_settings_and_the_patient_as_of_now(
    signed: Workplace, monkeypatch: pytest.MonkeyPatch, laboratory: str | None
) -> None:
    printed: list[Letterhead] = []

    def noted(_: object, __: str, letterhead: Letterhead, *more: object) -> bytes:
        printed.append(letterhead)
        return b"PDF"

    monkeypatch.setattr("app.web.exports.signed_result_pdf", noted)
    there = replace(signed, settings=Settings(laboratory=laboratory))
    get(there, export_address(there.secret, Export(1, 1, "PDF en", "Cleo")))
    assert printed == [Letterhead("patient 7", laboratory)]


def test_annotations_hold_all_cells_and_what_was_signed_of_them_but_no_patient(
    signed: Workplace, tmp_path: Path
) -> None:
    answer = get(signed, export_address(signed.secret, Export(1, 1, "COCO", "Cleo")))
    (tmp_path / "coco.json").write_bytes(answer.content)
    fields = read_labelled(tmp_path / "coco.json", AnnotationFormat.COCO).fields
    objects = [one for field in fields for one in field.objects]
    taken_in = signed.store.record(1).taken_in
    assert taken_in is not None
    assert len(objects) == taken_in.result.cells.located
    said = [(one.rank, one.label, one.said[0].who) for one in objects if one.said]
    assert sorted(said) == [(rank, "healthy", "Anna") for rank in (1, 2, 3, 4)]
    assert b"patient 7" not in answer.content


def test_slides_of_one_patient_have_the_number_that_the_command_line_gives_them(
    signed: Workplace, tmp_path: Path
) -> None:
    again = scored_slide(signed.store, tmp_path / "again")  # another case of the same patient
    read_all(signed.store, again, "----", reader="Anna", role=Role.FIRST)
    sign(signed.store, again.slide.id, by="Ben")
    answer = get(signed, export_address(signed.secret, Export(again.slide.id, 1, "COCO", "Cleo")))
    (tmp_path / "coco.json").write_bytes(answer.content)
    fields = read_labelled(tmp_path / "coco.json", AnnotationFormat.COCO).fields
    assert again.case.id == 2
    assert {field.slide for field in fields} == {"patient_1"}


def test_annotations_of_a_result_whose_files_are_gone_are_refused_and_not_on_record(
    signed: Workplace,
) -> None:
    taken_in = signed.store.record(1).taken_in
    assert taken_in is not None
    (taken_in.folder / "cells.parquet").unlink()
    tables_of.cache_clear()
    answer = get(signed, export_address(signed.secret, Export(1, 1, "QuPath", "Cleo")))
    assert answer.status_code == 500
    assert "cannot be read any more" in answer.text
    assert exported(signed) == []


def test_the_json_is_the_document_that_was_signed(signed: Workplace) -> None:
    answer = get(signed, export_address(signed.secret, Export(1, 1, "JSON", "Cleo")))
    (signature,) = signed.store.record(1).signatures
    assert answer.text == signature.document
    assert json.loads(answer.text)["verdict"]


def test_an_address_lasts_an_hour() -> None:
    export = Export(1, 1, "CSV", "Cleo")
    token = export_address(b"key", export, now=1000.0).rpartition("/")[2]
    assert export_of(b"key", token, now=1000.0 + SECONDS - 1) == export
    assert export_of(b"key", token, now=1000.0 + SECONDS) is None
    assert export_of(b"another key", token, now=1000.0) is None


def test_what_was_not_signed_here_or_has_expired_gives_nothing(signed: Workplace) -> None:
    export = Export(1, 1, "JSON", "Cleo")
    addresses = [
        "/exports/made-up",
        export_address(b"another key", export),
        export_address(signed.secret, export, now=time.time() - SECONDS),
        export_address(signed.secret, Export(1, 1, "XLS", "Cleo")),
    ]
    assert [get(signed, address).status_code for address in addresses] == [403] * 4
    assert exported(signed) == []


def test_a_version_that_there_is_not_gives_nothing(signed: Workplace) -> None:
    answer = get(signed, export_address(signed.secret, Export(1, 2, "JSON", "Cleo")))
    assert answer.status_code == 404
    assert exported(signed) == []


def test_a_name_with_marks_of_a_path_stays_a_name(signed: Workplace) -> None:
    assert all("/" not in form.ending for form in FORMS.values())
    answer = get(signed, export_address(signed.secret, Export(1, 1, "CSV", "../Cleo")))
    assert "/" not in answer.headers["content-disposition"].partition("''")[2]
