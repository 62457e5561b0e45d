"""The data folder can be moved: what lies within it is kept by its place in it, also in older databases."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from core.review import read_document, sign, violations
from core.store import Role, Store, StoreError, url_of_folder
from core.store.backup import back_up
from core.store.database import MIGRATIONS
from tests.scored_slides import read_all, scored_slide


def folders(data: Path) -> dict[str, list[str]]:
    """What the database itself says."""
    engine = create_engine(url_of_folder(data))
    with engine.connect() as connection:
        found = {
            table: list(connection.execute(text(f"SELECT folder FROM {table}")).scalars())  # noqa: S608
            for table in ("slides", "results")
        }
    engine.dispose()
    return found


def test_folders_within_the_data_folder_are_kept_without_it_and_others_whole(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path / "data")
    scored_slide(store, tmp_path / "data" / "a")
    scored_slide(store, tmp_path / "server")
    store.close()
    assert folders(tmp_path / "data") == {
        "slides": ["a/images", str(tmp_path / "server" / "images")],
        "results": ["a/result", str(tmp_path / "server" / "result")],
    }


def test_a_data_folder_that_is_reached_by_a_link_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "disk")
    store = Store.in_folder(tmp_path / "data")
    scored_slide(store, tmp_path / "disk" / "a")
    record = store.record(1)
    store.close()
    assert folders(tmp_path / "disk")["slides"] == ["a/images"]
    assert record.slide.folder == tmp_path / "data" / "a" / "images"


@pytest.mark.parametrize(
    "name", ["whose?", "a#b", "100%", "a%41", "a?mode=memory", "champ\udce9", "a b+c@d:e"]
)
def test_the_database_lies_in_its_data_folder_whatever_that_is_called(tmp_path: Path, name: str) -> None:
    data = tmp_path / name
    store = Store.in_folder(data)
    store.add_case("patient", by="Anna")
    store.close()
    assert list(tmp_path.iterdir()) == [data]
    assert "smearscope.sqlite" in [file.name for file in data.iterdir()]
    assert back_up(url_of_folder(data), data / "copy.sqlite").cases == 1


def test_nobody_but_its_owner_can_read_a_new_database_or_a_copy_of_it(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path)
    store.add_case("patient", by="Anna")
    back_up(url_of_folder(tmp_path), tmp_path / "copy.sqlite")
    for file in (*tmp_path.glob("smearscope.sqlite*"), tmp_path / "copy.sqlite"):
        assert file.stat().st_mode & 0o077 == 0, file
    store.close()


def test_a_signed_slide_goes_on_after_its_folder_was_moved(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path / "data")
    record = scored_slide(store, tmp_path / "data" / "a")
    read_all(store, record, "+---", reader="Anna", role=Role.FIRST)
    read_all(store, record, "+---", reader="Ben", role=Role.SECOND)
    first = sign(store, 1, by="Dora")
    store.close()
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    store = Store.in_folder(tmp_path / "elsewhere")
    moved = store.record(1)
    assert moved.slide.folder == tmp_path / "elsewhere" / "a" / "images"
    assert violations(moved, 1, store.signatures.pictures(first)) == ()
    store.signatures.begin_amendment(1, "looked again", by="Dora")
    # The picture of the accepted cell comes from the folder where it is now.
    second = sign(store, 1, by="Dora")
    assert read_document(second).signature.previous_sha256 == first.sha256
    same = store.record(1)
    assert same.taken_in is not None
    store.signatures.begin_amendment(1, "taken in again", by="Dora")
    assert store.take_in_result(1, same.taken_in.folder, by="Anna").taken_in == same.taken_in
    store.close()


def test_the_same_folder_is_known_where_it_was_moved_to(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path / "data")
    case = store.add_case("patient", by="Anna")
    store.add_slide(case.id, "slide", tmp_path / "data" / "slides" / "x", by="Anna")
    store.close()
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    store = Store.in_folder(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="already on the worklist, as slide slide"):
        store.add_slide(case.id, "again", tmp_path / "elsewhere" / "slides" / "x", by="Anna")
    store.close()


def test_an_older_database_is_made_movable_as_it_is_opened_and_stays_locked(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    engine = create_engine(url_of_folder(data))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "slide_settings")
        for statement in (
            "INSERT INTO cases VALUES (1, 'patient', 'salt', '2025-11-01')",
            f"INSERT INTO slides VALUES (1, 1, 'own', '{data}/slides/own', NULL, '2025-11-01')",  # noqa: S608
            "INSERT INTO slides VALUES (2, 1, 'server', '/mnt/slides/x', NULL, '2025-11-01')",
            "INSERT INTO scoring_steps VALUES (1, 1, 'queued', '', '2025-11-01')",
            "INSERT INTO scoring_steps VALUES (2, 2, 'queued', '', '2025-11-01')",
            "INSERT INTO audit VALUES (1, '2025-11-01', 'Anna', 'slide added', 1, '{}')",
            "INSERT INTO audit VALUES (2, '2025-11-01', 'Anna', 'slide added', 2, '{}')",
        ):
            connection.exec_driver_sql(statement)
    engine.dispose()
    Store.in_folder(data).close()
    assert folders(data)["slides"] == ["slides/own", "/mnt/slides/x"]
    data.rename(tmp_path / "moved")
    store = Store.in_folder(tmp_path / "moved")
    assert [slide.folder for slide in store.slides()] == [
        tmp_path / "moved" / "slides" / "own",
        Path("/mnt/slides/x"),
    ]
    store.close()
    engine = create_engine(url_of_folder(tmp_path / "moved"))
    with engine.connect() as connection, pytest.raises(Exception, match="never changed or deleted"):
        connection.execute(text("UPDATE slides SET name = 'another'"))
    engine.dispose()
