"""A data folder that is moved with a signed slide: it is looked at, amended, and gets more fields there."""

import io
from pathlib import Path

import pytest

from app.jobs import scoring_process as process
from app.jobs.growing import add_fields
from app.jobs.models_here import ModelHere
from app.jobs.progress import ProgressFile
from app.workplace import open_workplace
from core.review import read_document, sign, violations
from core.store import Role, ScoringStep
from tests.coloured_cells import DotCard, draw_field, load_models, save, save_slide
from tests.scored_slides import read_all


class Upload(io.BytesIO):
    """An image as a browser hands it in."""

    name = "field3.png"


def test_a_signed_slide_is_amended_and_grows_where_its_folder_was_moved_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dots = ModelHere("released", "released", DotCard())  # type: ignore[arg-type] # a card as scoring asks for
    monkeypatch.setattr(process, "active_model", lambda _: dots)
    monkeypatch.setattr(process, "load_models", lambda name, device: load_models())
    monkeypatch.setattr(process, "available_cores", lambda: 1)
    monkeypatch.setattr(process, "REVIEW_BUDGET", 2)
    workplace = open_workplace(tmp_path / "data")
    case = workplace.store.add_case("patient", by="Anna")
    folder = save_slide(workplace.slides / "slide", fields=2)
    workplace.store.add_slide(case.id, "slide", folder, by="Anna")
    process.work_through_queue(workplace, lambda _: None)
    record = workplace.store.record(1)
    for reader, role in (("Anna", Role.FIRST), ("Ben", Role.SECOND)):
        read_all(workplace.store, record, "++", reader=reader, role=role)
    first = sign(workplace.store, 1, by="Dora")
    workplace.store.close()

    (tmp_path / "data").rename(tmp_path / "elsewhere")
    moved = open_workplace(tmp_path / "elsewhere")
    there = moved.store.record(1)
    assert there.taken_in is not None
    assert there.taken_in.folder.parent == tmp_path / "elsewhere" / "results"
    assert violations(there, 1, moved.store.signatures.pictures(first)) == ()
    picture = moved.tiles.picture(there.slide, there.taken_in, there.candidates[0], "small")
    assert picture.content

    moved.store.signatures.begin_amendment(1, "one field more", by="Dora")
    save(tmp_path / "more.png", draw_field(infected=(3,), seed=5))
    add_fields(
        moved, there.slide, [Upload((tmp_path / "more.png").read_bytes())], by="Anna", check=lambda _: None
    )
    scored: list[str] = []
    counted = ProgressFile.field_done

    def counting(self: ProgressFile, cells: int) -> None:
        scored.append("field")
        counted(self, cells)

    monkeypatch.setattr(ProgressFile, "field_done", counting)
    process.work_through_queue(moved, lambda _: None)
    after = moved.store.record(1)
    assert (after.slide.scoring, after.slide.scoring_detail) == (ScoringStep.SCORED, "")
    assert scored == ["field"]  # what was scored before the move is not scored again
    assert after.taken_in is not None
    assert after.taken_in.result.cells.evaluable == 90
    for reader, role in (("Anna", Role.FIRST), ("Ben", Role.SECOND)):
        read_all(moved.store, after, "+" * len(after.candidates), reader=reader, role=role)
    second = read_document(sign(moved.store, 1, by="Dora"))
    assert (second.signature.version, second.signature.previous_sha256) == (2, first.sha256)
    moved.store.close()
