"""Activation maps of the candidates of a slide, by the released weights."""

from pathlib import Path

import pytest

from app.jobs.map_process import make_maps
from app.jobs.scoring_process import work_through_queue
from app.pictures.tiles import DRAWN_BY_SCORING, METHODS, pictured_cell
from app.workplace import Workplace
from core.store import Candidate, CandidateKind
from datasets.synthetic import render_slide


@pytest.mark.slow
def test_candidates_have_one_map_by_scoring_and_the_others_when_they_are_asked_for(
    workplace: Workplace, tmp_path: Path
) -> None:
    folder = render_slide(tmp_path / "images", fields=1, seed=7, parasitaemia=0.1).folder
    case = workplace.store.add_case("patient", by="Anna")
    slide = workplace.store.add_slide(case.id, "slide", folder, by="Anna")
    work_through_queue(workplace, lambda _: None)
    record = workplace.store.record(slide.id)
    listed = [one for one in record.candidates if one.kind == CandidateKind.LISTED]
    taken_in = record.taken_in
    assert listed
    assert taken_in is not None

    def methods_of(candidate: Candidate) -> list[str]:
        cell, model = pictured_cell(taken_in, candidate), taken_in.result.model.identity
        return [one for one in METHODS if workplace.tiles.has_map(slide.id, model, cell, one)]

    assert [methods_of(candidate) for candidate in listed] == [[DRAWN_BY_SCORING]] * len(listed)
    make_maps(workplace, record.slide, taken_in, listed)
    assert [methods_of(candidate) for candidate in listed] == [list(METHODS)] * len(listed)
    for method in METHODS:
        picture = workplace.tiles.picture(record.slide, taken_in, listed[0], f"map-{method}")
        assert picture.media_type == "image/png"
