"""Training batches for the second look: objects of a few slides, each slide's stain and lens drawn anew."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from core.cells.crops import DARK_LIGHT, LEVELS_PER_DENSITY, SURROUNDED_CELL_DIAMETER_PX, SURROUNDED_SIZE_PX
from datasets.augmentation import random_stain
from datasets.classification import (
    CELL_COLOUR_ERROR,
    COLOUR_ERROR,
    FROM_OWN_SOURCE,
    STAIN_MIXING,
    STAIN_SHIFT,
    STAIN_STRENGTH,
)
from datasets.late_stages import with_late_stages
from datasets.look_alikes import with_look_alikes
from datasets.surrounded_cells import STORED_SURROUNDED_PX, SurroundedCells
from datasets.transplant import LEAST_DENSITY, VISIBLE_DENSITY

CELL_MIXING, CELL_STRENGTH, CELL_SHIFT = 0.04, 1.15, 0.04
"""Range of stains of the cells of a drawn slide; see `datasets.augmentation.random_stain`."""
LATE_STAGES = 0.5
"""Share of drawn parasites that are late stages; the others are taken out of cells of some source."""
LOOK_ALIKES = 0.35
"""Share of the leading objects that are typical cells with a flaw drawn into them."""
ALONE = 0.25
"""Share of slides whose cells are shown without surroundings, as some sets have none."""
BLURRED_SLIDES, BLUR_PX = 0.35, (0.5, 1.6)
NOISY_SLIDES, NOISE_LEVELS = 0.4, (1.0, 5.0)
WIDEST_SCALE, WIDEST_ASPECT, WIDEST_SHIFT = 1.2, 1.08, 0.05
REACH_PX, FADE_PX = 25.5, 4.0
"""From the middle of a cell to where nothing more of a parasite is taken, and over how much it fades."""
PALE_PX = 3
"""A parasite's pale cytoplasm and the blur of the lens reach this far beyond what is dark."""


@dataclass(frozen=True)
class SecondLookLayout:
    """How many slides are in a batch, and how many objects of each, in this order.

    Attributes
    ----------
    slides
        Of different sources, as far as there are enough.
    typical
        Healthy cells that nothing distinguishes: by these the others are normalised.
    leading
        Healthy objects that a first look puts forward, and in part typical ones with a flaw drawn into them.
    foreign
        Healthy objects of another source, and at the end as many infected cells of another: as they are, so
        that what a slide has of its own tells nothing.
    infected
        Half of the slide's own where it has any; the others healthy objects with a parasite put into them.
    """

    slides: int
    typical: int
    leading: int
    foreign: int
    infected: int

    @property
    def objects_a_slide(self) -> int:
        """All objects of one slide of a batch."""
        return self.typical + self.leading + 2 * self.foreign + self.infected


@dataclass(frozen=True, eq=False)
class ObjectBatch:
    """Objects of some slides, slide after slide, healthy ones before infected.

    Attributes
    ----------
    levels
        (B, 3, S, S) about zero, S = `SURROUNDED_SIZE_PX`.
    infected
        (B,) float32 truth.
    parasites
        (B, S, S) bool: where the parasite is plain to see; nowhere in a healthy object, nor in an infected
        one in which nothing stands out.
    """

    levels: Tensor
    infected: Tensor
    parasites: Tensor


