"""What people decided cannot be changed or deleted, by SQL neither."""

import sqlite3
from collections.abc import Iterator

import pytest

from core.review import sign
from core.store import Role, Store
from core.store.tables import METADATA
from tests.scored_slides import NOT_PARASITE, read_all, scored_slide

ADDED_TO_ONLY = sorted(set(METADATA.tables) - {"cases"})


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A database with at least one row in each table, opened past the program."""
    folder = tmp_path_factory.mktemp("append_only")
    store = Store.in_folder(folder / "data")
    record = scored_slide(store, folder / "slide", listed=2)
    slide = record.slide.id
    store.flag_field(slide, "field1.png", by="Anna")
    read_all(store, record, "+-", reader="Anna", role=Role.FIRST)
    store.undo(slide, reader="Anna")
    store.read(slide, record.candidates[1].id, NOT_PARASITE, reader="Anna", role=Role.FIRST)
    read_all(store, record, "+-", reader="Ben", role=Role.SECOND)
    store.field_readings.read(slide, "field1.png", reader="Anna", role=Role.FIRST)
    store.settings.change(slide, red_cells_per_ul=4.2e6, review_budget=None, by="Anna")
    store.housekeeping.describe(slide, name="x", sampled_on=None, laboratory_number="117", by="Anna")
    store.housekeeping.remove(slide, "a mistake", by="Anna")
    store.housekeeping.restore(slide, by="Anna")
    store.notes.on_cell(slide, record.candidates[0].id, "dust?", by="Anna")
    store.notes.on_field(slide, "field1.png", "thick here", by="Anna")
    store.notes.on_slide(slide, "stained twice", by="Anna")
    sign(store, slide, by="Anna")
    store.signatures.begin_amendment(slide, "looked again", by="Anna")
    store.people.note_looks({slide: store.record(slide).readings[-1].id}, by="Cleo")
    store.people.name_supervisor("Anna", by="Anna")
    store.models.switch("other", "other 1", by="Anna")
    store.close()
    connection = sqlite3.connect(folder / "data" / "smearscope.sqlite")
    yield connection
    connection.close()


@pytest.mark.parametrize("table", ADDED_TO_ONLY)
def test_rows_are_neither_updated_nor_deleted(database: sqlite3.Connection, table: str) -> None:
    before = database.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - names of our own tables
    assert before
    for statement in (f"UPDATE {table} SET id = id + 100", f"DELETE FROM {table}"):  # noqa: S608
        with pytest.raises(sqlite3.IntegrityError, match="never changed or deleted"):
            database.execute(statement)
    assert database.execute(f"SELECT * FROM {table}").fetchall() == before  # noqa: S608


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM cases",
        "UPDATE cases SET patient = 'somebody else'",
        "UPDATE cases SET patient = NULL",  # without the salt that could still tell who it was
        "UPDATE cases SET patient = NULL, salt = NULL, id = 9",
        "UPDATE cases SET patient = NULL, salt = NULL, created_at = '2020-01-01'",
    ],
)
def test_a_case_cannot_be_changed_but_for_its_patient_to_be_erased(
    database: sqlite3.Connection, statement: str
) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="never"):
        database.execute(statement)
    database.execute("UPDATE cases SET patient = NULL, salt = NULL")
    database.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE laboratory_numbers SET number = '118'",
        "UPDATE laboratory_numbers SET number = NULL, slide_id = 9",
        """UPDATE laboratory_numbers SET number = NULL, "by" = 'somebody else'""",
        "UPDATE laboratory_numbers SET number = NULL, at = '2020-01-01'",
    ],
)
def test_a_laboratory_number_cannot_be_changed_but_to_be_erased(
    database: sqlite3.Connection, statement: str
) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="never changed or deleted"):
        database.execute(statement)
    database.execute("UPDATE laboratory_numbers SET number = NULL")
    database.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE notes SET text = 'no dust' WHERE field IS NULL",
        "UPDATE notes SET text = NULL WHERE candidate_id IS NOT NULL",
        "UPDATE notes SET text = NULL WHERE field IS NOT NULL",
        """UPDATE notes SET text = NULL, "by" = 'somebody else' WHERE field IS NULL""",
        "UPDATE notes SET text = NULL, field = 'field1.png' WHERE field IS NULL",
    ],
)
def test_a_note_cannot_be_changed_but_for_one_on_a_slide_to_be_erased(
    database: sqlite3.Connection, statement: str
) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="never changed or deleted"):
        database.execute(statement)
    database.execute("UPDATE notes SET text = NULL WHERE field IS NULL")
    database.rollback()
