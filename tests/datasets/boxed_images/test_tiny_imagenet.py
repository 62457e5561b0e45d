"""tiny-imagenet, with a table of boxes and as published: drawn, and the real one."""

from pathlib import Path

import pytest

from datasets.boxed_images import boxed_images, classes_in_14, examined, of_classes, tiny_imagenet
from tests.drawn_box_sets import save_published_tiny, save_text, save_tiny, tiny_rows


def test_tiny_imagenet_takes_its_names_from_the_list_of_classes(tmp_path: Path) -> None:
    images = tiny_imagenet(save_tiny(tmp_path, tiny_rows()))
    assert [(image.wnid, image.name) for image in images] == [("n1", "cat, tom"), ("n2", "reel")]
    assert images[0].boxes.tolist() == [[1, 0, 53, 63]]
    assert images[0].image().shape == (64, 64, 3)


def test_the_classes_of_the_report_are_those_marked(tmp_path: Path) -> None:
    assert classes_in_14(save_tiny(tmp_path, tiny_rows())) == ("n1",)


@pytest.mark.shared_data
def test_the_real_tiny_imagenet_has_one_box_an_image(shared_data: Path) -> None:
    images = tiny_imagenet(shared_data / "tiny_imagenet")
    assert len(images) == 18160
    assert {len(image.boxes) for image in images} == {1}
    assert len({image.wnid for image in images}) == 200
    assert images[0].image().shape == (64, 64, 3)
    chosen = of_classes(images, classes_in_14(shared_data / "tiny_imagenet"))
    assert len(chosen) == 14 * 500


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
