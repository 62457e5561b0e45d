"""What every write is made of: rows with numbers, lines of the audit trail, and slides held meanwhile."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection

from core.store import StoreError
from core.store.database import Database, url_of_folder
from core.store.new_slides import append_case, append_slide
from core.store.rows import audit_of, case_of
from core.store.tables import AMENDMENTS, CASES, SIGNATURES
from core.store.writes import append, hold, hold_unsigned, note

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A transaction on a database of the test's own."""
    database = Database(url_of_folder(tmp_path), tmp_path)
    with database.writing() as opened:
        yield opened
    database.close()


def new_slide(connection: Connection) -> int:
    case = append_case(connection, "Anna", "P").id
    return append_slide(connection, "Anna", case, "slide", Path("images"), None).id


def sign(connection: Connection, slide: int, version: int) -> None:
    signed = {"by": "Dora\nLee", "at": NOON, "sha256": "0" * 64, "document": "{}"}
    append(connection, SIGNATURES, slide_id=slide, version=version, **signed)


def amend(connection: Connection, slide: int, version: int) -> None:
    append(connection, AMENDMENTS, slide_id=slide, version=version, by="Anna", reason="again", at=NOON)


def test_a_row_is_found_by_the_number_that_writing_it_gave(connection: Connection) -> None:
    first, second = (
        append(connection, CASES, patient=name, salt="s", created_at=NOON) for name in ("Ada", "Bea")
    )
    assert [case_of(connection, number).patient for number in (second, first)] == ["Bea", "Ada"]


def test_a_line_of_the_audit_trail_says_who_did_what_to_which_slide_and_when(connection: Connection) -> None:
    slide = new_slide(connection)
    before = datetime.now(UTC)
    number = note(connection, "Ben", "read", slide, candidate=3, call="unsure", role=None)
    last = audit_of(connection)[-1]
    assert (last.id, last.who, last.what, last.slide_id) == (number, "Ben", "read", slide)
    assert last.detail == {"candidate": 3, "call": "unsure", "role": None}
    assert before <= last.at <= datetime.now(UTC)
    note(connection, "Ben", "patient erased", case=1)
    assert audit_of(connection)[-1].slide_id is None


def test_a_slide_that_is_not_there_cannot_be_held(connection: Connection) -> None:
    slide = new_slide(connection)
    hold(connection, slide)
    for keep in (hold, hold_unsigned):
        with pytest.raises(StoreError, match=f"no slide {slide + 1}"):
            keep(connection, slide + 1)


def test_a_signed_slide_is_held_for_no_change_before_it_is_amended(connection: Connection) -> None:
    slide = new_slide(connection)
    hold_unsigned(connection, slide)
    for version in (1, 2):
        sign(connection, slide, version)
        hold(connection, slide)  # for what changes no reading, such as an export
        with pytest.raises(StoreError, match=rf"signed by Dora\\nLee as version {version}"):
            hold_unsigned(connection, slide)
        amend(connection, slide, version + 1)
        hold_unsigned(connection, slide)
