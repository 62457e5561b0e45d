"""What the arms of a study share: one reference phase of each seed and fold, trained and measured once."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file
from typer.testing import CliRunner, Result

from core.files import OutputError
from core.training.checkpoints import TrainingProgress, read_progress
from core.training.guided import train_guided
from scripts.guided import study_runs
from scripts.guided.evaluate_guided import Evaluation, evaluation
from scripts.guided.guided_run import settings_of_run
from scripts.main import app
from tests.drawn_classes import save_coloured_squares
from tests.scripts.drawn_study import FOLDED
from tests.scripts.drawn_training import table

FOLDS = [f"seed_0_fold_{fold}" for fold in (1, 2, 3)]
ARMS = ["ce", "shuffled", "fimf"]


def smearscope(command: str, config: Path, data: Path, out: Path) -> Result:
    arguments = [command, str(config), "--data", str(data), "--out", str(out), "--device", "cpu"]
    return CliRunner().invoke(app, arguments)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    save_coloured_squares(folder / "squares")
    (folder / "study.yaml").write_text(FOLDED)
    return folder


@pytest.fixture(scope="module")
def counts() -> Counter[str]:
    """How often was trained, and measured, by the folder."""
    return Counter()


@pytest.fixture(scope="module")
def out(data: Path, counts: Counter[str]) -> Path:
    train: Callable[..., TrainingProgress] = train_guided
    measure: Callable[..., Evaluation] = evaluation

    def trained(*given: object) -> TrainingProgress:
        counts["trained"] += 1
        return train(*given)

    def measured(*given: object) -> Evaluation:
        counts["measured"] += 1
        return measure(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study_runs, "train_guided", trained)
        patch.setattr(study_runs, "evaluation", measured)
        result = smearscope("study", data / "study.yaml", data, data / "out")
    assert result.exit_code == 0, result.output
    return data / "out"


@pytest.mark.slow
def test_each_seed_and_fold_has_one_reference_that_ends_at_epoch_0(out: Path, counts: Counter[str]) -> None:
    folders = sorted(path.name for path in (out / "runs" / "reference").iterdir())
    assert folders == FOLDS
    assert counts["trained"] == len(FOLDS) * (1 + len(ARMS))
    for fold in FOLDS:
        reference = out / "runs" / "reference" / fold
        rows = table(reference / "curves.csv")
        assert [int(row["epoch"]) for row in rows if row["images"] == "training"] == [-2, -1, 0]
        assert settings_of_run(reference).objective.name == "cross-entropy"
        assert settings_of_run(reference).images.guiding_regions == "own"


def test_epoch_0_is_measured_once_for_all_arms(out: Path, counts: Counter[str]) -> None:
    for fold in FOLDS:
        first, *others = (
            files(out / "runs" / arm / fold / "evaluation" / "validation_000_grad-cam")
            for arm in ("reference", *ARMS)
        )
        assert "evaluation.json" in first
        assert all(other == first for other in others)
    # Once before; after by two methods.
    assert counts["measured"] == len(FOLDS) * (1 + 2 * len(ARMS))


@pytest.mark.parametrize("arm", ARMS)
def test_an_arm_is_what_its_settings_give_when_trained_alone(
    arm: str, out: Path, data: Path, tmp_path: Path
) -> None:
    run = out / "runs" / arm / FOLDS[1]
    assert smearscope("train", run / "settings.yaml", data, tmp_path).exit_code == 0
    for epoch in ("000", "001"):
        ours, alone = (
            load_file(folder / "epochs" / epoch / "weights.safetensors") for folder in (run, tmp_path)
        )
        assert ours.keys() == alone.keys()
        assert all((ours[name] == alone[name]).all() for name in ours)
        for images in ("training", "validation"):
            name = f"images/{images}_{epoch}.csv"
            assert (run / name).read_bytes() == (tmp_path / name).read_bytes()
    from_epoch_0 = [
        [row for row in table(folder / "curves.csv") if int(row["epoch"]) >= 0] for folder in (run, tmp_path)
    ]
    assert from_epoch_0[0] == from_epoch_0[1]


@pytest.mark.slow
@pytest.mark.parametrize("killed_at", [1, 2, 4])
def test_a_study_killed_in_a_reference_or_after_it_comes_to_the_same_files(
    killed_at: int, out: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train: Callable[..., TrainingProgress] = train_guided
    started = Counter[str]()

    def killed(*given: object) -> TrainingProgress:
        started["trainings"] += 1
        if started["trainings"] < killed_at:
            return train(*given)

        def say(line: str) -> None:
            raise OutputError(f"killed after {line}")

        *before, _, reference = given if killed_at != 1 else (*given, None)
        return train(*before, say, reference)

    monkeypatch.setattr(study_runs, "train_guided", killed)
    assert isinstance(smearscope("study", data / "study.yaml", data, tmp_path).exception, OutputError)
    monkeypatch.undo()
    progress = read_progress(tmp_path / "runs" / "reference" / FOLDS[0])
    assert (progress is None) == (killed_at == 1)
    assert smearscope("study", data / "study.yaml", data, tmp_path).exit_code == 0
    assert files(tmp_path) == files(out)
