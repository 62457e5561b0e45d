"""What the server hands out: nothing without a signed address, and a second reader no maps."""

from pathlib import Path

import numpy as np
import pytest

from app.cell_numbers import CellNumbers
from app.pictures.tiles import pictured_cell
from app.web.addresses import Permit, picture_base
from app.workplace import Workplace
from core.scoring.slide_run import LEDGER_FOLDER
from core.store import SlideRecord
from tests.app.web.conftest import Get


@pytest.fixture
def blind_base(workplace: Workplace, record: SlideRecord) -> str:
    assert record.taken_in is not None
    first = record.candidates[0]
    ones = np.ones((48, 48), np.float32)
    workplace.tiles.keep_maps(record.slide.id, "dots 1", pictured_cell(record.taken_in, first), {"cam": ones})
    return picture_base(
        workplace.secret, Permit(record.slide.id, record.taken_in.id, blind=True, reader="Ben")
    )


def test_a_signed_address_gives_the_picture_which_only_this_browser_may_keep(
    get: Get, base: str, record: SlideRecord
) -> None:
    status, headers, body = get(f"{base}/cell/{record.candidates[0].id}")
    assert status == 200
    assert body.startswith(b"\xff\xd8\xff")
    assert headers["content-type"] == "image/jpeg"
    assert headers["cache-control"].startswith("private")
    assert headers["x-content-type-options"] == "nosniff"


def test_without_a_signature_there_is_no_picture(get: Get, record: SlideRecord, base: str) -> None:
    number = record.candidates[0].id
    assert get(f"/pictures/guessed/cell/{number}")[0] == 403
    assert get(f"{base}x/cell/{number}")[0] == 403
    assert get("/slides/guessed/cells")[0] == 403


def test_the_second_reader_gets_the_cells_and_no_map(
    get: Get, blind_base: str, base: str, record: SlideRecord, workplace: Workplace
) -> None:
    number = record.candidates[0].id
    for_ben = CellNumbers.of(workplace.secret, record, "Ben", blind=True).shown(number)
    assert get(f"{blind_base}/cell/{for_ben}")[2] == get(f"{base}/cell/{number}")[2]
    assert get(f"{blind_base}/map-cam/{for_ben}")[0] == 403
    # By its own number, which tells its rank, they find no cell.
    assert get(f"{blind_base}/cell/{number}")[0] == 404
    assert get(f"{base}/map-cam/{number}")[0] == 200


def test_the_drawn_reference_pictures_are_of_no_patient_and_need_no_signature(get: Get) -> None:
    status, headers, body = get("/board/reference.png")
    assert (status, headers["content-type"]) == (200, "image/png")
    assert body.startswith(b"\x89PNG")


@pytest.mark.parametrize("path", ["cell/99999", "nothing/1", "map-nothing/2", "cell/1/../../../secret"])
def test_what_is_not_there_is_said_to_be_so(get: Get, base: str, path: str) -> None:
    assert get(f"{base}/{path}")[0] == 404


def test_a_cell_offered_after_the_page_was_shown_has_its_picture_too(
    get: Get, base: str, workplace: Workplace, record: SlideRecord
) -> None:
    get(f"{base}/cell/{record.candidates[0].id}")
    (offered,) = workplace.store.draw_sample(record.slide.id, 1, by="Anna")
    assert get(f"{base}/small/{offered.id}")[0] == 200


def test_a_field_that_is_gone_is_named(get: Get, base: str, record: SlideRecord, tmp_path: Path) -> None:
    (tmp_path / "slide" / "images" / record.candidates[0].field).unlink()
    status, _, body = get(f"{base}/cell/{record.candidates[0].id}")
    assert status == 404
    assert b"field1.png is no longer in" in body


def test_a_map_that_nobody_has_looked_at_is_being_made_and_kept_by_no_browser(
    get: Get, base: str, record: SlideRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.asked_maps.start_maps", lambda _: None)
    assert record.taken_in is not None
    (record.taken_in.folder / LEDGER_FOLDER).mkdir()
    status, headers, _ = get(f"{base}/map-cam/{record.candidates[0].id}")
    assert (status, headers["cache-control"]) == (202, "no-store")
