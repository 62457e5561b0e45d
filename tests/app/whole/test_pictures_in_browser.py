"""The README's pictures of the application, of drawn slides alone; made only when asked for."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from PIL import Image

from app.jobs.demo import prepare_demo
from app.workplace import open_workplace
from core.store import Call, Candidate, Opinion, Role, Store
from datasets.synthetic import truth_path
from tests.app.chromium import IN_CHROMIUM, at_board, come_in
from tests.app.running_server import RunningServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PICTURES = Path(__file__).parents[3] / "docs" / "pictures"
SIGNED_SLIDE, READ_SLIDE = 2, 1
WIDTH_PX, PAGE_WIDTH_PX = 1080, 760
pytestmark = IN_CHROMIUM


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[RunningServer]:
    """With the demonstration's slides: one read by two and to be signed, one begun, one untouched."""
    if not request.config.getoption("--pictures"):
        pytest.skip("pictures are made when asked for: --pictures")
    workplace = open_workplace(tmp_path / "data")
    prepare_demo(workplace, print)
    _read(workplace.store, SIGNED_SLIDE, "Anna Roy", Role.FIRST, most=1000)
    _read(workplace.store, SIGNED_SLIDE, "Ben Okoro", Role.SECOND, most=1000)
    _read(workplace.store, READ_SLIDE, "Anna Roy", Role.FIRST, most=4)
    workplace.store.close()
    running = RunningServer(tmp_path / "data")
    running.start()
    yield running
    running.kill()


def _read(store: Store, slide_id: int, reader: str, role: Role, most: int) -> None:
    """Call candidates as they were drawn."""
    record = store.record(slide_id)
    # The demonstration draws a slide under another name until it is whole.
    drawn = record.slide.folder.with_name(f".{record.slide.folder.name}")
    truth = pd.read_parquet(truth_path(drawn))
    for candidate in record.candidates[:most]:
        infected = _is_infected(candidate, truth)
        opinion = Opinion(Call.PARASITE if infected else Call.NOT_PARASITE)
        store.read(slide_id, candidate.id, opinion, reader=reader, role=role)


def _is_infected(candidate: Candidate, truth: pd.DataFrame) -> bool:
    """Whether the drawn cell under the middle of a candidate's box is infected."""
    x, y = candidate.box[0] + candidate.box[2] / 2, candidate.box[1] + candidate.box[3] / 2
    under = truth[
        (truth["field"] == candidate.field)
        & (truth["x"] <= x)
        & (x <= truth["x"] + truth["width"])
        & (truth["y"] <= y)
        & (y <= truth["y"] + truth["height"])
    ]
    return bool(under["infected"].any())


def test_pictures_of_worklist_review_slide_and_signed_page(browser: "Browser", server: RunningServer) -> None:
    worklist = come_in(browser, server, "Cleo Martin")
    worklist.get_by_role("link", name="Review").first.wait_for()
    _keep(worklist, "worklist")

    review = come_in(browser, server, "Anna Roy", f"/review?slide={READ_SLIDE}")
    at_board(review)
    _keep(review, "review")

    slide = come_in(browser, server, "Anna Roy", f"/slide?slide={READ_SLIDE}")
    slide.locator("canvas").first.wait_for()
    slide.wait_for_timeout(4000)
    _keep(slide, "slide")

    result = come_in(browser, server, "Dora Klein", f"/result?slide={SIGNED_SLIDE}")
    look = result.get_by_role("button", name="Look")
    result.get_by_text("Sign the result").or_(look).first.wait_for()
    if look.is_visible():
        look.click()
    result.get_by_text("I, Dora Klein, have looked at this result").click()
    result.get_by_role("button", name="Sign the result").click()
    result.get_by_text("Signed: version 1").wait_for()
    with result.expect_download() as download:
        result.get_by_role("link", name="PDF, English").click()
    _keep_page(Path(download.value.path()).read_bytes())


def _keep(page: "Page", name: str) -> None:
    page.wait_for_timeout(1500)
    _write(Image.open(io.BytesIO(page.screenshot())), name)


def _keep_page(pdf: bytes) -> None:
    import pypdfium2

    _write(pypdfium2.PdfDocument(pdf)[0].render(scale=2).to_pil(), "signed_page", PAGE_WIDTH_PX)


def _write(image: Image.Image, name: str, width_px: int = WIDTH_PX) -> None:
    """A picture as wide as a page shows it."""
    height = round(image.height * width_px / image.width)
    shown = image.convert("RGB").resize((width_px, height), Image.Resampling.LANCZOS)
    shown.save(PICTURES / f"{name}.png", optimize=True)
