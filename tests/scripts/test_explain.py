"""`smearscope explain` as a person meets it."""

import csv
import importlib
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.torch import save_file
from typer.testing import CliRunner, Result

from core.cam import METHODS, CamError
from models.backbones import BACKBONES, random_backbone
from scripts.explain import chosen_methods
from scripts.main import app
from tests.drawn_cells import disc_picture


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["explain", *map(str, arguments)])


def listed(folder: Path) -> list[dict[str, str]]:
    with (folder / "maps.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def save(path: Path, image: NDArray[np.uint8]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image[..., ::-1])
    return path


def cell(parasite: bool = False) -> NDArray[np.uint8]:
    image = disc_picture(80, 80, [(40, 40)], 60)
    if parasite:
        image[30:40, 30:40] = (70, 20, 90)
    return image


def chequered() -> NDArray[np.uint8]:
    """As varied as a photograph: fields of 15 px, red and black, to all borders."""
    dark = (np.indices((90, 90)) // 15).sum(axis=0) % 2 == 0
    return np.where(dark[..., None], (20, 10, 10), (240, 180, 180)).astype(np.uint8)


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    """A folder of three pictures of single red cells, one of them with a dark spot."""
    for number in range(3):
        save(tmp_path / "cells" / f"cell {number}.png", cell(parasite=number == 1))
    return tmp_path / "cells"


@pytest.fixture
def small_weights(tmp_path: Path) -> Path:
    """Weights of the smallest backbone for three classes, never trained."""
    path = tmp_path / "small.safetensors"
    save_file(BACKBONES["small"].build(3, seed=5).state_dict(), path)
    return path


def test_cells_get_maps_pictures_a_list_and_a_sheet(cells: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(cells, "--method", "cam", "--method", "faster-score-cam", "--out", out)
    assert result.exit_code == 0, result.output
    assert "3 of 3 images explained" in result.stdout
    assert result.stdout.rstrip().endswith("research use only, not for diagnosis")
    rows = listed(out)
    assert [row["method"] for row in rows] == 3 * ["cam", "faster-score-cam"]
    assert {row["class"] for row in rows} == {"infected"}
    assert all((out / row["array"]).is_file() and (out / row["picture"]).is_file() for row in rows)
    assert (out / "sheet.png").is_file()
    scores = [float(row["probability"]) for row in rows[::2]]
    assert scores[1] > 0.5 > max(scores[0], scores[2])


def test_the_map_of_an_infected_cell_is_brightest_about_its_parasite(cells: Path, tmp_path: Path) -> None:
    run(cells / "cell 1.png", "--method", "cam", "--out", tmp_path / "out")
    (row,) = listed(tmp_path / "out")
    values = np.load(tmp_path / "out" / row["array"], allow_pickle=False)
    down, across = np.unravel_index(values.argmax(), values.shape)
    x, y, width, height = (float(row[name]) for name in ("x", "y", "width", "height"))
    # Cell i looks at pixel 4 i of the 48 of the crop.
    place = x + (4 * across + 0.5) * width / 48, y + (4 * down + 0.5) * height / 48
    assert place == pytest.approx((35, 35), abs=width / values.shape[1])


def test_few_cells_are_said_to_make_an_unsure_reference(cells: Path, tmp_path: Path) -> None:
    result = run(cells, "--out", tmp_path / "out")
    assert f"{cells}: unsure: 3 of 20 cells" in result.stderr
    assert {row["remark"] for row in listed(tmp_path / "out")} == {"unsure: 3 of 20 cells"}
    for number in range(20):
        save(cells / f"more {number}.png", cell())
    assert "unsure" not in run(cells, "--out", tmp_path / "out").stderr


def test_bad_images_are_named_and_the_others_are_done(cells: Path, tmp_path: Path) -> None:
    (cells / "empty.png").write_bytes(b"")
    (cells / "cut.png").write_bytes((cells / "cell 0.png").read_bytes()[:80])
    save(cells / "black.png", np.zeros((80, 80, 3), np.uint8))
    result = run(cells, tmp_path / "gone", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert len(listed(tmp_path / "out")) == 3
    assert "3 of 7 images explained" in result.stdout
    for reason in (
        f"{cells / 'empty.png'} is empty",
        f"{cells / 'cut.png'} is damaged or cut short",
        f"{cells / 'black.png'} holds no red cell",
        f"{tmp_path / 'gone'} does not exist",
    ):
        assert f"Not used: {reason}" in result.stderr


def test_a_folder_without_a_cell_does_not_stop_the_others_and_each_picture_has_its_reason(
    cells: Path, tmp_path: Path
) -> None:
    none = tmp_path / "none"
    save(none / "1.png", np.zeros((80, 80, 3), np.uint8))
    save(none / "2.png", disc_picture(300, 300, [(60, 60), (60, 200), (200, 60), (200, 200)], 60))
    result = run(none, cells, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert f"{none / '1.png'} holds no red cell" in result.stderr
    assert f"{none / '2.png'} shows several cells: it is a field, for `smearscope score`" in result.stderr
    assert len(listed(tmp_path / "out")) == 3


def test_images_of_one_name_and_names_with_line_breaks_each_get_files(tmp_path: Path) -> None:
    for folder in ("a", "b", "two\nlines é"):
        save(tmp_path / "in" / folder / "1 – ä.png", cell())
    result = run(tmp_path / "in", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    rows = listed(tmp_path / "out")
    assert {row["image"] for row in rows} == {str(path) for path in (tmp_path / "in").rglob("*.png")}
    assert len({row["array"].casefold() for row in rows}) == 3
    assert "two\\nlines é: unsure" in result.stderr


def test_a_backbone_explains_whole_images_in_their_proportions(tmp_path: Path, small_weights: Path) -> None:
    image = np.random.default_rng(0).integers(0, 256, (100, 150, 3), np.uint8)
    path, out = save(tmp_path / "in.png", image), tmp_path / "out"
    result = run(path, "--model", "small", "--weights", small_weights, "--class", "2", "--out", out)
    assert result.exit_code == 0, result.output
    (row,) = listed(out)
    assert (row["class"], row["layer"]) == ("2", "features")
    assert [float(row[name]) for name in ("x", "y", "width", "height")] == [0, 0, 150, 100]
    assert np.load(out / row["array"], allow_pickle=False).shape == (8, 12)


def test_all_methods_speak_of_the_predicted_class(tmp_path: Path, small_weights: Path) -> None:
    path = save(tmp_path / "in.png", np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    methods = [each for name in METHODS for each in ("--method", name)]
    result = run(path, "--model", "small", "--weights", small_weights, *methods, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    rows = listed(tmp_path / "out")
    assert [row["method"] for row in rows] == list(METHODS)
    assert len({(row["class"], row["probability"]) for row in rows}) == 1
    assert float(rows[0]["probability"]) >= 1 / 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--method", "gradcam"], "'grad-cam'"),
        (["--layer", "feature"], "nearest names are features"),
        (["--class", "infectd"], "nearest: infected"),
        (["--model", "relesed"], "nearest: released"),
        (["--weights", "w.safetensors"], "leave out --weights"),
        (["--layer", "head"], "'head' is without spatial features"),
        (["--class", "1"], "the network has 1 class, 0"),
        (["--model", "small"], "give a safetensors file"),
        (["--model", "small", "--weights", "gone.safetensors"], "gone.safetensors: no such file"),
    ],
)
def test_what_is_not_there_is_refused_in_one_line_and_nothing_is_written(
    cells: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    result = run(cells, *arguments, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_weights_that_are_not_there_are_not_downloaded_unasked(
    cells: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("torch.hub.download_url_to_file", lambda *_: pytest.fail("a download"))
    result = run(cells, "--model", "mobilenet_v2", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "mobilenet_v2" in result.stderr
    assert "--download" in result.stderr
    assert not (tmp_path / "cache").exists()


def test_more_channels_are_for_the_methods_that_choose_them() -> None:
    methods = chosen_methods(["cam", "score-cam", "fimf-score-cam"], 3)
    assert methods["cam"] == METHODS["cam"]
    assert [getattr(methods[name], "max_channels", None) for name in methods] == [None, 3, 3]


def test_channels_for_a_method_that_has_none_are_refused(cells: Path, tmp_path: Path) -> None:
    result = run(cells, "--method", "cam", "--max-channels", "3", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "only those choose channels" in " ".join(result.output.replace("│", " ").split())


def test_an_empty_name_of_a_layer_is_refused(cells: Path, tmp_path: Path) -> None:
    result = run(cells, "--layer", "", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "it is empty" in result.output


def test_every_method_that_is_not_defined_is_named_before_an_image_is_read(
    cells: Path, tmp_path: Path
) -> None:
    weights = tmp_path / "w.safetensors"
    save_file(BACKBONES["mobilenet_v3_small"].build(3, seed=5).state_dict(), weights)
    methods = [each for name in METHODS for each in ("--method", name)]
    result = run(
        cells, "--model", "mobilenet_v3_small", "--weights", weights, *methods, "--out", tmp_path / "out"
    )
    assert result.exit_code == 2
    assert re.findall(r"--method (\S+):", result.stderr) == ["cam", "guided-grad-cam"]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", [pytest.param("vgg16", marks=pytest.mark.slow), "mobilenet_v2"])
def test_a_backbone_is_looked_at_in_its_feature_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    networks = importlib.import_module("scripts.explained_networks")
    monkeypatch.setattr(
        networks, "load_backbone", lambda name, classes, *_, **__: random_backbone(name, classes)
    )
    path = save(tmp_path / "in.png", np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    result = run(path, "--model", name, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert listed(tmp_path / "out")[0]["layer"] == BACKBONES[name].feature_layer


def test_results_among_the_images_are_refused(cells: Path) -> None:
    assert run(cells, "--out", cells / "out").exit_code == 2
    assert run(cells / "cell 0.png", cells / "cell 1.png", "--out", cells).exit_code == 2
    assert sorted(path.name for path in cells.iterdir()) == [f"cell {number}.png" for number in range(3)]


def test_where_nothing_was_written_no_files_are_named(tmp_path: Path) -> None:
    result = run(tmp_path / "nowhere", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "0 of 1 images explained" in result.stdout
    assert "Files" not in result.stdout
    assert not (tmp_path / "out").exists()


def test_photographs_and_fields_are_not_explained_as_red_cells(cells: Path, tmp_path: Path) -> None:
    save(cells / "photo.png", chequered())
    save(cells / "field.png", disc_picture(200, 200, [(50, 50), (150, 50), (50, 150), (150, 150)], 50))
    result = run(cells, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert len(listed(tmp_path / "out")) == 3
    assert f"{cells / 'photo.png'} does not look like one red cell" in result.stderr
    assert f"{cells / 'field.png'} shows several cells" in result.stderr
    assert "unsure: 3 of 20 cells" in result.stderr


def test_an_output_that_cannot_be_written_is_one_line_and_status_2(cells: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file stands where the folder should be")
    result = run(cells, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert f"Error: cannot write {tmp_path / 'out'}" in result.stderr


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt, 130), (CamError, 1)])
def test_what_was_done_before_a_run_broke_off_is_listed(
    cells: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException], status: int
) -> None:
    networks = importlib.import_module("scripts.explained_networks")
    explained = networks._explained

    def broken_at_third(image: object, *rest: object) -> object:
        if getattr(image, "name", "") == "cell 2":
            raise error
        return explained(image, *rest)

    monkeypatch.setattr(networks, "_explained", broken_at_third)
    assert run(cells, "--out", tmp_path / "out").exit_code == status
    assert len(listed(tmp_path / "out")) == 2
