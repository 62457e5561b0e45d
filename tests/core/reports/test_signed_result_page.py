"""The printed page of a signed result: one page, all that it must say, and nothing that spoils it."""

import json
import re
import zlib
from base64 import a85decode
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from reportlab.lib.units import mm

from core.reports.signed_result_page import signed_result_pdf
from core.review import SignedResult, read_document, sign
from core.store import Call, Opinion, Role, Signature, SlideRecord, Stage, Store
from tests.scored_slides import box_of, read_all, scored_slide, take_in, write_images, write_score

BLUE = "The stain is too blue."


def drawn_on(pdf: bytes) -> str:
    """The page's own stream of drawing commands."""
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        with suppress(zlib.error):
            content = zlib.decompress(a85decode(b"<~" + stream.strip(), adobe=True))
            if b" Tj" in content:
                return content.decode("cp1252")
    raise AssertionError("no page with text")


def page_text(pdf: bytes) -> str:
    """What is written on the page, from top to bottom, lines apart by blanks."""
    text = " ".join(re.findall(r"\((.*?)(?<!\\)\) Tj", drawn_on(pdf)))
    text = re.sub(r"\\(\d{3})", lambda code: bytes([int(code[1], 8)]).decode("cp1252"), text)
    return re.sub(r"\\([()\\])", r"\1", text)


def signed_slide(store: Store, record: SlideRecord, calls: str) -> tuple[SignedResult, Signature]:
    read_all(store, record, calls, reader="Anna Roy", role=Role.FIRST)
    read_all(store, record, calls, reader="Ben", role=Role.SECOND)
    signature = sign(store, record.slide.id, by="Dora")
    return read_document(signature), signature


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b(?!s)", pdf))


def test_the_page_says_all_that_a_reader_of_it_must_know(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=3)
    ring = Opinion(Call.PARASITE, stage=Stage.RING)
    for reader, role in (("Anna Roy", Role.FIRST), ("Ben", Role.SECOND)):
        store.mark(record.slide.id, "field2.png", box_of(7), ring, reader=reader, role=role)
    store.flag_field(record.slide.id, "field1.png", by="Anna Roy")
    signed, signature = signed_slide(store, record, "+--")
    pdf = signed_result_pdf(signed, signature.sha256, "M. Dupré (7)", store.signatures.pictures(signature))
    text = page_text(pdf)
    assert pages(pdf) == 1
    for said in (
        "RESEARCH USE ONLY, NOT FOR DIAGNOSIS",
        "M. Dupré (7)",
        "slide 7",
        "version 1, by Dora",
        "POSITIVE",
        "Two readers agree on 2 parasites.",
        # 1 of 20 cells over .95, times 5 million; s averaged over Beta(95.5, 5.5) in the limits
        "Density 263 158 parasites/µL, 6 694 to 1 475 089 at 95 %",
        "Fraction raw 5 % (0.127 % to 24.9 %), a lower bound: 1 of 20 cells",
        "corrected 5.26 % (0.134 % to 29.5 %): raw divided by sensitivity",
        "Detection limit a clean count would exclude more than 792 749 parasites/µL at 95 %",
        "Counted 20 evaluable red cells, 2 fields list of 21: first 3 laid before readers, 0 unread "
        "left out: 1 cells, edge",
        "Model dots, validated on drawn discs the first 3 of 21 hold 95 % of the parasites (95 of 100; ",
        "Given 5 000 000 red cells/µL (assumed) review accepts 100 % of the infected cells it sees (assumed)",
        "review lets no healthy cell through (assumed) clustering of fields 1.00 (measured on this slide)",
        "Model card dots 1 Readers",
        "Readers Anna Roy (first, 4 cells); Ben (second, 4 cells)",
        "Agreement first and second reader agree on 4 of 4 cells; Cohen's kappa 1.00",
        "Photograph again field1.png",
        "Accepted cells, each with a map of where the model looked: 2 of 2",
        "rank 1, score 0.990",
        "marked by hand",
        "accepted by two readers, ring",
        signature.sha256,
    ):
        assert said in text, said


def test_a_reader_is_named_once_however_the_name_was_written(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=3)
    read_all(store, record, "+..", reader="Anna", role=Role.FIRST)
    read_all(store, record, ".-.", reader="anna", role=Role.FIRST)
    read_all(store, record, "+..", reader="Ben", role=Role.SECOND)
    signature = sign(store, record.slide.id, by="Dora")
    pictures = store.signatures.pictures(signature)
    text = page_text(signed_result_pdf(read_document(signature), signature.sha256, "P", pictures))
    assert "Readers Anna (first, 2 cells); Ben (second, 1 cell) Agreement" in text


def test_the_same_result_gives_the_same_bytes(store: Store, tmp_path: Path) -> None:
    signed, signature = signed_slide(store, scored_slide(store, tmp_path, listed=1), "+")
    pictures = store.signatures.pictures(signature)
    first = signed_result_pdf(signed, signature.sha256, "P", pictures)
    assert first == signed_result_pdf(signed, signature.sha256, "P", pictures)


