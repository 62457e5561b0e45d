"""A slide whose scores are still there, and a reader who looks at its cells."""

import pytest

from app.jobs.asked_maps import map_picture
from app.workplace import Workplace
from core.scoring.slide_run import LEDGER_FOLDER
from core.store import Candidate, SlideRecord


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> list[Workplace]:
    """For which folders the process would have been started."""
    folders: list[Workplace] = []
    monkeypatch.setattr("app.jobs.asked_maps.start_maps", folders.append)
    return folders


@pytest.fixture
def record(record: SlideRecord) -> SlideRecord:
    """A slide whose scores are still there, though by no model that is here."""
    assert record.taken_in is not None
    (record.taken_in.folder / LEDGER_FOLDER).mkdir()
    return record


def asked(
    workplace: Workplace, record: SlideRecord, candidate: Candidate, method: str = "cam"
) -> bytes | None:
    assert record.taken_in is not None
    picture = map_picture(workplace, record.slide, record.taken_in, candidate, f"map-{method}")
    return None if picture is None else picture.content
