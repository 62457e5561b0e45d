"""The file by which others know of slides under watch: read as it was written, and never half."""

from pathlib import Path

import pytest

from core.scoring.live_tally import LiveField, LiveTally
from core.scoring.watch_file import WatchedSlide, WatchStep, read_watched, under_watch, write_watched
from core.wording import sentence

OPEN = WatchedSlide(
    "slide ☃",
    WatchStep.OPEN,
    LiveTally(10, 1, 2),
    "f.jpg",
    (sentence("watch.overlaps", others="e", cells=3),),
)
CLOSED = WatchedSlide("b", WatchStep.CLOSED, LiveTally(5, 1, 0), pictures={"f.jpg": "9 bytes, 1 ns"})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_watched(tmp_path / "watch.json", (OPEN, CLOSED))
    assert read_watched(tmp_path / "watch.json") == (OPEN, CLOSED)


@pytest.mark.parametrize("content", [b"", b"[", b"{}", b'[{"name": 3}]', b"\xff"])
def test_a_damaged_file_or_none_knows_no_slide(tmp_path: Path, content: bytes) -> None:
    assert read_watched(tmp_path / "watch.json") == ()
    (tmp_path / "watch.json").write_bytes(content)
    assert read_watched(tmp_path / "watch.json") == ()


def test_slides_are_under_watch_until_they_are_closed_or_nobody_has_written_for_half_a_minute(
    tmp_path: Path,
) -> None:
    path = tmp_path / "watch.json"
    assert under_watch(path) == ()
    write_watched(path, (OPEN, CLOSED))
    written_s = path.stat().st_mtime
    assert under_watch(path, written_s + 29) == (OPEN,)
    assert under_watch(path, written_s + 31) == ()


def test_a_file_that_is_being_replaced_shows_no_slide(tmp_path: Path) -> None:
    (tmp_path / "watch.json").mkdir()  # reading it is an OSError, as on Windows
    assert under_watch(tmp_path / "watch.json") == ()


def test_a_field_that_has_come_is_the_last_one(tmp_path: Path) -> None:
    field = LiveField("g.jpg", "g.jpg", "1 bytes", 4, is_counted=True, notes=())
    after = CLOSED.after(field, LiveTally(9, 2, 0))
    assert after == WatchedSlide("b", WatchStep.OPEN, LiveTally(9, 2, 0), "g.jpg", pictures=CLOSED.pictures)
