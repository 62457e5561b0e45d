"""Where a page leads when something is still to be done, and what the record says of it in French."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.workplace import Workplace
from core.store import Role, SlideRecord
from tests.app.pages import page
from tests.scored_slides import read_all


def links(test: AppTest) -> list[tuple[str, str]]:
    """Where the links of a page lead, after its head's, and what stands on them."""
    found: list[Any] = [element.proto for element in test.get("page_link")]
    return [(one.page, one.label) for one in found][4:]


@pytest.mark.parametrize(
    ("readings", "to", "label"),
    [
        ([], "review", "Review"),
        ([("++--", "Anna", Role.FIRST)], "second-reading", "Second reading"),
        ([("++--", "Anna", Role.FIRST), ("+---", "Ben", Role.SECOND)], "adjudication", "Adjudicate"),
    ],
)
def test_a_result_that_cannot_be_signed_leads_to_what_is_missing(
    workplace: Workplace,
    record: SlideRecord,
    readings: list[tuple[str, str, Role]],
    to: str,
    label: str,
) -> None:
    for signs, reader, role in readings:
        read_all(workplace.store, record, signs, reader=reader, role=role)
    assert links(page("result", "result_page", slide=record.slide.id)) == [(to, label)]


def test_the_audit_is_in_the_words_of_the_person(workplace: Workplace, record: SlideRecord) -> None:
    read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    workplace.store.signatures.note_export(record.slide.id, "CSV", 1, by="Anna")
    trail = page("audit", "audit_page", language="fr").dataframe[0].value
    assert list(trail["quoi"][:2]) == ["exportée", "lue"]
    assert list(trail["détail"][:2]) == [
        "forme CSV · version 1",
        "lecture 1 · candidat 1 · rôle premier lecteur · avis parasite",
    ]
