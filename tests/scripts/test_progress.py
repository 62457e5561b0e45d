"""Progress of a scoring run where there is no terminal: a line now and then."""

import pytest

from scripts.progress import SECONDS_BETWEEN_LINES, ScoringBars


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What time it is, in seconds; a test moves it on."""
    now = [1000.0]
    monkeypatch.setattr("scripts.progress.time.monotonic", lambda: now[0])
    return now


def test_a_line_is_written_every_half_minute_with_the_speed_of_this_run(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with ScoringBars(slides=1) as bars:
        bars.slide_begins("slide", fields=400, fields_done=0)
        clock[0] += SECONDS_BETWEEN_LINES - 1
        bars.field_done(cells=1000)
        assert capsys.readouterr().err == ""
        clock[0] += 11
        bars.field_done(cells=1000)
        assert capsys.readouterr().err == "slide: 2 of 400 fields, 50 cells/s\n"
        bars.field_done(cells=1000)
        assert capsys.readouterr().err == ""


def test_what_an_earlier_run_has_scored_is_said_at_once_and_counts_as_done(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with ScoringBars(slides=1) as bars:
        bars.slide_begins("two\nlines", fields=1400, fields_done=1200)
        assert capsys.readouterr().err == "two\\nlines: 1 200 of 1 400 fields are scored already\n"
        clock[0] += SECONDS_BETWEEN_LINES
        bars.field_done(cells=3000)
        assert capsys.readouterr().err == "two\\nlines: 1 201 of 1 400 fields, 100 cells/s\n"
