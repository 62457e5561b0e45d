"""Damaged files of every kind are read or named, in bounded memory and time: `benchmarks.mutated_files`."""

import os
import time
from pathlib import Path
from random import Random

import pytest

from tests.damaged_reading import (
    FILES,
    DamagedReader,
    Readable,
    damaged,
    kinds_of,
    laid_out,
    read_damaged,
)
from tests.mutations import mutated

SEEDS = range(5000, 5003)


@pytest.mark.slow
@pytest.mark.parametrize("which", FILES.values())
def test_an_undamaged_file_of_each_kind_is_read(which: str) -> None:
    for readable in kinds_of(which).values():
        with laid_out(readable.files) as folder:
            readable.read(folder)


@pytest.mark.slow
@pytest.mark.parametrize("which", FILES.values())
def test_a_damaged_file_of_each_kind_is_read_or_named(which: str) -> None:
    with DamagedReader(which, longest_s=60, most_bytes=2 << 30) as reader:
        readings = [reader.read(kind, seed) for kind in kinds_of(which) for seed in SEEDS]
    assert [reading for reading in readings if reading.is_fault] == []
    assert max(reading.grown_bytes for reading in readings) < 1 << 30


def fails(_: object) -> None:
    raise KeyError("no error of ours")


def test_an_error_that_is_not_of_ours_is_a_fault() -> None:
    kinds = {"a": Readable({"a.png": b"content"}, fails)}
    reading = read_damaged(kinds, "a", 1)
    assert (reading.outcome, reading.is_fault) == ("uncaught", True)
    assert "no error of ours" in reading.said


def aborts(_: Path) -> None:
    os.abort()


def sleeps(_: Path) -> None:
    time.sleep(60)


def allocates(_: Path) -> None:
    kept = b"x" * (MOST_BYTES + 1)
    time.sleep(60)
    del kept


MOST_BYTES = 400_000_000
READERS = {reader.__name__: Readable({"a.png": b"content"}, reader) for reader in (aborts, sleeps, allocates)}


@pytest.mark.parametrize(
    ("kind", "longest_s", "outcome"),
    [("aborts", 30, "killed"), ("sleeps", 0.5, "hung"), ("allocates", 30, "filled memory")],
)
def test_a_reader_that_falls_hangs_or_fills_memory_is_told_from_outside(
    kind: str, longest_s: float, outcome: str
) -> None:
    with DamagedReader("tests.test_damaged_files:READERS", longest_s, MOST_BYTES) as reader:
        reading = reader.read(kind, 1)
    assert (reading.outcome, reading.is_fault) == (outcome, True)


def test_damage_is_the_same_for_a_seed_and_differs_between_seeds() -> None:
    kinds = {"a": Readable({"a.png": bytes(range(256)), "b.png": b"left as it is"}, fails)}
    assert damaged(kinds, "a", 1) == damaged(kinds, "a", 1)
    contents = {damaged(kinds, "a", seed)[1]["a.png"] for seed in range(50)}
    assert len(contents) > 40
    assert damaged(kinds, "a", 1)[1]["b.png"] == b"left as it is"


@pytest.mark.parametrize("content", [b"", b"1", b"ab"])
def test_a_file_of_few_bytes_can_be_damaged(content: bytes) -> None:
    for seed in range(200):
        mutated(content, b"", Random(seed))  # noqa: S311 - damage, not secrets
