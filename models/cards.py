"""What is known of a set of weights: made from what, worth what, for which slides; JSON beside them."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from core.cells.located import WhyNot
from core.cells.quality import FieldQuality
from core.errors import SmearscopeError
from core.tally import LaboratoryFigures, Performance, RankCurve
from core.wording import Sentence, sentence

RELEASED = Path(__file__).parent / "released"
FILES = (
    *("detector.safetensors", "detector.json"),
    *("classifier.safetensors", "classifier.json"),
    *("second_look.safetensors", "second_look.json"),
)
"""Of a model: weights and card of each of its networks."""


class CardError(SmearscopeError):
    """A model card that is missing, or does not say what it must."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Part):
    """A data set the weights were trained on."""

    name: str
    citation: str
    licence: str
    items: int


class Training(_Part):
    """How the weights were made: the command, the settings and seed, the data."""

    command: str
    settings: dict[str, Any]
    seed: int
    sources: tuple[Source, ...]


class Found(_Part):
    """Objects found of those present in a validation, and where that was measured."""

    found: int
    missed: int
    measured_on: str


class Range(_Part):
    """Closed range of a measure over the validated slides."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether a value lies inside; NaN does not."""
        return self.low <= value <= self.high


class Validity(_Part):
    """What a slide must look like for the figures to apply: ranges seen in validation."""

    edge_blur: Range
    background: Range
    density_red: Range
    density_green: Range
    density_blue: Range
    failed_share_limit: float
    cell_width_px: Range = Range(low=18.0, high=400.0)
    fine_detail: Range = Range(low=-3.0, high=0.0)
    block_steps: Range = Range(low=0.0, high=0.3)
    """Where a list is worth as much as at full size (`benchmarks.pixels_and_detail`, docs/RESULTS.md). A
    field whose cells have fewer pixels or less fine detail than the lower end, or stronger block steps than
    the upper, does not count: parasites on it are no longer seen. The other ends say how far validation went
    and leave nothing out. Cards of before 0.4 have none of the three, and get these."""


class DetectorCard(_Part):
    """Card of a detector's weights."""

    name: str
    notice: str
    training: Training
    infected_cells: Found
    """Infected cells located with their box, by networks that had not seen the fields."""
    figures: dict[str, Any]
    limits: tuple[str, ...]


class ClassifierCard(_Part):
    """Card of a classifier's weights: the first look at every object."""

    name: str
    notice: str
    width: int
    stride_px: Literal[4]
    """Pixels of a crop between two places of its last features, on which the sizes of weights do not depend:
    those of networks of 8 px would load, and score otherwise."""
    training: Training
    validity: Validity
    figures: dict[str, Any]
    limits: tuple[str, ...]


class KeptAside(_Part):
    """What an adaptation gained on each patient of a laboratory while it was learned from the others alone.

    Attributes
    ----------
    patients, parasites
        Patients with parasites, and their reviewed parasites.
    before, after
        Parasites that stand before all but the first 1 % of the healthy cells of their patient.
    gain_low, gain_high
        95 % interval of `after` less `before`, over patients drawn anew.
    first_100_before, first_100_after
        Parasites among the first 100 of each patient's cells.
    """

    patients: int
    parasites: int
    before: int
    after: int
    gain_low: int
    gain_high: int
    first_100_before: int
    first_100_after: int

    @property
    def gain(self) -> int:
        """Parasites that the adapted list shows early and the other does not, less those that it loses."""
        return self.after - self.before


class Adapted(_Part):
    """That a second look's last layer was moved by a laboratory's own cells, and what that gained.

    Attributes
    ----------
    made_from
        Identity of the model before.
    infected, healthy, patients
        What it was learned from.
    seed
        Of the interval: nothing else in it is drawn.
    """

    laboratory: str
    made_from: str
    command: str
    seed: int
    sources: tuple[str, ...]
    infected: int
    healthy: int
    patients: int
    kept_aside: KeptAside


