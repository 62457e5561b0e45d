"""`smearscope export`: results and readings for other programs, and cells that a training takes."""

import inspect
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from core.review import sign
from core.store import Right, Role, SlideRecord, Store, StoreError
from core.store.people import NotAllowedError
from datasets.interchange.formats import AnnotationFormat, read_labelled
from datasets.interchange.labelled import LabelledField
from datasets.interchange.renaming import renamed
from scripts.export import export as command
from scripts.main import app
from tests.scored_slides import read_all, scored_slide, write_score


def export(data: Path, out: Path, *arguments: str) -> Result:
    given = ["--format", "reviewed_cells", "--data", str(data), "--out", str(out), *arguments]
    return CliRunner().invoke(app, ["export", *given])


def annotations(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["export", *map(str, arguments)])


def signed_slides(data: Path, count: int) -> None:
    store = Store.in_folder(data)
    for number in range(count):
        record = scored_slide(store, data.parent / f"slide{number}", listed=8)
        for reader, role in (("Anna", Role.FIRST), ("Ben", Role.SECOND)):
            read_all(store, record, "++++----", reader=reader, role=role)
        sign(store, record.slide.id, by="Dora")
    store.close()


def test_the_export_is_summed_up_and_put_on_record(tmp_path: Path) -> None:
    signed_slides(tmp_path / "data", 2)
    done = export(tmp_path / "data", tmp_path / "reviewed_cells", "--by", "Emil")
    assert done.exit_code == 0, done.output
    assert done.stdout == (
        f"{tmp_path / 'reviewed_cells'}: 8 infected and 8 healthy cells of 2 signed slides; "
        "left out: 0 disputed, unsure or unread\n"
    )
    store = Store.in_folder(tmp_path / "data")
    exports = [entry for entry in store.audit() if entry.what == "exported"]
    store.close()
    assert [(entry.who, entry.detail["form"]) for entry in exports] == [("Emil", "training folder")] * 2


def test_a_training_takes_the_reviewed_cells_as_they_were_written(tmp_path: Path) -> None:
    signed_slides(tmp_path / "app", 2)
    export(tmp_path / "app", tmp_path / "sets" / "reviewed_cells", "--by", "Emil")
    settings = {
        "network": "classifier",
        "sources": ["reviewed_cells"],
        "malaria_free": [],
        "width": 4,
        "batch": {"slides": 1, "healthy": 2, "infected": 1},
        "schedule": {
            "steps": 1,
            "learning_rate": 0.003,
            "weight_decay": 0.005,
            "warm_up": 0.1,
            "averaging": 0.9,
        },
        "label_smoothing": 0.02,
        "objective": {"name": "cross-entropy"},
        "seed": 0,
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(settings))
    done = CliRunner().invoke(
        app,
        [
            *("train", str(tmp_path / "config.yaml"), "--data", str(tmp_path / "sets")),
            *("--out", str(tmp_path / "run"), "--device", "cpu"),
        ],
    )
    assert done.exit_code == 0, done.output
    assert (tmp_path / "run" / "classifier.safetensors").is_file()


def test_nothing_is_written_for_somebody_without_a_name(tmp_path: Path) -> None:
    signed_slides(tmp_path / "data", 1)
    refused = export(tmp_path / "data", tmp_path / "out", "--by", " ")
    assert "say who you are" in str(refused.exception)
    assert not (tmp_path / "out").exists()


def test_a_folder_without_a_database_and_a_missing_name_are_refused(tmp_path: Path) -> None:
    assert "holds no database" in str(export(tmp_path, tmp_path / "out", "--by", "Emil").exception)
    assert list(tmp_path.iterdir()) == []
    assert export(tmp_path, tmp_path / "out").exit_code == 2


