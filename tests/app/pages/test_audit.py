"""The audit: who did what, in the words of the person who asks, and how well readers agree."""

from datetime import UTC, datetime

from app.workplace import Workplace
from core.store import Call, Opinion, Role, SlideRecord, Stage
from tests.app.page_under_test import page, said
from tests.scored_slides import read_all


def test_the_audit_lists_who_did_what_and_how_well_readers_agree(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+-+-", reader="Anna", role=Role.FIRST)
    read_all(workplace.store, record, "+---", reader="Ben", role=Role.SECOND)
    test = page("audit", "audit_page")
    trail, pairs = test.dataframe[0].value, test.dataframe[1].value
    assert list(trail["who"][:4]) == ["Ben"] * 4
    assert {"read", "slide added", "case added", "result loaded"} <= set(trail["what"])
    # Three of four alike; by chance 2/4 * 1/4 + 2/4 * 3/4 = 1/2.
    assert pairs.iloc[0].tolist() == ["Anna / Ben", 4, 3, "0.50"]
    test.selectbox[0].select("Anna").run()
    assert set(test.dataframe[0].value["who"]) == {"Anna"}


def test_the_audit_tells_a_second_reader_neither_call_nor_agreement_before_all_is_read(
    workplace: Workplace, record: SlideRecord
) -> None:
    opinion = Opinion(Call.PARASITE, stage=Stage.RING)
    workplace.store.read(record.slide.id, record.candidates[0].id, opinion, reader="Anna", role=Role.FIRST)
    read_all(workplace.store, record, ".+++", reader="Anna", role=Role.FIRST)
    read_all(workplace.store, record, "+...", reader="Ben", role=Role.SECOND)
    test = page("audit", "audit_page", person="Ben")
    details = test.dataframe[0].value["detail"]
    assert any("candidate 1" in detail for detail in details)
    assert not any("parasite" in detail or "ring" in detail for detail in details)
    assert "No two people have read" in said(test)
    by_anna = page("audit", "audit_page", person="Anna")
    assert any("parasite" in detail for detail in by_anna.dataframe[0].value["detail"])
    read_all(workplace.store, record, ".+++", reader="Ben", role=Role.SECOND)
    after = page("audit", "audit_page", person="Ben")
    assert any("parasite" in detail for detail in after.dataframe[0].value["detail"])
    assert after.dataframe[1].value.iloc[0].tolist()[:3] == ["Anna / Ben", 4, 4]


def test_a_period_without_writes_says_so(workplace: Workplace, record: SlideRecord) -> None:
    test = page("audit", "audit_page")
    long_ago = datetime(2020, 1, 1, tzinfo=UTC).date()
    test.date_input[0].set_value((long_ago, long_ago)).run()
    assert "Nothing was recorded" in said(test)
    assert "No two people have read" in said(test)


def test_the_audit_is_in_the_words_of_the_person(workplace: Workplace, record: SlideRecord) -> None:
    read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    workplace.store.signatures.note_export(record.slide.id, "CSV", 1, by="Anna")
    trail = page("audit", "audit_page", language="fr").dataframe[0].value
    assert list(trail["quoi"][:2]) == ["exportée", "lue"]
    assert list(trail["détail"][:2]) == [
        "forme CSV · version 1",
        "lecture 1 · candidat 1 · rôle premier lecteur · avis parasite",
    ]
