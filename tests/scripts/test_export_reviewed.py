"""`smearscope data export`, and a training that takes what it wrote beside a published set."""

from pathlib import Path

import yaml
from typer.testing import CliRunner, Result

from core.review import sign
from core.store import Role, Store
from scripts.main import app
from tests.scored_slides import read_all, scored_slide


def export(data: Path, out: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["data", "export", "--data", str(data), "--out", str(out), *arguments])


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
