"""The curves of a guided training for TensorBoard, beside `curves.csv`."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from core.errors import SmearscopeError
from core.training.curves import EpochFigures

Watch = Callable[[Sequence[EpochFigures]], None]
"""Takes the curves of a training so far."""


class TensorBoardError(SmearscopeError):
    """TensorBoard is asked for and not installed."""


@contextmanager
def tensorboard_curves(folder: Path, *, wanted: bool) -> Iterator[Watch]:
    """Write every figure of the curves as a scalar, such as `validation/epg`, with the epoch as its step.

    Parameters
    ----------
    folder
        Of the event files. What is in it is written anew: a training that goes on after a kill may
        have lost an epoch that they hold.
    wanted
        False: nothing is written, and TensorBoard need not be installed.

    Raises
    ------
    TensorBoardError
        Where it is wanted and not installed.
    """
    if not wanted:
        yield lambda _: None
        return
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise TensorBoardError(
            f"--tensorboard: {error}; install the extra with pip install 'smearscope[tensorboard]', "
            "or leave the option out: curves.csv holds the same"
        ) from error
    shutil.rmtree(folder, ignore_errors=True)
    with SummaryWriter(str(folder)) as writer:
        written = 0

        def watch(rows: Sequence[EpochFigures]) -> None:
            nonlocal written
            for row in rows[written:]:
                figures = asdict(row)
                epoch, images = figures.pop("epoch"), figures.pop("images")
                for name, figure in figures.items():
                    writer.add_scalar(f"{images}/{name}", figure, epoch)
            written = len(rows)
            writer.flush()

        yield watch
