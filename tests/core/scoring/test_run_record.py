"""How a run went, by a clock that the test sets."""

import json
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.scoring.run_record import LIBRARIES, RunClock, RunRecord, write_run

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def set_clock(monkeypatch: pytest.MonkeyPatch, *seconds: float, set_back_s: float = 0.0) -> None:
    """Let these seconds after noon pass, one after the other; the clock is set back after the first."""
    passed, shown = iter(seconds), iter([seconds[0], *(one - set_back_s for one in seconds[1:])])

    class Clock:
        @staticmethod
        def now(zone: tzinfo) -> datetime:
            assert zone is UTC
            return NOON + timedelta(seconds=next(shown))

    monkeypatch.setattr("core.scoring.run_record.datetime", Clock)
    monkeypatch.setattr("core.scoring.run_record.time", SimpleNamespace(monotonic=lambda: next(passed)))


def test_a_run_is_what_it_did_in_the_time_that_it_took(monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(monkeypatch, 0.25, 4.2512, 8.25)
    clock = RunClock()
    for cells in (30, 0, 12):
        clock.field_done(cells)
    assert clock.record(2, {"resume": True}) == RunRecord(
        started="2026-01-05T12:00:00+00:00",
        ended="2026-01-05T12:00:04+00:00",
        seconds=4.001,
        fields_scored=3,
        cells_located=42,
        cells_per_second=10.5,
        workers=2,
        options={"resume": True},
    )
    assert clock.record(2, {}).cells_per_second == 5.2  # 42 in 8 seconds: it is the run up to now


def test_a_clock_that_is_set_back_changes_no_duration(monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(monkeypatch, 0, 20, set_back_s=3600)
    clock = RunClock()
    clock.field_done(50)
    record = clock.record(1, {})
    assert (record.seconds, record.cells_per_second) == (20.0, 2.5)
    assert record.ended == "2026-01-05T11:00:20+00:00"


def test_a_run_that_took_no_time_has_no_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(monkeypatch, 0, 0)
    assert RunClock().record(1, {}).cells_per_second == 0.0


def test_beside_a_run_stands_what_can_change_a_score_and_on_what_it_was_made(tmp_path: Path) -> None:
    write_run(tmp_path / "run.json", RunClock().record(1, {"slide": "Größe 7"}))
    text = (tmp_path / "run.json").read_text(encoding="utf-8")
    run = json.loads(text)
    assert "Größe 7" in text
    assert {"started", "ended", "seconds", "workers"} < run.keys()
    assert run["machine"].keys() == {"system", "processor", "cores"}
    assert run["versions"].keys() == {"smearscope", "python", *LIBRARIES}
    assert all(version[0].isdigit() for version in run["versions"].values())
