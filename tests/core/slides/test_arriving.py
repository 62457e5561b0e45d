"""A folder that a camera writes into: what is there whole, what is still awaited, what never comes."""

import os
from pathlib import Path

import pytest

from core.errors import UnreadableImageError
from core.slides.arriving import ArrivingPictures, Look
from tests.core.slides.images import jpeg, picture, write_jpeg

JPEG = jpeg(picture())


def look_twice(pictures: ArrivingPictures, at_s: float = 0.0) -> Look:
    pictures.look(at_s)
    return pictures.look(at_s + 0.5)


def test_a_picture_is_offered_at_the_second_look_at_which_it_is_the_same(tmp_path: Path) -> None:
    pictures = ArrivingPictures(tmp_path, {})
    (tmp_path / "a.jpg").write_bytes(JPEG[:500])
    assert pictures.look(0.0).whole == ()
    (tmp_path / "a.jpg").write_bytes(JPEG)  # the camera went on writing
    assert pictures.look(0.5).whole == ()
    found = pictures.look(1.0)
    assert (found.whole, found.waiting, found.is_changed) == (("a.jpg",), 1, False)


def test_pictures_come_in_natural_order_and_a_taken_one_does_not_come_again(tmp_path: Path) -> None:
    for name in ("f10.jpg", "f2.jpg"):
        write_jpeg(tmp_path / name, picture())
    pictures = ArrivingPictures(tmp_path, {})
    assert look_twice(pictures).whole == ("f2.jpg", "f10.jpg")
    pictures.take("f2.jpg")
    assert pictures.look(1.0).whole == ("f10.jpg",)


def test_a_picture_that_is_taken_anew_under_its_name_is_offered_anew(tmp_path: Path) -> None:
    write_jpeg(tmp_path / "a.jpg", picture(seed=1))
    pictures = ArrivingPictures(tmp_path, {})
    look_twice(pictures)
    state = pictures.state_of("a.jpg")
    pictures.take("a.jpg")
    write_jpeg(tmp_path / "a.jpg", picture(seed=2, width_px=160))
    assert look_twice(pictures, 1.0).whole == ("a.jpg",)
    assert pictures.state_of("a.jpg") != state


def test_what_an_earlier_run_has_taken_is_not_offered(tmp_path: Path) -> None:
    write_jpeg(tmp_path / "a.jpg", picture())
    before = ArrivingPictures(tmp_path, {})
    look_twice(before)
    again = ArrivingPictures(tmp_path, {"a.jpg": before.state_of("a.jpg"), "b.jpg": "1 bytes, 1 ns"})
    found = look_twice(again)
    assert (found.whole, found.waiting) == ((), 0)


def test_one_that_cannot_be_decoded_is_offered_again_a_second_later_and_named_after_a_minute(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG[:500])
    pictures = ArrivingPictures(tmp_path, {})
    assert look_twice(pictures).whole == ("a.jpg",)
    pictures.put_off("a.jpg", 0.5)
    assert pictures.look(1.0).whole == ()
    assert pictures.look(1.5).whole == ("a.jpg",)
    pictures.put_off("a.jpg", 60.0)
    assert (found := pictures.look(60.5)).late == ("a.jpg",)
    assert found.waiting == 0
    assert pictures.look(61.0).late == ()
    (tmp_path / "a.jpg").write_bytes(JPEG)
    assert look_twice(pictures, 62.0).whole == ("a.jpg",)  # late is not lost