@pytest.mark.parametrize(
    ("patient", "shown"), [(None, "erased"), ("", "not entered"), ("two\nlines\x07", "two lines")]
)
def test_a_patient_that_is_erased_empty_or_odd_is_shown_as_such(
    store: Store, tmp_path: Path, patient: str | None, shown: str
) -> None:
    signed, signature = signed_slide(store, scored_slide(store, tmp_path, listed=1), "-")
    text = page_text(signed_result_pdf(signed, signature.sha256, patient, {}))
    assert f"Patient {shown} Slide" in text
    assert "No cell was accepted as infected." in text


def test_a_name_that_the_typeface_lacks_is_drawn_and_not_boxes(store: Store, tmp_path: Path) -> None:
    signed, signature = signed_slide(store, scored_slide(store, tmp_path, listed=1), "-")
    latin = signed_result_pdf(signed, signature.sha256, "Nguyen", {})
    other = signed_result_pdf(signed, signature.sha256, "Nguyễn", {})
    assert latin.count(b"/Subtype /Image") == 0
    assert other.count(b"/Subtype /Image") == 1
    assert "Nguy" not in page_text(other)


def test_long_texts_and_many_cells_stay_on_one_page(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=30, fields=5)
    store.flag_field(record.slide.id, "field1.png", by="Anna")
    signed, signature = signed_slide(store, record, "+" * 30)
    word = "W" * 400
    long = signed.model_copy(
        update={
            "slide": word,
            "signature": signed.signature.model_copy(update={"amendment": "because of this " * 200}),
            "verdict": signed.verdict.__class__(signed.verdict.kind, ("a long reason " * 60,) * 6),
        }
    )
    pdf = signed_result_pdf(long, signature.sha256, word, store.signatures.pictures(signature))
    assert pages(pdf) == 1
    heights = [float(y) for y in re.findall(r"1 0 0 1 [\d.]+ (-?[\d.]+) Tm", drawn_on(pdf))]
    assert sorted(heights)[2] > 20 * mm  # only the foot lies lower
    assert "W" * 100 not in page_text(pdf)


def test_in_french_the_page_says_the_same_in_french(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=3)
    store.flag_field(record.slide.id, "field1.png", by="Anna Roy")
    signed, signature = signed_slide(store, record, "+--")
    pdf = signed_result_pdf(signed, signature.sha256, None, store.signatures.pictures(signature), "fr")
    text = page_text(pdf)
    assert pages(pdf) == 1
    for said in (
        "À DES FINS DE RECHERCHE UNIQUEMENT, NE PAS UTILISER POUR LE DIAGNOSTIC",
        "Patient effacé",
        "Signé version 1, par Dora",
        "POSITIF Deux lecteurs s'accordent sur 1 parasite.",
        "Densité 263 158 parasites/µL (de 6 694 à 1 475 089, intervalle à 95 %)",
        "corrigée 5,26 % (0,134 % à 29,5 %) : brute rapportée à la sensibilité",
        "Limite de détection un compte négatif exclurait plus de 792 749 parasites/µL à 95 %",
        "Compte 20 hématies évaluables, 2 champs liste de 21 : les 3 premières à lire, dont 0 non lue",
        "non compté : 1 hématie(s) (au bord)",
        "Lecteurs Anna Roy (premier lecteur, 3 hématies); Ben (second lecteur, 3 hématies)",
        "kappa de Cohen 1,00",
        "À rephotographier field1.png",
        "rang 1, score 0,990",
        "retenue par deux lecteurs",
        signature.sha256,
    ):
        assert said in text, said
    assert not re.search(r"\b(cells?|readers?|parasites agreed|accepted|healthy|fields)\b", text)


def test_where_the_model_is_not_valid_that_stands_beside_what_was_found_and_no_figure_does(
    store: Store, tmp_path: Path
) -> None:
    write_score(tmp_path / "result", {"a.png": 20}, [("a.png", 0, 0.9), ("a.png", 1, 0.8)], outside=(BLUE,))
    images = write_images(tmp_path / "images", {"a.png": 20})
    slide = store.add_slide(store.add_case("P", by="Anna").id, "slide", images, by="Anna").id
    signed, signature = signed_slide(store, take_in(store, slide, tmp_path / "result"), "+-")
    text = page_text(signed_result_pdf(signed, signature.sha256, "P", store.signatures.pictures(signature)))
    assert f"POSITIVE Two readers agree on 1 parasite. {BLUE} The model was not validated on slides" in text
    assert "Detection limit none: no figure can be given" in text
    for figure in ("Density", "Fraction", "hold", "excluded"):
        assert figure not in text
    document = json.loads(signature.document)
    assert BLUE in document["verdict"]["reasons"]
    assert document["verdict"]["figures"] is None


def test_reasons_that_were_signed_as_text_alone_are_shown_as_they_were_signed(
    store: Store, tmp_path: Path
) -> None:
    signed, signature = signed_slide(store, scored_slide(store, tmp_path, listed=1), "-")
    before_codes = signed.model_copy(update={"verdict": replace(signed.verdict, sentences=())})
    text = page_text(signed_result_pdf(before_codes, signature.sha256, "P", {}, "fr"))
    assert before_codes.verdict.reasons[0][:40] in text
    assert "Motifs tels qu'ils ont été signés, conservés en anglais seulement." in text
