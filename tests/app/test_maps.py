"""Activation maps of the candidates of a slide, by the released weights."""

from pathlib import Path

import pytest

from app.scoring.process import work_through_queue
from app.tiles import METHODS, cell_key
from app.workplace import Workplace
from core.store import Kind
from datasets.synthetic import render_slide


@pytest.mark.slow
def test_every_candidate_has_a_map_by_each_method_that_readers_are_offered(
    workplace: Workplace, tmp_path: Path
) -> None:
    folder = render_slide(tmp_path / "images", fields=1, seed=7, parasitaemia=0.1).folder
    case = workplace.store.add_case("patient", by="Anna")
    slide = workplace.store.add_slide(case.id, "slide", folder, by="Anna")
    work_through_queue(workplace, lambda _: None)
    called = [one for one in workplace.store.record(slide.id).candidates if one.kind == Kind.CALLED]
    assert called
    assert workplace.tiles.mapped(slide.id) == {cell_key(one.field, one.box): set(METHODS) for one in called}
