"""Training batches for the classifier: cells of a few slides, each slide's stain and lens drawn anew."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.cells.crops import CROP_SIZE_PX, GREY, normalise
from datasets.augmentation import Stain, cell_augmentation, random_stain
from datasets.cell_regions import parasite_region
from datasets.cells import STORED_SIZE_PX, CellSet
from datasets.transplant import parasite_of, with_parasite

STAIN_MIXING, STAIN_STRENGTH, STAIN_SHIFT = 0.18, 2.0, 0.05
"""Range of stains of drawn slides; see `datasets.augmentation.random_stain`."""
COLOUR_ERROR, CELL_COLOUR_ERROR = 0.06, 0.02
"""Standard deviation of the log of the reference colour's error, for a slide and for a cell of it."""
WIDEST_DISK_CHANGE_PX = 2
"""The disk of a located cell is never exactly the cell's: on one slide wider, on another tighter."""
BLURRED_SLIDES, BLUR_PX = 0.3, (0.3, 1.1)
TRANSPLANTED = 0.5
"""Share of infected cells that are a healthy cell of the slide with a parasite from elsewhere."""
FROM_OWN_SOURCE = 0.3
"""Share of the parasites that come from the same source, where it has infected cells."""
LONGEST_SEARCH = 1000

_WHOLE = np.ones((1, STORED_SIZE_PX, STORED_SIZE_PX), bool)


@dataclass(frozen=True)
class BatchLayout:
    """How many slides are in a batch, and how many cells of each; the healthy ones come first."""

    slides: int
    healthy: int
    infected: int

    @property
    def cells(self) -> int:
        """All cells of a batch."""
        return self.slides * (self.healthy + self.infected)


@dataclass(frozen=True)
class VariedCell:
    """A cell as training shows it.

    Attributes
    ----------
    crop
        (S, S, 3) uint8.
    parasite
        (S, S) bool: where its parasite lies (`datasets.cell_regions.parasite_region`); nowhere in a healthy
        cell, and in an infected one in which nothing stands out.
    """

    crop: NDArray[np.uint8]
    parasite: NDArray[np.bool_]


@dataclass(frozen=True)
class CellBatch:
    """Cells of some slides, slide after slide, healthy cells before infected.

    Attributes
    ----------
    crops
        (B, S, S, 3) uint8.
    infected
        (B,) float32 truth.
    parasites
        (B, S, S) bool, as in `VariedCell`.
    """

    crops: NDArray[np.uint8]
    infected: NDArray[np.float32]
    parasites: NDArray[np.bool_]


@dataclass(frozen=True)
class DrawnSlide:
    """What all cells of one slide of a batch have in common: its source, and the stain and lens drawn for it.

    Attributes
    ----------
    colour_error
        (3,) factors by which the reference colour is off.
    blur_px
        Standard deviation of the blur; 0 for none.
    disk_change_px
        Pixels by which the disks are wider than the cells.
    """

    source: str
    stain: Stain
    colour_error: NDArray[np.float64]
    blur_px: float
    disk_change_px: int


