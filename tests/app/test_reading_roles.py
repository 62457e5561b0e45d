"""As what a person may still read a slide, by what they have read and seen of it."""

import pytest

from app.reading_roles import may_read_as, other_role, reads_on_as
from app.workplace import Workplace
from core.store import Role, SlideRecord
from tests.scored_slides import read_all

FIRST, SECOND, ADJUDICATOR = Role


def roles(record: SlideRecord, reader: str) -> list[Role]:
    return [role for role in Role if may_read_as(record, reader, role)]


def test_of_an_untouched_slide_a_person_may_become_any_reader(record: SlideRecord) -> None:
    assert roles(record, "Anna") == [FIRST, SECOND, ADJUDICATOR]


@pytest.mark.parametrize("name", ["Anna", "ANNA"])
def test_the_first_reader_is_nothing_else(workplace: Workplace, record: SlideRecord, name: str) -> None:
    read = read_all(workplace.store, record, "+...", reader="Anna", role=FIRST)
    assert roles(read, name) == [FIRST]
    assert other_role(read, name, SECOND) == FIRST
    assert other_role(read, name, FIRST) is None
    assert roles(read, "Ben") == [FIRST, SECOND, ADJUDICATOR]


def test_who_has_looked_at_the_calls_is_no_second_reader_any_more(
    workplace: Workplace, record: SlideRecord
) -> None:
    read = read_all(workplace.store, record, "+...", reader="Anna", role=FIRST)
    workplace.store.people.note_looks({1: read.readings[-1].id}, by="Ben")
    assert roles(workplace.store.record(1), "Ben") == [FIRST, ADJUDICATOR]


def test_a_person_reads_on_in_their_role_and_a_newcomer_as_first_where_there_is_none(
    workplace: Workplace, record: SlideRecord
) -> None:
    assert reads_on_as(record, "Ben") == Role.FIRST
    record = read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    assert (reads_on_as(record, "ANNA"), reads_on_as(record, "Ben")) == (Role.FIRST, Role.SECOND)
    record = read_all(workplace.store, record, "-...", reader="Ben", role=Role.SECOND)
    record = read_all(workplace.store, record, "-...", reader="Cleo", role=Role.ADJUDICATOR)
    assert (reads_on_as(record, "ben"), reads_on_as(record, "Cleo")) == (Role.SECOND, Role.ADJUDICATOR)


def test_who_has_read_whole_fields_alone_reads_on_in_that_role(
    workplace: Workplace, record: SlideRecord
) -> None:
    workplace.store.field_readings.read(record.slide.id, "field1.png", reader="Anna", role=FIRST)
    record = workplace.store.record(record.slide.id)
    assert (reads_on_as(record, "ANNA"), reads_on_as(record, "Ben")) == (FIRST, SECOND)
    assert (roles(record, "Anna"), other_role(record, "anna", SECOND)) == ([FIRST], FIRST)
