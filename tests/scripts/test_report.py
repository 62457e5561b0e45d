"""`smearscope report`: a signed result of a file or of the application, for hospital systems."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner, Result

from core.review import sign
from core.store import Signature, Store
from scripts.main import app
from tests.core.reports.signed_slides import positive_record
from tests.core.slides.images import picture, write_png


@pytest.fixture
def signature(tmp_path: Path) -> Signature:
    """The slide of `positive_record`, signed, in the data folder `data`."""
    store = Store.in_folder(tmp_path / "data")
    signature = sign(store, positive_record(store, tmp_path).slide.id, by="Dora")
    store.close()
    (tmp_path / "signed.json").write_bytes(signature.document.encode())
    return signature


def report(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["report", *map(str, arguments)])


def exports(data: Path) -> list[tuple[str, object]]:
    store = Store.in_folder(data)
    found = [(entry.who, entry.detail["form"]) for entry in store.audit() if entry.what == "exported"]
    store.close()
    return found


def test_a_file_becomes_a_bundle_and_a_dicom_folder(signature: Signature, tmp_path: Path) -> None:
    bundle, folder = tmp_path / "bundle.json", tmp_path / "dicom"
    done = report(tmp_path / "signed.json", "--format", "fhir", "--out", bundle)
    assert done.exit_code == 0, done.output
    assert done.stdout == f"{bundle}: FHIR R4 bundle, final, version 1 of slide slide 7\n"
    assert json.loads(bundle.read_text())["identifier"]["value"] == signature.sha256
    images = tmp_path / "images"
    done = report(tmp_path / "signed.json", "--format", "dicom_sr", "--images", images, "--out", folder)
    assert done.exit_code == 0, done.output
    assert done.stdout == (
        f"{folder}: DICOM report of 5 objects, 2 fields beside it; final, version 1 of slide slide 7\n"
    )
    assert (folder / "report.dcm").exists()


def test_a_slide_of_the_application_is_taken_away_on_record(signature: Signature, tmp_path: Path) -> None:
    source = ("--data", tmp_path / "data", "--slide", signature.slide_id, "--by", "Emil")
    for form, out in (("fhir", tmp_path / "b.json"), ("dicom_sr", tmp_path / "dicom")):
        done = report(*source, "--format", form, "--out", out)
        assert done.exit_code == 0, done.output
    assert exports(tmp_path / "data") == [("Emil", "FHIR"), ("Emil", "DICOM report")]


def test_what_was_altered_since_is_refused(signature: Signature, tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "data" / "smearscope.sqlite")
    triggers = [name for (name,) in database.execute("select name from sqlite_master where type = 'trigger'")]
    for name in triggers:
        database.execute(f'drop trigger "{name}"')
    database.execute("update signatures set document = replace(document, 'Anna Roy', 'Emil')")
    database.commit()
    database.close()
    out = tmp_path / "b.json"
    done = report("--data", tmp_path / "data", "--slide", 1, "--by", "Emil", "--format", "fhir", "--out", out)
    assert done.exit_code == 1
    assert "slide 1 was altered since it was signed: " in str(done.exception)
    assert not out.exists()
    assert exports(tmp_path / "data") == []


def test_a_slide_that_nobody_signed_is_refused(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path / "data")
    positive_record(store, tmp_path)
    store.close()
    out = tmp_path / "b.json"
    done = report("--data", tmp_path / "data", "--slide", 1, "--by", "Emil", "--format", "fhir", "--out", out)
    assert str(done.exception) == "slide 1 (slide 7) is not signed: sign it first"
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give either SIGNED"),
        (("signed.json", "--slide", 1), "give either SIGNED"),
        (("--slide", 1), "give --by NAME"),
        (("--slide", 1, "--by", "Emil", "--images", "fields"), "give --images"),
    ],
)
def test_a_wrong_command_says_what_to_give(arguments: tuple[object, ...], said: str, tmp_path: Path) -> None:
    done = report(*arguments, "--format", "fhir", "--out", tmp_path / "b.json")
    assert done.exit_code == 2
    assert said in done.output


def test_a_dicom_report_of_a_file_asks_for_the_images(signature: Signature, tmp_path: Path) -> None:
    done = report(tmp_path / "signed.json", "--format", "dicom_sr", "--out", tmp_path / "dicom")
    assert done.exit_code == 2
    assert "give --images" in done.output
    assert not (tmp_path / "dicom").exists()


def test_images_that_show_other_cells_are_refused(signature: Signature, tmp_path: Path) -> None:
    other, out = tmp_path / "other", tmp_path / "dicom"
    other.mkdir()
    for name in ("field1.png", "field2.png"):
        write_png(other / name, picture(60, 410))
    done = report(tmp_path / "signed.json", "--format", "dicom_sr", "--images", other, "--out", out)
    assert "shows none of the 3 cells whose pictures were signed" in str(done.exception)
    assert not out.exists()


def test_nothing_of_it_is_loaded_by_the_commands_that_do_not_need_it() -> None:
    code = (
        "import scripts.main, core.scoring, core.review, sys; print({'highdicom', 'fhir'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_images_that_were_exchanged_since_the_slide_was_signed_are_refused(
    signature: Signature, tmp_path: Path
) -> None:
    for path in (tmp_path / "images").iterdir():
        image = cv2.imread(str(path))
        assert image is not None
        cv2.imwrite(str(path), 255 - image)
    out = tmp_path / "dicom"
    given = ("--data", tmp_path / "data", "--slide", 1, "--by", "Emil")
    done = report(*given, "--format", "dicom_sr", "--out", out)
    assert done.exit_code == 1
    assert "shows none of the 3 cells whose pictures were signed" in str(done.exception)
    assert not out.exists()


def test_a_bundle_takes_the_place_of_no_file(signature: Signature, tmp_path: Path) -> None:
    before = (tmp_path / "signed.json").read_bytes()
    done = report(tmp_path / "signed.json", "--format", "fhir", "--out", tmp_path / "signed.json")
    assert done.exit_code == 1
    assert "signed.json is there already" in str(done.exception)
    assert (tmp_path / "signed.json").read_bytes() == before
