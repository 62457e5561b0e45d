"""`smearscope watch` as a person at the microscope meets it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.scoring.live_tally import LiveField, LiveTally
from core.wording import LANGUAGES, sentence
from scripts.main import app
from scripts.watch import Language, WatchLines
from tests.coloured_cells import save_slide
from tests.output_files import contents, differences


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "en",
            "slide 7 · f2.png: 12 cells count. It is too dim: turn up the light. So far "
            "90 of 200 000 cells (provisional), on 3 fields. About 6 664 fields more at this rate.",
        ),
        (
            "fr",
            "slide 7 · f2.png : 12 hématies comptent. Il est trop sombre : augmentez la lumière. Jusqu'ici "
            "90 hématies sur 200 000 (provisoire), dans 3 champs. Encore 6 664 champs environ à ce rythme.",
        ),
    ],
)
def test_a_field_is_one_line_in_the_language_of_the_person(
    language: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    field = LiveField("f2.png", "f2.png", "", 12, is_counted=True, notes=(sentence("watch.outside.dim"),))
    WatchLines(language).field_came("slide 7", field, LiveTally(90, 3, 0))
    (line,) = capsys.readouterr().out.splitlines()
    assert line[10:] == expected


def test_a_name_with_control_characters_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    WatchLines("en").say("a\nb", sentence("watch.closing"))
    (line,) = capsys.readouterr().out.splitlines()
    assert "a\\nb · The slide is closed." in line


def test_all_languages_can_be_chosen() -> None:
    assert {language.value for language in Language} == set(LANGUAGES)


def test_a_folder_that_does_not_exist_is_one_line_in_the_language_asked_for_and_status_1(
    tmp_path: Path,
) -> None:
    result = CliRunner().invoke(
        app, ["watch", str(tmp_path / "none"), "--out", str(tmp_path / "out"), "--language", "fr"]
    )
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert "none n'est pas un dossier lisible" in line


def test_results_among_the_slides_are_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["watch", str(tmp_path), "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "give a folder outside it" in " ".join(result.stderr.split()).replace("│ ", "")


def test_an_output_that_cannot_be_written_is_one_line_and_status_2(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file stands where the folder should be")
    (tmp_path / "camera").mkdir()
    result = CliRunner().invoke(app, ["watch", str(tmp_path / "camera"), "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert f"cannot write {tmp_path / 'out'}" in result.stderr


FIELDS = ("field1.png", "field2.png", "field3.png")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Programs that are begun take Ctrl-C, also where the tests run in a shell's background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.usefixtures("interruptible")
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="there are no such signals here")
@pytest.mark.parametrize("end", ["SIGKILL", "SIGINT", "SIGTERM"])
def test_ended_whichever_way_it_goes_on_and_the_closed_slide_is_that_of_score(
    tmp_path: Path, end: str
) -> None:
    camera, out = tmp_path / "camera", tmp_path / "out"
    save_slide(camera / "slide", len(FIELDS))
    options = [str(camera), "--out", str(out)]

    def begun() -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "scripts.main", "watch", *options],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def read_until(watch: "subprocess.Popen[str]", words: str) -> list[str]:
        assert watch.stdout is not None
        lines: list[str] = []
        for line in watch.stdout:
            lines.append(line)
            if words in line:
                return lines
        raise AssertionError(lines)

    first = begun()
    told = read_until(first, "field2.png")
    os.killpg(first.pid, getattr(signal, end))
    assert first.wait(60) in (130, -signal.SIGKILL, -signal.SIGTERM)
    assert first.stdout is not None
    told += first.stdout
    second = begun()
    (camera / "slide" / "done.txt").touch()
    lines = read_until(second, "Done")
    os.killpg(second.pid, signal.SIGTERM)
    second.wait(60)
    for name in FIELDS:  # one that was scored as the watch was killed may be in the tally without a line
        assert sum(f"{name}:" in line for line in (*told, *lines)) <= 1
    expected = tmp_path / "expected"
    command = [sys.executable, "-m", "scripts.main", "score", str(camera / "slide"), "--out", str(expected)]
    subprocess.run(command, check=True, capture_output=True)
    assert differences(contents(expected / "slide"), contents(out / "slide")) == []
    left = time.monotonic() + 10
    while _lives(first.pid) and time.monotonic() < left:
        time.sleep(0.1)
    assert not _lives(first.pid)


def _lives(session: int) -> bool:
    """Whether any process of a session is left."""
    try:
        os.killpg(session, 0)
    except ProcessLookupError:
        return False
    return True
