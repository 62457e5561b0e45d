"""Folders are recognised, all that is wrong is found at once, and a table written is read the same."""

from collections.abc import Callable
from pathlib import Path

import pytest

from datasets.boxed_images import (
    BoxedImage,
    BoxedImageError,
    box_table,
    boxed_images,
    examined,
    layout_of,
    write_box_table,
)
from tests.drawn_box_sets import (
    imagenette_rows,
    save_annotated_ilsvrc,
    save_image,
    save_imagenette,
    save_listed_ilsvrc,
    save_published_tiny,
    save_text,
    save_tiny,
    tiny_rows,
)

SETS: dict[str, Callable[[Path], Path]] = {
    "imagenette with boxes": lambda root: save_imagenette(root, imagenette_rows()),
    "tiny-imagenet with a table of boxes": lambda root: save_tiny(root, tiny_rows()),
    "tiny-imagenet as published": save_published_tiny,
    "ILSVRC with solution tables": save_listed_ilsvrc,
    "ILSVRC with annotation files": save_annotated_ilsvrc,
}
every_set = pytest.mark.parametrize("name", SETS)


def said_of(images: list[BoxedImage]) -> list[tuple[object, ...]]:
    return [
        (image.path.resolve(), image.wnid, image.name, image.boxes.tolist(), image.height_px, image.width_px)
        for image in images
    ]


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


@every_set
def test_a_table_written_of_a_set_gives_the_same_images(tmp_path: Path, name: str) -> None:
    images = boxed_images(SETS[name](tmp_path / "set"))
    write_box_table(tmp_path / "mine" / "boxes.csv", images)
    assert said_of(box_table(tmp_path / "mine" / "boxes.csv")) == said_of(images)
    assert examined(tmp_path / "mine").layout.name == "a table of boxes"
    assert examined(tmp_path / "mine").problems == ()


def test_a_table_moves_with_its_images(tmp_path: Path) -> None:
    save_tiny(tmp_path / "set", tiny_rows())
    write_box_table(tmp_path / "set" / "mine.csv", boxed_images(tmp_path / "set"))
    (tmp_path / "set").rename(tmp_path / "elsewhere")
    first, _ = box_table(tmp_path / "elsewhere" / "mine.csv")
    assert first.path == tmp_path / "elsewhere" / "n1/a.JPEG"


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


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("set/a.png,n1,cat,4,3,0,0,4,2", "line 3: box 0, 0, 4, 2 is not inside the image of 4 x 3 px"),
        ("set/a.png,n1,cat,4,3,2,0,1,2", "line 3: box 2, 0, 1, 2 is empty or inverted; give x0 <= x1"),
        ("set/a.png,n1,cat,4,3,,,,", "line 3: box , , , : no x0, y0, x1, y1; give four numbers"),
        ("set/a.png,n1,dog,4,3,0,0,1,1", "line 3: class n1 is 'dog' here and 'cat' in line 2; correct one"),
        ("set/a.png,n1,cat,4,-3,0,0,1,1", "line 3: width and height 4, -3 are no whole numbers"),
        ("set/b.png,n1,cat,4,3,0,0,1,1", "line 3: {root}/set/b.png is missing; put the image there"),
    ],
)
def test_a_fault_in_a_table_is_named_by_line_and_value(tmp_path: Path, row: str, said: str) -> None:
    save_image(tmp_path / "set/a.png", 4, 3)
    head = "path,wnid,name,width_px,height_px,x0,y0,x1,y1\nset/a.png,n1,cat,4,3,3,2,3,2"
    save_text(tmp_path / "boxes.csv", f"{head}\n{row}\n")
    (problem,) = examined(tmp_path).problems
    assert said.format(root=tmp_path) in str(problem)


def test_the_published_layout_names_classes_and_reads_both_parts(tmp_path: Path) -> None:
    images = boxed_images(save_published_tiny(tmp_path))
    assert [(image.path.name, image.wnid, image.name, image.boxes.tolist()) for image in images] == [
        ("n2_0.JPEG", "n2", "reel", [[5, 6, 7, 8]]),
        ("n1_0.JPEG", "n1", "cat, tom", [[0, 0, 63, 9]]),
        ("val_0.JPEG", "n2", "reel", [[1, 2, 3, 4]]),
    ]


def test_faults_of_the_published_layout_are_named(tmp_path: Path) -> None:
    root = save_published_tiny(tmp_path)
    save_text(root / "wnids.txt", "n2\nn1\nn3\n")
    save_text(root / "val/val_annotations.txt", "val_0.JPEG\tn2\t1\t2\t3\n")
    (root / "train/n1/n1_boxes.txt").unlink()
    assert [str(problem).removeprefix(f"{root}/") for problem in examined(root).problems] == [
        "train/n1/n1_boxes.txt: cannot be read (No such file or directory); unpack the set anew",
        "val/val_annotations.txt: line 1: 5 values ('val_0.JPEG\\tn2\\t1\\t2\\t3'); "
        "give 6, with tabs between them",
        f"train/n1/images/n1_0.JPEG: no box is given for it; add one to {root}, or remove it",
        f"val/images/val_0.JPEG: no box is given for it; add one to {root}, or remove it",
        "wnids.txt: line 2: class n1 (cat, tom) has no image; unpack the set anew",
        "wnids.txt: line 3: class n3 (dog) has no image; unpack the set anew",
    ]


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
