"""Two models that need no weights, and one signed slide on which they are compared."""

from pathlib import Path

import pytest

from app.jobs import comparison_process
from app.jobs import scoring_process as process
from app.jobs.models_here import ModelHere, UnusableModel
from app.workplace import Workplace
from core.review import sign
from core.store import Role
from tests.coloured_cells import DotCard, load_models, save_slide
from tests.scored_slides import read_all

STRICT = DotCard(name="strict", identity="strict 2", fixed_threshold=0.9)
MODELS = (
    ModelHere("released", "released", DotCard()),  # type: ignore[arg-type] # a card as scoring asks for
    ModelHere("strict", "strict", STRICT),  # type: ignore[arg-type]
)


@pytest.fixture(autouse=True)
def drawn_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """One model that calls every dark dot, and one that calls none."""

    def here(_: Workplace) -> tuple[tuple[ModelHere, ...], tuple[UnusableModel, ...]]:
        return MODELS, ()

    monkeypatch.setattr("app.jobs.models_here.models_here", here)
    monkeypatch.setattr("app.jobs.models_here._released", lambda: MODELS[0])
    monkeypatch.setattr(comparison_process, "models_here", here)
    for module in (process, comparison_process):
        monkeypatch.setattr(module, "load_models", lambda name, device: load_models())
    monkeypatch.setattr(process, "available_cores", lambda: 1)


@pytest.fixture
def signed(workplace: Workplace, tmp_path: Path) -> Workplace:
    """One slide of two fields with a called cell each of dots seven and eight, read and signed."""
    case = workplace.store.add_case("patient", by="Anna")
    folder = save_slide(tmp_path / "images", fields=2)
    slide = workplace.store.add_slide(case.id, "slide", folder, by="Anna")
    process.work_through_queue(workplace, lambda _: None)
    record = workplace.store.record(slide.id)
    for reader, role in (("Anna", Role.FIRST), ("Ben", Role.SECOND)):
        read_all(workplace.store, record, "+-", reader=reader, role=role)
    sign(workplace.store, slide.id, by="Dora")
    return workplace
