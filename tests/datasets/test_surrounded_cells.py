"""What the second look is trained on: all parasites, what leads a first look's list, some typical cells."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.cells.crops import SURROUNDED_CELL_DIAMETER_PX
from core.cells.quality import FieldQuality
from core.cells.reference import SlideReference
from core.cells.scored_field import ScoredField
from datasets.fields import AnnotatedField, AnnotationError, annotated_field
from datasets.located_objects import LocatedField, Truth
from datasets.surrounded_cells import STORED_SURROUNDED_PX, of_crop_set, of_located_fields
from tests.drawn_cells import disc_picture

CELL = (180, 120, 140)


def located(scores: list[float], truth: list[Truth], why_not: list[str] | None = None) -> LocatedField:
    """Objects in a row, 40 px apart, on a field of their number."""
    count = len(scores)
    x = np.arange(count, dtype=np.float32) * 40
    boxes = np.stack([x, np.full(count, 10.0), np.full(count, 20.0), np.full(count, 20.0)], axis=1)
    scored = ScoredField(
        width=40 * count,
        height=40,
        content_hash="",
        quality=FieldQuality(0.0, 0.0, 0.0, 0.0, 0.0),
        cell_colour=(180.0, 120.0, 140.0),
        feature_statistics=(),
        boxes=boxes.astype(np.float32),
        detection_score=np.ones(count, np.float32),
        infected_score=np.array(scores, np.float32),
        second_score=np.full(count, np.nan, np.float32),
        second_features=np.empty((0, 0), np.float16),
        why_not=np.array(why_not or [""] * count),
    )
    annotated = annotated_field(Path("f.png"), "set", [], frozenset())
    nothing = np.zeros(0, bool)
    reference = SlideReference(20.0, (180.0, 120.0, 140.0))
    return LocatedField(annotated, reference, scored, np.array(truth, np.uint8), nothing, nothing)


@pytest.fixture
def _drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    centres = [(10 + 40 * number, 20) for number in range(100)]
    image = disc_picture(40, 4000, centres, 16, CELL)
    monkeypatch.setattr(AnnotatedField, "image", lambda _: image)


@pytest.mark.usefixtures("_drawn")
def test_the_best_of_the_healthy_are_put_forward_and_the_unknown_are_left_out() -> None:
    scores = [0.9, 0.8, *np.linspace(0, 0.5, 50).tolist()]
    truth = [Truth.INFECTED, Truth.UNKNOWN, *[Truth.HEALTHY] * 50]
    cells = of_located_fields([located(scores, truth)], seed=0)
    # 8 in 100 of fifty healthy objects lead: four. The others are typical; one is infected.
    assert len(cells) == 51
    assert int(cells.infected.sum()) == 1
    assert len(cells.leading) == 4
    assert len(cells.typical) == 46
    assert cells.crops.shape[1:] == (STORED_SURROUNDED_PX, STORED_SURROUNDED_PX, 3)
    np.testing.assert_array_equal(cells.colour, np.full((51, 3), CELL, np.float32))


@pytest.mark.usefixtures("_drawn")
def test_what_does_not_count_can_lead_and_is_never_typical() -> None:
    scores = np.linspace(0, 0.5, 50).tolist()
    why_not = ["clump"] * 25 + [""] * 24 + ["edge"]
    cells = of_located_fields([located(scores, [Truth.HEALTHY] * 50, why_not)], seed=0)
    # Four lead, one of them cut; of the twenty-five that count three lead.
    assert len(cells.leading) == 4
    assert len(cells.typical) == 21


def test_where_nothing_is_known_of_any_object_the_set_is_named() -> None:
    with pytest.raises(AnnotationError, match="set: of 2 located objects none is marked"):
        of_located_fields([located([0.5, 0.6], [Truth.UNKNOWN] * 2)], seed=0)


@pytest.mark.usefixtures("_drawn")
def test_marked_parasites_alone_are_taken() -> None:
    cells = of_located_fields([located([0.5, 0.6], [Truth.INFECTED, Truth.UNKNOWN])], seed=0)
    assert (cells.infected.tolist(), cells.put_forward.tolist()) == ([True], [False])


def save(path: Path, image: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image[..., ::-1])


def crop_set(root: Path) -> Path:
    black = (0, 0, 0)
    lines = ["path,infected,patient"]
    for number, infected in enumerate((0, 1, 1)):
        name = f"{number}.png"
        save(root / name, disc_picture(90, 90, [(45, 45)], 80, CELL, black))
        lines.append(f"{name},{infected},C{number}")
    (root / "index.csv").write_text("\n".join(lines) + "\n")
    return root


def test_black_paint_round_a_cell_becomes_background(tmp_path: Path) -> None:
    cells = of_crop_set(crop_set(tmp_path), "nih_cells", seed=0)
    assert cells.infected.tolist() == [False, True, True]
    assert len(cells.leading) == len(cells.typical) == 1
    for crop in cells.crops:
        corner, middle = crop[5, 5].astype(int), crop[64, 64].astype(int)
        assert (corner > middle + 20).all()
        dark = crop[..., 1] < 150
        width = 2 * np.sqrt(dark.sum() / np.pi)
        assert width == pytest.approx(SURROUNDED_CELL_DIAMETER_PX / 1.15, abs=2)
    np.testing.assert_allclose(cells.colour, [CELL] * 3, atol=2)
