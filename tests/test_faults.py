"""What may go wrong from the image file to the written result: nothing is lost, all of it is said."""

import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
import tifffile
from PIL import Image

from core.errors import SmearscopeError
from core.scoring.batch import BatchResult, score_slides
from core.scoring.workers import LocalWorkers, ModelsNotLoadedError
from core.slides import find_slides
from tests.coloured_cells import (
    DotCard,
    DotModels,
    NoProgress,
    draw_field,
    load_models,
    options,
    save,
    save_slide,
)
from tests.output_files import contents
from tests.runs_on_full_disks import broken, undisturbed

ROOT = Path(__file__).parents[1]


def score(*slides: Path, out: Path) -> BatchResult:
    with LocalWorkers(load_models, 1) as workers:
        return score_slides([find_slides(slides)], out, DotCard(), workers, options(), NoProgress())


def damaged_models() -> DotModels:
    raise SmearscopeError("weights: damaged")


def program(slides: Path, out: Path, workers: int, wait_s: float) -> list[str]:
    return [sys.executable, "-m", "tests.coloured_cells", str(slides), str(out), str(workers), str(wait_s)]


def start(
    slides: Path, out: Path, workers: int, wait_s: float, clock: dict[str, str] | None = None
) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT)} | (clock or {})
    return subprocess.Popen(program(slides, out, workers, wait_s), cwd=ROOT, env=environment)


