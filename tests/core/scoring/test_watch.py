"""A folder of slides under watch, by a clock of the tests: nothing lost, nothing counted twice."""

import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import UnreadableImageError
from core.files import OutputError
from core.results.result import SlideResult
from core.scoring.batch import score_slides
from core.scoring.closing import Closing, ClosingRun, score_closed
from core.scoring.field_tasks import SlideInWork, read_field
from core.scoring.live_tally import LiveField, LiveTally, said_of_field
from core.scoring.slide_run import ScoringOptions
from core.scoring.watch import Watch, WatchError, WatchPlan
from core.scoring.watch_file import KEPT, WATCH_FILE, WatchedSlide, WatchStep, read_watched
from core.scoring.workers import LocalWorkers
from core.slides import Field, find_slides
from core.wording import Sentence
from tests.coloured_cells import DotCard, NoProgress, draw_field, load_models, options, save
from tests.output_files import contents, differences

CELLS = 30
"""Of a drawn field; none of them is cut."""


class Heard:
    """Keeps what it is told, as codes and as words."""

    def __init__(self) -> None:
        self.fields: list[tuple[str, str, int, int]] = []
        self.notes: list[str] = []
        self.said: list[tuple[str, str]] = []
        self.words: list[str] = []

    def field_came(self, slide: str, field: LiveField, tally: LiveTally) -> None:
        self.fields.append((slide, field.name or field.file, field.cells, tally.cells))
        self.notes += [note.code for note in field.notes]
        self.words += map(str, said_of_field(field))

    def say(self, slide: str, *said: Sentence) -> None:
        self.said += [(slide, one.code) for one in said]
        self.words += map(str, said)


class RunAtOnce(ClosingRun):
    """The ordinary run in the process of the test."""

    def __init__(self, closing: Closing) -> None:
        self.slide, self._closing = closing.slide, closing

    def outcome(self) -> SlideResult | str | None:
        with LocalWorkers(load_models, 1) as workers:
            return score_closed(self._closing, workers)

    def stop(self) -> None:
        pass


class Desk:
    """A camera's folder, a watch on it, and a clock that goes on by half a second a look."""

    def __init__(self, folder: Path, close_after_s: float = 600.0) -> None:
        self.camera, self.out = folder / "camera", folder / "out"
        self.camera.mkdir(exist_ok=True)
        self.heard = Heard()
        self.now_s = 0.0
        plan = WatchPlan(self.camera, self.out, DotCard(), load_models, options(), close_after_s)
        self.watch = Watch(plan, LocalWorkers(load_models, 1), self.heard, RunAtOnce)

    def look(self, times: int = 3) -> Heard:
        for _ in range(times):
            self.watch.step(self.now_s)
            self.now_s += 0.5
        return self.heard

    def leave(self) -> None:
        self.watch.__exit__()

    def shoot(self, name: str, seed: int) -> Path:
        return save(self.camera / name, draw_field(seed=seed, infected=(7, 8) if seed % 3 == 0 else ()))

    def known(self) -> dict[str, WatchedSlide]:
        return {slide.name: slide for slide in read_watched(self.out / KEPT / WATCH_FILE)}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def scored(slide: Path, out: Path) -> dict[str, bytes]:
    """What `smearscope score` of a folder writes."""
    with LocalWorkers(load_models, 1) as workers:
        score_slides([find_slides([slide])], out, DotCard(), workers, options(), NoProgress())
    return contents(out / slide.name)


def test_each_field_is_told_with_its_cells_and_the_tally_of_its_slide(desk: Desk) -> None:
    desk.shoot("a/f1.png", 1)
    desk.look()
    desk.shoot("a/f2.png", 2)
    desk.shoot("b/f1.png", 3)
    heard = desk.look()
    assert heard.fields == [
        ("a", "f1.png", CELLS, CELLS),
        ("a", "f2.png", CELLS, 2 * CELLS),
        ("b", "f1.png", CELLS, CELLS),
    ]
    assert desk.known()["a"].tally == LiveTally(cells=2 * CELLS, fields=2, left_out=0)


