"""Fields of discs whose truth is known, and models that need no weights to judge them.

The detector takes dark discs for red cells, the classifier and the second look a dark dot for a parasite. All
can be sent to worker processes. Run as a program, this scores slides as the command does, for tests that kill
it.
"""

import os
import signal
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.cells.classification import FeatureStatistics, FieldScores
from core.cells.detection import Cells, ObjectKind
from core.cells.located import WhyNot
from core.cells.quality import FieldQuality
from core.cells.reference import SlideReference
from core.cells.second_look import SecondSight
from core.errors import SmearscopeError
from core.scoring.batch import score_slides
from core.scoring.slide_run import ScoringOptions
from core.scoring.workers import LocalWorkers, Workers
from core.slides import find_slides
from core.tally import Assumptions, Performance, RankCurve
from core.wording import Sentence
from tests.drawn_cells import RecordingClassifier, RecordingSecondLook

DIAMETER_PX = 24
PITCH_PX = 40
ROOM_PX = 2  # that boxes leave around a cell, as those of annotators do
BACKGROUND = (235, 235, 240)
CELL = (200, 140, 150)
PARASITE = (70, 30, 90)
OTHER_CELL = (150, 100, 110)
Colour = tuple[int, int, int]
WORTH = Performance("dots", "drawn discs", RankCurve((1e-7,), (95,), 100))
REFERENCE = SlideReference(28.0, (100.0, 100.0, 100.0), (1.5, 2.5), second_statistics=(3.5,))
"""Of a slide whose typical cell is grey."""


