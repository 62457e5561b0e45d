"""Slides are renamed, dated, numbered, taken off the worklist and put back; all of it on record."""

from datetime import date
from pathlib import Path

import pytest

from core.review import sign
from core.store import Removal, Role, ScoringStep, Store, StoreError
from core.store.people import NotAllowedError, StaffRole
from tests.scored_slides import PARASITE, read_all, scored_slide, take_in, write_score

DAY = date(2026, 11, 3)


def described(store: Store) -> tuple[str, date | None, str | None]:
    slide = store.record(1).slide
    return slide.name, slide.sampled_on, slide.laboratory_number


def entries(store: Store) -> list[tuple[str, dict[str, object]]]:
    """What the audit trail says of the slide beyond its scoring."""
    kinds = {"slide renamed", "sample dated", "laboratory number set", "slide removed", "slide restored"}
    return [(entry.what, entry.detail) for entry in store.audit(1) if entry.what in kinds]


def test_a_slide_as_it_was_added_has_neither_date_nor_number(store: Store, tmp_path: Path) -> None:
    scored_slide(store, tmp_path)
    assert described(store) == ("slide 7", None, None)
    assert store.record(1).slide.removed is None


def test_the_last_description_holds_and_the_audit_tells_no_name_and_no_number(
    store: Store, tmp_path: Path
) -> None:
    scored_slide(store, tmp_path)
    change = store.housekeeping.describe
    change(1, name=" thin 2 ", sampled_on=DAY, laboratory_number=" L-2026/117 ", by="Ben")
    assert described(store) == ("thin 2", DAY, "L-2026/117")
    change(1, name="thin 2", sampled_on=DAY, laboratory_number="L-2026/117", by="Ben")
    change(1, name="thin 2", sampled_on=None, laboratory_number="", by="Ben")
    assert described(store) == ("thin 2", None, None)
    assert entries(store) == [
        ("slide renamed", {}),
        ("sample dated", {"sampled_on": "2026-11-03"}),
        ("laboratory number set", {}),
        ("sample dated", {"sampled_on": None}),
        ("laboratory number set", {}),
    ]


def test_slides_are_brought_in_with_date_and_number(store: Store, tmp_path: Path) -> None:
    from core.slides import FoundSlide

    found = [FoundSlide("thin 1", tmp_path)]
    store.bring_in("Ada", found, by="Anna", sampled_on=DAY, laboratory_number="117")
    assert described(store) == ("thin 1", DAY, "117")


def test_a_slide_keeps_a_name(store: Store, tmp_path: Path) -> None:
    scored_slide(store, tmp_path)
    with pytest.raises(StoreError, match="give the slide a name"):
        store.housekeeping.describe(1, name="  ", sampled_on=None, laboratory_number=None, by="Ben")


def test_a_signed_slide_is_neither_renamed_nor_removed(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=1)
    read_all(store, record, "-", reader="Anna", role=Role.FIRST)
    sign(store, 1, by="Anna")
    with pytest.raises(StoreError, match="signed"):
        store.housekeeping.describe(1, name="other", sampled_on=None, laboratory_number=None, by="Ben")
    with pytest.raises(StoreError, match="signed"):
        store.housekeeping.remove(1, "a mistake", by="Ben")
    store.signatures.begin_amendment(1, "looked again", by="Anna")
    with pytest.raises(StoreError, match="what is signed is kept"):
        store.housekeeping.remove(1, "a mistake", by="Ben")
    store.housekeeping.describe(1, name="other", sampled_on=None, laboratory_number=None, by="Ben")
    assert described(store)[0] == "other"


def test_a_removed_slide_says_who_removed_it_and_why_and_comes_back_as_it_was(
    store: Store, tmp_path: Path
) -> None:
    before = read_all(store, scored_slide(store, tmp_path), "+-..", reader="Anna", role=Role.FIRST)
    store.housekeeping.remove(1, " of another patient ", by="Ben")
    removed = store.record(1).slide.removed
    assert isinstance(removed, Removal)
    assert (removed.by, removed.reason) == ("Ben", "of another patient")
    assert removed.at >= before.readings[-1].at
    assert store.record(1).readings == before.readings
    store.housekeeping.restore(1, by="Cleo")
    store.housekeeping.restore(1, by="Cleo")
    assert store.record(1).slide == before.slide
    assert entries(store) == [("slide removed", {}), ("slide restored", {})]


def test_nothing_is_written_about_a_removed_slide(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path)
    store.housekeeping.remove(1, "blurred", by="Ben")
    for write in (
        lambda: store.read(1, record.candidates[0].id, PARASITE, reader="Anna", role=Role.FIRST),
        lambda: store.note_scoring(1, ScoringStep.QUEUED, by="Anna"),
        lambda: store.housekeeping.remove(1, "blurred", by="Ben"),
        lambda: store.housekeeping.describe(1, name="x", sampled_on=None, laboratory_number=None, by="Ben"),
    ):
        with pytest.raises(StoreError, match="restore it first"):
            write()


def test_the_scoring_of_a_removed_slide_stops_and_goes_on_when_it_is_resumed(
    store: Store, tmp_path: Path
) -> None:
    case = store.add_case("Ada", by="Anna")
    store.add_slide(case.id, "waits", tmp_path, by="Anna")
    write_score(tmp_path / "result", {"a.png": 10}, [("a.png", 0, 0.9)])
    store.note_scoring(1, ScoringStep.SCORING, by="process")
    store.housekeeping.remove(1, "blurred", by="Ben")
    assert store.record(1).slide.scoring == ScoringStep.STOPPED
    with pytest.raises(StoreError, match="removed"):
        store.take_in_result(1, tmp_path / "result", by="process")
    store.housekeeping.restore(1, by="Ben")
    assert store.record(1).slide.scoring == ScoringStep.STOPPED
    store.note_scoring(1, ScoringStep.QUEUED, by="Ben")
    assert take_in(store, 1, tmp_path / "result").taken_in is not None


def test_a_slide_is_not_removed_without_a_reason(store: Store, tmp_path: Path) -> None:
    scored_slide(store, tmp_path)
    with pytest.raises(StoreError, match="give the reason"):
        store.housekeeping.remove(1, "  ", by="Ben")
    assert store.record(1).slide.removed is None


def test_housekeeping_is_for_who_may_add_slides(store: Store, tmp_path: Path) -> None:
    scored_slide(store, tmp_path)
    store.people.name_supervisor("zoe", by="command line")
    asking = store.asking_roles()
    asking.people.grant("ruth", StaffRole.RESEARCHER, by="zoe")
    for write in (
        lambda: asking.housekeeping.remove(1, "blurred", by="ruth"),
        lambda: asking.housekeeping.restore(1, by="ruth"),
        lambda: asking.housekeeping.describe(1, name="x", sampled_on=None, laboratory_number=None, by="ruth"),
    ):
        with pytest.raises(NotAllowedError):
            write()
