"""ILSVRC's layouts, drawn small: annotation files, solution tables, and one fault each."""

from collections.abc import Callable
from pathlib import Path

import pytest

from datasets.boxed_images import BoxedImageError, boxed_images, examined, layout_of
from tests.drawn_box_sets import (
    annotation,
    save_annotated_ilsvrc,
    save_image,
    save_listed_ilsvrc,
    save_text,
)

KAGGLE = ("ILSVRC/Data/CLS-LOC", "ILSVRC/Annotations/CLS-LOC")


def problems(root: Path) -> list[str]:
    return [str(problem).removeprefix(f"{root}/") for problem in examined(root).problems]


@pytest.mark.parametrize(
    "save",
    [
        save_annotated_ilsvrc,
        lambda root: save_annotated_ilsvrc(root, *KAGGLE),
        save_listed_ilsvrc,
    ],
    ids=["folders", "as on Kaggle", "solution tables"],
)
def test_each_layout_gives_the_same_images(tmp_path: Path, save: Callable[[Path], Path]) -> None:
    found = {image.path.stem: image for image in boxed_images(save(tmp_path))}
    assert set(found) == {"n1_7", "n2_7", "ILSVRC2012_val_00000001"}
    assert [(found[stem].wnid, found[stem].name) for stem in ("n1_7", "ILSVRC2012_val_00000001")] == [
        ("n1", "tench, Tinca tinca"),
        ("n2", "goldfish"),
    ]
    assert found["n1_7"].boxes.tolist() == [[0, 0, 39, 29], [2, 3, 4, 5]], (
        "an end at the width is the last pixel"
    )
    assert (found["n1_7"].height_px, found["n1_7"].width_px) == (30, 40)
    assert found["n1_7"].image().shape == (30, 40, 3)
    assert problems(tmp_path) == []


def test_class_folders_may_stand_alone_and_annotations_lie_flat(tmp_path: Path) -> None:
    save_image(tmp_path / "n1/a.png", 40, 30)
    save_text(tmp_path / "Annotations/a.xml", annotation("n1", (1, 2, 3, 4)))
    (image,) = boxed_images(tmp_path)
    assert (image.wnid, image.name, image.boxes.tolist()) == ("n1", "n1", [[1, 2, 3, 4]])
    assert problems(tmp_path) == []


def test_solution_tables_are_read_before_annotation_files(tmp_path: Path) -> None:
    save_annotated_ilsvrc(tmp_path)
    assert layout_of(tmp_path).name == "ILSVRC with annotation files"
    save_listed_ilsvrc(tmp_path)
    assert layout_of(tmp_path).name == "ILSVRC with solution tables"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (annotation("n1"), "n1_7.xml: no object in it; mark the object"),
        (
            annotation("n1", (5, 2, 5, 9)),
            "n1_7.xml: line 6: box 5, 2, 5, 9 is empty or inverted; give x0 < x1",
        ),
        (
            annotation("n1", (0, 0, 1, 1), (5, 9, 6, 2)),
            "n1_7.xml: line 15: box 5, 9, 6, 2 is empty or inverted",
        ),
        (annotation("n1", (0, 0, 41, 9)), "line 6: box 0, 0, 41, 9 is not inside the image of 40 x 30 px"),
        (annotation("n1", (-1, 0, 4, 9)), "line 6: box -1, 0, 4, 9 is not inside the image"),
        (annotation("n2", (0, 0, 4, 9)), "line 6: an object 'n2' on an image of the folder n1"),
        (annotation("", (0, 0, 4, 9)), "line 6: an object without a name"),
        (annotation("n1", (0, 0, 4, 9)).replace("xmax", "xend"), "line 6: box 0, 0, , 9: no x1"),
        (annotation("n1", (0, 0, 4, 9))[:-15], "n1_7.xml: line 14: no XML"),
        (
            annotation("n1", (0, 0, 4, 9), size_px=(80, 60)),
            "n1_7.JPEG: 40 x 30 px, its boxes are for 80 x 60",
        ),
    ],
)
def test_a_fault_in_an_annotation_is_named_by_line_and_value(tmp_path: Path, content: str, said: str) -> None:
    root = save_annotated_ilsvrc(tmp_path)
    save_text(root / "Annotations/train/n1/n1_7.xml", content)
    (problem,) = problems(root)
    assert said in problem


def test_an_image_without_annotation_and_an_annotation_without_image_are_named(tmp_path: Path) -> None:
    root = save_annotated_ilsvrc(tmp_path)
    save_image(root / "train/n1/n1_8.JPEG", 40, 30)
    save_text(root / "Annotations/train/n2/n2_9.xml", annotation("n2", (1, 2, 3, 4)))
    save_text(root / "Annotations/train/n3/n3_9.xml", annotation("n3", (1, 2, 3, 4)))  # of a class not here
    first, second = problems(root)
    assert first.startswith("train/n1/n1_8.JPEG: no box is given for it; ")
    assert second.startswith(f"Annotations/train/n2/n2_9.xml: its image {root}/train/n2/n2_9 is missing")


@pytest.mark.parametrize("save", [save_annotated_ilsvrc, save_listed_ilsvrc])
def test_a_class_folder_without_images_is_named(tmp_path: Path, save: Callable[[Path], Path]) -> None:
    root = save(tmp_path)
    images = root / "ILSVRC/Data/CLS-LOC" if (root / "ILSVRC").exists() else root
    (images / "train/n3").mkdir()
    (problem,) = problems(root)
    assert "train/n3: class n3 has no image" in problem


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("n1_7,", "n1_7 has no box"),
        ("n1_7,n1 1 2 3", "n1_7: 4 values (n1 1 2 3); give a class and four numbers"),
        ("n1_7,n1 9 2 3 4", "box 9, 2, 3, 4 is empty or inverted"),
        ("n1_7,n1 1 2 3 31", "box 1, 2, 3, 31 is not inside the image of 40 x 30 px"),
        ("n1_7,n1 1 2 3 4 n2 1 2 3 4", "n1_7.JPEG is n2 here and n1 in LOC_train_solution.csv line 2"),
        ("n1_9,n1 1 2 3 4", "n1_9.JPEG is missing"),
    ],
)
def test_a_fault_in_a_solution_table_is_named_by_line_and_value(tmp_path: Path, line: str, said: str) -> None:
    root = save_listed_ilsvrc(tmp_path)
    save_text(root / "LOC_train_solution.csv", f"ImageId,PredictionString\n{line}\n")
    (problem,) = problems(root)
    assert problem.startswith("LOC_train_solution.csv: line 2: ")
    assert said in problem


def test_an_image_of_a_solution_table_that_cannot_be_read_is_named_once(tmp_path: Path) -> None:
    root = save_listed_ilsvrc(tmp_path)
    image = root / "ILSVRC/Data/CLS-LOC/train/n1/n1_7.JPEG"
    image.write_bytes(b"text")
    (problem,) = problems(root)
    assert problem.startswith("ILSVRC/Data/CLS-LOC/train/n1/n1_7.JPEG: cannot be decoded")
    with pytest.raises(BoxedImageError, match=r"n1_7.JPEG: cannot be decoded"):
        boxed_images(root)
