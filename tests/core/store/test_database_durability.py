"""Nothing that was reported as saved is lost or doubled: killed processes, and many readers at once."""

import multiprocessing
import os
import shutil
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from core.review import sign, standing
from core.store import Role, ScoringStep, Store, StoreError
from tests.scored_slides import NOT_PARASITE, PARASITE, UNSURE, box_of, scored_slide

FORK = multiprocessing.get_context("fork")

STEPS: list[Callable[[Store], object]] = [
    lambda store: store.add_case("another patient", by="Anna"),
    lambda store: store.add_slide(2, "another slide", Path("elsewhere"), by="Anna"),
    lambda store: store.note_scoring(2, ScoringStep.SCORING, by="smearscope"),
    lambda store: store.read(1, 1, PARASITE, reader="Anna", role=Role.FIRST),
    lambda store: store.read(1, 2, UNSURE, reader="Anna", role=Role.FIRST),
    lambda store: store.undo(1, reader="Anna"),
    lambda store: store.read(1, 2, NOT_PARASITE, reader="Anna", role=Role.FIRST),
    lambda store: store.mark(1, "field1.png", box_of(5), PARASITE, reader="Anna", role=Role.FIRST),
    lambda store: store.draw_sample(1, 1, by="Anna"),
    lambda store: store.flag_field(1, "field2.png", by="Anna"),
    *(
        lambda store, cell=cell: store.read(1, cell, PARASITE, reader="Ben", role=Role.SECOND)
        for cell in (1, 3)
    ),
    lambda store: store.read(1, 2, NOT_PARASITE, reader="Ben", role=Role.SECOND),
    lambda store: sign(store, 1, by="Anna"),
    lambda store: store.signatures.begin_amendment(1, "looked again", by="Anna"),
    lambda store: store.erase_patient(1, by="Anna"),
]


def _content(folder: Path) -> list[object]:
    """All that matters of a store; times and salts differ from run to run."""
    store = Store.in_folder(folder)
    with closing(sqlite3.connect(folder / "smearscope.sqlite")) as connection:
        found: list[object] = connection.execute("SELECT id, patient FROM cases ORDER BY id").fetchall()
    for record in store.records():
        found += [record.slide.name, record.slide.scoring, record.candidates, record.locked]
        found += [(reading.id, reading.opinion, reading.undone_by) for reading in record.readings]
        found += [flag.field for flag in record.flags]
        found += [amendment.version for amendment in record.amendments]
        found += [
            (signature.version, sorted(store.signatures.pictures(signature)))
            for signature in record.signatures
        ]
    found.append(len(store.audit()))
    store.close()
    return found


def _prepared(folder: Path) -> Path:
    store = Store.in_folder(folder / "data")
    scored_slide(store, folder, listed=2)
    store.close()
    return folder / "data"


def _all_steps_then_killed(folder: Path, at_statement: int, saved: Connection) -> None:
    """Do all steps, each reported once done; be killed just before a certain write reaches the database."""
    store, statements = Store.in_folder(folder), 0

    def before_statement(*arguments: object) -> None:
        if not str(arguments[2]).startswith("SELECT"):
            count()

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1
        if statements == at_statement:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", before_statement)
    event.listen(Engine, "commit", count)
    for step in STEPS:
        step(store)
        saved.send("saved")
    os._exit(0)


@pytest.mark.slow
def test_a_kill_between_any_two_writes_loses_nothing_that_was_reported_as_saved(tmp_path: Path) -> None:
    untouched = _prepared(tmp_path)
    unharmed = shutil.copytree(untouched, tmp_path / "unharmed")
    expected = [_content(unharmed)]
    store = Store.in_folder(unharmed)
    for step in STEPS:
        step(store)
        expected.append(_content(unharmed))
    store.close()
    for at_statement in range(1, 1000):
        data = shutil.copytree(untouched, tmp_path / f"killed_at_{at_statement}")
        here, there = FORK.Pipe(duplex=False)
        process = FORK.Process(target=_all_steps_then_killed, args=(data, at_statement, there))
        process.start()
        there.close()
        process.join()
        saved = 0
        while here.poll():
            try:
                here.recv()
            except EOFError:
                break
            saved += 1
        assert _content(data) in expected[saved : saved + 2], f"killed at statement {at_statement}"
        with sqlite3.connect(data / "smearscope.sqlite") as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()
        if process.exitcode == 0:
            assert at_statement > 60
            break
    else:
        pytest.fail("the steps never came to an end")


def _read_all_cells(store: Store, reader: str) -> list[int]:
    """Try to read every cell of the slide first; the numbers of the readings that were reported as saved."""
    saved = []
    for candidate in store.record(1).candidates:
        with suppress(StoreError):  # another was first
            saved.append(store.read(1, candidate.id, PARASITE, reader=reader, role=Role.FIRST).id)
    return saved


def _read_in_process(folder: Path, reader: str, results: Connection) -> None:
    store = Store.in_folder(folder)
    results.send(_read_all_cells(store, reader))
    store.close()


def _check_each_cell_read_once(folder: Path, reported: list[list[int]], cells: int) -> None:
    store = Store.in_folder(folder)
    record = store.record(1)
    written = [reading.id for reading in record.readings]
    assert sorted(number for numbers in reported for number in numbers) == written, "lost or doubled"
    assert len(standing(record.readings)) == cells
    assert set(Counter(reading.candidate_id for reading in record.readings).values()) == {1}
    assert [entry.what for entry in store.audit(1)].count("read") == cells
    store.close()


def _slide_for_twenty(folder: Path) -> Path:
    store = Store.in_folder(folder / "data")
    scored_slide(store, folder, listed=20, fields=4)
    store.close()
    return folder / "data"


def test_twenty_threads_that_read_one_slide_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    data = _slide_for_twenty(tmp_path)
    store, reported = Store.in_folder(data), []
    threads = [
        threading.Thread(target=lambda name=f"reader {number}": reported.append(_read_all_cells(store, name)))
        for number in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    assert len(reported) == 20
    _check_each_cell_read_once(data, reported, cells=20)


@pytest.mark.slow
def test_twenty_processes_that_read_one_slide_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    data = _slide_for_twenty(tmp_path)
    pipes = [FORK.Pipe(duplex=False) for _ in range(20)]
    processes = [
        FORK.Process(target=_read_in_process, args=(data, f"reader {number}", there))
        for number, (_, there) in enumerate(pipes)
    ]
    for process in processes:
        process.start()
    reported = [here.recv() for here, _ in pipes]
    for process in processes:
        process.join()
    _check_each_cell_read_once(data, reported, cells=20)
