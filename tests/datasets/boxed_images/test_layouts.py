"""Folders are recognised by their layout, and all that is wrong with a set is found at once."""

from pathlib import Path

import pytest

from datasets.boxed_images import BoxedImageError, boxed_images, examined, layout_of, write_box_table
from tests.drawn_box_sets import (
    SETS,
    imagenette_rows,
    said_of,
    save_image,
    save_imagenette,
    save_tiny,
    tiny_rows,
)

every_set = pytest.mark.parametrize("name", SETS)


@every_set
def test_a_set_is_recognised_and_nothing_is_wrong_with_it(tmp_path: Path, name: str) -> None:
    counted: list[None] = []
    found = examined(SETS[name](tmp_path), after_image=lambda: counted.append(None))
    assert (found.layout.name, found.problems) == (name, ())
    assert said_of(list(found.images)) == said_of(boxed_images(tmp_path))
    assert len(counted) == len(found.images) > 1


def test_a_set_without_an_image_is_not_called_sound(tmp_path: Path) -> None:
    write_box_table(tmp_path / "boxes.csv", [])
    assert [problem.fault for problem in examined(tmp_path).problems] == ["no image"]


def test_all_that_is_wrong_is_found_at_once_and_the_rest_is_kept(tmp_path: Path) -> None:
    rows = imagenette_rows()
    rows[1]["x1_224"] = "224"  # the second box of the first image
    rows[3]["y0_224"] = "201"
    rows[4]["x0_224"] = ""
    root = save_imagenette(tmp_path, rows[:-1])
    (root / rows[5]["file"]).unlink()
    (root / rows[6]["file"]).write_bytes(b"text")
    save_image(root / rows[7]["file"], 32, 224)
    save_image(root / "train/n01440764/unlisted.JPEG", 224, 224)
    found = examined(root)
    table = root / "boxes.csv"
    assert [(problem.file, problem.line) for problem in found.problems] == [
        (table, 3),
        (table, 5),
        (table, 6),
        (table, 7),
        (root / "train/n01440764/unlisted.JPEG", None),
        (table, None),
        (root / rows[6]["file"], None),
        (root / rows[7]["file"], None),
    ]
    assert [image.wnid for image in found.images] == [rows[2]["wnid"], rows[8]["wnid"], rows[9]["wnid"]]
    write_box_table(tmp_path / "sound" / "boxes.csv", found.images)
    assert examined(tmp_path / "sound").problems == ()


def test_a_folder_that_is_no_set_is_told_what_one_holds(tmp_path: Path) -> None:
    with pytest.raises(
        BoxedImageError, match=r"no set of images with boxes; give a folder with one of: .*wnids.txt"
    ):
        layout_of(tmp_path)
    (tmp_path / "boxes.csv").write_text("path;wnid;x0\n", encoding="utf-8")
    with pytest.raises(
        BoxedImageError, match=r"boxes.csv has the columns path;wnid;x0, which .* no known set"
    ):
        layout_of(tmp_path)
    with pytest.raises(BoxedImageError, match="nowhere: no such folder"):
        examined(tmp_path / "nowhere")


def test_a_table_that_cannot_be_read_is_a_problem_too(tmp_path: Path) -> None:
    root = save_tiny(tmp_path, tiny_rows())
    (root / "boxes.csv").write_bytes(b"path,wnid,x0,y0,x1,y1\n\xff\xfe,n1,1,2,3,4\n")
    (problem,) = examined(root).problems
    assert f"{root / 'boxes.csv'}: not a CSV file" in str(problem)
