"""Who may see the calls on a slide: nobody who may still be its second reader."""

import pytest

from app.blindness import must_stay_blind
from app.workplace import Workplace
from core.review import sign
from core.store import Role, SlideRecord
from tests.scored_slides import read_all


def after(workplace: Workplace, record: SlideRecord, *readings: tuple[str, str, Role]) -> SlideRecord:
    for signs, reader, role in readings:
        record = read_all(workplace.store, record, signs, reader=reader, role=role)
    return record


def test_a_slide_that_nobody_has_read_gives_nothing_away(record: SlideRecord) -> None:
    assert not must_stay_blind(record, "Ben")


@pytest.mark.parametrize(("reader", "blind"), [("Ben", True), ("Anna", False), ("ANNA", False)])
def test_once_somebody_has_begun_all_others_stay_blind(
    workplace: Workplace, record: SlideRecord, reader: str, blind: bool
) -> None:
    assert must_stay_blind(after(workplace, record, ("+...", "Anna", Role.FIRST)), reader) is blind


def test_the_second_reader_stays_blind_until_all_is_read(workplace: Workplace, record: SlideRecord) -> None:
    half = after(workplace, record, ("+-+-", "Anna", Role.FIRST), ("--..", "Ben", Role.SECOND))
    assert must_stay_blind(half, "Ben")
    whole = after(workplace, half, ("..--", "Ben", Role.SECOND))
    assert not must_stay_blind(whole, "Ben")
    assert not must_stay_blind(whole, "Cleo")


def test_what_is_signed_may_be_seen_by_all(workplace: Workplace, record: SlideRecord) -> None:
    after(workplace, record, ("----", "Anna", Role.FIRST))
    sign(workplace.store, record.slide.id, by="Anna")
    assert not must_stay_blind(workplace.store.record(record.slide.id), "Ben")
