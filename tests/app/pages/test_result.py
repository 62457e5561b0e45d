"""The result of a slide: what is missing before it can be signed, its signature, and its amendments."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.workplace import Workplace
from core.review import read_document, sign
from core.store import Call, Opinion, Role, SlideRecord, Species, Stage
from tests.app.page_under_test import buttons, page, said
from tests.scored_slides import read_all


def test_what_blocks_a_signature_is_said_and_there_is_none_to_give(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+++.", reader="Anna", role=Role.FIRST)
    test = page("result", "result_page", slide=record.slide.id)
    assert "The first reader still has to read 1 cell" in said(test)
    assert "Sign the result" not in buttons(test)


def test_a_signature_is_given_only_after_the_line_is_ticked(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    test = page("result", "result_page", slide=record.slide.id)
    sign_button = next(button for button in test.button if button.label == "Sign the result")
    sign_button.click().run()
    assert "Tick the box first" in said(test)
    assert workplace.store.record(record.slide.id).signatures == ()
    test.checkbox[0].check()
    next(button for button in test.button if button.label == "Sign the result").click().run()
    (signature,) = workplace.store.record(record.slide.id).signatures
    assert signature.by == "Anna"
    shown = said(test)
    assert "Signed: version 1" in shown
    assert signature.sha256 in shown
    assert "as they were signed" in shown


def test_an_amendment_takes_a_reason_and_gives_a_version_beside_the_first(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    sign(workplace.store, record.slide.id, by="Anna")
    test = page("result", "result_page", slide=record.slide.id)
    amend = next(button for button in test.button if button.label == "Begin an amendment")
    amend.click().run()
    assert "needs a reason" in said(test)
    test.text_area[0].set_value("wrong slide label")
    next(button for button in test.button if button.label == "Begin an amendment").click().run()
    assert "wrong slide label" in said(test)
    test.checkbox[0].check()
    next(button for button in test.button if button.label == "Sign the result").click().run()
    signatures = workplace.store.record(record.slide.id).signatures
    assert [read_document(signature).signature.version for signature in signatures] == [1, 2]
    assert "Version 1" in said(test)
    assert "Version 2" in said(test)


def links(test: AppTest) -> list[tuple[str, str]]:
    """Where the links of a page lead, after its head's, and what stands on them."""
    found: list[Any] = [element.proto for element in test.get("page_link")]
    pages = [one.page for one in found]
    return [(one.page, one.label) for one in found][pages.index("details") + 1 :]


FIRST_READ = ("++--", "Anna", Role.FIRST)


@pytest.mark.parametrize(
    ("readings", "reader", "leads_to"),
    [
        ([], "Anna", [("review", "Review")]),
        ([FIRST_READ], "Anna", []),  # the second reading is another's
        ([FIRST_READ, ("+---", "Ben", Role.SECOND)], "Ben", []),
        ([FIRST_READ, ("+---", "Ben", Role.SECOND)], "Cleo", [("adjudication", "Adjudicate")]),
    ],
)
def test_a_result_that_cannot_be_signed_leads_to_what_is_missing_and_the_person_can_do(
    workplace: Workplace,
    record: SlideRecord,
    readings: list[tuple[str, str, Role]],
    reader: str,
    leads_to: list[tuple[str, str]],
) -> None:
    for signs, by, role in readings:
        read_all(workplace.store, record, signs, reader=by, role=role)
    assert links(page("result", "result_page", slide=record.slide.id, person=reader)) == leads_to


def test_the_page_counts_parasites_by_species_and_stage_as_the_pdf_does(
    workplace: Workplace, record: SlideRecord
) -> None:
    ring = Opinion(Call.PARASITE, stage=Stage.RING, species=Species.VIVAX)
    gametocyte = Opinion(Call.PARASITE, stage=Stage.GAMETOCYTE)
    for reader, role in (("Anna", Role.FIRST), ("Ben", Role.SECOND)):
        for candidate, opinion in zip(record.candidates, (ring, gametocyte), strict=False):
            workplace.store.read(record.slide.id, candidate.id, opinion, reader=reader, role=role)
    shown = said(page("result", "result_page", slide=record.slide.id)).replace("\\", "")
    assert "**Species**: P. vivax: 1, not stated: 1" in shown
    assert "**Stages**: ring: 1" in shown
    assert "**Gametocytes**: 1 gametocyte, not counted in the density" in shown