@pytest.mark.parametrize("name", ["a.jpg.tmp", "a.jpg.part", "~a.jpg", "a.jpg~", "a.JPG.PART"])
def test_a_file_with_a_name_of_one_that_is_being_written_waits_for_its_own_name(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(JPEG)
    pictures = ArrivingPictures(tmp_path, {})
    found = look_twice(pictures)
    assert (found.whole, found.waiting) == ((), 1)
    (tmp_path / name).rename(tmp_path / "a.jpg")
    assert look_twice(pictures, 1.0).whole == ("a.jpg",)


def test_an_empty_file_is_not_whole(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    pictures = ArrivingPictures(tmp_path, {})
    assert look_twice(pictures).whole == ()
    assert pictures.look(60.0).late == ("a.jpg",)


def test_a_file_that_grows_for_more_than_a_minute_is_named(tmp_path: Path) -> None:
    pictures = ArrivingPictures(tmp_path, {})
    late = []
    for second in range(62):
        (tmp_path / "a.jpg").write_bytes(JPEG[: 10 * second + 1])
        late += [(second, name) for name in pictures.look(float(second)).late]
    assert late == [(60, "a.jpg")]


def test_other_files_hidden_ones_and_folders_are_not_awaited(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("patient 7")
    (tmp_path / ".a.jpg").write_bytes(JPEG)
    (tmp_path / "more.jpg").mkdir()
    pictures = ArrivingPictures(tmp_path, {})
    for second in range(3):
        found = pictures.look(float(second))
    assert (found.whole, found.waiting, found.late) == ((), 0, ())


def test_a_picture_without_an_ending_is_known_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "field").write_bytes(JPEG)
    assert look_twice(ArrivingPictures(tmp_path, {})).whole == ("field",)


def test_a_renamed_picture_is_gone_and_offered_under_its_new_name(tmp_path: Path) -> None:
    write_jpeg(tmp_path / "a.jpg", picture())
    pictures = ArrivingPictures(tmp_path, {})
    look_twice(pictures)
    pictures.take("a.jpg")
    (tmp_path / "a.jpg").rename(tmp_path / "b.jpg")
    assert pictures.look(1.0).gone == ("a.jpg",)
    assert (found := pictures.look(1.5)).whole == ("b.jpg",)
    assert found.gone == ()


@pytest.mark.parametrize(("name", "says"), [("done", True), ("DONE.txt", True), ("done.jpg", False)])
def test_a_file_named_done_says_that_the_slide_is_complete(tmp_path: Path, name: str, says: bool) -> None:
    (tmp_path / name).touch()
    found = look_twice(ArrivingPictures(tmp_path, {}))
    assert bool(found.done) is says
    assert found.waiting == (0 if says else 1)


def test_a_folder_that_is_gone_is_an_error_that_names_it(tmp_path: Path) -> None:
    pictures = ArrivingPictures(tmp_path / "slide", {})
    with pytest.raises(UnreadableImageError, match="slide does not exist"):
        pictures.look(0.0)


def test_a_file_that_says_done_is_another_one_once_it_is_saved_anew(tmp_path: Path) -> None:
    (tmp_path / "done.txt").touch()
    pictures = ArrivingPictures(tmp_path, {})
    first = pictures.look(0.0).done
    assert pictures.look(0.5).done == first
    os.utime(tmp_path / "done.txt", ns=(1, 1))
    assert pictures.look(1.0).done != first


def test_a_log_that_is_written_all_the_time_is_no_change_and_is_not_named(tmp_path: Path) -> None:
    write_jpeg(tmp_path / "a.jpg", picture())
    pictures = ArrivingPictures(tmp_path, {})
    changed: list[int] = []
    late: list[str] = []
    waiting = 0
    for second in range(62):
        (tmp_path / "camera.log").write_text("exposure 3 ms\n" * (second + 1))
        found = pictures.look(float(second))
        changed += [second] if found.is_changed else []
        late += found.late
        waiting = found.waiting
    assert (changed, late, waiting) == ([0], [], 1)


def test_a_picture_that_grows_comes_anew_or_goes_is_a_change(tmp_path: Path) -> None:
    pictures = ArrivingPictures(tmp_path, {})
    assert not pictures.look(0.0).is_changed
    path = tmp_path / "a.jpg.part"
    for number, content in enumerate((JPEG[:500], JPEG)):
        path.write_bytes(content)
        assert pictures.look(1.0 + number).is_changed
    path.rename(tmp_path / "a.jpg")
    assert pictures.look(3.0).is_changed
    (tmp_path / "a.jpg").unlink()
    assert pictures.look(4.0).is_changed


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such files here")
def test_a_look_does_not_wait_for_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert look_twice(ArrivingPictures(tmp_path, {})).whole == ()
