"""What the pages say and ask, in each state a slide can be in."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.pages import reading
from app.plan.plan_session import PlanSession
from app.workplace import Workplace
from core.review import read_document, sign
from core.store import Call, Kind, Opinion, Role, ScoringStep, SlideRecord, Stage
from tests.app.pages import page, said
from tests.scored_slides import read_all, scored_slide

MAIN = Path(__file__).parents[2] / "app" / "pages" / "main.py"
NOTICE = "research use only, not for diagnosis"
SLIDE_PAGES = [
    ("reading", "review_page"),
    ("reading", "second_reading_page"),
    ("reading", "adjudication_page"),
    ("slide_view", "slide_page"),
    ("result", "result_page"),
]
ALL_PAGES = [
    ("worklist", "worklist_page"),
    ("bring_in", "bring_in_page"),
    ("audit", "audit_page"),
    *SLIDE_PAGES,
]


def buttons(test: AppTest) -> list[str]:
    return [button.label for button in test.button]


@pytest.mark.parametrize(("module", "function"), ALL_PAGES)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_page_comes_up_in_every_language_with_the_notice(
    workplace: Workplace, record: SlideRecord, module: str, function: str, language: str
) -> None:
    test = page(module, function, language=language, slide=record.slide.id)
    assert not test.exception
    notice = NOTICE if language == "en" else "à des fins de recherche uniquement"
    assert notice in said(test)


@pytest.mark.parametrize(("module", "function"), SLIDE_PAGES)
@pytest.mark.parametrize(("slide", "says"), [(0, "No slide is chosen"), (99, "there is no slide 99")])
def test_a_page_about_no_slide_says_so(
    workplace: Workplace, module: str, function: str, slide: int, says: str
) -> None:
    test = page(module, function, slide=slide)
    assert not test.exception
    assert says in said(test)


@pytest.mark.parametrize(("module", "function"), SLIDE_PAGES)
def test_a_page_about_a_slide_that_is_not_scored_yet_says_so(
    workplace: Workplace, tmp_path: Path, module: str, function: str
) -> None:
    case = workplace.store.add_case("patient", by="Anna")
    slide = workplace.store.add_slide(case.id, "waits", tmp_path, by="Anna")
    assert "nothing to read yet: queued" in said(page(module, function, slide=slide.id))


def test_the_application_asks_who_one_is_before_it_shows_anything(
    workplace: Workplace, record: SlideRecord
) -> None:
    test = AppTest.from_file(str(MAIN), default_timeout=30).run()
    assert not test.exception
    assert [box.label for box in test.text_input] == ["Your name, as it will stand beside your readings"]
    assert "slide 7" not in said(test)
    test.text_input[0].set_value("  Anna   Roy ")
    test.button[0].click().run()
    assert test.session_state["person"] == "Anna Roy"
    assert "slide 7" in said(test)


def test_an_empty_name_is_no_name(workplace: Workplace) -> None:
    test = AppTest.from_file(str(MAIN), default_timeout=30).run()
    test.text_input[0].set_value("   ")
    test.button[0].click().run()
    assert "Give a name" in said(test)


def test_an_empty_worklist_says_where_to_begin(workplace: Workplace) -> None:
    assert "No slide is here yet" in said(page("worklist", "worklist_page"))


def test_the_worklist_shows_where_a_slide_stands_and_what_is_left(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    shown = said(page("worklist", "worklist_page"))
    assert "slide 7" in shown
    assert "patient 7" in shown
    assert "to review" in shown
    assert "**3** candidates left" in shown
    assert "1 cell accepted" in shown


def test_the_worklist_tells_nobody_else_what_the_first_reader_has_accepted(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    shown = said(page("worklist", "worklist_page", person="Ben"))
    assert "**3** candidates left" in shown
    assert "accepted" not in shown


def test_search_finds_slides_and_patients(workplace: Workplace, record: SlideRecord, tmp_path: Path) -> None:
    case = workplace.store.add_case("Müller", by="Anna")
    workplace.store.add_slide(case.id, "other", tmp_path, by="Anna")
    workplace.store.note_scoring(2, ScoringStep.STOPPED, by="Anna")
    test = page("worklist", "worklist_page")
    test.text_input(key="search").set_value("mülle").run()
    assert "other" in said(test)
    assert "slide 7" not in said(test)
    test.text_input(key="search").set_value("nowhere").run()
    assert "No slide fits" in said(test)


def test_a_stopped_slide_can_go_on_and_a_queued_one_can_be_stopped(
    workplace: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pages.worklist.start", lambda _: None)
    case = workplace.store.add_case("patient", by="Anna")
    slide = workplace.store.add_slide(case.id, "waits", tmp_path, by="Anna")
    test = page("worklist", "worklist_page")
    test.button(key=f"stop {slide.id}").click().run()
    assert workplace.store.record(slide.id).slide.scoring == ScoringStep.STOPPED
    test.button(key=f"resume {slide.id}").click().run()
    assert workplace.store.record(slide.id).slide.scoring == ScoringStep.QUEUED


def test_the_worklist_looks_again_until_scoring_is_over_and_takes_up_what_a_killed_process_has_left(
    workplace: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Workplace] = []
    reruns: list[bool] = []
    monkeypatch.setattr("app.pages.worklist.start", started.append)
    monkeypatch.setattr("app.pages.worklist.st.rerun", lambda: reruns.append(True))
    case = workplace.store.add_case("patient", by="Anna")
    slide = workplace.store.add_slide(case.id, "waits", tmp_path, by="Anna")
    test = page("worklist", "worklist_page")
    assert len(started) == 1
    workplace.store.note_scoring(slide.id, ScoringStep.SCORING, by="a process")
    test.run()
    test.run()
    assert len(started) == 3
    assert reruns == []

    # The list alone runs again every two seconds; scoring ends between the page's run and the list's.
    def runs_later(listed: Callable[[], None], run_every: int | None) -> Callable[[], None]:
        assert run_every == 2
        workplace.store.note_scoring(slide.id, ScoringStep.FAILED, by="a process")
        return listed

    monkeypatch.setattr("app.pages.worklist.st.fragment", runs_later)
    test.run()
    assert len(started) == 3
    assert reruns == [True]


def test_a_name_with_marks_in_it_is_shown_as_it_stands(workplace: Workplace, tmp_path: Path) -> None:
    case = workplace.store.add_case("[click](http://x) <b>", by="Anna")
    workplace.store.add_slide(case.id, "![](http://x) `a`", tmp_path, by="Anna")
    workplace.store.note_scoring(1, ScoringStep.STOPPED, by="Anna")
    shown = said(page("worklist", "worklist_page"))
    parted = "http\\:\N{WORD JOINER}//x"  # else it would be a link
    assert rf"\!\[\]\({parted}\) \`a\`" in shown
    assert rf"\[click\]\({parted}\) \<b\>" in shown


def test_the_review_stands_beside_tally_and_verdict(workplace: Workplace, record: SlideRecord) -> None:
    read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    shown = said(page("reading", "review_page", slide=record.slide.id))
    assert "Suspicious" in shown
    assert "**3** of 4 candidates left · **1** accepted" in shown
    assert "A density takes two readers who agree" in shown
    assert "1 parasite accepted by only one reader" in shown


def test_whoever_may_be_second_reader_is_warned_before_calls_are_shown(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "++++", reader="Anna", role=Role.FIRST)
    for person, module, function in (
        ("Ben", "reading", "review_page"),
        ("Cleo", "result", "result_page"),
    ):
        test = page(module, function, person=person, slide=record.slide.id)
        assert "do not look at the calls" in said(test)
        assert "accepted" not in said(test)
        next(button for button in test.button if button.label == "Look nevertheless").click().run()
        assert "**4** accepted" in said(test)
    assert [look.person for look in workplace.store.record(record.slide.id).looks] == ["Ben", "Cleo"]


@pytest.mark.parametrize(
    ("module", "function"), [("reading", "second_reading_page"), ("slide_view", "slide_page")]
)
def test_whoever_has_looked_at_calls_is_no_second_reader_any_more(
    workplace: Workplace, record: SlideRecord, module: str, function: str
) -> None:
    read_all(workplace.store, record, "+++.", reader="Anna", role=Role.FIRST)
    page("reading", "review_page", person="Ben", slide=record.slide.id).button[0].click().run()
    in_another_tab = page(module, function, person="Ben")
    first = record.candidates[0]
    plan = PlanSession(record.slide.id, chosen=(first.field, first.box))
    in_another_tab.session_state[f"{plan.key} session"] = plan
    in_another_tab.query_params["slide"] = str(record.slide.id)
    in_another_tab.run()
    assert "second reader must be another person" in said(in_another_tab)
    assert "artefact" not in buttons(in_another_tab)
    assert "Own order" not in said(in_another_tab)


def test_who_comes_after_somebody_in_the_same_tab_is_asked_anew(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "++++", reader="Anna", role=Role.FIRST)
    test = page("reading", "review_page", person="Ben", slide=record.slide.id)
    test.button[0].click().run()
    assert "**4** accepted" in said(test)
    test.session_state["person"] = "Cleo"
    test.run()
    assert "do not look at the calls" in said(test)
    assert "accepted" not in said(test)


def test_the_second_reader_sees_neither_tally_nor_verdict(workplace: Workplace, record: SlideRecord) -> None:
    read_all(workplace.store, record, "++++", reader="Anna", role=Role.FIRST)
    shown = said(page("reading", "second_reading_page", person="Ben", slide=record.slide.id))
    assert "Own order, without scores" in shown
    assert "accepted" not in shown
    assert "Suspicious" not in shown


def test_nobody_reads_a_slide_as_two(workplace: Workplace, record: SlideRecord) -> None:
    read_all(workplace.store, record, "++++", reader="Anna", role=Role.FIRST)
    shown = said(page("reading", "second_reading_page", person="anna", slide=record.slide.id))
    assert "You have read this slide as first reader" in shown
    assert "second reader must be another person" in shown


def test_further_cells_and_a_sample_can_be_asked_for(workplace: Workplace, record: SlideRecord) -> None:
    test = page("reading", "review_page", slide=record.slide.id)
    by_label = {button.label: button for button in test.button}
    by_label["20 cells below the threshold"].click().run()
    kinds = [candidate.kind for candidate in workplace.store.record(record.slide.id).candidates]
    # Sixteen cells of the slide were not called.
    assert (kinds.count(Kind.CALLED), kinds.count(Kind.FURTHER)) == (4, 16)


def test_a_slide_without_candidates_offers_a_sample(workplace: Workplace, tmp_path: Path) -> None:
    record = scored_slide(workplace.store, tmp_path / "clean", called=0)
    test = page("reading", "review_page", slide=record.slide.id)
    assert "That alone excludes nothing" in said(test)
    test.button[0].click().run()
    kinds = {candidate.kind for candidate in workplace.store.record(record.slide.id).candidates}
    assert kinds == {Kind.SAMPLE}


def test_what_blocks_a_signature_is_said_and_there_is_none_to_give(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+++.", reader="Anna", role=Role.FIRST)
    test = page("result", "result_page", slide=record.slide.id)
    assert "1 cell is not read by the first reader" in said(test)
    assert "Sign the result" not in buttons(test)


def test_a_signature_is_given_only_after_the_line_is_ticked(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    test = page("result", "result_page", slide=record.slide.id)
    sign_button = next(button for button in test.button if button.label == "Sign the result")
    sign_button.click().run()
    assert "Tick the line first" in said(test)
    assert workplace.store.record(record.slide.id).signatures == ()
    test.checkbox[0].check()
    next(button for button in test.button if button.label == "Sign the result").click().run()
    (signature,) = workplace.store.record(record.slide.id).signatures
    assert signature.by == "Anna"
    shown = said(test)
    assert "Signed: version 1" in shown
    assert signature.sha256 in shown
    assert "as they were signed" in shown


def test_an_amendment_takes_a_reason_and_gives_a_version_beside_the_first(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    sign(workplace.store, record.slide.id, by="Anna")
    test = page("result", "result_page", slide=record.slide.id)
    amend = next(button for button in test.button if button.label == "Begin an amendment")
    amend.click().run()
    assert "needs its reason" in said(test)
    test.text_area[0].set_value("wrong slide label")
    next(button for button in test.button if button.label == "Begin an amendment").click().run()
    assert "wrong slide label" in said(test)
    test.checkbox[0].check()
    next(button for button in test.button if button.label == "Sign the result").click().run()
    signatures = workplace.store.record(record.slide.id).signatures
    assert [read_document(signature).signature.version for signature in signatures] == [1, 2]
    assert "Version 1" in said(test)
    assert "Version 2" in said(test)


def test_the_audit_lists_who_did_what_and_how_well_readers_agree(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+-+-", reader="Anna", role=Role.FIRST)
    read_all(workplace.store, record, "+---", reader="Ben", role=Role.SECOND)
    test = page("audit", "audit_page")
    trail, pairs = test.dataframe[0].value, test.dataframe[1].value
    assert list(trail["who"][:4]) == ["Ben"] * 4
    assert {"read", "slide added", "case added", "result taken in"} <= set(trail["what"])
    # Three of four alike; by chance 2/4 * 1/4 + 2/4 * 3/4 = 1/2.
    assert pairs.iloc[0].tolist() == ["Anna / Ben", 4, 3, "0.50"]
    test.selectbox[0].select("Anna").run()
    assert set(test.dataframe[0].value["who"]) == {"Anna"}


def test_the_audit_tells_a_second_reader_neither_call_nor_agreement_before_all_is_read(
    workplace: Workplace, record: SlideRecord
) -> None:
    opinion = Opinion(Call.PARASITE, stage=Stage.RING)
    workplace.store.read(record.slide.id, record.candidates[0].id, opinion, reader="Anna", role=Role.FIRST)
    read_all(workplace.store, record, ".+++", reader="Anna", role=Role.FIRST)
    read_all(workplace.store, record, "+...", reader="Ben", role=Role.SECOND)
    test = page("audit", "audit_page", person="Ben")
    details = test.dataframe[0].value["detail"]
    assert any("candidate 1" in detail for detail in details)
    assert not any("parasite" in detail or "ring" in detail for detail in details)
    assert "No two people have read" in said(test)
    by_anna = page("audit", "audit_page", person="Anna")
    assert any("parasite" in detail for detail in by_anna.dataframe[0].value["detail"])
    read_all(workplace.store, record, ".+++", reader="Ben", role=Role.SECOND)
    after = page("audit", "audit_page", person="Ben")
    assert any("parasite" in detail for detail in after.dataframe[0].value["detail"])
    assert after.dataframe[1].value.iloc[0].tolist()[:3] == ["Anna / Ben", 4, 4]


def test_a_period_without_writes_says_so(workplace: Workplace, record: SlideRecord) -> None:
    test = page("audit", "audit_page")
    long_ago = datetime(2020, 1, 1, tzinfo=UTC).date()
    test.date_input[0].set_value((long_ago, long_ago)).run()
    assert "Nothing was written" in said(test)
    assert "No two people have read" in said(test)


def test_a_folder_put_on_the_server_can_be_brought_in_once(
    workplace: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pages.bring_in.start", lambda _: None)
    from tests.coloured_cells import save_slide

    save_slide(workplace.incoming / "patient 9", fields=1)
    test = page("bring_in", "bring_in_page")
    test.multiselect[0].select(0)
    next(
        button for button in test.button if button.label == "Bring in" and button.form_id == "server"
    ).click()
    test.run()
    (slide,) = workplace.store.slides()
    assert (slide.name, slide.scoring) == ("patient 9", ScoringStep.QUEUED)
    assert "no folder that is not in the worklist" in said(page("bring_in", "bring_in_page"))


def test_what_is_signed_takes_no_more_fields(workplace: Workplace, record: SlideRecord) -> None:
    assert "Only the new fields are scored" in said(page("bring_in", "bring_in_page"))
    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    sign(workplace.store, record.slide.id, by="Anna")
    assert "No slide can take more fields" in said(page("bring_in", "bring_in_page"))


def test_a_first_reading_that_stands_open_shows_nobody_elses_calls_unasked(
    workplace: Workplace, record: SlideRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a flag, say, only the board and what stands beside it run again."""
    again = partial(reading._reading, record.slide.id, Role.FIRST, None)
    monkeypatch.setattr(reading, "board_alone", again, raising=False)
    read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    test = page("reading", "board_alone", person="Ben")
    assert "accepted" not in said(test)
    assert workplace.store.record(record.slide.id).looks == ()
    next(button for button in test.button if button.label == "Look nevertheless").click().run()
    assert "**1** accepted" in said(test)
    assert [look.person for look in workplace.store.record(record.slide.id).looks] == ["Ben"]
