"""Activation maps of the candidates of a slide, by the released weights."""

from pathlib import Path

import pytest

from app.jobs.scoring_process import work_through_queue
from app.pictures.tiles import METHODS
from app.workplace import Workplace
from core.store import CandidateKind
from datasets.synthetic import render_slide


@pytest.mark.slow
def test_every_candidate_has_a_map_by_each_method_that_readers_are_offered(
    workplace: Workplace, tmp_path: Path
) -> None:
    folder = render_slide(tmp_path / "images", fields=1, seed=7, parasitaemia=0.1).folder
    case = workplace.store.add_case("patient", by="Anna")
    slide = workplace.store.add_slide(case.id, "slide", folder, by="Anna")
    work_through_queue(workplace, lambda _: None)
    called = [one for one in workplace.store.record(slide.id).candidates if one.kind == CandidateKind.CALLED]
    assert called
    record = workplace.store.record(slide.id)
    assert record.taken_in is not None
    for candidate in called:
        for method in METHODS:
            picture = workplace.tiles.picture(record.slide, record.taken_in, candidate, f"map-{method}")
            assert picture.media_type == "image/png"
