"""From the arguments of a command line to slides with names of their own."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.slides import find_slides, open_slide
from core.slides.discovery import Discovery
from tests.core.slides.images import picture, write_dicom, write_png, write_pyramid
from tests.core.slides.mirax_files import mirax_layout, write_mrxs


def put(root: Path, *files: str) -> Path:
    for file in files:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".tif":
            write_pyramid(path, picture(200, 300))
        elif path.suffix == ".png":
            write_png(path, picture())
        else:
            path.write_text("notes")
    return root


def names(found: Discovery) -> list[str]:
    return [slide.name for slide in found.slides]


def test_a_folder_of_pictures_is_one_slide(tmp_path: Path) -> None:
    found = find_slides([put(tmp_path / "slide", "1.png", "2.png", "notes.txt")])
    assert [(slide.name, slide.path) for slide in found.slides] == [("slide", tmp_path / "slide")]
    assert found.problems == ()


def test_a_picture_and_a_large_image_are_slides(tmp_path: Path) -> None:
    put(tmp_path, "one.png", "large.tif")
    assert names(find_slides([tmp_path / "one.png", tmp_path / "large.tif"])) == ["one", "large"]


def test_a_folder_of_folders_is_a_batch_in_natural_order(tmp_path: Path) -> None:
    put(tmp_path / "batch", "s10/a.png", "s2/a.png", "s1/a.png", "s3.tif")
    assert names(find_slides([tmp_path / "batch"])) == ["s1", "s2", "s3", "s10"]


def test_nested_folders_are_named_by_their_way_from_the_argument(tmp_path: Path) -> None:
    put(tmp_path / "batch", "ward 1/monday/a.png", "ward 1/tuesday/a.png", "ward 2/monday/scan.tif")
    expected = ["ward 1__monday", "ward 1__tuesday", "ward 2__monday__scan"]
    assert names(find_slides([tmp_path / "batch"])) == expected


def test_pictures_beside_a_large_image_are_a_slide_and_it_is_another(tmp_path: Path) -> None:
    folder = put(tmp_path / "both", "1.png", "2.png", "scan.tif")
    found = find_slides([folder])
    assert names(found) == ["both", "scan"]
    assert open_slide(folder).field_names() == ("1.png", "2.png")


def test_a_folder_of_pictures_with_folders_within_is_a_slide_and_they_are_others(tmp_path: Path) -> None:
    assert names(find_slides([put(tmp_path / "s", "1.png", "more/1.png")])) == ["s", "more"]


def test_a_dicom_file_is_known_by_its_content_whatever_its_name(tmp_path: Path) -> None:
    put(tmp_path, "export/1.png")
    write_dicom(tmp_path / "a.dcm", [picture()]).rename(tmp_path / "export" / "IM000001")
    (tmp_path / "export" / "DIRECTORY").write_bytes(bytes(200))
    (folder,) = find_slides([tmp_path / "export"]).slides
    assert open_slide(folder.path).field_names() == ("1.png", "IM000001")
    assert names(find_slides([tmp_path / "export" / "IM000001"])) == ["IM000001"]


def test_each_bad_path_is_a_problem_and_stops_no_other(tmp_path: Path) -> None:
    put(tmp_path, "good/1.png", "notes.txt", "batch/full/1.png", "texts/within/a.txt")
    (tmp_path / "empty").mkdir()
    given = [tmp_path / name for name in ("gone", "empty", "notes.txt", "batch", "texts", "good")]
    found = find_slides(given)
    assert names(found) == ["full", "good"]
    assert [(problem.path, problem.reason.split(": ")[0]) for problem in found.problems] == [
        (tmp_path / "gone", f"{tmp_path}/gone does not exist"),
        (tmp_path / "empty", f"{tmp_path}/empty holds no image"),
        (tmp_path / "notes.txt", f"{tmp_path}/notes.txt is not an image, by its name or content"),
        (tmp_path / "texts", f"{tmp_path}/texts holds no image"),
    ]


def test_folders_without_images_in_a_batch_are_passed_over(tmp_path: Path) -> None:
    put(tmp_path / "batch", "full/1.png", "texts/a.txt")
    (tmp_path / "batch" / "bare" / "within").mkdir(parents=True)
    found = find_slides([tmp_path / "batch", tmp_path / "batch", tmp_path])
    assert names(found) == ["full"]
    assert found.problems == ()


@pytest.mark.parametrize(
    "system",
    ["@eaDir/1.png", "#recycle", "$RECYCLE.BIN/S-1-5", "__MACOSX", "System Volume Information", "lost+found",
     ".thumbnails", "SegmentationClass"],
)  # fmt: skip
def test_folders_of_the_system_and_of_painted_masks_are_passed_over_unless_they_are_given(
    tmp_path: Path, system: str
) -> None:
    put(tmp_path / "batch", "slide/1.png", f"slide/{system}/1.png", f"{system}/2.png")
    found = find_slides([tmp_path / "batch"])
    assert (names(found), found.problems) == (["slide"], ())
    assert len(find_slides([tmp_path / "batch" / system]).slides) == 1


def test_a_folder_that_cannot_be_listed_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "batch/a/1.png", "batch/b/1.png")
    listed = Path.iterdir

    def refuse_a(folder: Path) -> object:
        if folder.name == "a":
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", refuse_a)
    found = find_slides([tmp_path / "batch"])
    assert names(found) == ["b"]
    (problem,) = found.problems
    assert problem.path == tmp_path / "batch" / "a"
    assert "cannot be read (Permission denied)" in problem.reason


def test_a_folder_whose_files_cannot_be_asked_for_is_a_problem_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "batch/a/1.png", "batch/a/notes.txt", "batch/b/1.png")
    asked = Path.stat

    def refuse_in_a(path: Path, **options: bool) -> os.stat_result:
        if path.parent.name == "a":
            raise PermissionError(13, "Permission denied", str(path))
        return asked(path, **options)

    monkeypatch.setattr(Path, "stat", refuse_in_a)  # as of a folder that may be listed but not entered
    found = find_slides([tmp_path / "batch"])
    assert names(found) == ["b"]
    (problem,) = found.problems
    assert "batch/a cannot be read (Permission denied): correct that" in problem.reason


def test_a_file_of_a_wrong_kind_in_a_folder_of_pictures_does_not_hide_the_slide(tmp_path: Path) -> None:
    folder = put(tmp_path / "s", "1.png")
    (folder / "2.tif").write_text("no picture")
    assert names(find_slides([folder])) == ["s"]


def test_folders_of_one_name_are_told_apart_by_the_folders_above(tmp_path: Path) -> None:
    put(tmp_path, "north/smears/1.png", "south/smears/1.png", "other/1.png")
    given = [tmp_path / name for name in ("north/smears", "south/smears", "other")]
    assert names(find_slides(given)) == ["north__smears", "south__smears", "other"]


def test_files_that_differ_in_their_ending_only_keep_it(tmp_path: Path) -> None:
    put(tmp_path, "smear.png", "smear.tif")
    assert names(find_slides([tmp_path / "smear.png", tmp_path / "smear.tif"])) == ["smear.png", "smear.tif"]


def test_names_that_differ_in_case_only_are_told_apart(tmp_path: Path) -> None:
    put(tmp_path, "x/Smear/1.png", "y/smear/1.png")
    assert names(find_slides([tmp_path / "x" / "Smear", tmp_path / "y" / "smear"])) == [
        "x__Smear",
        "y__smear",
    ]


def test_names_that_become_alike_as_folder_names_are_told_apart(tmp_path: Path) -> None:
    put(tmp_path / "batch", "a:b/1.png", "a?b/1.png", "a/b/1.png", "a__b/1.png")
    found = names(find_slides([tmp_path / "batch"]))
    assert len(set(found)) == 4
    assert all(":" not in name and "?" not in name and "/" not in name for name in found)


def test_a_slide_given_twice_or_reached_through_a_link_counts_once(tmp_path: Path) -> None:
    put(tmp_path, "batch/a/1.png")
    (tmp_path / "batch" / "loop").symlink_to(tmp_path / "batch")
    (tmp_path / "batch" / "same").symlink_to(tmp_path / "batch" / "a")
    found = find_slides([tmp_path / "batch", tmp_path / "batch", tmp_path / "batch" / "a"])
    assert names(found) == ["a"]
    assert found.problems == ()


def test_hidden_folders_are_passed_over(tmp_path: Path) -> None:
    assert names(find_slides([put(tmp_path / "s", "1.png", ".thumbnails/1.png")])) == ["s"]


def test_the_current_folder_gives_its_own_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(put(tmp_path / "smear 7", "1.png"))
    assert names(find_slides([Path()])) == ["smear 7"]
    assert names(find_slides([Path("../smear 7")])) == ["smear 7"]
    assert names(find_slides([Path("..")])) == ["smear 7"]


@given(st.text(min_size=1, max_size=60))
def test_every_folder_name_gives_a_slide_name_that_can_be_a_folder(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    root = tmp_path_factory.mktemp("names")
    try:
        folder = root / f"s{text}"
        if folder.parent != root:
            return
        folder.mkdir()
    except (OSError, ValueError):  # no name for a folder of this file system
        return
    put(folder, "1.png")
    (slide,) = find_slides([folder]).slides
    (root / "out").mkdir()
    (root / "out" / slide.name).mkdir()
    assert [entry.name for entry in (root / "out").iterdir()] == [slide.name]
    assert slide.name.isprintable()


def test_a_long_way_down_is_cut_to_what_a_folder_name_can_hold(tmp_path: Path) -> None:
    deep = "/".join(["ééééééééééééééééééééééééééééé"] * 6)
    put(tmp_path / "batch", f"{deep}/a/1.png", f"{deep}/b/1.png")
    found = names(find_slides([tmp_path / "batch"]))
    assert len(set(found)) == 2
    assert all(len(name.encode()) <= 220 for name in found)


def test_the_data_folder_of_a_mirax_scan_is_not_searched_and_another_of_that_name_is(tmp_path: Path) -> None:
    write_mrxs(tmp_path / "a.mrxs", picture(232, 336), mirax_layout(2, 3, {}))
    put(tmp_path, "a/preview.png")
    assert names(find_slides([tmp_path])) == ["a"]
    put(tmp_path, "b/preview.png", "b/Slidedat.ini")
    assert names(find_slides([tmp_path])) == ["a", "b"]


def test_slides_of_the_same_run_are_not_found_again_and_keep_their_names(tmp_path: Path) -> None:
    put(tmp_path, "one/P1/a.png", "two/p1/a.png")
    first = find_slides([tmp_path / "one"]).slides
    later = find_slides([tmp_path / "one", tmp_path / "two"], earlier=first)
    assert [(slide.name, slide.path) for slide in later.slides] == [("two__p1", tmp_path / "two" / "p1")]
    assert later.problems == ()
