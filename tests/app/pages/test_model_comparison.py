"""Two models in a table: what is compared, asked for, under way and stopped."""

from pathlib import Path

import pytest

from app.jobs.comparison import ComparedSlide, ModelComparison, comparison_files, signed_hash, signed_slides
from app.jobs.models_here import models_here
from app.workplace import Workplace
from core.files import write_bytes
from core.review import sign
from core.review.model_comparison import Ranking
from core.store import Role, SlideRecord
from tests.app.jobs.test_models_here import other_model
from tests.app.page_under_test import page, said
from tests.scored_slides import read_all


def test_with_one_model_or_nothing_signed_there_is_nothing_to_compare(workplace: Workplace) -> None:
    test = page("model_cards", "models_page")
    assert "There is only one model" in said(test)
    assert "ranked high: the comparison favours it" in said(test)
    other_model(workplace)
    assert "No slide is signed yet" in said(page("model_cards", "models_page"))


@pytest.fixture
def signed(workplace: Workplace, record: SlideRecord) -> Workplace:
    other_model(workplace)
    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    sign(workplace.store, record.slide.id, by="Dora")
    return workplace


def keep(workplace: Workplace, *slides: ComparedSlide, signed: str | None = None) -> None:
    (released, other), _ = models_here(workplace)
    done = ModelComparison(
        first=released.card.identity,
        second=other.card.identity,
        signed=signed or signed_hash(signed_slides(workplace)),
        slides=slides,
    )
    path: Path = comparison_files(workplace).of_pair(released, other)
    write_bytes(path, done.model_dump_json().encode())


def test_a_comparison_is_a_row_a_slide_and_one_of_all_with_limits(signed: Workplace) -> None:
    keep(
        signed,
        _slide(1, Ranking((*range(1, 10), 250), 9, 100, 77), Ranking(tuple(range(1, 11)), 10, 100, 77), 3),
        _slide(2, Ranking((), 0, 100, 40), Ranking((), 0, 60, 40)),
        _slide(3, None, None, problem="its images are gone"),
    )
    test = page("model_cards", "models_page")
    table = next(one.value for one in test.table if "all together" in one.value.index)
    assert table.loc["slide 1"].tolist() == [
        "9 of 10 (90 %)",
        "10 of 10 (100 %)",
        "5",
        "5",
        "77 of 100",
        "77 of 100",
    ]
    assert table.loc["slide 2"].tolist()[:4] == ["none"] * 4
    assert table.loc["all together"].tolist()[4:] == ["117 of 200", "117 of 160"]
    assert "slide 3" not in table.index
    shown = said(test)
    # beta.ppf(.05, 9, 2) and beta.ppf(.05, 10, 1)
    assert "has at least 60.6 % of the accepted cells among the first of its list at 95 %" in shown
    assert "has at least 74.1 % of the accepted cells" in shown
    assert "3 cells were left out" in shown
    assert "slide 3 is left out: its images are gone" in shown
    assert "Slides have been signed since" not in shown


def test_a_comparison_from_before_the_last_signature_says_so(signed: Workplace) -> None:
    keep(signed, _slide(1, Ranking((1,), 1, 1, 1), Ranking((1,), 1, 1, 1)), signed="of an earlier day")
    assert "Slides have been signed since" in said(page("model_cards", "models_page"))


def test_a_comparison_is_asked_for_shown_under_way_and_stopped(
    signed: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    monkeypatch.setattr("app.pages.model_comparison.start_comparison", started.append)
    test = page("model_cards", "models_page", person="Zoe")
    next(one for one in test.button if one.label == "Compare on all signed slides").click().run()
    assert len(started) == 2  # as it was asked for, and as it is seen to be under way
    assert comparison_files(signed).asked.is_file()
    next(one for one in test.button if one.label == "Stop").click().run()
    assert not comparison_files(signed).asked.exists()
    assert "Compare on all signed slides" in [one.label for one in test.button]


def _slide(
    number: int, first: Ranking | None, second: Ranking | None, left_out: int = 0, problem: str | None = None
) -> ComparedSlide:
    return ComparedSlide(
        slide_id=number,
        slide=f"slide {number}",
        version=1,
        left_out=left_out,
        first=first,
        second=second,
        problem=problem,
    )