def draw_field(
    columns: int = 6,
    rows: int = 5,
    infected: tuple[int, ...] = (),
    seed: int = 0,
    cell: Colour = CELL,
    parasite: Colour = PARASITE,
) -> NDArray[np.uint8]:
    """A grid of discs, none at the edge; those with a number in `infected` have a dark dot."""
    random = np.random.default_rng(seed)
    image = np.full((rows * PITCH_PX, columns * PITCH_PX, 3), BACKGROUND, np.uint8)
    for number in range(rows * columns):
        row, column = divmod(number, columns)
        centre = (column * PITCH_PX + PITCH_PX // 2, row * PITCH_PX + PITCH_PX // 2)
        cv2.circle(image, centre, DIAMETER_PX // 2, cell, cv2.FILLED)
        if number in infected:
            cv2.circle(image, centre, 3 + infected.index(number) % 3, parasite, cv2.FILLED)
    noise = random.integers(-3, 4, image.shape)
    return np.asarray(np.clip(image + noise, 0, 255), np.uint8)


def save(path: Path, image: NDArray[np.uint8]) -> Path:
    """Write an RGB image in the format of the file's ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    worked, encoded = cv2.imencode(path.suffix, image[..., ::-1])
    assert worked
    path.write_bytes(encoded.tobytes())
    return path


def save_slide(folder: Path, fields: int, infected: tuple[int, ...] = (7, 8)) -> Path:
    """A slide of PNG fields that differ; every third has the infected cells."""
    for number in range(fields):
        image = draw_field(infected=infected if number % 3 == 0 else (), seed=number)
        save(folder / f"field{number + 1}.png", image)
    return folder


class DiscDetector:
    """Takes every dark connected region for a red cell."""

    cell_diameter_px = float(DIAMETER_PX + 2 * ROOM_PX)

    def locate(self, image: NDArray[np.uint8]) -> Cells:
        dark = (image[..., 1] < 190).astype(np.uint8)
        _, _, statistics, _ = cv2.connectedComponentsWithStats(dark)
        regions = statistics[1:, :4].astype(np.float32)
        regions = regions[(regions[:, 2] > 4) & (regions[:, 3] > 4)]
        boxes = regions + np.array([-ROOM_PX, -ROOM_PX, 2 * ROOM_PX, 2 * ROOM_PX], np.float32)
        count = len(boxes)
        return Cells(boxes, np.full(count, 0.9, np.float32), np.full(count, ObjectKind.RED_CELL, np.uint8))


@dataclass(frozen=True)
class DiscModels:
    """A detector of discs, and two looks that keep what they are given."""

    detector: DiscDetector = field(default_factory=DiscDetector)
    classifier: RecordingClassifier = field(default_factory=RecordingClassifier)
    second_look: RecordingSecondLook = field(default_factory=RecordingSecondLook)


class DotClassifier:
    """Scores a cell by how much of its crop is darker than its slide's cells are."""

    crop_size_px = 48
    darker_by = 30  # levels: three fifths of the light; a parasite's dot takes 78, noise 2

    def feature_statistics(self, crops: NDArray[np.uint8]) -> FeatureStatistics:
        return (float(np.median(crops[..., 1])),)

    def score_field(
        self, crops: NDArray[np.uint8], evaluable: NDArray[np.bool_], slide: FeatureStatistics
    ) -> FieldScores:
        dark = self._dark(crops, slide).mean(axis=(1, 2))
        return FieldScores(np.asarray(np.minimum(1, 10 * dark), np.float32), slide)

    def activation_map(self, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> NDArray[np.float32]:
        return self._dark(crops, statistics).astype(np.float32)

    def _dark(self, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> NDArray[np.bool_]:
        (typical,) = statistics
        return np.asarray(crops[..., 1] < typical - self.darker_by, bool)


class DotSecondLook:
    """Log-odds by how much of the middle of a crop is darker than the middles of its slide's cells.

    Its features are that share, and the level of the middle over that of the whole crop.
    """

    crop_size_px = 96
    middle = slice(32, 64)  # inside a cell, which is drawn 48 px wide
    darker_by = 30

    def feature_statistics(self, crops: NDArray[np.uint8]) -> FeatureStatistics:
        return (float(np.median(crops[:, self.middle, self.middle, 1])),)

    def look(self, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> SecondSight:
        (typical,) = statistics
        middle = crops[:, self.middle, self.middle, 1]
        dark = (middle < typical - self.darker_by).mean(axis=(1, 2))
        level = middle.mean(axis=(1, 2)) / crops[..., 1].mean(axis=(1, 2))
        return SecondSight(
            np.asarray(20 * dark - 2, np.float32), np.stack([dark, level], axis=1).astype(np.float16)
        )


@dataclass(frozen=True)
class DotCard:
    """What is known of the three."""

    name: str = "dots"
    identity: str = "dots 1"
    failed_share_limit: float = 0.2
    widest_blur: float = 0.3
    outside: tuple[Sentence, ...] = ()
    of_failed: tuple[Sentence, ...] = ()
    performance: Performance = WORTH

    def field_failure(self, quality: FieldQuality) -> WhyNot:
        return WhyNot.OUT_OF_FOCUS if quality.edge_blur > self.widest_blur else WhyNot.EVALUABLE

    def left_out(self, failed: object) -> tuple[Sentence, ...]:
        return self.of_failed if failed else ()

    def outside_validity(self, qualities: object) -> tuple[Sentence, ...]:
        return self.outside


@dataclass(frozen=True)
class DotModels:
    """The three, and their card."""

    detector: DiscDetector
    classifier: DotClassifier
    second_look: DotSecondLook
    card: DotCard


def load_models(wait_s: float = 0.0) -> DotModels:
    """Load nothing; `wait_s` makes each field take that long, so that a test can kill in the middle.

    A black field kills the process that looks at it, where there is a `wait_s`, as one too large does.
    """
    detector = SlowDetector(wait_s) if wait_s else DiscDetector()
    return DotModels(detector, DotClassifier(), DotSecondLook(), DotCard())


class SlowDetector(DiscDetector):
    """As slow as wanted, and killed by a black field."""

    def __init__(self, wait_s: float) -> None:
        self.wait_s = wait_s

    def locate(self, image: NDArray[np.uint8]) -> Cells:
        if image.max() == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(self.wait_s)
        return super().locate(image)


class NoProgress:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.cells: list[int] = []
        self.remarks: list[str] = []
        self.begun: list[tuple[str, int, int]] = []

    def slide_begins(self, name: str, fields: int, fields_done: int) -> None:
        self.begun.append((name, fields, fields_done))

    def field_done(self, cells: int) -> None:
        self.cells.append(cells)

    def slide_ends(self) -> None:
        pass

    def remark(self, line: str) -> None:
        self.remarks.append(line)


def options(**changed: object) -> ScoringOptions:
    """The command's defaults, but few pictures to draw, and what a test changes of them."""
    chosen: dict[str, object] = {
        "um_per_pixel": None,
        "review_budget": 12,
        "assumptions": Assumptions(),
        "resume": True,
    }
    return ScoringOptions(**{**chosen, **changed})  # type: ignore[arg-type]  # by name, checked by the tests


def open_workers(where: str, wait_s: float) -> Workers[DotModels]:
    """So many processes of this machine, or the workers of a scheduler's address."""
    if where.isdigit():
        return LocalWorkers(partial(load_models, wait_s), int(where))
    from core.scoring.cluster import ClusterWorkers, worker_identity

    return ClusterWorkers(where, worker_identity(DotCard().identity), print)


if __name__ == "__main__":
    source, output, where, wait = sys.argv[1:]
    try:
        with open_workers(where, float(wait)) as workers:
            score_slides(
                [find_slides([Path(source)])], Path(output), DotCard(), workers, options(), NoProgress()
            )
    except SmearscopeError as error:
        sys.exit(f"Error: {error}")
