"""A database that version 0.1.0 made is opened: what was called and offered further is one list, by rank.

`made_by_0_1_0` holds that database as text, and the result of its first slide. The first is being read (four
called cells, three offered further, two drawn at random, one marked), the second is signed, and of the third
there are two results, the second of which calls two of its cells no more.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from core.cells.located import WhyNot
from core.review import Decision, read_cells, read_document, tally_of, violations
from core.store import CandidateKind, Role, Store
from core.store.records import DatabaseRefusesError
from tests.scored_slides import NOT_PARASITE, box_of

MADE = Path(__file__).with_name("made_by_0_1_0")
BEING_READ, SIGNED, GROWN = 1, 2, 3
LISTED, SAMPLE, MARKED = CandidateKind


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Store]:
    shutil.copytree(MADE, tmp_path, dirs_exist_ok=True)
    with sqlite3.connect(tmp_path / "smearscope.sqlite") as connection:
        connection.executescript((MADE / "smearscope.sql").read_text(encoding="utf-8"))
    connection.close()
    store = Store.in_folder(tmp_path)
    yield store
    store.close()


def test_further_cells_go_on_in_the_list_where_the_called_ones_end(opened: Store) -> None:
    record = opened.record(BEING_READ)
    assert [(cell.id, cell.kind, cell.rank) for cell in record.candidates] == [
        *((number, LISTED, number) for number in range(1, 8)),
        *((number, SAMPLE, None) for number in (8, 9)),
        (10, MARKED, None),
    ]
    assert record.laid_out == 7
    assert [cell.evaluable for cell in record.candidates] == [True] * 9 + [False]
    assert [cell.why_not for cell in record.candidates] == [WhyNot.EVALUABLE] * 9 + [None]


def test_readings_stay_with_their_cells_and_count_in_the_list(opened: Store) -> None:
    record = opened.record(BEING_READ)
    assert [cell.decision for cell in read_cells(record)] == [
        Decision.ACCEPTED_BY_BOTH,
        Decision.REJECTED,
        Decision.UNSURE,
        Decision.UNREAD,
        Decision.ACCEPTED_BY_ONE,
        Decision.REJECTED,
        Decision.UNREAD,
        Decision.REJECTED,
        Decision.UNREAD,
        Decision.ACCEPTED_BY_ONE,
    ]
    count = tally_of(record).evidence.count
    # What 0.1.0 had offered further down need not be read: the four that it had called must.
    assert (count.to_read, count.read_to, count.unread, count.looked_at) == (4, 3, 1, 14)


def test_the_list_goes_on_from_there(opened: Store) -> None:
    more = opened.offer_more(BEING_READ, 2, by="Anna")
    assert [(cell.rank, cell.field, cell.box, cell.infected_score) for cell in more] == [
        (8, "a.png", box_of(5), 0.396),
        (9, "a.png", box_of(6), 0.395),
    ]
    assert opened.record(BEING_READ).laid_out == 9


def test_a_signed_slide_is_as_it_was_signed(opened: Store) -> None:
    record = opened.record(SIGNED)
    (signature,) = record.signatures
    assert f"'{signature.document}'" in (MADE / "smearscope.sql").read_text(encoding="utf-8")
    assert violations(record, 1, opened.signatures.pictures(signature)) == ()
    signed = read_document(signature)
    assert [(cell.kind, cell.rank, cell.decision) for cell in signed.readings] == [
        (LISTED, 1, Decision.ACCEPTED_BY_BOTH),
        (LISTED, 2, Decision.REJECTED),
        (LISTED, None, Decision.ACCEPTED_BY_BOTH),
    ]


def test_what_was_read_and_is_called_no_more_stays_and_what_nobody_read_goes(opened: Store) -> None:
    record = opened.record(GROWN)
    places = [(cell.kind, cell.rank, cell.field, cell.box) for cell in record.candidates]
    assert places == [
        (LISTED, 1, "b.png", box_of(3)),
        (LISTED, 2, "a.png", box_of(0)),
        (MARKED, None, "a.png", box_of(2)),
        (MARKED, None, "a.png", box_of(4)),
    ]


def test_offers_are_again_never_changed(opened: Store) -> None:
    with (
        pytest.raises(DatabaseRefusesError, match="never changed or deleted"),
        opened._database.writing() as connection,
    ):
        connection.execute(text("UPDATE offers SET rank = 1"))


def test_reading_goes_on(opened: Store) -> None:
    opened.read(BEING_READ, 4, NOT_PARASITE, reader="Anna", role=Role.FIRST)
    assert tally_of(opened.record(BEING_READ)).evidence.count.read_to == 6


def test_its_slides_have_their_names_and_can_be_dated_numbered_and_removed(opened: Store) -> None:
    slides = opened.slides()
    assert [slide.name for slide in slides] == ["being-read", "signed", "grown"]
    assert all(slide.sampled_on is None and slide.removed is None for slide in slides)
    opened.housekeeping.describe(
        BEING_READ, name="thin 1", sampled_on=date(2026, 11, 3), laboratory_number="117", by="Anna"
    )
    opened.housekeeping.remove(GROWN, "photographed anew", by="Anna")
    slide = opened.record(BEING_READ).slide
    assert (slide.name, slide.sampled_on, slide.laboratory_number) == ("thin 1", date(2026, 11, 3), "117")
    assert [record.slide.removed is None for record in opened.records()] == [True, True, False]