class ObjectDrawer:
    """Draws varied objects of slides; its two generators fix every choice.

    At least one source must have healthy objects, and one infected ones; a `ValueError` says so otherwise.
    """

    def __init__(self, sources: Sequence[SurroundedCells], layout: SecondLookLayout, seed: int) -> None:
        self.slides = [source for source in sources if len(source.typical)]
        self._donors = [source for source in sources if source.infected.any()]
        if not self.slides or not self._donors:
            raise ValueError(
                "training needs healthy cells of at least one source and infected ones of at least one; "
                f"healthy: {[each.source for each in self.slides]}, "
                f"infected: {[each.source for each in self._donors]}"
            )
        self._layout = layout
        self._random = np.random.default_rng(seed)
        self._generator = torch.Generator().manual_seed(seed)

    def batch(self) -> ObjectBatch:
        """The next batch."""
        chosen = self._random.choice(
            len(self.slides), self._layout.slides, replace=self._layout.slides > len(self.slides)
        )
        planes = torch.cat([self._slide(self.slides[int(number)]) for number in chosen])
        layout = self._layout
        healthy = layout.typical + layout.leading + layout.foreign
        truth = torch.tensor([0.0] * healthy + [1.0] * (layout.infected + layout.foreign))
        return ObjectBatch(planes[:, :3], truth.repeat(layout.slides), planes[:, 3] > 0.5)

    def _slide(self, source: SurroundedCells) -> Tensor:
        """(N, 4, S, S) levels of a slide's objects, and last where the parasite is."""
        layout = self._layout
        error = torch.exp(torch.randn(1, 3, generator=self._generator) * COLOUR_ERROR)
        typical = self._levels(source, self._among(source.typical, layout.typical), error)
        leading = self._leading(source, error)
        infected = self._infected(source, error)
        parts = [without_parasite(typical), without_parasite(leading), infected]
        if layout.foreign:
            healthy = self._other_than(source, self.slides)
            ill = self._other_than(source, self._donors)
            either = np.concatenate([healthy.leading, healthy.typical])
            of_healthy = self._levels(healthy, self._among(either, layout.foreign), error)
            of_ill = self._levels(ill, self._among(np.flatnonzero(ill.infected), layout.foreign), error)
            parts = [*parts[:2], without_parasite(of_healthy), infected, with_own_parasite(of_ill)]
        return self._varied(torch.cat(parts))

    def _leading(self, source: SurroundedCells, error: Tensor) -> Tensor:
        drawn = int(self._random.binomial(self._layout.leading, LOOK_ALIKES))
        found = self._levels(source, self._among(source.leading, self._layout.leading - drawn), error)
        if not drawn:
            return found
        hosts = self._levels(source, self._among(source.typical, drawn), error)
        return torch.cat([found, with_look_alikes(hosts, self._generator)])

    def _infected(self, source: SurroundedCells, error: Tensor) -> Tensor:
        own = np.flatnonzero(source.infected)
        whole = self._layout.infected // 2 if len(own) else 0
        parts = [with_own_parasite(self._levels(source, self._among(own, whole), error))] if whole else []
        hosts = np.concatenate([source.typical, source.leading])
        host = self._levels(source, self._among(hosts, self._layout.infected - whole), error)
        late = int(self._random.binomial(len(host), LATE_STAGES))
        if late:
            drawn = with_late_stages(host[:late], self._generator)
            change = (drawn - host[:late]).abs() / LEVELS_PER_DENSITY
            parts.append(torch.cat([drawn, plain_to_see(change)], dim=1))
        if late < len(host):
            density = self._parasites(source, len(host) - late)
            levels = host[late:] - LEVELS_PER_DENSITY * density
            parts.append(torch.cat([levels, plain_to_see(density)], dim=1))
        return torch.cat(parts)

    def _parasites(self, source: SurroundedCells, count: int) -> Tensor:
        """(N, 3, S, S) densities of parasites taken out of infected cells, each turned."""
        found: list[Tensor] = []
        for _ in range(LONGEST_SEARCH):
            own = source.infected.any() and self._random.random() < FROM_OWN_SOURCE
            donor = source if own else self._donors[int(self._random.integers(len(self._donors)))]
            cells = self._among(np.flatnonzero(donor.infected), 4)
            density, seen = parasites_of(self._levels(donor, cells, torch.ones(1, 3)))
            found.extend(density[seen])
            if len(found) >= count:
                turned = int(self._random.integers(4))
                return torch.rot90(torch.stack(found[:count]), turned, (2, 3))
        raise ValueError(f"of {4 * LONGEST_SEARCH} infected cells none shows a parasite; check their truth")

    def _levels(self, source: SurroundedCells, which: NDArray[np.intp], error: Tensor) -> Tensor:
        own = torch.exp(torch.randn(len(which), 3, generator=self._generator) * CELL_COLOUR_ERROR)
        return levels_of(source.crops[which], torch.from_numpy(source.colour[which]) * error * own)

    def _among(self, which: NDArray[np.intp], count: int) -> NDArray[np.intp]:
        return np.asarray(self._random.choice(which, count), np.intp)

    def _other_than(self, source: SurroundedCells, among: list[SurroundedCells]) -> SurroundedCells:
        others = [other for other in among if other is not source] or [source]
        return others[int(self._random.integers(len(others)))]

    def _varied(self, planes: Tensor) -> Tensor:
        """The objects of a slide in one stain and lens, each in a pose of its own."""
        draw, levels = self._random, planes[:, :3]
        slide = random_stain(draw, STAIN_MIXING, STAIN_STRENGTH, STAIN_SHIFT)
        own = [random_stain(draw, CELL_MIXING, CELL_STRENGTH, CELL_SHIFT) for _ in range(len(levels))]
        matrix = torch.stack([torch.from_numpy(each.matrix) for each in own]) @ torch.from_numpy(slide.matrix)
        shift = torch.stack([torch.from_numpy(each.shift) for each in own]) + torch.from_numpy(slide.shift)
        levels = torch.einsum("nij,njhw->nihw", matrix, levels) + shift[:, :, None, None]
        if draw.random() < ALONE:
            radius_px = draw.uniform(1.03, 1.18) * SURROUNDED_CELL_DIAMETER_PX / 2
            around = _RADIUS[None, None] >= radius_px
            levels = torch.where(around, float(draw.uniform(0, 30)), levels)
        posed = self._posed(torch.cat([levels, planes[:, 3:]], dim=1))
        levels = posed[:, :3]
        if draw.random() < BLURRED_SLIDES:
            levels = blurred(levels, float(draw.uniform(*BLUR_PX)))
        if draw.random() < NOISY_SLIDES:
            noise = torch.randn(levels.shape, generator=self._generator)
            levels = levels + noise * float(draw.uniform(*NOISE_LEVELS))
        return torch.cat([levels.clamp(-128, 127), posed[:, 3:]], dim=1)

    def _posed(self, planes: Tensor) -> Tensor:
        """Turned, mirrored, scaled and shifted, and cut to `SURROUNDED_SIZE_PX`."""
        count = len(planes)

        def uniform(reach: float) -> Tensor:
            return (2 * torch.rand(count, generator=self._generator) - 1) * reach

        turn = uniform(float(torch.pi))
        scale = SURROUNDED_SIZE_PX / STORED_SURROUNDED_PX * torch.exp(uniform(float(np.log(WIDEST_SCALE))))
        aspect = torch.exp(uniform(float(np.log(WIDEST_ASPECT))))
        mirror = torch.where(uniform(1) < 0, -1.0, 1.0)
        across = torch.stack(
            [scale * turn.cos() * mirror * aspect, -scale * turn.sin() / aspect, uniform(WIDEST_SHIFT)], 1
        )
        down = torch.stack(
            [scale * turn.sin() * mirror * aspect, scale * turn.cos() / aspect, uniform(WIDEST_SHIFT)], 1
        )
        grid = functional.affine_grid(
            torch.stack([across, down], dim=1),
            [count, planes.shape[1], SURROUNDED_SIZE_PX, SURROUNDED_SIZE_PX],
            align_corners=False,
        )
        return functional.grid_sample(planes, grid, padding_mode="border", align_corners=False)


