"""`smearscope data check` as a person meets it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from scripts.main import app
from tests.drawn_box_sets import save_annotated_ilsvrc, save_text, save_tiny, tiny_rows


def check(folder: Path) -> Result:
    return CliRunner().invoke(app, ["data", "check", str(folder)])


def test_a_sound_set_is_summed_up_by_class(tmp_path: Path) -> None:
    result = check(save_tiny(tmp_path, tiny_rows()))
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"{tmp_path}: tiny-imagenet with a table of boxes",
        "n1  1 images  1 boxes  cat, tom",
        "n2  1 images  1 boxes  reel",
        "ok: 2 images of 2 classes, 2 boxes",
    ]


def test_every_problem_is_one_line_with_its_remedy_and_the_status_is_1(tmp_path: Path) -> None:
    root = save_annotated_ilsvrc(tmp_path)
    (root / "train/n1/n1_7.JPEG").write_bytes(b"text")
    (root / "train/n3").mkdir()
    xml = root / "Annotations/train/n2/n2_7.xml"
    save_text(xml, xml.read_text().replace("<xmin>10", "<xmin>12"))
    result = check(root)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"{root}: ILSVRC with annotation files",
        f"{root}/train/n3: class n3 has no image; put its images there or remove the folder",
        f"{xml}: line 6: box 12, 11, 12, 13 is empty or inverted; give x0 < x1 and y0 < y1",
        f"{root}/train/n1/n1_7.JPEG: cannot be decoded (cannot identify image file); "
        "replace the file or remove its annotation",
        "3 problems; 1 images are sound",
    ]


def test_a_folder_that_is_no_set_is_an_error_a_person_can_mend(tmp_path: Path) -> None:
    result = check(tmp_path)
    assert result.exit_code == 1
    assert "no set of images with boxes; give a folder with one of: " in str(result.exception)


@pytest.mark.slow
@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("imagenette_boxed", "ok: 1113 images of 10 classes, 1467 boxes"),
        ("tiny_imagenet", "ok: 18160 images of 200 classes, 18160 boxes"),
    ],
)
def test_the_real_sets_are_sound(shared_data: Path, name: str, said: str) -> None:
    result = check(shared_data / name)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, said)