def leading_places(folder: Path) -> list[int]:
    """Numbers in their grid (`draw_field`) of the cells that score as those with a dot do."""
    cells = pq.read_table(folder / "cells.parquet").to_pylist()
    return sorted(
        6 * int((cell["y"] + cell["height"] / 2) // 40) + int((cell["x"] + cell["width"] / 2) // 40)
        for cell in cells
        if cell["infected_score"] > 0.05
    )


def kill_and_resume(tmp_path: Path, kills: int, workers: int, fields: int, wait_s: float) -> None:
    slide = save_slide(tmp_path / "slide", fields=fields)
    score(slide, out=tmp_path / "undisturbed")
    out = tmp_path / "killed"
    chance = random.Random(kills)  # noqa: S311 - moments, not secrets
    scored_before = 0
    for _ in range(kills):
        run = start(slide, out, workers, wait_s)
        parts = len(list(out.glob("slide/.ledger/part-*")))
        # Kill once it has put something on the disk, so that every kill falls into another part of the work.
        while len(list(out.glob("slide/.ledger/part-*"))) <= parts and run.poll() is None:
            time.sleep(0.02)
        time.sleep(chance.uniform(0, 8 * wait_s))
        run.kill()
        assert run.wait() == -9, "it was finished before it could be killed: make it slower"
        scored_now = len(list(out.glob("slide/.ledger/part-*")))
        assert scored_now > scored_before, "a run must go on where the one before was killed"
        scored_before = scored_now
        assert not (out / "slide" / "result.json").exists()
    assert start(slide, out, workers, 0.0).wait() == 0
    assert contents(out / "slide") == contents(tmp_path / "undisturbed" / "slide")


@pytest.mark.slow
def test_killed_three_times_and_resumed_the_result_is_the_same(tmp_path: Path) -> None:
    kill_and_resume(tmp_path, kills=3, workers=1, fields=60, wait_s=0.03)


@pytest.mark.slow
def test_killed_ten_times_with_workers_and_resumed_the_result_is_the_same(tmp_path: Path) -> None:
    kill_and_resume(tmp_path, kills=10, workers=2, fields=300, wait_s=0.1)


CLOCK = """
import os, time
_shift_ns, _time_ns, _asked = int(float(os.environ["CLOCK_SHIFT_S"]) * 1e9), time.time_ns, 0
def _shifted_ns():
    global _asked
    _asked += 1
    return _time_ns() + _shift_ns - 3_600_000_000_000 * (_asked // 20)  # goes back an hour now and then
time.time_ns, time.time = _shifted_ns, lambda: _shifted_ns() / 1e9
"""


@pytest.mark.slow
def test_a_clock_that_is_set_back_between_runs_and_in_them_changes_nothing(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=40)
    in_future = time.time() + 1e6
    for path in list(slide.iterdir())[::2]:
        os.utime(path, (in_future, in_future))
    score(slide, out=tmp_path / "undisturbed")
    (tmp_path / "clock").mkdir()
    (tmp_path / "clock" / "sitecustomize.py").write_text(CLOCK)
    out, packages = tmp_path / "out", f"{tmp_path / 'clock'}{os.pathsep}{ROOT}"
    ahead = start(slide, out, 2, 0.1, {"PYTHONPATH": packages, "CLOCK_SHIFT_S": "1e6"})
    while not list(out.glob("slide/.ledger/part-*")):
        assert ahead.poll() is None
        time.sleep(0.02)
    ahead.kill()
    ahead.wait()
    for shift_s in ("-3e7", "0", "-1e5"):
        assert start(slide, out, 2, 0.0, {"PYTHONPATH": packages, "CLOCK_SHIFT_S": shift_s}).wait() == 0
        assert contents(out / "slide") == contents(tmp_path / "undisturbed" / "slide")


@pytest.mark.slow
def test_two_runs_on_one_output_give_one_result_whichever_is_first_and_if_it_is_killed(
    tmp_path: Path,
) -> None:
    slide = save_slide(tmp_path / "slide", fields=40)
    score(slide, out=tmp_path / "undisturbed")
    out = tmp_path / "out"
    first = start(slide, out, 2, 1.0)
    while not (out / "slide" / ".ledger" / "manifest.json").exists():
        assert first.poll() is None
        time.sleep(0.02)
    assert start(slide, out, 1, 0.0).wait() == 0
    (refused,) = json.loads((out / "problems.json").read_text())["slides_not_scored"]
    assert "another run is writing" in refused["reason"]
    assert first.poll() is None
    first.kill()
    first.wait()
    both = [start(slide, out, 1, 0.0), start(slide, out, 2, 0.0)]
    assert [one.wait() for one in both] == [0, 0]
    assert contents(out / "slide") == contents(tmp_path / "undisturbed" / "slide")


def read_only(folder: Path, command: list[str]) -> "subprocess.CompletedProcess[str]":
    """Run a command to which a folder is a drive that cannot be written."""
    if sys.platform != "linux":
        pytest.skip("mounts folders as Linux does")
    mount = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 77; shift; exec "$@"'
    whole = [
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        mount,
        "sh",
        str(folder),
        *command,
    ]
    done = subprocess.run(whole, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("a folder cannot be mounted here")
    return done


@pytest.mark.slow
def test_a_slide_on_a_drive_that_cannot_be_written_gives_the_same(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=2)
    score(slide, out=tmp_path / "undisturbed")
    done = read_only(slide, program(slide, tmp_path / "out", 1, 0.0))
    assert (done.returncode, done.stderr) == (0, "")
    assert contents(tmp_path / "out" / "slide") == contents(tmp_path / "undisturbed" / "slide")


@pytest.mark.slow
def test_an_output_on_a_drive_that_cannot_be_written_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    slide, out = save_slide(tmp_path / "slide", fields=2), tmp_path / "out"
    score(slide, out=out)
    before = contents(out)
    done = read_only(out, program(slide, out, 1, 0.0))
    assert done.returncode == 1
    assert re.fullmatch(r"Error: cannot write .*out: Read-only file system.*\n", done.stderr)
    assert contents(out) == before


@pytest.mark.slow
@pytest.mark.parametrize("room_bytes", [0, 700, None])
def test_a_disk_that_becomes_full_in_a_run_is_named_and_with_room_the_result_is_the_same(
    tmp_path: Path, room_bytes: int | None
) -> None:
    slide = save_slide(tmp_path / "slide", fields=4)
    whole = undisturbed(slide, tmp_path / "undisturbed", budget=4)
    for full_at in range(9, 66, 8):  # the first where what was there before is thrown away
        came = broken(slide, tmp_path / f"full at {full_at}", 4, full_at, room_bytes, [whole])
        assert came.faults == ()
        assert came.changes >= full_at, "the disk never became full"


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_fields(tmp_path: Path) -> None:
    peaks = []
    for fields in (40, 400):
        slide = save_slide(tmp_path / f"slide{fields}", fields=fields, infected=())
        run = psutil.Process(start(slide, tmp_path / "out", 2, 0.0).pid)
        peak = 0
        while run.is_running() and run.status() != psutil.STATUS_ZOMBIE:
            family = [run, *run.children(recursive=True)]
            peak = max(peak, sum(_pss(process) for process in family))
            time.sleep(0.05)
        peaks.append(peak)
    # Of a field its rows stay, 20 to 50 kB; its pixels are 3.7 MB, which would be 1.3 GB more.
    assert peaks[1] < 1.2 * peaks[0]


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0  # it has just ended


def test_each_kind_of_damaged_image_is_named_and_the_whole_ones_are_counted(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=3)
    jpeg = save(slide / "cut short.jpg", draw_field(seed=20))
    jpeg.write_bytes(jpeg.read_bytes()[: jpeg.stat().st_size // 2])
    (slide / "empty.png").write_bytes(b"")
    save(slide / "one pixel.png", np.zeros((1, 1, 3), np.uint8))
    (slide / "text.jpg").write_text("no image but a text\n")
    huge = slide / "huge.png"
    Image.new("1", (20_000, 20_000)).save(huge)

    batch = score(tmp_path / "slide", out=tmp_path / "out")

    (result,) = batch.results
    assert (result.fields.found, result.fields.counted, result.cells.evaluable) == (8, 3, 90)
    reasons = {problem.field: problem.reason for problem in batch.fields_not_read}
    assert set(reasons) == {"cut short.jpg", "empty.png", "one pixel.png", "text.jpg", "huge.png"}
    for name, reason in reasons.items():
        assert name in reason
        assert "\n" not in reason
    assert "20000" in reasons["huge.png"].replace(" ", "")
    problems = json.loads((tmp_path / "out" / "problems.json").read_text())
    assert {entry["field"] for entry in problems["fields_not_read"]} == set(reasons)
    assert problems["slides_not_scored"] == []


@pytest.mark.parametrize("kind", ["16-bit TIFF", "grey", "CMYK", "alpha", "BMP", "CZI"])
def test_unusual_images_give_the_cells_that_a_plain_one_gives(tmp_path: Path, kind: str) -> None:
    image = draw_field(infected=(7, 8))
    folder = tmp_path / "slide"
    folder.mkdir()
    match kind:
        case "16-bit TIFF":
            tifffile.imwrite(folder / "a.tif", image.astype(np.uint16) * 257, photometric="rgb")
        case "grey":
            Image.fromarray(image).convert("L").save(folder / "a.png")
        case "CMYK":
            Image.fromarray(image).convert("CMYK").save(folder / "a.jpg", quality=95)
        case "alpha":
            Image.fromarray(image).convert("RGBA").save(folder / "a.png")
        case "CZI":
            czi_files = pytest.importorskip("tests.core.slides.czi_files")
            czi_files.write_czi(folder / "a.czi", [czi_files.Laid(image)], um_per_pixel=0)
        case _:
            Image.fromarray(image).save(folder / "a.bmp")
    (result,) = score(folder, out=tmp_path / "out").results
    assert result.cells.evaluable == 30
    assert leading_places(tmp_path / "out" / "slide") == [7, 8]


def test_broken_slides_are_named_and_do_not_stop_the_others(tmp_path: Path) -> None:
    batch_folder = tmp_path / "batch"
    save_slide(batch_folder / "a good one", fields=2)
    (batch_folder / "empty").mkdir(parents=True)
    save(batch_folder / "broken" / "x.png", draw_field()).write_bytes(b"")
    save(batch_folder / "no cells" / "x.png", np.full((200, 200, 3), 240, np.uint8))
    save_slide(batch_folder / "z good too", fields=2)

    batch = score(batch_folder, tmp_path / "not there", out=tmp_path / "out")

    assert [result.slide for result in batch.results] == ["a good one", "z good too"]
    reasons = " | ".join(f"{problem.slide}: {problem.reason}" for problem in batch.slides_not_scored)
    for said in (
        "no field can be read (1 tried); ",
        "x.png is empty (0 bytes)",
        "no red cell was found",
        "not there does not exist",
    ):
        assert said in reasons
    listed = json.loads((tmp_path / "out" / "problems.json").read_text())["slides_not_scored"]
    assert len(listed) == 3


def test_a_slide_with_a_damaged_ledger_is_named_and_does_not_stop_the_others(tmp_path: Path) -> None:
    slides = tmp_path / "batch"
    for name in ("a", "b", "c"):
        save_slide(slides / name, fields=1)
    score(slides, out=tmp_path / "out")
    (tmp_path / "out" / "b" / ".ledger" / "manifest.json").write_text("{}")

    batch = score(slides, out=tmp_path / "out")

    assert [result.slide for result in batch.results] == ["a", "c"]
    (problem,) = batch.slides_not_scored
    assert problem.slide == "b"
    assert "manifest.json is damaged" in problem.reason


@pytest.mark.parametrize("count", [1, 2])
def test_models_that_cannot_be_loaded_stop_a_batch_at_its_first_slide(tmp_path: Path, count: int) -> None:
    for name in ("a", "b"):
        save_slide(tmp_path / "batch" / name, fields=1)
    slides = find_slides([tmp_path / "batch"])
    progress = NoProgress()
    with (
        LocalWorkers(damaged_models, count) as workers,
        pytest.raises(ModelsNotLoadedError, match=r"^weights: damaged$"),
    ):
        score_slides([slides], tmp_path / "out", DotCard(), workers, options(), progress)
    assert [name for name, *_ in progress.begun] == ["a"]
    # What an earlier run has scored needs no models.
    score(tmp_path / "batch", out=tmp_path / "out")
    with LocalWorkers(damaged_models, count) as workers:
        batch = score_slides([slides], tmp_path / "out", DotCard(), workers, options(), progress)
    assert len(batch.results) == 2


@pytest.mark.parametrize(
    "name", ["with space", "Größe é 标本", "two\nlines", "-dash", "quote'\"", "tab\there", " x "]
)
def test_names_of_any_kind_are_scored_and_come_back_as_they_were(tmp_path: Path, name: str) -> None:
    save(tmp_path / "batch" / name / f"{name}.png", draw_field(infected=(7,)))
    (result,) = score(tmp_path / "batch", out=tmp_path / "out").results
    (folder,) = [path for path in (tmp_path / "out").iterdir() if path.is_dir()]
    cells = pq.read_table(folder / "cells.parquet").to_pydict()
    assert set(cells["field"]) == {f"{name}.png"}
    assert result.cells.evaluable == 30
    assert leading_places(folder) == [7]


def test_a_name_that_is_no_utf_8_is_scored(tmp_path: Path) -> None:
    folder = tmp_path / "slide"
    save(folder / "a.png", draw_field()).rename(os.fsdecode(os.fsencode(folder) + b"/champ\xe9.png"))
    (result,) = score(folder, out=tmp_path / "out").results
    assert result.cells.evaluable == 30
    (result,) = score(folder, out=tmp_path / "out").results
    assert result.cells.evaluable == 30