def test_a_slide_marked_as_done_has_the_files_that_score_writes(desk: Desk, tmp_path: Path) -> None:
    for number in range(1, 6):
        desk.shoot(f"slide/f{number}.png", number)
        desk.look(1)
    (desk.camera / "slide" / "done.txt").touch()
    heard = desk.look(6)
    assert [code for _, code in heard.said] == ["watch.closing", "watch.closed"]
    expected = scored(desk.camera / "slide", tmp_path / "expected")
    assert "result.json" in expected
    assert differences(expected, contents(desk.out / "slide")) == []
    assert desk.known()["slide"].step is WatchStep.CLOSED


def test_a_slide_into_which_nothing_comes_is_closed_after_a_while(tmp_path: Path) -> None:
    desk = Desk(tmp_path, close_after_s=60.0)
    desk.shoot("slide/f1.png", 1)
    desk.look()
    desk.now_s = 59.9
    assert desk.look(1).said == []
    desk.now_s = 60.5
    assert [code for _, code in desk.look().said] == ["watch.closing", "watch.closed"]


def test_a_slide_is_not_closed_before_the_last_picture_is_whole(desk: Desk) -> None:
    desk.shoot("slide/f1.png", 1)
    whole = desk.shoot("slide/f2.png", 2).read_bytes()
    (desk.camera / "slide" / "f2.png").write_bytes(whole[: len(whole) // 2])
    (desk.camera / "slide" / "done").touch()
    assert desk.look(8).said == []
    (desk.camera / "slide" / "f2.png").write_bytes(whole)
    assert [code for _, code in desk.look(6).said] == ["watch.closing", "watch.closed"]
    assert desk.known()["slide"].tally.cells == 2 * CELLS


def test_a_picture_that_never_becomes_whole_is_named_and_does_not_keep_a_slide_open(desk: Desk) -> None:
    desk.shoot("slide/f1.png", 1)
    half = desk.shoot("slide/f2.png", 2)
    half.write_bytes(half.read_bytes()[:200])
    (desk.camera / "slide" / "done").touch()
    desk.look()
    desk.now_s = 61.0
    heard = desk.look(4)
    assert [code for _, code in heard.said] == [
        *("watch.late", "watch.closing", "watch.closed", "watch.unreadable"),
    ]
    assert "f2.png is still not whole after a minute" in heard.words[1]


def test_a_watch_begun_again_goes_on_and_tells_no_field_twice(desk: Desk, tmp_path: Path) -> None:
    desk.shoot("slide/f1.png", 1)
    desk.look()
    desk.leave()
    again = Desk(tmp_path)
    again.shoot("slide/f2.png", 2)
    heard = again.look()
    assert heard.said[0] == ("slide", "watch.so_far")
    assert heard.fields == [("slide", "f2.png", CELLS, 2 * CELLS)]


def test_killed_between_closing_and_its_end_the_next_watch_scores_the_slide(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.shoot("slide/f1.png", 1)
    (desk.camera / "slide" / "done").touch()
    monkeypatch.setattr(RunAtOnce, "outcome", lambda self: None)
    desk.look(5)
    assert desk.known()["slide"].step is WatchStep.CLOSING
    desk.leave()
    monkeypatch.undo()
    again = Desk(tmp_path)
    assert [code for _, code in again.look().said] == ["watch.closed"]
    expected = scored(again.camera / "slide", tmp_path / "expected")
    assert differences(expected, contents(again.out / "slide")) == []


def test_a_field_added_to_a_closed_slide_opens_it_and_its_result_is_that_of_all(
    desk: Desk, tmp_path: Path
) -> None:
    desk.shoot("slide/f2.png", 2)
    (desk.camera / "slide" / "done").touch()
    desk.look(6)
    desk.shoot("slide/f1.png", 1)  # the first in order: the reference is measured anew
    assert desk.look(6).said[-1] == ("slide", "watch.reopened")  # the file 'done' has closed it once
    (desk.camera / "slide" / "done").write_text("again")
    heard = desk.look(6)
    assert [code for _, code in heard.said] == [
        *("watch.closing", "watch.closed", "watch.reopened"),
        *("watch.closing", "watch.closed"),
    ]
    assert [name for _, name, _, _ in heard.fields] == ["f2.png", "f1.png", "f2.png"]
    expected = scored(desk.camera / "slide", tmp_path / "expected")
    assert differences(expected, contents(desk.out / "slide")) == []


def test_a_slide_that_cannot_be_scored_says_why_and_is_tried_by_the_next_watch(
    desk: Desk, tmp_path: Path
) -> None:
    for number in (1, 2):
        save(desk.camera / "slide" / f"f{number}.png", draw_field(cell=(235, 235, 240)))
    (desk.camera / "slide" / "done").touch()
    heard = desk.look(6)
    assert heard.notes == ["watch.no_cells"] * 2
    assert [code for _, code in heard.said] == ["watch.closing", "watch.failed"]
    assert "no red cell was found" in heard.words[-1]
    assert desk.known()["slide"].step is WatchStep.FAILED
    desk.leave()
    again = Desk(tmp_path)
    assert [code for _, code in again.look().said] == ["watch.failed"]


def test_a_slide_marked_as_done_without_a_field_is_told_once_and_not_scored(desk: Desk) -> None:
    (desk.camera / "slide").mkdir()
    (desk.camera / "slide" / "done.txt").touch()
    assert desk.look(5).said == [("slide", "watch.empty")]
    assert desk.known() == {}
    desk.shoot("slide/f1.png", 1)
    assert [code for _, code in desk.look(6).said[1:]] == ["watch.closing", "watch.closed"]


def test_a_field_that_is_taken_away_counts_no_more_and_a_renamed_one_counts_once(desk: Desk) -> None:
    desk.shoot("slide/f1.png", 1)
    desk.shoot("slide/f2.png", 2)
    desk.look()
    (desk.camera / "slide" / "f2.png").rename(desk.camera / "slide" / "f3.png")
    heard = desk.look()
    assert heard.said == [("slide", "watch.gone")]
    assert heard.fields[-1] == ("slide", "f3.png", CELLS, 2 * CELLS)


def test_a_folder_that_goes_away_is_told_and_forgotten(desk: Desk) -> None:
    desk.shoot("slide/f1.png", 1)
    desk.look()
    shutil.rmtree(desk.camera / "slide")
    assert desk.look().said == [("", "watch.gone")]
    assert desk.known() == {}


def test_pictures_beside_the_slides_are_told_once_and_hidden_folders_are_passed_over(desk: Desk) -> None:
    desk.shoot("f1.png", 1)
    desk.shoot("f2.png", 2)
    desk.shoot(".trash/f1.png", 3)
    desk.shoot("@eaDir/f1.png", 3)
    heard = desk.look()
    assert (heard.said, heard.fields) == ([("", "watch.loose")], [])


def test_of_two_folders_that_give_one_name_the_second_is_refused(desk: Desk) -> None:
    desk.shoot("slide/f1.png", 1)
    desk.shoot("SLIDE/f1.png", 2)
    heard = desk.look()
    assert heard.said == [("", "watch.named_alike")]
    assert [slide for slide, *_ in heard.fields] == ["SLIDE"]


@pytest.mark.parametrize("name", ["lock", "watch.json", "problems.json.d", "Ünï cødé 7"])
def test_a_slide_may_have_any_name(desk: Desk, name: str) -> None:
    desk.shoot(f"{name}/f1.png", 1)
    assert [slide for slide, *_ in desk.look().fields] == [unicodedata.normalize("NFC", name)]


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    def plan(folder: Path) -> WatchPlan:
        return WatchPlan(folder, tmp_path / "out", DotCard(), load_models, options(), 600.0)

    (tmp_path / "file").touch()
    for folder in (tmp_path / "none", tmp_path / "file"):
        with pytest.raises(WatchError, match=f"{folder.name} is no folder that can be read"):
            Watch(plan(folder), LocalWorkers(load_models, 1), Heard())


def test_a_second_watch_on_the_same_output_is_refused_until_the_first_has_ended(
    desk: Desk, tmp_path: Path
) -> None:
    with pytest.raises(WatchError, match=r"another watch is writing .*out: stop it first"):
        Desk(tmp_path)
    desk.leave()
    Desk(tmp_path).leave()


def test_a_folder_that_cannot_be_listed_for_a_while_loses_nothing(desk: Desk) -> None:
    desk.shoot("slide/f1.png", 1)
    desk.look()
    away = desk.camera.rename(desk.camera.with_name("away"))
    assert [code for _, code in desk.look().said] == ["watch.not_seen"]
    away.rename(desk.camera)
    desk.shoot("slide/f2.png", 2)
    assert desk.look().fields[-1] == ("slide", "f2.png", CELLS, 2 * CELLS)


def test_a_folder_that_goes_away_while_its_field_is_scored_is_put_off_and_scored_when_it_is_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.shoot("slide/f1.png", 1)
    away = desk.camera / "away"

    def read_while_the_drive_goes(slide: SlideInWork, name: str) -> Field:
        slide.path.rename(away)
        return read_field(slide, name)

    monkeypatch.setattr("core.scoring.field_tasks.read_field", read_while_the_drive_goes)
    assert desk.look().fields == []
    monkeypatch.undo()
    away.rename(desk.camera / "slide")
    desk.now_s += 2.0
    assert desk.look().fields == [("slide", "f1.png", CELLS, CELLS)]


def closed(desk: Desk) -> None:
    desk.shoot("slide/f1.png", 1)
    desk.shoot("slide/f2.png", 2)
    (desk.camera / "slide" / "done.txt").touch()
    desk.look(6)
    assert desk.known()["slide"].step is WatchStep.CLOSED
    desk.heard.said.clear()


def test_a_field_on_a_closed_slide_is_seen_though_the_folder_cannot_be_listed_at_first(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(folder: Path) -> dict[str, str]:
        raise UnreadableImageError(f"{folder} cannot be read")

    closed(desk)
    desk.shoot("slide/f3.png", 3)
    monkeypatch.setattr("core.scoring.watch.pictures_in", unreadable)
    assert [code for _, code in desk.look(1).said] == ["watch.not_seen"]
    monkeypatch.undo()
    assert ("slide", "watch.reopened") in desk.look(1).said


def test_a_picture_replaced_in_its_place_on_a_closed_slide_is_noticed_within_a_minute(desk: Desk) -> None:
    closed(desk)
    other = desk.shoot("other.png", 4).read_bytes()
    (desk.camera / "other.png").unlink()
    (desk.camera / "slide" / "f2.png").write_bytes(other)
    desk.now_s += 60.0
    assert ("slide", "watch.reopened") in desk.look(1).said


def test_a_slide_that_went_away_during_its_closing_run_is_scored_once_it_is_there_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.shoot("slide/f1.png", 1)
    (desk.camera / "slide" / "done").touch()
    away = desk.camera.with_name("away")

    def during_the_outage(run: RunAtOnce) -> SlideResult | str | None:
        desk.camera.rename(away)
        try:
            return outcome(run)
        finally:
            away.rename(desk.camera)

    outcome = RunAtOnce.outcome
    monkeypatch.setattr(RunAtOnce, "outcome", during_the_outage)
    assert [code for _, code in desk.look(6).said] == ["watch.closing", "watch.failed"]
    monkeypatch.undo()
    desk.now_s += 300.0
    assert desk.look().said[2:] == [("slide", "watch.closed")]


def test_a_field_that_could_not_be_read_is_told_with_the_result_and_tried_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.shoot("slide/f1.png", 1)
    half = desk.shoot("slide/f2.png", 2)
    half.write_bytes(half.read_bytes()[:200])
    (desk.camera / "slide" / "done").touch()
    desk.look()
    desk.now_s = 61.0
    assert [code for _, code in desk.look(4).said][2:] == ["watch.closed", "watch.unreadable"]
    assert "1 field could not be read" in desk.heard.words[-1]
    runs: list[str] = []
    outcome = RunAtOnce.outcome

    def counted(run: RunAtOnce) -> SlideResult | str | None:
        runs.append(run.slide.name)
        return outcome(run)

    monkeypatch.setattr(RunAtOnce, "outcome", counted)
    for _ in range(10):
        desk.now_s += 300.0
        desk.look(2)
    assert len(runs) == 3
    assert len(desk.heard.said) == 4  # the same outcome is not told again


def test_another_slide_in_a_folder_of_the_same_name_does_not_take_the_place_of_its_result(
    desk: Desk, tmp_path: Path
) -> None:
    closed(desk)
    before = contents(desk.out / "slide")
    shutil.rmtree(desk.camera / "slide")
    desk.look()
    desk.shoot("slide/f1.png", 5)
    (desk.camera / "slide" / "done.txt").touch()
    assert desk.look(6).said == [("slide", "watch.scored_already")]
    desk.leave()
    again = Desk(tmp_path)
    assert again.look(6).said == [("slide", "watch.scored_already")]
    assert contents(desk.out / "slide") == before
    (desk.camera / "slide").rename(desk.camera / "slide of today")
    assert [code for _, code in again.look(6).said[1:]] == ["watch.closing", "watch.closed"]


def test_nothing_provisional_is_kept_of_a_closed_slide(desk: Desk) -> None:
    closed(desk)
    assert [*(desk.out / KEPT / "slides").iterdir()] == []
    assert "f1.png" not in (desk.out / KEPT / WATCH_FILE).read_text()


def test_nor_does_one_whose_pictures_were_taken_away_one_by_one(desk: Desk) -> None:
    closed(desk)
    (desk.camera / "slide" / "f1.png").unlink()
    assert desk.look().said[0] == ("slide", "watch.reopened")
    shutil.rmtree(desk.camera / "slide")
    desk.look()
    desk.shoot("slide/f1.png", 5)
    (desk.camera / "slide" / "done.txt").write_text("today")
    assert desk.look(6).said[-1] == ("slide", "watch.scored_already")
    assert "watch.closing" not in {code for _, code in desk.heard.said}


def test_the_file_is_written_once_nobody_holds_it_and_a_full_disk_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(error: OSError) -> Callable[[Path, Path], Path]:
        def replace(path: Path, target: Path) -> Path:
            if target.name == WATCH_FILE:
                raise error
            return path.rename(target)

        return replace

    desk.shoot("slide/f1.png", 1)
    monkeypatch.setattr(Path, "replace", fails(PermissionError(13, "Access is denied")))
    assert desk.look().fields == [("slide", "f1.png", CELLS, CELLS)]
    assert desk.known() == {}
    monkeypatch.undo()
    desk.look(1)
    assert desk.known()["slide"].tally.cells == CELLS
    monkeypatch.setattr(Path, "replace", fails(OSError(28, "No space left on device")))
    desk.shoot("slide/f2.png", 2)
    with pytest.raises(OutputError, match="No space left"):
        desk.look()


@pytest.mark.parametrize("is_replaced", [True, False])
def test_fields_are_measured_anew_once_the_one_they_were_measured_against_is_gone_or_replaced(
    desk: Desk, is_replaced: bool
) -> None:
    desk.shoot("slide/f1.png", 1)
    desk.look()
    desk.shoot("slide/f2.png", 2)
    desk.look()
    other = desk.shoot("slide/f1.png", 4)
    if not is_replaced:
        other.unlink()
    heard = desk.look(5)
    assert heard.said[-1] == ("slide", "watch.anew")
    again = [name for _, name, *_ in heard.fields[2:]]
    assert again == (["f1.png", "f2.png"] if is_replaced else ["f2.png"])
    assert desk.known()["slide"].tally == LiveTally(len(again) * CELLS, len(again), 0)


def test_the_options_of_the_watch_are_those_of_the_result(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    chosen: ScoringOptions = options(review_budget=5)
    plan = WatchPlan(desk.camera, tmp_path / "other", DotCard(), load_models, chosen, 600.0)
    desk.shoot("slide/f1.png", 1)
    (desk.camera / "slide" / "done").touch()
    with Watch(plan, LocalWorkers(load_models, 1), Heard(), RunAtOnce) as watch:
        for look in range(5):
            watch.step(look / 2)
    assert len([*(tmp_path / "other" / "slide" / "candidates").glob("0*.png")]) == 5