class SecondLookCard(_Part):
    """Card of a second look's weights, which rank the list, and so of the worth of the whole chain."""

    name: str
    notice: str
    training: Training
    curve: RankCurve
    """Of a source that all three networks had left out: located, looked at twice and ranked."""
    curve_measured_on: str
    """That source, and how its parasites were counted."""
    laboratory: LaboratoryFigures | None = None
    """What `smearscope calibrate` has measured on a laboratory's own slides; None of a model as released."""
    figures: dict[str, Any]
    limits: tuple[str, ...]
    adapted: Adapted | None = None
    """None for a model as it was released. The curve is never that of the adapted list."""


class StageCard(_Part):
    """Card of the layer that suggests stages; no part of scoring, so it leaves a model's identity alone."""

    name: str
    notice: str
    second_look_sha256: str
    """Of the weights whose features it was fitted to: on those of others it means nothing."""
    confidence: dict[Literal["ring", "trophozoite", "schizont", "gametocyte"], float]
    """Probability from which a stage is suggested; the other stages never are."""
    training: Training
    figures: dict[str, Any]
    limits: tuple[str, ...]


Card = DetectorCard | ClassifierCard | SecondLookCard | StageCard
AnyCard = TypeVar("AnyCard", DetectorCard, ClassifierCard, SecondLookCard, StageCard)


