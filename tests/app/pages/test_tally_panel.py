"""Tally and verdict beside the cells."""

from pathlib import Path

from app.workplace import Workplace
from core.results.result import UnreadableField
from core.store import Role, SlideRecord
from core.tally import Performance, RankCurve
from tests.app.page_under_test import page, said
from tests.scored_slides import read_all, scored_slide, take_in, write_score

# Of a list of about 20 000, s as good as known: .4 at rank 4, .6 at rank 10.
STEEP = Performance("dots", "drawn discs", RankCurve((1.9e-4, 4.9e-4), (400_000, 600_000), 1_000_000))
FIGURES = ("Parasites/µL", "Infected cells", "exclude", "more cells needed", "Read the list")


def shown_beside(slide: int) -> str:
    return said(page("reading", "review_page", slide=slide))


def test_the_review_stands_beside_tally_and_verdict(workplace: Workplace, record: SlideRecord) -> None:
    read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    shown = shown_beside(record.slide.id)
    assert "Suspicious" in shown
    assert "**3** of the first 4 of the list left · **1** accepted" in shown
    assert "1 accepted cell so far. A density needs two readers who agree" in shown
    assert "1 parasite accepted by only one reader" in shown


def test_what_reading_on_spares_is_said(workplace: Workplace, tmp_path: Path) -> None:
    record = scored_slide(workplace.store, tmp_path, listed=4, counted=20_000, worth=STEEP)
    shown = shown_beside(record.slide.id)
    # -ln(.05) * 5 million / 75 cells over .4, 499 290, and over .6
    assert "To exclude 75/µL it takes 499 290 cells" in shown
    assert "479 290 more cells needed" in shown
    assert "Read the list 6 cells further, to rank 10, to need 166 430 cells fewer." in shown


def test_the_bar_is_of_the_cells_that_the_rule_asks_for_and_a_positive_slide_needs_no_more(
    workplace: Workplace, tmp_path: Path
) -> None:
    record = scored_slide(workplace.store, tmp_path, listed=4, counted=20_000, worth=STEEP)
    for calls, more_needed in (("....", True), ("+---", False)):
        for reader, role in (("Anna", Role.FIRST), ("Ben", Role.SECOND)):
            read_all(workplace.store, record, calls, reader=reader, role=role)
        test = page("reading", "review_page", slide=record.slide.id)
        bars, shown = [bar.proto.text for bar in test.get("progress")], said(test)
        assert "20 000 of 200 000 cells examined" in bars
        assert ("it takes" in shown, "more cells needed" in shown) == (more_needed, more_needed)


def test_fields_read_whole_stand_beside_the_list_with_what_they_rest_on(
    workplace: Workplace, tmp_path: Path
) -> None:
    store = workplace.store
    record = scored_slide(store, tmp_path, listed=4, fields=3)
    for reader, role in (("Anna", Role.FIRST), ("Ben", Role.SECOND)):
        read_all(store, record, "+---", reader=reader, role=role)
        for field in ("field1.png", "field2.png"):
            store.field_readings.read(record.slide.id, field, reader=reader, role=role)
    shown = shown_beside(record.slide.id)
    assert "**Parasites/µL, from 2 fields read whole**: 250 000" in shown
    assert "1 of 20 cells on 2 fields that both readers read whole" in shown
    assert "drawn at random or taken in order, without a look at the list" in shown
    assert "machine and readers miss no parasite on them" in shown


def test_images_that_could_not_be_read_are_named(workplace: Workplace, tmp_path: Path) -> None:
    store = workplace.store
    broken = tuple(UnreadableField(field=f"cut_{n}.jpg", reason="damaged: cut short") for n in range(7))
    write_score(tmp_path / "result", {"a.png": 20}, [("a.png", 0, 0.9)], unreadable=broken)
    slide = store.add_slide(store.add_case("P", by="Anna").id, "slide", tmp_path, by="Anna").id
    take_in(store, slide, tmp_path / "result")
    shown = shown_beside(slide)
    assert "7 images could not be read, and none of their cells was examined" in shown
    assert r"cut\_0\.jpg\: damaged\: cut short; cut\_1" in shown
    assert "cut\\_4" in shown
    assert "cut\\_5" not in shown


def test_where_the_model_is_not_valid_no_figure_is_shown_whatever_was_found(
    workplace: Workplace, tmp_path: Path
) -> None:
    store = workplace.store
    leading = [("a.png", position, 0.9) for position in range(8)]
    write_score(tmp_path / "result", {"a.png": 20}, leading, outside=("Too blue.",), worth=STEEP)
    slide = store.add_slide(store.add_case("P", by="Anna").id, "slide", tmp_path, by="Anna").id
    record = take_in(store, slide, tmp_path / "result")
    for calls, verdict in (("........", "Not valid"), ("+.......", "Suspicious"), ("+-------", "Positive")):
        for reader, role in (("Anna", Role.FIRST), ("Ben", Role.SECOND)):
            if role == Role.FIRST or verdict == "Positive":
                read_all(store, record, calls, reader=reader, role=role)
        for of_page in (
            shown_beside(slide),
            said(page("slide_view", "slide_page", slide=slide)),
            said(page("result", "result_page", slide=slide)),
        ):
            assert "The model is not valid for this slide" in of_page, verdict
        shown = shown_beside(slide)
        assert verdict in shown
        assert r"Too blue\." in shown
        for figure in (*FIGURES, "needs two readers"):
            assert figure not in shown, (verdict, figure)


def test_the_raw_fraction_stands_with_its_denominator_and_the_corrected_one_with_its_reason(
    workplace: Workplace, tmp_path: Path
) -> None:
    record = scored_slide(workplace.store, tmp_path, listed=4, counted=20_000, worth=STEEP)
    for reader, role in (("Anna", Role.FIRST), ("Ben", Role.SECOND)):
        read_all(workplace.store, record, "+---", reader=reader, role=role)
    shown = shown_beside(record.slide.id)
    assert "1 of 20 000 cells" in shown
    # Three healthy cells of 20 000 read: 1.5e-4, below the first rate that is known. So read one further.
    assert "The two differ" not in shown
    flat = Performance("dots", "drawn discs", RankCurve((1e-7,), (40,), 100))
    record = scored_slide(workplace.store, tmp_path / "flat", listed=4, counted=20_000, worth=flat)
    for reader, role in (("Anna", Role.FIRST), ("Ben", Role.SECOND)):
        read_all(workplace.store, record, "+---", reader=reader, role=role)
    shown = shown_beside(record.slide.id)
    assert "The two differ because the list was read to rank 4, where validation found 40 % of the" in shown