class CellDrawer:
    """Draws varied cells from annotated ones; its generator fixes every choice.

    A source with infected cells alone is no slide: it gives parasites to the others. At least one source must
    have healthy cells, and one infected ones; otherwise a `ValueError` says so.
    """

    def __init__(self, cells: CellSet, seed: int) -> None:
        self._cells = cells
        self._random = np.random.default_rng(seed)
        self._augment = cell_augmentation(CROP_SIZE_PX, seed)
        self._healthy = self._by_source(infected=False)
        self._infected = self._by_source(infected=True)
        self.sources = tuple(self._healthy)
        if not self._healthy or not self._infected:
            raise ValueError(
                "training needs healthy cells of at least one source and infected ones of at least one; "
                f"healthy: {sorted(self._healthy)}, infected: {sorted(self._infected)}"
            )

    def slide(self, source: str) -> DrawnSlide:
        """Draw stain and lens of a slide of this source."""
        draw = self._random
        return DrawnSlide(
            source=source,
            stain=random_stain(draw, STAIN_MIXING, STAIN_STRENGTH, STAIN_SHIFT),
            colour_error=np.exp(draw.normal(0, COLOUR_ERROR, 3)),
            blur_px=float(draw.uniform(*BLUR_PX)) if draw.random() < BLURRED_SLIDES else 0.0,
            disk_change_px=int(draw.integers(-WIDEST_DISK_CHANGE_PX, WIDEST_DISK_CHANGE_PX + 1)),
        )

    def slides(self, count: int) -> list[DrawnSlide]:
        """Draw slides of different sources, as far as there are enough."""
        sources = self._random.choice(self.sources, count, replace=count > len(self.sources))
        return [self.slide(str(source)) for source in sources]

    def healthy(self, slide: DrawnSlide) -> VariedCell:
        """A healthy cell of a slide."""
        cell = int(self._random.choice(self._healthy[slide.source]))
        return self._varied(self._normalised(cell, slide), self._cells.masks[cell], None, slide)

    def infected(self, slide: DrawnSlide) -> VariedCell:
        """An infected cell of a slide: one of its source, or a healthy one that a parasite is put into."""
        own = self._infected.get(slide.source)
        if own is not None and self._random.random() >= TRANSPLANTED:
            cell = int(self._random.choice(own))
            levels, mask = self._normalised(cell, slide), self._cells.masks[cell]
            return self._varied(levels, mask, parasite_of(levels, mask), slide)
        host = int(self._random.choice(self._healthy[slide.source]))
        levels, parasite = self._normalised(host, slide), self._parasite(slide)
        return self._varied(with_parasite(levels, parasite), self._cells.masks[host], parasite, slide)

    def _parasite(self, slide: DrawnSlide) -> NDArray[np.float32]:
        for _ in range(LONGEST_SEARCH):
            source = slide.source
            if source not in self._infected or self._random.random() >= FROM_OWN_SOURCE:
                source = str(self._random.choice(list(self._infected)))
            cell = int(self._random.choice(self._infected[source]))
            parasite = parasite_of(self._normalised(cell, slide), self._cells.masks[cell])
            if parasite is not None:
                return np.rot90(parasite, int(self._random.integers(4)))
        raise ValueError(f"of {LONGEST_SEARCH} infected cells none shows a parasite; check their truth")

    def _normalised(self, cell: int, slide: DrawnSlide) -> NDArray[np.uint8]:
        error = slide.colour_error * np.exp(self._random.normal(0, CELL_COLOUR_ERROR, 3))
        colour = (self._cells.colour[cell] * error).astype(np.float32)
        return np.asarray(normalise(self._cells.crops[cell : cell + 1], _WHOLE, colour)[0])

    def _varied(
        self,
        crop: NDArray[np.uint8],
        mask: NDArray[np.bool_],
        parasite: NDArray[np.float32] | None,
        slide: DrawnSlide,
    ) -> VariedCell:
        region = np.zeros_like(mask) if parasite is None else parasite_region(parasite, mask)
        planes = np.stack([mask, region], axis=-1).astype(np.uint8)
        varied = self._augment(image=slide.stain.apply(crop), mask=planes)
        image, disk, region = varied["image"], varied["mask"][..., 0], varied["mask"][..., 1] > 0
        if slide.blur_px:
            image = cv2.GaussianBlur(image, (0, 0), slide.blur_px)
        change = int(
            np.clip(
                slide.disk_change_px + self._random.integers(-1, 2),
                -WIDEST_DISK_CHANGE_PX,
                WIDEST_DISK_CHANGE_PX,
            )
        )
        if change:
            shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(change) + 1,) * 2)
            disk = cv2.erode(disk, shape) if change < 0 else cv2.dilate(disk, shape)
        return VariedCell(np.where(disk[..., None] > 0, image, np.uint8(GREY)), region & (disk > 0))

    def _by_source(self, *, infected: bool) -> dict[str, NDArray[np.intp]]:
        chosen = self._cells.infected == infected
        return {
            str(source): np.flatnonzero(chosen & (self._cells.source == source))
            for source in np.unique(self._cells.source[chosen])
        }


def batches(cells: CellSet, layout: BatchLayout, steps: int, seed: int) -> Iterator[CellBatch]:
    """Yield `steps` batches; sources have their turn alike, however many cells they happen to hold."""
    drawer = CellDrawer(cells, seed)
    truth = np.tile(np.repeat([0.0, 1.0], [layout.healthy, layout.infected]), layout.slides)
    for _ in range(steps):
        cells_drawn: list[VariedCell] = []
        for slide in drawer.slides(layout.slides):
            cells_drawn += [drawer.healthy(slide) for _ in range(layout.healthy)]
            cells_drawn += [drawer.infected(slide) for _ in range(layout.infected)]
        yield CellBatch(
            np.stack([cell.crop for cell in cells_drawn]),
            truth.astype(np.float32),
            np.stack([cell.parasite for cell in cells_drawn]),
        )


def centre(planes: NDArray[np.uint8] | NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The middle `CROP_SIZE_PX` of stored crops or masks: what scoring would have cut."""
    margin = (STORED_SIZE_PX - CROP_SIZE_PX) // 2
    return np.asarray(planes[:, margin : margin + CROP_SIZE_PX, margin : margin + CROP_SIZE_PX])


def plain(cells: CellSet) -> NDArray[np.uint8]:
    """(N, S, S, 3) normalised crops as scoring sees them, for evaluation."""
    return normalise(centre(cells.crops), centre(cells.masks).astype(bool), cells.colour)
