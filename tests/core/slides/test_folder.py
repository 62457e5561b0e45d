"""What a folder holds and what a file holds, by their headers alone."""

from pathlib import Path

import pytest
import tifffile

from core.errors import UnreadableImageError
from core.slides import open_slide
from core.slides.folder import FolderContents, file_fields, folder_contents
from core.slides.regions import Cutting
from tests.core.slides.images import picture, write_dicom, write_png, write_pyramid


def test_pictures_and_large_images_are_told_apart_each_in_natural_order(tmp_path: Path) -> None:
    for name in ("10.png", "2.png"):
        write_png(tmp_path / name, picture())
    for name in ("scan 10.tif", "scan 9.tif"):
        write_pyramid(tmp_path / name, picture(200, 300))
    (tmp_path / "notes.txt").write_text("stain: Giemsa")
    pictures = (tmp_path / "2.png", tmp_path / "10.png")
    large = (tmp_path / "scan 9.tif", tmp_path / "scan 10.tif")
    assert folder_contents(tmp_path) == FolderContents(pictures, large, is_one_scan=False)


def test_a_large_image_alone_is_a_slide_of_its_own_and_not_its_folder_s(tmp_path: Path) -> None:
    write_pyramid(tmp_path / "scan.tif", picture(200, 300))
    assert folder_contents(tmp_path) == FolderContents((), (tmp_path / "scan.tif",), is_one_scan=False)


def test_the_instances_of_one_dicom_whole_slide_are_one_large_image_and_all_of_their_folder(
    dicom_scan: Path,
) -> None:
    assert folder_contents(dicom_scan) == FolderContents((), (dicom_scan / "1.dcm",), is_one_scan=True)
    write_png(dicom_scan / "label.png", picture())
    assert folder_contents(dicom_scan) == FolderContents(
        (dicom_scan / "label.png",), (dicom_scan / "1.dcm",), is_one_scan=False
    )


def test_a_file_that_cannot_be_read_counts_as_a_picture(tmp_path: Path) -> None:
    (tmp_path / "cut short.tif").write_bytes(b"II*\0")
    (tmp_path / "empty.jpg").touch()
    assert folder_contents(tmp_path).pictures == (tmp_path / "cut short.tif", tmp_path / "empty.jpg")


def test_a_file_of_one_field_adds_nothing_to_its_name_and_one_of_several_a_number_or_a_place(
    tmp_path: Path,
) -> None:
    cutting = Cutting(100, 30)
    for seed in range(2):
        tifffile.imwrite(tmp_path / "pages.tif", picture(seed=seed), append=True, photometric="rgb")
    files = {
        write_png(tmp_path / "a.png", picture()): [""],
        tmp_path / "pages.tif": ["#page=1", "#page=2"],
        write_dicom(tmp_path / "frames.dcm", [picture(), picture(seed=1)]): ["#frame=1", "#frame=2"],
        write_pyramid(tmp_path / "scan.tif", picture(100, 150)): ["#x=0,y=0", "#x=50,y=0"],
    }
    assert {path: list(file_fields(path, cutting)) for path in files} == files


def test_hidden_files_other_files_and_folders_within_are_passed_over(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", picture())
    write_png(tmp_path / "._a.png", picture())
    (tmp_path / "notes.txt").write_text("stain: Giemsa")
    (tmp_path / "meta.json").write_text("{}")
    (tmp_path / "within").mkdir()
    write_png(tmp_path / "within" / "b.png", picture())
    (tmp_path / "folder.png").mkdir()
    assert open_slide(tmp_path).field_names() == ("a.png",)


def test_a_folder_that_cannot_be_listed_is_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("core.slides.folder.os.scandir", refuse)
    with pytest.raises(UnreadableImageError, match=r"cannot be read \(Permission denied\)"):
        open_slide(tmp_path)
