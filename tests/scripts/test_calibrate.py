"""`smearscope calibrate`: a laboratory's figures reach the card, and so the verdict."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from core.results.folder import read_result_folder
from core.scoring.batch import score_slides
from core.scoring.workers import LocalWorkers
from core.slides import find_slides
from datasets.interchange.formats import AnnotationFormat, write_labelled
from datasets.interchange.labelled import CellClass, LabelledField, LabelledObject
from models.cards import FILES, ModelCards, load_card, model_folder
from scripts.calibrate import CalibrationError, calibrate, classes_of, one_in
from tests.coloured_cells import DotCard, NoProgress, draw_field, load_models, options, save

INFECTED = (7, 8)
FIELDS = 6
NEGATIVES, POSITIVES = range(5), range(5, 8)


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of five slides without parasites and of three with two on each field; those are marked."""
    folder = tmp_path_factory.mktemp("laboratory")
    slides = [folder / f"slide_{number}" for number in (*NEGATIVES, *POSITIVES)]
    for number, slide in enumerate(slides):
        slide.mkdir()
        for field in range(FIELDS):
            infected = INFECTED if number in POSITIVES else ()
            save(slide / f"{field}.png", draw_field(infected=infected, seed=10 * number + field))
    with LocalWorkers(load_models, 1) as workers:
        score_slides([find_slides(slides)], folder, DotCard(), workers, options(), NoProgress())
    for number in POSITIVES:
        write_labelled(
            folder / f"marked_{number}.json", AnnotationFormat.COCO, marked(folder / f"slide_{number}")
        )
    return folder


def marked(result: Path) -> list[LabelledField]:
    """The cells with a dot: those that lead the list."""
    found = read_result_folder(result)
    of_field: dict[str, list[LabelledObject]] = {row.name: [] for row in found.tables.fields}
    for cell in found.tables.after_rank(0, 2 * FIELDS):
        of_field[cell.field].append(LabelledObject(*cell.box, label=CellClass.INFECTED))
    return [
        LabelledField(row.name, row.width, row.height, tuple(of_field[row.name]))
        for row in found.tables.fields
    ]


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> ModelCards:
    """The released card, under the identity that the drawn slides were scored with."""
    of_dots = replace(load_card("released"), identity=DotCard().identity)
    monkeypatch.setattr("models.cards.load_card", lambda _: of_dots)
    return of_dots


def slides(laboratory: Path, numbers: range) -> list[Path]:
    return [laboratory / f"slide_{number}" for number in numbers]


def marks(laboratory: Path, numbers: range = POSITIVES) -> list[Path]:
    return [laboratory / f"marked_{number}.json" for number in numbers]


def test_the_new_model_has_the_weights_and_the_laboratorys_curve_and_ranges(
    laboratory: Path, card: ModelCards, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "clinic"
    calibrate(
        slides(laboratory, NEGATIVES),
        laboratory="North Clinic",
        out=out,
        positive=slides(laboratory, POSITIVES),
        marked=marks(laboratory),
    )
    new = load_card(str(out))
    for file in FILES:
        if file.endswith(".safetensors"):
            assert (out / file).read_bytes() == (model_folder("released") / file).read_bytes()
    # Each of 3 x 6 x 2 dots scores above all 180 cells of each of the five slides without any.
    assert new.performance.curve.at(0.01) == (36, 0)
    assert "North Clinic: 36 marked parasites of 3 slides" in new.performance.validation_set
    assert new.name.endswith("calibrated at North Clinic")
    figures = new.second_look.laboratory
    assert figures is not None
    assert (figures.negatives, figures.positives, figures.parasites) == (5, 3, 36)
    assert figures.false_calls[-1].count == 0
    quality = read_result_folder(laboratory / "slide_5").tables.fields[0].quality
    assert quality is not None
    assert new.classifier.validity.background.holds(quality.background)
    assert new.classifier.validity.background.low > card.classifier.validity.background.low
    assert new.classifier.validity.cell_width_px == card.classifier.validity.cell_width_px
    said = capsys.readouterr().out
    assert "the first 100 of a list show 100 % of the parasites" in said
    assert "59 slides would say 95 %" in said
    assert "the first 100 of 200 000 cells hold 0 % of the parasites" in said
    assert "Slides without parasites of 2 000 cells and more each would say more" in said


def test_too_few_marked_slides_leave_the_models_curve_and_ranges(
    laboratory: Path, card: ModelCards, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "clinic"
    calibrate(slides(laboratory, NEGATIVES), laboratory="North Clinic", out=out)
    new = load_card(str(out))
    assert new.second_look.laboratory is not None
    assert new.second_look.laboratory.negatives == 5
    assert new.performance.curve == card.performance.curve
    assert new.performance.validation_set == card.performance.validation_set
    assert new.classifier.validity == card.classifier.validity
    assert "Verdicts keep the figures of the model" in capsys.readouterr().out


def test_a_slide_of_another_model_is_refused(laboratory: Path, tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match=r"slide_0 was scored with dots 1, not with .*score the slide"):
        calibrate(slides(laboratory, NEGATIVES), laboratory="L", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("card")
def test_a_slide_that_is_given_twice_is_refused(laboratory: Path, tmp_path: Path) -> None:
    negatives = slides(laboratory, NEGATIVES)
    copy = tmp_path / "copy"
    shutil.copytree(negatives[0], copy)
    with pytest.raises(CalibrationError, match=r"copy is also in .*slide_0: give each slide once"):
        calibrate([*negatives, copy], laboratory="L", out=tmp_path / "out")
    with pytest.raises(CalibrationError, match="slide_0 is given twice"):
        calibrate([*negatives, negatives[0]], laboratory="L", out=tmp_path / "out")


@pytest.mark.usefixtures("card")
def test_marks_of_another_slide_are_refused_and_nothing_is_written(laboratory: Path, tmp_path: Path) -> None:
    positive = slides(laboratory, POSITIVES)
    with pytest.raises(CalibrationError, match="3 --positive and 2 --marked"):
        calibrate(
            slides(laboratory, NEGATIVES),
            laboratory="L",
            out=tmp_path / "out",
            positive=positive,
            marked=marks(laboratory)[:2],
        )
    (tmp_path / "taken").mkdir()
    with pytest.raises(CalibrationError, match="taken exists already"):
        calibrate(slides(laboratory, NEGATIVES), laboratory="L", out=tmp_path / "taken")
    assert not (tmp_path / "out").exists()


def test_a_rate_is_said_as_one_in_so_many() -> None:
    assert [one_in(rate) for rate in (0, 0.0033, 1)] == ["none", "1 in 303", "1 in 1"]


def test_classes_are_named_in_pairs() -> None:
    assert classes_of(["malaria=infected", "a=b=healthy"]) == {"malaria": "infected", "a=b": "healthy"}
    with pytest.raises(CalibrationError, match="--called malaria: write NAME=CLASS"):
        classes_of(["malaria"])