def read_card(path: Path, kind: type[AnyCard]) -> AnyCard:
    """Read and check a card; raises `CardError` naming the file and the key."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CardError(
            f"{path}: cannot be read ({error.strerror}); a card must lie beside the weights"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CardError(
            f"{path}: {where}: {first['msg']}; write the cards anew with `smearscope release`"
        ) from error


def write_card(card: Card, path: Path) -> None:
    """Write a card as JSON that a person can read."""
    path.write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")


_SAID_BELOW_AND_ABOVE = {
    "edge_blur": ("outside.sharp", "outside.blurred"),
    "background": ("outside.dim", "outside.bright"),
}
_CHANNELS = {"density_red": "red", "density_green": "green", "density_blue": "blue"}
MEASURES = (*_SAID_BELOW_AND_ABOVE, *_CHANNELS)
"""Of `core.cells.quality.FieldQuality`, by which a slide is held against those of the validation."""


@dataclass(frozen=True)
class _Outside:
    """A measure of a slide that lies outside the validated range."""

    measure: str
    value: float
    allowed: Range

    @property
    def above(self) -> bool:
        return self.value > self.allowed.high

    @property
    def beyond(self) -> float:
        """How far outside."""
        return self.value - self.allowed.high if self.above else self.allowed.low - self.value

    def said(self, code: str, **more: str) -> Sentence:
        return sentence(code, value=self.value, low=self.allowed.low, high=self.allowed.high, **more)


@dataclass(frozen=True)
class ModelCards:
    """The cards of a model's networks as scoring asks for them (`core.scoring.judging.ModelCard`).

    Attributes
    ----------
    name, identity
        Of the three together; the identity changes with any byte of weights or cards.
    """

    name: str
    identity: str
    detector: DetectorCard
    classifier: ClassifierCard
    second_look: SecondLookCard

    @property
    def failed_share_limit(self) -> float:
        """Largest share of fields, in [0, 1], that may fail focus or stain."""
        return self.classifier.validity.failed_share_limit

    @property
    def performance(self) -> Performance:
        """What reading the lists of this model down is worth."""
        return Performance(
            model=self.name,
            validation_set=self.second_look.curve_measured_on,
            curve=self.second_look.curve,
        )

    def field_failure(self, quality: FieldQuality) -> WhyNot:
        """The first that holds of what keeps a parasite on a field from being seen; empty for a good field.

        A measure that is NaN, where there is no cell or an earlier version did not take it, fails nothing.
        """
        validity = self.classifier.validity
        failures = {
            WhyNot.NEGATIVE: quality.negative,
            WhyNot.WITHOUT_COLOUR: not quality.shows_colour,
            WhyNot.TOO_FEW_PIXELS: quality.cell_width_px < validity.cell_width_px.low,
            WhyNot.OUT_OF_FOCUS: quality.edge_blur > validity.edge_blur.high,
            WhyNot.TOO_LITTLE_DETAIL: quality.fine_detail < validity.fine_detail.low
            or quality.block_steps > validity.block_steps.high,
        }
        return next((why for why, fails in failures.items() if fails), WhyNot.EVALUABLE)

    def left_out(self, failed: Mapping[WhyNot, Sequence[FieldQuality]]) -> tuple[Sentence, ...]:
        """What to do about fields that fail for pixels, detail or polarity; a sentence for each reason."""
        sentences = []
        if few := failed.get(WhyNot.TOO_FEW_PIXELS):
            # Rounded apart: nobody reads that 24 px are too few where 24 are needed.
            width_px = math.floor(np.median([quality.cell_width_px for quality in few]))
            needed_px = math.ceil(self.classifier.validity.cell_width_px.low)
            said = sentence("left_out.few_pixels", fields=len(few), width_px=width_px, needed_px=needed_px)
            sentences.append(said)
        if poor := failed.get(WhyNot.TOO_LITTLE_DETAIL):
            sentences.append(sentence("left_out.little_detail", fields=len(poor)))
        if negatives := failed.get(WhyNot.NEGATIVE):
            sentences.append(sentence("left_out.negative", fields=len(negatives)))
        return tuple(sentences)

    def outside_validity(self, qualities: Sequence[FieldQuality]) -> tuple[Sentence, ...]:
        """What of focus, light and stain lies outside the validated range by its median, and what to do.

        A sentence each. The stain is one thing to whoever prepares films, so the channel that is furthest
        outside stands for it; where one is too dark and another too pale, the colour is wrong.
        """
        outside = [one for measure in MEASURES if (one := self._outside(measure, qualities)) is not None]
        stain = [one for one in outside if one.measure in _CHANNELS]
        sentences = [
            one.said(_SAID_BELOW_AND_ABOVE[one.measure][one.above]) for one in outside if one not in stain
        ]
        if stain:
            furthest = max(stain, key=lambda one: one.beyond)
            one_way = len({one.above for one in stain}) == 1
            look = ("pale", "dark")[furthest.above] if one_way else "colour"
            sentences.append(furthest.said(f"outside.stain_{look}", channel=_CHANNELS[furthest.measure]))
        return tuple(sentences)

    def _outside(self, measure: str, qualities: Sequence[FieldQuality]) -> _Outside | None:
        values = np.array([getattr(quality, measure) for quality in qualities], float)
        values = values[np.isfinite(values)]
        allowed: Range = getattr(self.classifier.validity, measure)
        if not len(values) or allowed.holds(middle := float(np.median(values))):
            return None
        return _Outside(measure, middle, allowed)


def model_folder(name: str) -> Path:
    """The folder that a model's name stands for; raises `CardError` where a file is missing."""
    folder = RELEASED if name == "released" else Path(name)
    for file in FILES:
        if not (folder / file).is_file():
            raise CardError(
                f"{folder / file}: missing; --model takes 'released' or a folder with {', '.join(FILES)}"
            )
    return folder


def load_card(name: str) -> ModelCards:
    """The cards of a model, without its weights: all that the process which only judges needs."""
    folder = model_folder(name)
    detector = read_card(folder / "detector.json", DetectorCard)
    classifier = read_card(folder / "classifier.json", ClassifierCard)
    second_look = read_card(folder / "second_look.json", SecondLookCard)
    digest = hashlib.blake2b(digest_size=8)
    for file in FILES:
        digest.update((folder / file).read_bytes())
    together = f"{detector.name} + {classifier.name} + {second_look.name}"
    return ModelCards(together, f"{together} {digest.hexdigest()}", detector, classifier, second_look)
