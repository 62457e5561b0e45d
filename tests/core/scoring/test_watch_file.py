"""The file by which others know of slides under watch: read as it was written, and never half."""

from pathlib import Path

import pytest

from core.scoring.live_tally import LiveField, LiveTally
from core.scoring.watch_file import (
    WatchedSlide,
    WatchStep,
    fingerprint,
    read_states,
    read_watched,
    under_watch,
    write_states,
    write_watched,
)
from core.wording import sentence

OPEN = WatchedSlide(
    "slide ☃",
    WatchStep.OPEN,
    LiveTally(10, 1, 2),
    "f.jpg",
    (sentence("watch.overlaps", others="e", cells=3),),
)
CLOSED = WatchedSlide(
    "b", WatchStep.CLOSED, LiveTally(5, 1, 0), pictures=fingerprint({"f.jpg": "9 bytes, 1 ns"})
)


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


def test_pictures_have_one_fingerprint_in_any_order_and_another_where_one_changes_its_name_or_state() -> None:
    pictures = {"a": "1 bytes", "b": "2 bytes"}
    assert fingerprint({"b": "2 bytes", "a": "1 bytes"}) == fingerprint(pictures)
    others: tuple[dict[str, str], ...] = (
        {"a": "1 bytes"},
        pictures | {"b": "3 bytes"},
        {"a": "1 bytes", "c": "2 bytes"},
        {},
    )
    assert fingerprint(pictures) not in {fingerprint(other) for other in others}


def test_states_that_are_kept_are_read_and_damaged_ones_are_none(tmp_path: Path) -> None:
    assert read_states(tmp_path, "slide") == frozenset()
    write_states(tmp_path, "slide", {"a": "1 bytes", "b": "2 bytes"})
    assert read_states(tmp_path, "slide") == {"1 bytes", "2 bytes"}
    (path,) = tmp_path.rglob("*.json")
    path.write_bytes(b"[")
    assert read_states(tmp_path, "slide") == frozenset()


def test_a_file_that_is_being_replaced_shows_no_slide(tmp_path: Path) -> None:
    (tmp_path / "watch.json").mkdir()  # reading it is an OSError, as on Windows
    assert under_watch(tmp_path / "watch.json") == ()


def test_a_field_that_has_come_is_the_last_one(tmp_path: Path) -> None:
    field = LiveField("g.jpg", "g.jpg", "1 bytes", 4, is_counted=True, notes=())
    after = CLOSED.after(field, LiveTally(9, 2, 0))
    assert after == WatchedSlide("b", WatchStep.OPEN, LiveTally(9, 2, 0), "g.jpg", pictures=CLOSED.pictures)
