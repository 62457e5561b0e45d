"""A copy of the database: whole, of one moment, and taken while others write."""

import threading
from pathlib import Path

import pytest

from core.files import OutputError
from core.store import Role, Store, StoreError, url_of_folder
from core.store.backup import Backup, back_up
from tests.full_disk import full_disk
from tests.scored_slides import NOT_PARASITE, PARASITE, read_all, scored_slide


def test_a_copy_opens_as_a_store_with_everything_in_it_and_needs_no_file_beside_it(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path / "data")
    record = read_all(store, scored_slide(store, tmp_path, listed=2), "+-", reader="Anna", role=Role.FIRST)
    copy = tmp_path / "copies" / "smearscope.sqlite"
    assert back_up(url_of_folder(tmp_path / "data"), copy) == Backup(
        cases=1, slides=1, readings=2, signatures=0
    )
    assert [file.name for file in copy.parent.iterdir()] == ["smearscope.sqlite"]
    other = Store.in_folder(copy.parent)
    assert other.record(record.slide.id) == record
    assert other.audit() == store.audit()
    other.close()
    store.close()


def test_copies_taken_while_readers_read_are_each_of_one_moment_and_miss_nothing_saved_before(
    tmp_path: Path,
) -> None:
    store = Store.in_folder(tmp_path / "data")
    record = scored_slide(store, tmp_path, listed=1)
    slide, cell = record.slide.id, record.candidates[0].id
    saved, stop = [0], threading.Event()

    def keep_reading() -> None:
        while not stop.is_set():
            for opinion in (PARASITE, NOT_PARASITE):
                store.read(slide, cell, opinion, reader="Anna", role=Role.FIRST)
                saved[0] += 1

    reader = threading.Thread(target=keep_reading)
    reader.start()
    try:
        for number in range(4):
            before = saved[0]
            copied = back_up(
                url_of_folder(tmp_path / "data"), tmp_path / f"copy{number}" / "smearscope.sqlite"
            )
            assert before <= copied.readings <= saved[0] + 1
    finally:
        stop.set()
        reader.join()
    store.close()
    for number in range(4):
        copy = Store.in_folder(tmp_path / f"copy{number}")
        # A reading and its line in the audit trail are one write: neither is there without the other.
        assert [entry.what for entry in copy.audit()].count("read") == len(copy.record(slide).readings)
        copy.close()


def test_a_copy_that_is_there_is_kept(tmp_path: Path) -> None:
    Store.in_folder(tmp_path / "data").close()
    (tmp_path / "copy").write_text("of yesterday")
    with pytest.raises(StoreError, match="copy is there already"):
        back_up(url_of_folder(tmp_path / "data"), tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "of yesterday"


def test_a_folder_without_a_database_is_named_and_none_is_made_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere holds no database"):
        back_up(url_of_folder(tmp_path / "nowhere"), tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_database_leaves_no_copy(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path / "data")
    for number in range(300):
        store.add_case(f"patient {number}" * 20, by="Anna")
    store.close()
    file = tmp_path / "data" / "smearscope.sqlite"
    content = bytearray(file.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 8192] = b"\xff" * 8192
    file.write_bytes(content)
    with pytest.raises(StoreError, match="cannot be copied"):
        back_up(url_of_folder(tmp_path / "data"), tmp_path / "copies" / "copy")
    assert list((tmp_path / "copies").iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    Store.in_folder(tmp_path / "data").close()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write"):
        back_up(url_of_folder(tmp_path / "data"), tmp_path / "file" / "copy")


def test_a_place_where_no_file_can_be_made_is_named_and_not_the_database(tmp_path: Path) -> None:
    Store.in_folder(tmp_path / "data").close()
    with pytest.raises(OutputError, match="cannot write /proc/copy"):
        back_up(url_of_folder(tmp_path / "data"), Path("/proc/copy"))


def test_a_place_without_room_is_named_and_left_as_it_was(tmp_path: Path) -> None:
    Store.in_folder(tmp_path / "data").close()
    with (
        full_disk(room_bytes=50_000),
        pytest.raises(OutputError, match=r"cannot write .*copy: disk I/O error"),
    ):
        back_up(url_of_folder(tmp_path / "data"), tmp_path / "copies" / "copy")
    assert list((tmp_path / "copies").iterdir()) == []


def test_a_database_on_a_server_is_left_to_the_servers_tools(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="pg_dump"):
        back_up("postgresql://somebody:secret@host/name", tmp_path / "copy")