LONGEST_SEARCH = 250
_OFFSET = torch.arange(STORED_SURROUNDED_PX) - (STORED_SURROUNDED_PX - 1) / 2
_RADIUS = torch.hypot(_OFFSET[:, None], _OFFSET[None])
_WEIGHT = ((REACH_PX - _RADIUS) / FADE_PX).clamp(0, 1)[None, None]


def levels_of(crops: NDArray[np.uint8], colour: Tensor) -> Tensor:
    """(N, 3, S, S) levels about zero of (N, S, S, 3) crops, against the (N, 3) colour of the typical cell."""
    light = torch.from_numpy(crops).permute(0, 3, 1, 2).float() + DARK_LIGHT
    density = torch.log(light) - torch.log(colour + DARK_LIGHT)[:, :, None, None]
    return LEVELS_PER_DENSITY * density


def parasites_of(levels: Tensor) -> tuple[Tensor, Tensor]:
    """Density (N, 3, S, S) over the median of infected cells, and (N,) whether anything stands out."""
    density = -levels / LEVELS_PER_DENSITY
    median = density[:, :, _RADIUS < REACH_PX].median(dim=-1).values
    over = (density - median[:, :, None, None] - LEAST_DENSITY).clamp(min=0) * _WEIGHT
    seen = functional.avg_pool2d(over.mean(dim=1, keepdim=True), 3, 1, 1).amax(dim=(1, 2, 3))
    return over, seen >= VISIBLE_DENSITY


def plain_to_see(density: Tensor) -> Tensor:
    """(N, 1, S, S) of 0 and 1 where a parasite's (N, 3, S, S) density can be seen, and a little beyond."""
    mean = functional.avg_pool2d(density.mean(dim=1, keepdim=True), 3, 1, 1)
    return functional.max_pool2d((mean >= VISIBLE_DENSITY).float(), 2 * PALE_PX + 1, 1, PALE_PX)


def with_own_parasite(levels: Tensor) -> Tensor:
    """(N, 4, S, S) levels of infected cells, and where something stands out in them."""
    density, _ = parasites_of(levels)
    return torch.cat([levels, plain_to_see(density)], dim=1)


def without_parasite(levels: Tensor) -> Tensor:
    """(N, 4, S, S) levels of healthy objects, and nothing."""
    return torch.cat([levels, torch.zeros_like(levels[:, :1])], dim=1)


def blurred(levels: Tensor, width_px: float) -> Tensor:
    """Gaussian blur of (N, 3, S, S)."""
    kernel = torch.exp(-(torch.arange(-3, 4.0) ** 2) / (2 * width_px**2))
    kernel = kernel / kernel.sum()
    framed = functional.pad(levels, (3, 3, 3, 3), mode="replicate")
    rows = functional.conv2d(framed, kernel.view(1, 1, 1, 7).expand(3, 1, 1, 7), groups=3)
    return functional.conv2d(rows, kernel.view(1, 1, 7, 1).expand(3, 1, 7, 1), groups=3)


def second_look_batches(
    sources: Sequence[SurroundedCells], layout: SecondLookLayout, steps: int, seed: int
) -> Iterator[ObjectBatch]:
    """Yield `steps` batches; sources have their turn alike, however many objects they happen to hold."""
    drawer = ObjectDrawer(sources, layout, seed)
    for _ in range(steps):
        yield drawer.batch()
