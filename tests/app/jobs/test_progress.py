"""What a scoring process says of itself while it works."""

import time
from pathlib import Path

import pytest

from app.jobs.progress import ProgressFile, ScoringProgress, StoppedError, read_progress


def test_progress_is_written_down_with_the_time_that_is_left(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    progress = ProgressFile(path, lambda: False)
    progress.slide_begins("slide", fields=10, fields_done=4)
    begun = read_progress(path)
    assert begun is not None
    assert (begun.fields, begun.fields_done, begun.fields_of_run) == (10, 4, 0)
    progress._written = time.monotonic() - 1  # half a second between two writes has passed
    progress.field_done(90)
    found = read_progress(path)
    assert found is not None
    assert (found.fields_done, found.cells, found.fields_of_run, found.share) == (5, 90, 1, 0.5)
    progress.slide_ends()
    assert read_progress(path) is None


@pytest.mark.parametrize("content", [b"", b'{"fields": 10', b"\xff\xfe", b"[]", b'{"fields": "many"}'])
def test_progress_that_is_damaged_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "progress.json").write_bytes(content)
    assert read_progress(tmp_path / "progress.json") is None


def test_the_time_left_is_at_the_speed_of_this_run() -> None:
    assert ScoringProgress(100, 40, 0, 20, 10.0).seconds_left == 30.0
    assert ScoringProgress(100, 40, 0, 0, 10.0).seconds_left is None
    assert ScoringProgress(0, 0, 0, 0, 0.0).share == 0.0


def test_a_stop_is_seen_at_the_next_write(tmp_path: Path) -> None:
    progress = ProgressFile(tmp_path / "progress.json", lambda: True)
    with pytest.raises(StoppedError):
        progress.slide_begins("slide", fields=10, fields_done=0)
