"""`smearscope score` as a person meets it."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner, Result

from core.wording import sentence
from scripts.main import app
from tests.coloured_cells import DotCard, load_models, save_slide
from tests.s3_server import bucket_here


@pytest.fixture(autouse=True)
def drawn_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models that need no weights, in place of the released ones."""
    loading = ModuleType("models.loading")
    loading.load_models = lambda name, device: load_models()  # type: ignore[attr-defined]  # a stand-in
    monkeypatch.setitem(sys.modules, "models.loading", loading)
    monkeypatch.setattr("models.cards.load_card", lambda name: DotCard())


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["score", *map(str, arguments), "--workers", "1"])


def test_one_slide_gives_the_verdict_a_table_and_where_the_files_are(tmp_path: Path) -> None:
    result = run(save_slide(tmp_path / "patient 7", fields=3), "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "patient 7: AWAITING REVIEW" in result.stdout
    header, row = result.stdout.split("\n\n")[1].splitlines()
    assert " ".join(header.split()) == "slide fields looked at counted needed to read verdict"
    assert " ".join(row.split()) == "patient 7 3 90 90 211 400 90 awaiting review"
    candidates = tmp_path / "out" / "patient 7" / "candidates"
    assert f"The first 90 of the list: {candidates}, all on contact_sheet.jpg" in result.stdout
    assert (candidates / "contact_sheet.jpg").is_file()
    assert result.stdout.rstrip().endswith("research use only, not for diagnosis")


def test_a_batch_with_a_broken_slide_scores_the_others_and_exits_1(tmp_path: Path) -> None:
    save_slide(tmp_path / "batch" / "a", fields=1)
    save_slide(tmp_path / "batch" / "c", fields=1)
    (tmp_path / "batch" / "b").mkdir()
    (tmp_path / "batch" / "b" / "1.jpg").touch()
    result = run(tmp_path / "batch", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert [line.split()[0] for line in result.stdout.splitlines()[1:3]] == ["a", "c"]
    # The cause stands at the slide's line.
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("Not scored: b: "))
    assert line.startswith("Not scored: b: no field can be read (1 tried); ")
    assert "1.jpg is empty (0 bytes)" in line
    assert "Traceback" not in result.output


def test_folders_of_the_system_and_empty_ones_do_not_fail_a_batch(tmp_path: Path) -> None:
    save_slide(tmp_path / "batch" / "a", fields=1)
    save_slide(tmp_path / "batch" / "@eaDir", fields=1)
    (tmp_path / "batch" / "b").mkdir()
    result = run(tmp_path / "batch", "--out", tmp_path / "out")
    assert (result.exit_code, "Not scored" in result.stderr) == (0, False)
    assert not (tmp_path / "out" / "@eaDir").exists()


def test_what_lies_outside_validity_is_said_of_one_slide_and_of_each_of_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    too_blue = (sentence("as written", text="The stain is too blue."),)
    monkeypatch.setattr("models.cards.load_card", lambda name: DotCard(outside=too_blue))
    slides = tmp_path / "slides"
    one = run(save_slide(slides / "a", fields=1), "--out", tmp_path / "one", "--review-budget", "5").stdout
    assert "a: NOT VALID FOR THIS SLIDE" in one
    assert "The stain is too blue." in one
    assert f"The first 5 of the list: {tmp_path / 'one' / 'a' / 'candidates'}" in one
    save_slide(slides / "b", fields=1)
    both = run(slides, "--out", tmp_path / "both", "--review-budget", "5").stdout
    assert "without figures:\n  a: The stain is too blue.\n  b: The stain is too blue.\n" in both
    assert f"The first 5 of the list: {tmp_path / 'both'}/SLIDE/candidates" in both


def test_why_fields_do_not_count_is_said_of_one_slide_and_of_each_of_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blurred = (sentence("as written", text="1 field does not count: it is blurred."),)
    card = DotCard(widest_blur=0.0, failed_share_limit=1.0, of_failed=blurred)
    monkeypatch.setattr("models.cards.load_card", lambda name: card)
    slides = tmp_path / "slides"
    one = run(save_slide(slides / "a", fields=1), "--out", tmp_path / "one").stdout
    # Nothing counts: that comes before all else.
    assert "a: AWAITING REVIEW\n  - 1 field does not count: it is blurred.\n" in one
    save_slide(slides / "b", fields=1)
    both = run(slides, "--out", tmp_path / "both").stdout
    of_each = "  a: 1 field does not count: it is blurred.\n  b: 1 field does not count: it is blurred.\n"
    assert f"Looked at, but not counted:\n{of_each}" in both


def test_a_slide_with_some_broken_images_is_scored_and_names_them(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=2)
    (slide / "field2.png").write_bytes(b"")
    result = run(slide, "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert "field2.png is empty (0 bytes)" in result.stderr


def test_many_broken_images_do_not_flood_the_terminal(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=31)
    for number in range(2, 32):
        (slide / f"field{number}.png").write_bytes(b"")
    result = run(slide, "--out", tmp_path / "out")
    assert result.stderr.count("(0 bytes)") == 20
    assert "10 further fields, see problems.json" in result.stderr
    assert len(json.loads((tmp_path / "out" / "problems.json").read_text())["fields_not_read"]) == 30


def test_an_output_that_cannot_be_written_is_one_line_and_status_2(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file stands where the folder should be")
    result = run(save_slide(tmp_path / "slide", fields=1), "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert f"cannot write {tmp_path / 'out'}" in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unwritable for root")
def test_a_read_only_output_loses_nothing(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=1)
    assert run(slide, "--out", tmp_path / "out").exit_code == 0
    before = (tmp_path / "out" / "slide" / "result.json").read_bytes()
    (tmp_path / "out").chmod(0o500)
    try:
        assert run(slide, "--out", tmp_path / "out").exit_code == 2
    finally:
        (tmp_path / "out").chmod(0o700)
    assert (tmp_path / "out" / "slide" / "result.json").read_bytes() == before


def test_a_disk_that_fills_up_is_one_line_and_the_run_can_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide = save_slide(tmp_path / "slide", fields=20)
    ledger = importlib.import_module("core.scoring.ledger")
    written = 0

    def full_after_one_part(path: Path, content: bytes) -> None:
        nonlocal written
        written += path.name.startswith("part-")
        if written > 1:
            raise ledger.cannot_write(path, OSError(28, "No space left on device"))
        write(path, content)

    write = ledger.write_bytes
    monkeypatch.setattr(ledger, "write_bytes", full_after_one_part)
    result = run(slide, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "No space left on device" in result.stderr
    assert "what was written before is kept" in result.stderr
    monkeypatch.setattr(ledger, "write_bytes", write)
    again = run(slide, "--out", tmp_path / "out")
    assert again.exit_code == 0
    assert "8 of 20 fields are scored already" in again.stderr


def test_an_interrupted_run_says_that_it_can_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slide = save_slide(tmp_path / "slide", fields=5)
    progress = importlib.import_module("scripts.progress")
    done = progress.ScoringBars.field_done

    def interrupted_at_third(bars: object, cells: int) -> None:
        done(bars, cells)
        if bars._done == 3:  # type: ignore[attr-defined]  # counts fields
            raise KeyboardInterrupt

    monkeypatch.setattr(progress.ScoringBars, "field_done", interrupted_at_third)
    result = run(slide, "--out", tmp_path / "out")
    assert result.exit_code == 130
    assert "give the same command again" in result.stderr
    monkeypatch.setattr(progress.ScoringBars, "field_done", done)
    again = run(slide, "--out", tmp_path / "out")
    assert (again.exit_code, "3 of 5 fields are scored already" in again.stderr) == (0, True)


def test_another_scale_for_a_slide_that_was_begun_is_refused_with_the_remedy(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=1)
    assert run(slide, "--out", tmp_path / "out").exit_code == 0
    refused = run(slide, "--out", tmp_path / "out", "--um-per-pixel", "0.3")
    assert refused.exit_code == 1
    assert "--no-resume" in refused.stderr
    assert run(slide, "--out", tmp_path / "out", "--um-per-pixel", "0.3", "--no-resume").exit_code == 0


def test_red_cells_are_flagged_as_assumed_unless_they_were_measured(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=1)
    assert "5 000 000 red cells/µL (assumed)" in run(slide, "--out", tmp_path / "out").stdout
    measured = run(slide, "--out", tmp_path / "out", "--rbc-per-ul", "4100000", "--detection-limit", "100")
    assert "4 100 000 red cells/µL (measured)" in measured.stdout
    assert "for 100 parasites/µL" in measured.stdout


def test_names_with_line_breaks_stay_on_one_line(tmp_path: Path) -> None:
    save_slide(tmp_path / "batch" / "two\nlines", fields=1)
    (tmp_path / "batch" / "em\npty").mkdir()
    (tmp_path / "batch" / "em\npty" / "1.jpg").touch()
    result = run(tmp_path / "batch", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "em\\npty" in result.stderr
    assert all("no field can be read" in line for line in result.stderr.splitlines() if "Not scored" in line)


def test_the_judging_process_does_without_torch_and_statistics() -> None:
    # Torch would cost that process half a gigabyte for nothing, scipy.stats each worker half a second.
    modules = "core.scoring.batch, core.scoring.workers, models.cards, scripts.score"
    code = f"import sys, {modules}; sys.exit(bool({{'torch', 'scipy.stats'}} & set(sys.modules)))"
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode
        == 0
    )


@pytest.mark.parametrize("place", ["", "out", "deeper/out"])
def test_results_among_the_slides_are_refused_before_anything_is_written(tmp_path: Path, place: str) -> None:
    slides = save_slide(tmp_path / "slides" / "a", fields=1).parent
    refused = run(slides, "--out", slides / place)
    assert refused.exit_code == 2
    assert "give a folder outside it" in " ".join(refused.output.replace("│", " ").split())
    assert [path.name for path in slides.iterdir()] == ["a"]


def test_slides_of_an_object_store_and_of_the_disk_are_scored_together(tmp_path: Path) -> None:
    here = save_slide(tmp_path / "here", fields=1)
    with bucket_here() as bucket:
        for path in save_slide(tmp_path / "patients" / "there", fields=1).iterdir():
            bucket.objects[f"patients/there/{path.name}"] = path.read_bytes()
        result = run(here, bucket.address("patients"), "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.stdout.splitlines()[1:3]] == ["here", "there"]
    assert "secret" not in result.output


def test_an_address_at_which_there_is_nothing_is_named_and_the_others_are_scored(tmp_path: Path) -> None:
    with bucket_here() as bucket:
        result = run(
            save_slide(tmp_path / "here", fields=1), bucket.address("none"), "--out", tmp_path / "out"
        )
    assert result.exit_code == 1
    assert "Not scored: slides/none: s3://slides/none cannot be listed" in result.stderr
    assert "secret" not in result.output + (tmp_path / "out" / "problems.json").read_text()


def test_a_slide_of_the_store_does_not_take_the_name_of_one_on_the_disk(tmp_path: Path) -> None:
    here = save_slide(tmp_path / "p1", fields=1)
    with bucket_here() as bucket:
        bucket.objects["patients/p1/1.png"] = (here / "field1.png").read_bytes()
        result = run(here, bucket.address("patients"), "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.stdout.splitlines()[1:3]] == ["p1", "patients__p1"]
