"""The database as it is opened: its tables, its version, and what cannot be opened."""

import multiprocessing
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from core.store import StaffRole, Store, StoreError, url_of_folder
from core.store.database import MIGRATIONS
from core.store.tables import METADATA


def test_the_steps_of_migration_make_the_tables_that_the_program_knows(tmp_path: Path) -> None:
    Store.in_folder(tmp_path).close()
    engine = create_engine(url_of_folder(tmp_path))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_opening_again_changes_nothing_and_keeps_what_is_there(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path)
    slide = store.add_slide(store.add_case("patient", by="Anna").id, "slide", Path("images"), by="Anna")
    before = store.record(slide.id)
    store.close()
    again = Store.in_folder(tmp_path)
    assert again.records() == (before,)
    again.close()


def test_the_database_is_in_wal_mode_and_each_commit_is_on_the_disk(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path)
    with store._database.reading() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        ]
    store.close()
    assert pragmas == ["wal", 2, 1, 1]


def test_a_database_of_a_newer_version_is_left_alone_and_named(tmp_path: Path) -> None:
    Store.in_folder(tmp_path).close()
    with sqlite3.connect(tmp_path / "smearscope.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match=r"smearscope\.sqlite was made by a newer version"):
        Store.in_folder(tmp_path)


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("no address at all", "cannot be used"),
        ("oracel://here/there", "cannot be used"),
        ("sqlite:////proc/no/such/folder/a.sqlite", "unable to open database file"),
    ],
)
def test_what_is_no_database_is_refused_in_a_line(url: str, named: str) -> None:
    with pytest.raises(StoreError, match=named):
        Store(url)


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "smearscope.sqlite"
    file.write_bytes(b"minutes of a meeting" * 100)
    with pytest.raises(StoreError, match="not a database"):
        Store.in_folder(tmp_path)
    assert file.read_bytes().startswith(b"minutes")


def _open(folder: Path, patient: str) -> None:
    store = Store.in_folder(folder)
    store.add_slide(store.add_case(patient, by="Anna").id, "slide", Path(patient), by="Anna")
    store.close()


def test_processes_that_open_a_new_folder_at_once_all_find_their_tables(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    patients = [f"patient {number}" for number in range(6)]
    processes = [context.Process(target=_open, args=(tmp_path, patient)) for patient in patients]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 6
    store = Store.in_folder(tmp_path)
    assert sorted(str(record.case.patient) for record in store.records()) == patients
    store.close()


def test_a_database_of_the_first_version_is_opened_with_all_that_it_holds(tmp_path: Path) -> None:
    engine = create_engine(url_of_folder(tmp_path))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in (
            "INSERT INTO cases VALUES (1, 'patient', 'salt', '2025-11-01')",
            "INSERT INTO slides VALUES (1, 1, 'slide', 'images', NULL, '2025-11-01')",
            "INSERT INTO scoring_steps VALUES (1, 1, 'queued', '', '2025-11-01')",
            "INSERT INTO candidates VALUES (1, 1, 'field1.png', 5, 5, 30, 30)",
            "INSERT INTO readings VALUES (1, 1, 1, 'A', 'first', 'unsure', NULL, NULL, NULL, '2025-11-01')",
            "INSERT INTO audit VALUES (1, '2025-11-01', 'Anna', 'slide added', 1, '{}')",
        ):
            connection.exec_driver_sql(statement)
    engine.dispose()
    store = Store.in_folder(tmp_path)
    (record,) = store.records()
    assert (record.case.patient, record.readings[0].reader, record.looks) == ("patient", "A", ())
    store.people.note_looks({1: 1}, by="Ben")
    store.people.grant("Ben", StaffRole.REVIEWER, by="Anna")
    assert store.record(1).looks[0].person == "Ben"
    store.close()
