"""`smearscope adapt`: from reviewed cells to a model of a laboratory's own, or to a refusal."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from core.files import write_csv
from datasets.fields import AnnotationError
from datasets.laboratory_cells import SeenCell, write_seen_cells
from models.cards import FILES, load_card
from models.loading import load_models
from scripts.cell_networks.adaptation import AdaptationError
from scripts.main import app
from tests.models.made_cards import write_models


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_models(tmp_path_factory.mktemp("before") / "model")


def reviewed(folder: Path, model: Path, telling: float) -> Path:
    """Cells of four patients, a tenth infected; one of the features tells them, as strongly as is said."""
    random, count = np.random.default_rng(0), 200
    infected = np.arange(count) % 10 == 0
    features = random.normal(0, 1, (count, 96))
    features[:, 7] += telling * infected
    folder.mkdir()
    names = [f"{number}.png" for number in range(count)]
    patients = [f"patient_{number % 4}" for number in range(count // 10) for _ in range(10)]
    write_csv(
        folder / "index.csv",
        ("path", "infected", "patient"),
        zip(names, infected.astype(int).tolist(), patients, strict=True),
    )
    identity = load_card(str(model)).identity
    log_odds = random.normal(-2, 1, count).tolist()
    write_seen_cells(
        folder,
        [SeenCell(*cell) for cell in zip(names, [identity] * count, log_odds, features, strict=True)],
    )
    return folder


def adapt(source: Path, model: Path, out: Path, name: str = "Hospital A") -> Result:
    return CliRunner().invoke(
        app, ["adapt", str(source), "--model", str(model), "--out", str(out), "--name", name]
    )


@pytest.fixture(scope="module")
def after(before: Path) -> Path:
    out = before.parent / "adapted"
    done = adapt(reviewed(before.parent / "cells", before, 6), before, out)
    assert done.exit_code == 0, done.output
    learned, gained, written = done.stdout.splitlines()
    assert learned == "Learned from 20 infected and 180 healthy cells of 4 patients."
    assert gained.startswith("On 4 patients kept aside, with 20 parasites, ")
    assert written == f"Model: {out}"
    return out


def test_the_adapted_model_is_another_one_and_scores(before: Path, after: Path) -> None:
    models = load_models(str(after))
    assert models.card.identity != load_card(str(before)).identity
    assert models.card.second_look.name == "second look 1 adapted to Hospital A"
    crops = np.random.default_rng(0).integers(0, 256, (3, 96, 96, 3), np.uint8)
    other = load_models(str(before)).second_look
    statistics = other.feature_statistics(crops)
    seen, adapted = other.look(crops, statistics), models.second_look.look(crops, statistics)
    assert np.array_equal(seen.features, adapted.features)
    assert not np.array_equal(seen.logits, adapted.logits)


def test_only_the_second_look_is_written_anew(before: Path, after: Path) -> None:
    changed = [name for name in FILES if (before / name).read_bytes() != (after / name).read_bytes()]
    assert changed == ["second_look.safetensors", "second_look.json"]


def test_the_card_says_what_the_model_was_adapted_on_and_that_its_curve_is_older(
    before: Path, after: Path
) -> None:
    old, new = (load_card(str(folder)).second_look for folder in (before, after))
    assert new.adapted is not None
    assert new.adapted.made_from == load_card(str(before)).identity
    assert (new.adapted.infected, new.adapted.healthy, new.adapted.patients) == (20, 180, 4)
    assert new.adapted.sources == ("cells",)
    assert new.adapted.command == "smearscope adapt cells --model MODEL --out DIR --name 'Hospital A'"
    assert new.adapted.kept_aside.gain_low >= 0
    assert new.curve == old.curve
    assert "measured on the model before the adaptation, and not again" in new.limits[1]
    assert new.limits[2:] == old.limits
    assert new.training.sources[-1].items == 200
    assert old.adapted is None


def test_the_same_cells_give_the_same_bytes(before: Path, after: Path, tmp_path: Path) -> None:
    assert adapt(before.parent / "cells", before, tmp_path / "again").exit_code == 0
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (after / name).read_bytes()


def test_where_there_is_no_gain_the_figures_are_said_and_nothing_is_written(
    before: Path, tmp_path: Path
) -> None:
    refused = adapt(reviewed(tmp_path / "cells", before, 0), before, tmp_path / "out")
    assert isinstance(refused.exception, AdaptationError)
    assert "so nothing was written. On 4 patients kept aside" in str(refused.exception)
    assert not (tmp_path / "out").exists()


def test_cells_of_another_model_and_folders_of_nothing_are_refused(
    before: Path, after: Path, tmp_path: Path
) -> None:
    assert "not by" in str(adapt(before.parent / "cells", after, tmp_path / "out").exception)
    (tmp_path / "nothing").mkdir()
    refused = adapt(tmp_path / "nothing", before, tmp_path / "out")
    assert isinstance(refused.exception, AnnotationError)
    assert not (tmp_path / "out").exists()


def test_a_set_for_measuring_only_teaches_nothing(before: Path, tmp_path: Path) -> None:
    refused = adapt(tmp_path / "ph_thin", before, tmp_path / "out")
    assert "for measuring only" in str(refused.exception)


def test_a_folder_that_is_there_and_an_empty_name_are_refused(before: Path, tmp_path: Path) -> None:
    assert "exists already" in str(adapt(tmp_path, before, tmp_path).exception)
    assert "--name is empty" in str(adapt(tmp_path, before, tmp_path / "out", " ").exception)


def test_a_set_of_annotated_fields_is_read_by_the_name_of_its_folder(before: Path, tmp_path: Path) -> None:
    refused = adapt(tmp_path / "md2019", before, tmp_path / "out")
    assert isinstance(refused.exception, AnnotationError)
    assert "give the folder that the set unpacks to" in str(refused.exception)
