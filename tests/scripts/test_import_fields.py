"""`smearscope import` and `data check --format` as a person meets them."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from scripts.main import app
from tests.drawn_own_fields import CLASSES, save_coco, save_voc

OPTIONS = ["--class", "ring=infected", "--class", "rbc=healthy", "--class", "wbc=white_cell"]
REST = ["--class", "?=unsure", "--class", "dirt=not_a_red_cell"]
COUNTS = [
    "healthy  2 objects on 2 fields",
    "infected  2 objects on 2 fields",
    "not_a_red_cell  1 objects on 1 fields",
    "unsure  1 objects on 1 fields",
    "white_cell  1 objects on 1 fields",
]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_what_is_imported_is_counted_and_its_folder_is_sound(tmp_path: Path) -> None:
    assert len(CLASSES) == 5
    folder, out = save_voc(tmp_path / "lab"), tmp_path / "new"
    result = run("import", folder, "--format", "voc", *OPTIONS, *REST, "--out", out)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        *COUNTS,
        f"{out}: 3 fields of 2 slides",
        f"as a source: {{name: NAME, path: {out}, format: coco}}",
    ]
    checked = run("data", "check", out, "--format", "coco")
    assert checked.exit_code == 0
    assert checked.stdout.splitlines() == [
        f"{out}: coco, 3 fields, 7 objects",
        "slide patient 1: 2 fields",
        "slide patient 2: 1 fields",
        *COUNTS,
        "ok: 3 fields of 2 slides, 7 objects",
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([*OPTIONS], "2 objects of unknown classes (1 called '?', 1 called 'dirt')"),
        ([*OPTIONS, "--class", "?=perhaps", *REST[2:]], "classes: ?: perhaps; choose among infected"),
        ([*OPTIONS, *REST, "--slide-from", "{slide}_*"], "is not named {slide}_*"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(more: list[str], said: str, tmp_path: Path) -> None:
    folder, out = save_coco(tmp_path / "lab"), tmp_path / "new"
    refused = run("import", folder, "--format", "coco", *more, "--out", out)
    assert refused.exit_code == 1
    assert said in str(refused.exception)
    assert not out.exists()


def test_missing_images_are_counted_and_nothing_is_written(tmp_path: Path) -> None:
    folder, out = save_coco(tmp_path / "lab"), tmp_path / "new"
    shutil.rmtree(folder / "images" / "patient 1")
    (folder / "images" / "patient 2" / "a.png").rename(folder / "images" / "c.png")
    refused = run("import", folder, "--format", "coco", *OPTIONS, *REST, "--out", out)
    assert "3 of 3 images are missing" in str(refused.exception)
    assert not out.exists()


def test_a_format_is_asked_for(tmp_path: Path) -> None:
    refused = run("import", save_coco(tmp_path / "lab"), "--out", tmp_path / "new")
    assert "--format: missing" in str(refused.exception)


def test_problems_are_one_line_each_and_the_status_is_1(tmp_path: Path) -> None:
    folder = save_coco(tmp_path, {"a.png": [("rbc", 5.0, 5.0, 20.0, 20.0)] * 2})
    result = run("data", "check", folder, "--format", "coco", *OPTIONS)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"{folder}: coco, 1 fields, 2 objects",
        "slide (not said): 1 fields",
        "nothing says which slide a field is of: all count as one slide, and splits part its fields",
        f"{folder}: 1 objects are marked twice on 1 fields, most on a.png (1); remove one mark of each",
        "healthy  2 objects on 1 fields",
        "1 problems",
    ]


def test_options_of_annotated_fields_ask_for_their_format(tmp_path: Path) -> None:
    refused = run("data", "check", tmp_path, "--in-part")
    assert "give --format too" in str(refused.exception)


def test_one_slide_alone_is_warned_of(tmp_path: Path) -> None:
    folder = save_coco(tmp_path, {"p/a.png": [("rbc", 5.0, 5.0, 20.0, 20.0)], "p/b.png": []})
    result = run("data", "check", folder, "--format", "coco", *OPTIONS)
    assert result.stdout.splitlines()[1:3] == [
        "slide p: 2 fields",
        "all fields are of one slide, and splits part its fields; if not, say --slide-from",
    ]


def test_lost_shapes_are_a_problem(tmp_path: Path) -> None:
    folder = save_coco(tmp_path)
    file = folder / "annotations" / "instances_default.json"
    content = json.loads(file.read_text())
    content["annotations"][0]["bbox"] = []
    file.write_text(json.dumps(content))
    result = run("data", "check", folder, "--format", "coco", *OPTIONS, *REST)
    assert result.exit_code == 1
    assert "1 shapes on 1 fields are no upright boxes and were left behind" in result.stdout


def test_the_entry_for_a_configuration_elsewhere_holds_the_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = save_voc(tmp_path / "lab")
    monkeypatch.chdir(tmp_path)
    result = run("import", folder, "--format", "voc", *OPTIONS, *REST, "--out", "new")
    assert f"path: {tmp_path / 'new'}, format: coco" in result.stdout
