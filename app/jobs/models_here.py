"""The models of a data folder: the released one, those put into `models/`, and which of them scores."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from app.workplace import Workplace
from core.errors import SmearscopeError
from core.review import StageHead
from core.wording import sentence
from models.cards import FILES, RELEASED, CardError, ModelCards, load_card, model_folder
from models.stage_head import CARD, WEIGHTS, load_stage_head
from models.weights import CheckpointError

RELEASED_NAME = "released"


class ModelHereError(SmearscopeError):
    """A model that is asked for and is not there as it was."""


@dataclass(frozen=True)
class ModelHere:
    """A model that can score.

    Attributes
    ----------
    name
        ``released``, or its folder in `models/` of the data folder.
    source
        As `models.loading.load_models` takes it.
    card
        What is known of it.
    """

    name: str
    source: str
    card: ModelCards

    @property
    def digest(self) -> str:
        """Short and safe for names of files; another for any other weights or cards."""
        return self.card.identity.rpartition(" ")[2]


@dataclass(frozen=True)
class UnusableModel:
    """A folder in `models/` that holds no usable model, and why."""

    name: str
    why: CardError


def models_here(workplace: Workplace) -> tuple[tuple[ModelHere, ...], tuple[UnusableModel, ...]]:
    """All models, the released one first, and folders that hold none; each card is read and checked."""
    found, unusable = [_released()], []
    folders = (
        sorted(path for path in workplace.models.iterdir() if path.is_dir())
        if (workplace.models.is_dir())
        else []
    )
    for folder in folders:
        if folder.name == RELEASED_NAME:
            why = CardError(sentence("models.reserved_name", name=RELEASED_NAME))
            unusable.append(UnusableModel(folder.name, why))
            continue
        try:
            found.append(ModelHere(folder.name, str(folder), _card(folder, _state(folder))))
        except CardError as error:
            unusable.append(UnusableModel(folder.name, error))
    return tuple(found), tuple(unusable)


def active_model(workplace: Workplace) -> ModelHere:
    """The model that slides are scored with from now on.

    Raises
    ------
    ModelHereError
        Where its files are gone, or are no more those of the model that was made the active one.
    """
    switch = workplace.store.models.last()
    if switch is None:
        return _released()
    found = {model.name: model for model in models_here(workplace)[0]}.get(switch.name)
    if found is None:
        raise ModelHereError(sentence("models.gone", name=switch.name))
    if found.card.identity != switch.identity:
        raise ModelHereError(sentence("models.changed", name=switch.name, identity=switch.identity))
    return found


def model_of_identity(workplace: Workplace, identity: str) -> ModelHere:
    """The model that a result was made with.

    Raises
    ------
    ModelHereError
        Where it is here no more.
    """
    for model in models_here(workplace)[0]:
        if model.card.identity == identity:
            return model
    raise ModelHereError(sentence("models.of_result_gone", identity=identity))


def stage_head_of(workplace: Workplace, identity: str) -> StageHead | None:
    """What suggests stages on the results of a model; None where that model has none, or is here no more."""
    try:
        folder = model_folder(model_of_identity(workplace, identity).source)
        return _stage_head(folder, _state(folder, (*FILES, WEIGHTS, CARD)))
    except (ModelHereError, CardError, CheckpointError):
        return None


def result_folder(workplace: Workplace, slide_id: int, model: ModelHere) -> Path:
    """Where a model's scores of a slide go: those of each model and version in a folder of their own.

    Fields that one result unites must be scored alike; after an upgrade a slide is scored anew as a whole.
    """
    return workplace.results / f"{slide_id}-{model.digest}-{version('smearscope')}"


def _released() -> ModelHere:
    return ModelHere(RELEASED_NAME, RELEASED_NAME, _card(RELEASED, _state(RELEASED)))


def _state(folder: Path, files: Iterable[str] = FILES) -> tuple[tuple[int, int], ...]:
    """Times and sizes of a model's files: while they are the same they are not read again."""
    states = []
    for name in files:
        file = folder / name
        found = file.stat() if file.is_file() else None
        states.append((0, 0) if found is None else (found.st_mtime_ns, found.st_size))
    return tuple(states)


@lru_cache(maxsize=32)
def _card(folder: Path, _times_and_sizes: tuple[tuple[int, int], ...]) -> ModelCards:
    """The card of a model; `_times_and_sizes` tell that of replaced files from the one before."""
    return load_card(str(folder))


@lru_cache(maxsize=8)
def _stage_head(folder: Path, _times_and_sizes: tuple[tuple[int, int], ...]) -> StageHead | None:
    return load_stage_head(folder)
