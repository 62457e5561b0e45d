"""A folder, a picture or a large image opened as a slide."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import tifffile

from core.errors import EmptySlideError, UnreadableImageError
from core.slides import open_slide
from tests.core.slides.images import picture, write_dicom, write_jpeg, write_png, write_pyramid


def test_the_fields_of_a_folder_come_in_natural_order(tmp_path: Path) -> None:
    for name in ("img10.jpg", "img2.jpg", "img1.JPG", "Img3.jpg"):
        write_jpeg(tmp_path / name, picture())
    assert open_slide(tmp_path).field_names() == ("img1.JPG", "img2.jpg", "Img3.jpg", "img10.jpg")


def test_a_folder_of_mixed_formats_is_one_slide(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", picture(seed=1))
    write_dicom(tmp_path / "b.dcm", [picture(seed=2), picture(seed=3)])
    for seed in (4, 5):
        tifffile.imwrite(tmp_path / "c.tif", picture(seed=seed), append=True, photometric="rgb")
    slide = open_slide(tmp_path)
    assert slide.field_names() == ("a.png", "b.dcm#frame=1", "b.dcm#frame=2", "c.tif#page=1", "c.tif#page=2")
    for seed, name in enumerate(slide.field_names(), start=1):
        assert np.array_equal(slide.read_field(name).image, picture(seed=seed))


def test_a_bad_file_in_a_folder_is_listed_and_fails_alone_when_it_is_read(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", picture())
    (tmp_path / "b.tif").write_text("no picture")
    (tmp_path / "c.jpg").touch()
    (tmp_path / "d.heic").write_bytes(b"\0\0\0\x18ftypheic")
    (tmp_path / "e.png").symlink_to(tmp_path / "gone.png")
    slide = open_slide(tmp_path)
    assert slide.field_names() == ("a.png", "b.tif", "c.jpg", "d.heic", "e.png")
    assert np.array_equal(slide.read_field("a.png").image, picture())
    for name in slide.field_names()[1:]:
        with pytest.raises(UnreadableImageError, match=name):
            slide.read_field(name)


def test_a_slide_is_named_after_its_folder_or_its_file_without_ending_or_as_wanted(tmp_path: Path) -> None:
    folder = tmp_path / "slide 1.2"
    folder.mkdir()
    file = write_png(folder / "field.7.png", picture())
    assert open_slide(folder).name == "slide 1.2"
    assert open_slide(file).name == "field.7"
    assert open_slide(file, name="ward__7").name == "ward__7"
    assert open_slide(folder).path == folder


def test_a_slide_can_be_sent_to_a_worker_and_is_small(tmp_path: Path) -> None:
    for index in range(300):
        (tmp_path / f"{index}.jpg").write_bytes(b"\xff\xd8\xff")
    write_png(tmp_path / "300.png", picture())
    slide = open_slide(tmp_path)
    sent = pickle.dumps(slide)
    copy = pickle.loads(sent)  # noqa: S301 - the bytes are our own
    assert copy == slide
    assert np.array_equal(copy.read_field("300.png").image, picture())
    assert len(sent) < 100 * 301


def test_a_folder_without_images_is_empty(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing yet")
    with pytest.raises(EmptySlideError, match="holds no image: put JPEG"):
        open_slide(tmp_path)


def test_a_folder_of_several_large_images_is_several_slides(tmp_path: Path) -> None:
    for name in ("a.tif", "b.tif"):
        write_pyramid(tmp_path / name, picture(200, 300))
    with pytest.raises(EmptySlideError, match=r"2 large images.*beginning with a\.tif"):
        open_slide(tmp_path)


def test_a_path_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match="gone does not exist"):
        open_slide(tmp_path / "gone")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    path = write_png(tmp_path / "a.png", picture())
    path.chmod(0)
    with pytest.raises(UnreadableImageError, match=r"a\.png cannot be read \(Permission denied\)"):
        open_slide(path)


def test_a_name_that_is_no_utf8_becomes_text_that_can_be_stored(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    try:
        write_png(path, picture())
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    slide = open_slide(tmp_path)
    (name,) = slide.field_names()
    assert name.encode("utf-8") == b"caf\\udce9.png"
    assert np.array_equal(slide.read_field(name).image, picture())


def test_of_a_folder_those_files_alone_are_opened_that_are_asked_for(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        write_png(tmp_path / name, picture())
    write_pyramid(tmp_path / "scan.tif", picture(1024, 1024))
    assert open_slide(tmp_path, files=("c.png", "a.png")).field_names() == ("a.png", "c.png")
    gone = open_slide(tmp_path, files=("a.png", "gone.png"))
    with pytest.raises(UnreadableImageError, match=r"gone\.png does not exist"):
        gone.read_field("gone.png")
    with pytest.raises(EmptySlideError, match="a slide of its own"):
        open_slide(tmp_path, files=("scan.tif",))