@pytest.mark.parametrize("format", AnnotationFormat)
def test_a_result_is_written_for_another_program(format: AnnotationFormat, tmp_path: Path) -> None:
    write_score(tmp_path / "slide", {"a.png": 5, "b.png": 3}, [("b.png", 1, 0.9)])
    done = annotations(tmp_path / "slide", "--format", format, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert done.stdout == f"{tmp_path / 'out'}: 9 objects on 2 fields\n"
    first, second = read_labelled(tmp_path / "out", format).fields
    assert (first.name, second.name, first.slide) == ("a.png", "b.png", "slide")
    assert (first.all_marked, second.all_marked) == (False, False)
    (best,) = (one for one in second.objects if one.rank == 1)
    assert best.score == pytest.approx(0.9)
    assert (best.label, best.why_not) == ("red_cell", "")
    (cut,) = (one for one in first.objects if one.why_not)
    assert cut.why_not == "edge"


def test_names_of_folder_and_fields_go_out_as_they_are_and_the_help_says_so(tmp_path: Path) -> None:
    write_score(tmp_path / "Amina D", {"Amina_1.png": 2})
    annotations(tmp_path / "Amina D", "--format", "coco", "--out", tmp_path / "coco.json")
    (field,) = read_labelled(tmp_path / "coco.json", AnnotationFormat.COCO).fields
    assert (field.name, field.slide) == ("Amina_1.png", "Amina D")
    said = " ".join((inspect.getdoc(command) or "").split())
    assert "names of field images and of RESULT go out as they are" in said
    assert "No patient is named" not in said


def test_fields_of_several_results_stand_in_a_folder_each(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_score(tmp_path / name, {"a.png": 2})
    out = tmp_path / "coco.json"
    annotations(tmp_path / "one", tmp_path / "two", "--format", "coco", "--out", out)
    fields = read_labelled(out, AnnotationFormat.COCO).fields
    assert [(field.name, field.slide) for field in fields] == [("one/a.png", "one"), ("two/a.png", "two")]


def exports_of(data: Path) -> list[tuple[str, object]]:
    store = Store.in_folder(data)
    entries = [entry for entry in store.audit() if entry.what == "exported"]
    store.close()
    return [(entry.who, entry.detail) for entry in entries]


def test_what_was_signed_is_written_with_who_said_it_and_put_on_record(tmp_path: Path) -> None:
    signed_slides(tmp_path / "data", 1)
    store = Store.in_folder(tmp_path / "data")
    unsigned = scored_slide(store, tmp_path / "unsigned", listed=8)
    read_all(store, unsigned, "+-?.....", reader="Anna", role=Role.FIRST)
    scored_slide(store, tmp_path / "unread", listed=8)
    store.close()
    out = tmp_path / "cells.xml"
    done = annotations("--data", tmp_path / "data", "--by", "Emil", "--format", "cvat", "--out", out)
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith(
        "of 1 slides that were read; left out: 1 slides that are not signed, give --unsigned to have them\n"
    )
    fields = renamed(read_labelled(out, AnnotationFormat.CVAT).fields, {})
    assert {field.slide for field in fields} == {"patient_1"}  # one patient, whose name goes nowhere
    assert "patient 7" not in out.read_text(encoding="utf-8")
    assert labels_of(fields) == {("slide_1", "infected"): 4, ("slide_1", "healthy"): 4}
    assert exports_of(tmp_path / "data") == [("Emil", {"form": "cvat", "version": 1})]


def labels_of(fields: Sequence[LabelledField]) -> Counter[tuple[str, str]]:
    return Counter(
        (field.name.split("/")[0], one.label) for field in fields for one in field.objects if one.said
    )


def unsigned_slide(folder: Path) -> SlideRecord:
    """A slide that Anna has read, and nobody else."""
    store = Store.in_folder(folder / "data")
    record = scored_slide(store, folder / "slide", listed=4)
    record = read_all(store, record, "+-?-", reader="Anna", role=Role.FIRST)
    store.close()
    return record


def unsigned_of(folder: Path, by: str) -> Result:
    arguments = ("--data", folder / "data", "--by", by, "--format", "coco", "--out", folder / f"{by}.json")
    return annotations(*arguments, "--unsigned")


def test_anna_has_her_own_calls_of_a_slide_that_is_not_signed_and_ben_who_may_be_second_has_not(
    tmp_path: Path,
) -> None:
    record = unsigned_slide(tmp_path)
    refused = unsigned_of(tmp_path, "Ben")
    assert "1 slides that Ben may still read as second reader" in str(refused.exception)
    assert not (tmp_path / "Ben.json").exists()
    assert exports_of(tmp_path / "data") == []
    own = unsigned_of(tmp_path, "Anna")
    assert own.exit_code == 0, own.output
    fields = read_labelled(tmp_path / "Anna.json", AnnotationFormat.COCO).fields
    assert labels_of(fields) == {("slide_1", "healthy"): 2, ("slide_1", "unsure"): 2}  # one reader is not two
    assert exports_of(tmp_path / "data") == [("Anna", {"form": "coco", "version": 0})]
    store = Store.in_folder(tmp_path / "data")
    read_all(store, record, "+---", reader="Ben", role=Role.SECOND)  # nothing he knows forbids it
    store.close()
    assert unsigned_of(tmp_path, "Ben").exit_code == 0


def test_who_has_the_calls_of_two_readers_is_on_record_as_having_seen_them(tmp_path: Path) -> None:
    record = unsigned_slide(tmp_path)
    store = Store.in_folder(tmp_path / "data")
    read_all(store, record, "+---", reader="Ben", role=Role.SECOND)
    store.close()
    assert unsigned_of(tmp_path, "Cleo").exit_code == 0
    fields = read_labelled(tmp_path / "Cleo.json", AnnotationFormat.COCO).fields
    assert labels_of(fields)["slide_1", "infected"] == 1
    store = Store.in_folder(tmp_path / "data")
    looks = store.record(record.slide.id).looks
    store.close()
    assert [look.person for look in looks] == ["Cleo"]


def test_a_signed_slide_that_is_open_again_is_kept_from_its_possible_second_reader(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path / "data")
    record = scored_slide(store, tmp_path / "slide", listed=4)
    read_all(store, record, "----", reader="Anna", role=Role.FIRST)
    sign(store, record.slide.id, by="Anna")
    store.signatures.begin_amendment(record.slide.id, "a second reading", by="Anna")
    store.close()
    refused = unsigned_of(tmp_path, "Ben")
    assert "1 slides that Ben may still read as second reader" in str(refused.exception)
    cells = export(tmp_path / "data", tmp_path / "cells", "--by", "Ben")
    assert cells.exit_code != 0
    assert not (tmp_path / "cells").exists()


@pytest.mark.parametrize("form", ["coco", "yolo", "reviewed_cells"])
def test_nothing_leaves_the_store_that_cannot_be_put_on_record(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_slides(tmp_path / "data", 1)

    def full(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr("core.store.signatures.Signatures.note_export", full)
    out = tmp_path / "out"
    done = annotations("--data", tmp_path / "data", "--by", "Emil", "--format", form, "--out", out)
    assert "the disk is full" in str(done.exception)
    assert not out.exists()


@pytest.mark.parametrize("form", ["coco", "reviewed_cells"])
def test_who_may_not_export_gets_nothing(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_slides(tmp_path / "data", 1)
    monkeypatch.setattr("core.store.people.People.may", lambda _, name, right: right != Right.EXPORT)
    out = tmp_path / "out"
    done = annotations("--data", tmp_path / "data", "--by", "Emil", "--format", form, "--out", out)
    assert isinstance(done.exception, NotAllowedError)
    assert not out.exists()


def test_nothing_is_written_where_nothing_was_read_or_the_result_is_gone(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path / "data")
    record = scored_slide(store, tmp_path / "slide", listed=2)
    assert "no slide is read" in str(unsigned_of(tmp_path, "Anna").exception)
    read_all(store, record, "++", reader="Anna", role=Role.FIRST)
    store.close()
    assert record.taken_in is not None
    (record.taken_in.folder / "cells.parquet").unlink()
    assert "cannot be read any more" in str(unsigned_of(tmp_path, "Anna").exception)
    assert not (tmp_path / "Anna.json").exists()
    assert exports_of(tmp_path / "data") == []


def test_what_to_export_must_be_said_in_one_way(tmp_path: Path) -> None:
    out = ("--out", tmp_path / "out")
    assert annotations("--format", "coco", *out).exit_code == 2
    assert annotations(tmp_path, "--by", "Emil", "--format", "coco", *out).exit_code == 2
    assert annotations(tmp_path, "--format", "reviewed_cells", *out).exit_code == 2
    assert annotations(tmp_path, "--unsigned", "--format", "coco", *out).exit_code == 2
    assert annotations("--by", "A", "--unsigned", "--format", "reviewed_cells", *out).exit_code == 2
    assert annotations(tmp_path, "--format", "tfrecord", *out).exit_code == 2
    assert "holds no" in str(annotations(tmp_path, "--format", "coco", *out).exception)
