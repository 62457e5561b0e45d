"""A signed result in print: all that it must say, on every page whose it is, and nothing that misleads."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from core.reports.signed_result_page import Letterhead, signed_result_pdf
from core.review import SignedResult, read_document, sign
from core.review.signed_result import SignedPicture
from core.store import Call, Opinion, Role, Signature, SlideRecord, Species, Stage, Store
from core.wording import Sentence
from tests.core.reports.pdf_text import drawn_on_pages, page_texts, sizes_of_type
from tests.scored_slides import box_of, read_all, scored_slide, take_in, write_images, write_score

BLUE = "The stain is too blue."


def signed_slide(store: Store, record: SlideRecord, calls: str) -> tuple[SignedResult, Signature]:
    read_all(store, record, calls, reader="Anna Roy", role=Role.FIRST)
    read_all(store, record, calls, reader="Ben", role=Role.SECOND)
    signature = sign(store, record.slide.id, by="Dora")
    return read_document(signature), signature


def page_text(pdf: bytes) -> str:
    """What is written on all pages."""
    return " ".join(page_texts(pdf))


def test_the_page_says_all_that_a_reader_of_it_must_know(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=3)
    ring = Opinion(Call.PARASITE, stage=Stage.RING)
    for reader, role in (("Anna Roy", Role.FIRST), ("Ben", Role.SECOND)):
        store.mark(record.slide.id, "field2.png", box_of(7), ring, reader=reader, role=role)
    store.flag_field(record.slide.id, "field1.png", by="Anna Roy")
    signed, signature = signed_slide(store, record, "+--")
    letterhead = Letterhead("M. Dupré (7)", "Hôpital du Nord", "B-118", date(2026, 11, 3))
    pdf = signed_result_pdf(signed, signature.sha256, letterhead, store.signatures.pictures(signature))
    text = page_text(pdf)
    assert len(page_texts(pdf)) == 2
    assert min(sizes_of_type(pdf)) == 9
    for said in (
        "RESEARCH USE ONLY, NOT FOR DIAGNOSIS",
        "Laboratory Hôpital du Nord Patient M. Dupré (7) Laboratory number B-118 Slide slide 7 "
        "Sample taken on 2026-11-03",
        "version 1, by Dora",
        "POSITIVE",
        "Two readers agree on 2 parasites.",
        # 1 of 20 cells over .95, times 5 million; s averaged over Beta(95.5, 5.5) in the limits
        "Density 263 158 parasites/µL, 6 694 to 1 475 089 at 95 %",
        "Fraction raw 5 % (0.127 % to 24.9 %), a lower bound: 1 of 20 cells",
        "corrected 5.26 % (0.134 % to 29.5 %) The two differ because the list was read to rank 3, where "
        "validation found 95 % of the parasites: corrected = 1 / (20 × 95 %).",
        "Species not stated: 2 Stages ring: 1, not stated: 1 Counted",
        "Counted 20 evaluable red cells, 2 fields list of 21: first 3 laid before readers, 0 unread "
        "left out: 1 cell, edge",
        "Model dots, validated on drawn discs the first 3 of 21 hold 95 % of the parasites (95 of 100; ",
        "Given 5 000 000 red cells/µL (assumed) review accepts 100 % of the infected cells it sees (assumed)",
        "review lets no healthy cell through (assumed) clustering of fields 1.00 (measured on this slide)",
        "Validity The model is valid for this slide: stain, light and focus are like those of the slides it "
        "knows. Model card dots 1 Readers",
        "Readers Anna Roy (first, 4 cells); Ben (second, 4 cells)",
        "Agreement first and second reader agree on 4 of 4 cells; Cohen's kappa 1.00",
        "Photograph again field1.png",
        "Notes Name Date Signature",
        "2 accepted cells, each in the middle of its picture",
        "rank 1, score 0.990 field1.png accepted by two readers 1st: parasite 2nd: parasite",
        "beside the list field2.png accepted by two readers 1st: parasite, ring 2nd: parasite, ring",
        signature.sha256,
    ):
        assert said in text, said
    assert "Detection limit" not in text
    assert "Target" not in text


def test_notes_are_printed_before_the_lines_for_more_of_them(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=3)
    store.notes.on_slide(record.slide.id, "stained twice", by="Anna Roy")
    store.notes.on_cell(record.slide.id, record.candidates[1].id, "dust? " + "long " * 60, by="Anna Roy")
    signed, signature = signed_slide(store, record, "---")
    text = page_text(signed_result_pdf(signed, signature.sha256, Letterhead("P"), {}))
    assert "Notes Slide: stained twice (Anna Roy, " in text
    assert f"Cell of rank 2, field {record.candidates[1].field}: dust? long long" in text
    assert text.index("stained twice") < text.index("dust?") < text.index("Name Date Signature")


def test_each_page_says_whose_it_is_and_which_of_how_many(store: Store, tmp_path: Path) -> None:
    signed, signature = signed_slide(store, scored_slide(store, tmp_path, listed=40, fields=5), "+" * 40)
    pictures = store.signatures.pictures(signature)
    pdf = signed_result_pdf(signed, signature.sha256, Letterhead("M. Dupré"), pictures)
    first, *cells = page_texts(pdf)
    assert "Laboratory" not in first
    assert [len(re.findall(r"rank \d+, score", text)) for text in cells] == [16, 16, 8]
    for number, text in enumerate([first, *cells], start=1):
        for said in (
            "RESEARCH USE ONLY, NOT FOR DIAGNOSIS",
            "patient M. Dupré · slide slide 7",
            f"page {number} of 4",
            signature.sha256,
        ):
            assert said in text, said
    assert [len(re.findall(r"/\S+ Do\b", drawn)) for drawn in drawn_on_pages(pdf)] == [0, 16, 16, 8]


def test_a_clean_slide_has_its_detection_limit_and_a_positive_one_has_none(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "clean").mkdir()
    (tmp_path / "found").mkdir()
    clean, one = signed_slide(
        store, scored_slide(store, tmp_path / "clean", listed=3, counted=300_000), "---"
    )
    found, other = signed_slide(
        store, scored_slide(store, tmp_path / "found", listed=3, counted=300_000), "+--"
    )
    text = page_text(signed_result_pdf(clean, one.sha256, Letterhead("P"), {}))
    # -ln(.05) 5e6 / 300 000 / s, s averaged over Beta(95.5, 5.5)
    assert "NO PARASITE SEEN No parasite seen; more than 53 parasites/µL excluded at 95 %." in text
    assert "Detection limit more than 53 parasites/µL excluded at 95 % Counted" in text
    assert "Target 200 000 cells; 211 400 with this sensitivity" in text
    assert "No cell was accepted as infected." in text
    pictures = store.signatures.pictures(other)
    text = page_text(signed_result_pdf(found, other.sha256, Letterhead("P"), pictures))
    assert "POSITIVE" in text
    assert not re.search("exclude|Detection|Target|needed with", text)


def test_fields_read_whole_are_printed_beside_the_density_of_the_list(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=3)
    for reader, role in (("Anna Roy", Role.FIRST), ("Ben", Role.SECOND)):
        store.field_readings.read(record.slide.id, "field1.png", reader=reader, role=role)
    signed, signature = signed_slide(store, record, "+--")
    pictures = store.signatures.pictures(signature)
    text = page_text(signed_result_pdf(signed, signature.sha256, Letterhead("P"), pictures))
    # 1 of 10 cells, Clopper-Pearson .0025 to .4450; one field tells no clustering.
    assert "Fields 500 000 parasites/µL, 12 643 to 2 225 081 at 95 %" in text
    assert "1 of 10 cells on 1 field that both readers read whole" in text
    assert "drawn at random or taken in order, without a look at the list" in text
    assert "machine and readers miss no parasite on them (assumed) clustering of these fields 1.00" in text
    text = page_text(signed_result_pdf(signed, signature.sha256, Letterhead("P"), pictures, "fr"))
    assert "1 hématie parasitée sur 10, lecture entière de 1 champ par les deux lecteurs" in text


def test_parasites_are_counted_by_species_and_stage_and_gametocytes_apart(
    store: Store, tmp_path: Path
) -> None:
    record = scored_slide(store, tmp_path, listed=5)
    named = [
        (Stage.RING, Stage.RING),
        (Stage.RING, None),
        (Stage.RING, Stage.TROPHOZOITE),
        (Stage.GAMETOCYTE, Stage.GAMETOCYTE),
        (None, None),
    ]
    for candidate, stages in zip(record.candidates, named, strict=True):
        readers = (("Anna", Role.FIRST), ("Ben", Role.SECOND))
        for stage, (reader, role) in zip(stages, readers, strict=True):
            opinion = Opinion(Call.PARASITE, stage=stage, species=Species.VIVAX if stage else None)
            store.read(record.slide.id, candidate.id, opinion, reader=reader, role=role)
    signature = sign(store, record.slide.id, by="Dora")
    signed, pictures = read_document(signature), store.signatures.pictures(signature)
    for language, said in (
        (
            "en",
            "Species P. vivax: 4, not stated: 1 Stages ring: 2, not stated: 1, readers differ: 1 "
            "Gametocytes 1 gametocyte, not counted in the density",
        ),
        (
            "fr",
            "Espèces P. vivax : 4, non précisé : 1 Stades anneau : 2, non précisé : 1, "
            "lecteurs en désaccord : 1 Gamétocytes 1 gamétocyte, non compté dans la densité",
        ),
    ):
        assert said in page_text(
            signed_result_pdf(signed, signature.sha256, Letterhead("P"), pictures, language)
        )


def test_a_document_of_an_earlier_version_says_how_many_pictures_it_kept(
    store: Store, tmp_path: Path
) -> None:
    """They kept the first 16, as scoring had drawn them with their maps; an image of two squares."""
    record = scored_slide(store, tmp_path, listed=20)
    signed, signature = signed_slide(store, record, "+" * 20)
    assert record.taken_in is not None
    drawn = (record.taken_in.folder / "candidates" / "0001.png").read_bytes()
    kept = {picture.candidate: drawn for picture in signed.pictures[:16]}
    old = signed.model_copy(
        update={"pictures": tuple(SignedPicture(candidate=number, sha256="") for number in kept)}
    )
    pdf = signed_result_pdf(old, signature.sha256, Letterhead("P"), kept)
    assert "20 accepted cells; the pictures of 16 were kept" in page_text(pdf)
    assert len(page_texts(pdf)) == 2


def test_a_reader_is_named_once_however_the_name_was_written(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=3)
    read_all(store, record, "+..", reader="Anna", role=Role.FIRST)
    read_all(store, record, ".-.", reader="anna", role=Role.FIRST)
    read_all(store, record, "+..", reader="Ben", role=Role.SECOND)
    signature = sign(store, record.slide.id, by="Dora")
    pictures = store.signatures.pictures(signature)
    text = page_text(signed_result_pdf(read_document(signature), signature.sha256, Letterhead("P"), pictures))
    assert "Readers Anna (first, 2 cells); Ben (second, 1 cell) Agreement" in text


def test_the_same_result_gives_the_same_bytes(store: Store, tmp_path: Path) -> None:
    signed, signature = signed_slide(store, scored_slide(store, tmp_path, listed=1), "+")
    pictures = store.signatures.pictures(signature)
    first = signed_result_pdf(signed, signature.sha256, Letterhead("P"), pictures)
    assert first == signed_result_pdf(signed, signature.sha256, Letterhead("P"), pictures)


@pytest.mark.parametrize(
    ("patient", "shown"), [(None, "erased"), ("", "not entered"), ("two\nlines\x07", "two lines")]
)
def test_a_patient_that_is_erased_empty_or_odd_is_shown_as_such(
    store: Store, tmp_path: Path, patient: str | None, shown: str
) -> None:
    signed, signature = signed_slide(store, scored_slide(store, tmp_path, listed=1), "-")
    text = page_text(signed_result_pdf(signed, signature.sha256, Letterhead(patient), {}))
    assert f"Patient {shown} Slide" in text
    assert "No cell was accepted as infected." in text


def test_a_name_that_the_typeface_lacks_is_drawn_and_not_boxes(store: Store, tmp_path: Path) -> None:
    signed, signature = signed_slide(store, scored_slide(store, tmp_path, listed=1), "-")
    latin = signed_result_pdf(signed, signature.sha256, Letterhead("Nguyen"), {})
    other = signed_result_pdf(signed, signature.sha256, Letterhead("Nguyễn"), {})
    assert latin.count(b"/Subtype /Image") == 0
    # In the head of the page, and below the title.
    assert other.count(b"/Subtype /Image") == 2
    assert "Nguy" not in page_text(other)


def test_long_texts_are_printed_to_their_end(store: Store, tmp_path: Path) -> None:
    signed, signature = signed_slide(store, scored_slide(store, tmp_path, listed=1), "-")
    word = "W" * 400
    long = signed.model_copy(
        update={
            "slide": word,
            "signature": signed.signature.model_copy(update={"amendment": "reread this " * 400 + "end"}),
            "verdict": replace(signed.verdict, reasons=("a long reason " * 300 + "closes",) * 6),
        }
    )
    pdf = signed_result_pdf(long, signature.sha256, Letterhead(word), {})
    texts = page_texts(pdf)
    assert len(texts) > 3
    assert " ".join(texts).count("reread") == 400
    assert " ".join(texts).count("closes") == 6
    assert all(f"page {number} of {len(texts)}" in text for number, text in enumerate(texts, start=1))
    assert "W" * 100 not in " ".join(texts)


def test_in_french_the_page_says_the_same_in_french(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=3)
    store.flag_field(record.slide.id, "field1.png", by="Anna Roy")
    signed, signature = signed_slide(store, record, "+--")
    pictures = store.signatures.pictures(signature)
    text = page_text(signed_result_pdf(signed, signature.sha256, Letterhead(None, "Nord"), pictures, "fr"))
    for said in (
        "À DES FINS DE RECHERCHE UNIQUEMENT, NE PAS UTILISER POUR LE DIAGNOSTIC",
        "patient effacé · lame slide 7",
        "Laboratoire Nord Patient effacé",
        "Signé version 1, par Dora",
        "POSITIF Deux lecteurs s'accordent sur 1 parasite.",
        "Densité 263 158 parasites/µL (de 6 694 à 1 475 089, intervalle à 95 %)",
        "corrigée 5,26 % (0,134 % à 29,5 %) Les deux diffèrent parce que la liste a été lue jusqu'au rang 3, "
        "où la validation a trouvé 95 % des parasites : corrigée = 1 / (20 × 95 %).",
        "Espèces non précisé : 1 Stades non précisé : 1",
        "Compte 20 hématies évaluables, 2 champs liste de 21 : les 3 premières à lire, dont 0 non lue",
        "non compté : 1 hématie (au bord)",
        "Validité Le modèle est valable pour cette lame",
        "Remarques Nom Date Signature",
        "page 1 sur 2",
        "1 hématie retenue, au milieu de son image",
        "Lecteurs Anna Roy (premier lecteur, 3 hématies); Ben (second lecteur, 3 hématies)",
        "kappa de Cohen 1,00",
        "À rephotographier field1.png",
        "rang 1, score 0,990",
        "retenue par deux lecteurs 1er : parasite 2nd : parasite",
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
    text = page_text(
        signed_result_pdf(signed, signature.sha256, Letterhead("P"), store.signatures.pictures(signature))
    )
    assert (
        "POSITIVE The model is not valid for this slide: its list is worth reading, no figure is given. "
        f"Two readers agree on 1 parasite. {BLUE} The model was not validated on slides"
    ) in text
    for figure in ("Density", "Fraction", "hold", "excluded", "Detection", "Validity"):
        assert figure not in text
    document = json.loads(signature.document)
    assert BLUE in document["verdict"]["reasons"]
    assert document["verdict"]["figures"] is None


def test_reasons_that_were_signed_as_text_alone_are_shown_as_they_were_signed(
    store: Store, tmp_path: Path
) -> None:
    signed, signature = signed_slide(store, scored_slide(store, tmp_path, listed=1), "-")
    before_codes = signed.model_copy(update={"verdict": replace(signed.verdict, sentences=())})
    text = page_text(signed_result_pdf(before_codes, signature.sha256, Letterhead("P"), {}, "fr"))
    assert before_codes.verdict.reasons[0][:40] in text
    assert "Motifs tels qu'ils ont été signés, conservés en anglais seulement." in text


def test_reasons_whose_codes_no_catalogue_has_any_more_are_shown_as_they_were_signed(
    store: Store, tmp_path: Path
) -> None:
    signed, signature = signed_slide(store, scored_slide(store, tmp_path, listed=1), "-")
    old = replace(signed.verdict, reasons=("Said long ago.",), sentences=(Sentence("verdict.gone", {}),))
    before = signed.model_copy(update={"verdict": old})
    for language in ("en", "fr"):
        text = page_text(signed_result_pdf(before, signature.sha256, Letterhead("P"), {}, language))
        assert "Said long ago." in text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "POSITIVE Two readers agree on 1 parasite. The density is based on 1 parasite; about 62 are"),
        ("fr", "POSITIF Two readers agree on 1 parasite."),
    ],
)
def test_a_document_that_version_0_1_0_signed_is_printed(tmp_path: Path, language: str, said: str) -> None:
    document = Path(__file__).parents[1] / "review" / "signed_format_1.json"
    signed = SignedResult.model_validate_json(document.read_text(encoding="utf-8"))
    write_score(tmp_path / "result", {"a.png": 2}, [("a.png", 0, 0.9)])
    picture = (tmp_path / "result" / "candidates" / "0001.png").read_bytes()
    pdf = signed_result_pdf(signed, "0" * 64, Letterhead("P"), {1: picture}, language)
    text = page_text(pdf)
    assert said in text
    assert re.search(r"1 / \(230 000 × 32[.,]2 %\)", text)
    assert not re.search("Detection limit|Limite de détection|Target|Cible", text)
    # The cell and its map, as they were drawn.
    assert [len(re.findall(r"/\S+ Do\b", drawn)) for drawn in drawn_on_pages(pdf)] == [0, 2]
