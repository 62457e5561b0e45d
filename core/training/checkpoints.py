"""A training on disk, so that it goes on after a kill as if nothing had been: safetensors and JSON.

```
progress.json                     epoch, curves; written last, so that what it names is there whole
epochs/-01/weights.safetensors    network and learned weights at the end of an epoch
epochs/-01/optimiser.safetensors  of the newest epoch only
```
Weights of the newest epoch, of epoch 0 and of the best guided epoch are kept. Tensors are stored row by row,
whatever their order in memory, and are read into the order that the network has: the sums of a training, and
so its last bits, depend on that order.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from core.errors import SmearscopeError
from core.files import cannot_write, replacing_folder, write_bytes
from core.training.curves import EpochFigures
from core.training.plan import TrainingPlan

WEIGHTS, OPTIMISER = "weights.safetensors", "optimiser.safetensors"


class GuidedCheckpointError(SmearscopeError):
    """A folder of a training that is damaged, incomplete or of another network."""


@dataclass(frozen=True)
class TrainingProgress:
    """How far a training has come.

    Attributes
    ----------
    epoch
        The last whole one.
    curves
        Two rows for each epoch up to it: training, validation.
    """

    epoch: int
    curves: tuple[EpochFigures, ...]

    def validation(self) -> dict[int, EpochFigures]:
        """Rows of the validation images from epoch 0 on, by epoch."""
        return {row.epoch: row for row in self.curves if row.images == "validation" and row.epoch >= 0}

    @property
    def best_epoch(self) -> int:
        """The epoch from 0 on with the lowest objective on the validation images; the first of equal ones."""
        rows = self.validation()
        if not rows:
            return self.epoch
        return min(rows, key=lambda epoch: (rows[epoch].loss, epoch))

    def to_stop(self, patience_epochs: int | None) -> bool:
        """Whether the objective on the validation images has not fallen for so many guided epochs."""
        return patience_epochs is not None and self.epoch - self.best_epoch >= patience_epochs


def epoch_folder(run: Path, epoch: int) -> Path:
    """Folder of the weights at the end of an epoch."""
    return run / "epochs" / f"{epoch:03d}"


def read_progress(run: Path) -> TrainingProgress | None:
    """How far the training in a folder has come, or None; raises `GuidedCheckpointError`."""
    path = run / "progress.json"
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return TrainingProgress(content["epoch"], tuple(EpochFigures(**row) for row in content["curves"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GuidedCheckpointError(
            f"{path}: not the progress of a training ({error}); delete the folder and train anew"
        ) from error


def save_epoch(
    run: Path,
    progress: TrainingProgress,
    network: nn.Module,
    objective: nn.Module,
    optimiser: Mapping[str, Tensor],
) -> None:
    """Write the end of an epoch, then forget what is not needed; raises `core.files.OutputError`."""
    with replacing_folder(epoch_folder(run, progress.epoch)) as folder:
        # Not by `save_file`, whose error on a full disk is no OSError.
        (folder / WEIGHTS).write_bytes(save(_tensors(network, objective)))
        (folder / OPTIMISER).write_bytes(save(dict(optimiser)))
    content = {"epoch": progress.epoch, "curves": [asdict(row) for row in progress.curves]}
    write_bytes(run / "progress.json", (json.dumps(content, indent=1) + "\n").encode())
    kept = {epoch_folder(run, epoch) for epoch in (progress.epoch, progress.best_epoch, 0)}
    try:
        for folder in (run / "epochs").iterdir():
            if folder not in kept:
                shutil.rmtree(folder)
            elif folder != epoch_folder(run, progress.epoch):
                (folder / OPTIMISER).unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(run / "epochs", error) from error


def load_epoch(run: Path, epoch: int, network: nn.Module, objective: nn.Module) -> None:
    """Read the weights at the end of an epoch; raises `GuidedCheckpointError`."""
    path = epoch_folder(run, epoch) / WEIGHTS
    state = _read(path)
    _load(path, state, "network.", network)
    _load(path, state, "objective.", objective)


def load_reference(run: Path, plan: TrainingPlan, network: nn.Module) -> TrainingProgress:
    """Read the end of a reference phase into the network of another training, which goes on from there.

    Parameters
    ----------
    run
        Folder of a training whose reference phase is over; what it guided by, if it did, does not matter.
    plan
        Of the other training.
    network
        That is given the weights.

    Returns
    -------
    Progress
        At epoch 0, with the rows of the epochs before it; epoch 0 is for the other training to measure.

    Raises
    ------
    GuidedCheckpointError
        Where the folder is damaged, its reference phase is not over or has other epochs than the plan, or its
        weights are of another network.
    """
    progress = read_progress(run)
    if progress is None or progress.epoch < 0:
        raise GuidedCheckpointError(
            f"{run}: its reference phase is not finished; train that to its end first"
        )
    first = min(row.epoch for row in progress.curves)
    if first != plan.first_epoch:
        raise GuidedCheckpointError(
            f"{run}: a reference phase of {-first} epochs, not {plan.reference.epochs}; give one of as many"
        )
    path = epoch_folder(run, 0) / WEIGHTS
    _load(path, _read(path), "network.", network)
    return TrainingProgress(0, tuple(row for row in progress.curves if row.epoch < 0))


def optimiser_state(
    optimiser: torch.optim.Optimizer, named: Sequence[tuple[str, nn.Parameter]]
) -> dict[str, Tensor]:
    """State of AdamW as tensors, `name/quantity`, for its parameters by their names."""
    return {
        f"{name}/{quantity}": value.detach().cpu().contiguous()
        for name, parameter in named
        for quantity, value in optimiser.state[parameter].items()
    }


def load_optimiser(
    run: Path, epoch: int, optimiser: torch.optim.Optimizer, named: Sequence[tuple[str, nn.Parameter]]
) -> None:
    """Read the state of AdamW at the end of an epoch; raises `GuidedCheckpointError`."""
    path = epoch_folder(run, epoch) / OPTIMISER
    state = _read(path)
    if {key.rpartition("/")[0] for key in state} != {name for name, _ in named}:
        raise GuidedCheckpointError(f"{path}: state of other parameters; delete the folder and train anew")
    numbers = {id(parameter): number for number, parameter in enumerate(_parameters(optimiser))}
    by_number: dict[int, dict[str, Tensor]] = {}
    for name, parameter in named:
        prefix = f"{name}/"
        own = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
        by_number[numbers[id(parameter)]] = {
            quantity: value if quantity == "step" else torch.empty_like(parameter).copy_(value)
            for quantity, value in own.items()
        }
    optimiser.load_state_dict({**optimiser.state_dict(), "state": by_number})


def _parameters(optimiser: torch.optim.Optimizer) -> list[nn.Parameter]:
    return [parameter for group in optimiser.param_groups for parameter in group["params"]]


def _tensors(network: nn.Module, objective: nn.Module) -> dict[str, Tensor]:
    return {
        f"{prefix}.{name}": value.detach().cpu().contiguous()
        for prefix, module in (("network", network), ("objective", objective))
        for name, value in module.state_dict().items()
    }


def _load(path: Path, state: Mapping[str, Tensor], prefix: str, module: nn.Module) -> None:
    own = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    try:
        module.load_state_dict(own)
    except RuntimeError as error:
        raise GuidedCheckpointError(
            f"{path}: weights of another {prefix[:-1]}; give the configuration they were made with"
        ) from error


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise GuidedCheckpointError(f"{path}: missing; delete the folder of the run and train anew")
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise GuidedCheckpointError(f"{path}: not a safetensors file ({error}); copy it anew") from error
