"""Two-phase training of a guided network: the head by cross-entropy, then the network by its objective.

Gradients are summed over images, passes and processes and divided by the images of the batch once, so a batch
gives the same step in whatever portions and on however many processes it is worked through. Processes share
nothing but those sums and the figures of an epoch; networks start out alike because they are built alike.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from lightning_fabric import Fabric
from lightning_fabric.wrappers import _FabricOptimizer
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from core.training.checkpoints import (
    TrainingProgress,
    load_epoch,
    load_optimiser,
    load_reference,
    optimiser_state,
    read_progress,
    save_epoch,
)
from core.training.curves import EpochFigures, epoch_figures, write_curves, write_image_figures
from core.training.loop import LARGEST_GRADIENT, rate_factor, require_finite
from core.training.passes import FIGURES, GuidedBatch, GuidedNetwork, Sample, Samples
from core.training.plan import TrainingPlan
from core.training.processes import keep_freed_memory

WEIGHTS_LEARNING_RATE = 0.01
"""Of learned weights, at the peak: at a network's rate they would hardly leave their start."""


@dataclass(frozen=True, eq=False)
class MeasuredImages:
    """Images as they are, to measure a network on.

    Attributes
    ----------
    samples
        Without random changes.
    paths
        What each is called in tables.
    """

    samples: Samples
    paths: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ImageSets:
    """What a network is trained on and measured on.

    Attributes
    ----------
    drawn
        The training images with the random changes of an epoch, counted from 1, in any order that stays; the
        same for the same number.
    training, validation
        The images after each epoch's training, to measure.
    class_names
        K names, in the order of the logits.
    """

    drawn: Callable[[int], Samples]
    training: MeasuredImages
    validation: MeasuredImages
    class_names: tuple[str, ...]


def train_guided(
    guided: GuidedNetwork,
    images: ImageSets,
    plan: TrainingPlan,
    fabric: Fabric,
    out: Path,
    say: Callable[[str], None] = lambda _: None,
    reference: Path | None = None,
    watch: Callable[[Sequence[EpochFigures]], None] = lambda _: None,
) -> TrainingProgress:
    """Train, or go on where a training in the same folder was broken off.

    After every epoch the folder holds `curves.csv`, `images/training_001.csv` and `images/validation_001.csv`
    of that epoch, and what `core.training.checkpoints` says.

    Parameters
    ----------
    guided
        Trained in place; on every process the same. Left with the weights of the last epoch.
    images
        Readable by every process.
    plan
        As it was when the training was begun.
    fabric
        Launched. Its precision is that of training passes; figures are measured in 32 bits.
    out
        The folder, the same for all processes.
    say
        Called by the first process with a line after each epoch.
    reference
        Folder of a training of the same images, network, seed and reference phase, where that phase is over:
        this one begins at its epoch 0. The weights come out as without it, bit for bit, since the objective,
        its maps and its regions play no part before; rows of the curves before epoch 0 are those of the
        other training, with its objective and maps. None to train the reference phase here.
    watch
        Called by the first process with the curves so far: where a training goes on, and after each epoch.

    Raises
    ------
    core.training.loop.TrainingError, core.training.checkpoints.GuidedCheckpointError, core.files.OutputError
        Where the loss is no number any more; for a damaged folder; for one that cannot be written.
    """
    if fabric.device.type == "cpu":
        keep_freed_memory()
    fabric.to_device(guided.network)
    fabric.to_device(guided.objective)
    progress = read_progress(out)
    if progress is None:
        if reference is None:
            begun = TrainingProgress(plan.first_epoch, ())
        else:
            begun = load_reference(reference, plan, guided.network)
        progress = _measured(begun, guided, images, plan, fabric, out, say, watch)
        _save(out, progress, guided, {}, fabric)
    else:
        load_epoch(out, progress.epoch, guided.network, guided.objective)
        if fabric.is_global_zero:
            # A kill may have come between the table of an epoch and the end of it.
            write_curves(out / "curves.csv", progress.curves)
            watch(progress.curves)
    optimiser: PhaseOptimiser | None = None
    while progress.epoch < plan.guided.epochs and not progress.to_stop(plan.patience_epochs):
        epoch = progress.epoch + 1
        if optimiser is None or epoch == 1:
            optimiser = PhaseOptimiser(guided, plan, fabric, guides=epoch > 0)
            if epoch not in (1, plan.first_epoch + 1):
                load_optimiser(out, progress.epoch, optimiser.optimiser, optimiser.named)
        _train_epoch(epoch, guided, images.drawn(epoch - plan.first_epoch), plan, fabric, optimiser)
        progress = _measured(
            TrainingProgress(epoch, progress.curves), guided, images, plan, fabric, out, say, watch
        )
        _save(out, progress, guided, optimiser_state(optimiser.optimiser, optimiser.named), fabric)
    return progress


class PhaseOptimiser:
    """AdamW over what a phase trains.

    Attributes
    ----------
    named
        The parameters trained, by name.
    """

    def __init__(self, guided: GuidedNetwork, plan: TrainingPlan, fabric: Fabric, *, guides: bool) -> None:
        self._phase = plan.guided if guides else plan.reference
        self._fabric = fabric
        head_only = not guides and plan.reference.trains == "head"
        for name, parameter in guided.network.named_parameters():
            parameter.requires_grad_(not head_only or name.rpartition(".")[0] == guided.head)
        network = [(f"network.{name}", p) for name, p in guided.network.named_parameters() if p.requires_grad]
        learned = guided.objective.named_parameters() if guides else ()
        weights = [(f"objective.{name}", parameter) for name, parameter in learned]
        self.named: list[tuple[str, nn.Parameter]] = [*network, *weights]
        self._peaks = (self._phase.learning_rate, WEIGHTS_LEARNING_RATE)
        self.optimiser = torch.optim.AdamW(
            [
                {"params": [p for _, p in network], "weight_decay": self._phase.weight_decay},
                {"params": [p for _, p in weights], "weight_decay": 0.0},
            ],
            lr=self._phase.learning_rate,
        )
        self._wrapped = cast(_FabricOptimizer, fabric.setup_optimizers(self.optimiser))

    def step(self, step: int, steps: int, network: nn.Module) -> None:
        """Sum the gradients of all processes and take a step of the phase, counted from 0."""
        gradients = []
        for _, parameter in self.named:
            if parameter.grad is None:  # not reached on this process, or by this objective
                parameter.grad = torch.zeros_like(parameter)
            gradients.append(parameter.grad)
        if self._fabric.world_size > 1:
            flat = torch.cat([gradient.flatten() for gradient in gradients])
            self._fabric.all_reduce(flat, reduce_op="sum")
            for gradient, total in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
                gradient.copy_(total.view_as(gradient))
        self._fabric.clip_gradients(network, self._wrapped, max_norm=LARGEST_GRADIENT)
        factor = rate_factor(step, steps, self._phase.warm_up)
        for group, peak in zip(self.optimiser.param_groups, self._peaks, strict=True):
            group["lr"] = peak * factor
        self._wrapped.step()
        self._wrapped.zero_grad()


def accumulate(
    guided: GuidedNetwork,
    passes: Iterable[GuidedBatch],
    images: int,
    fabric: Fabric,
    *,
    guides: bool,
) -> Tensor:
    """Add up the gradients of the mean objective of a batch that comes in passes; gives its part of the mean.

    Parameters
    ----------
    guided
        In the mode it is to be trained in.
    passes
        Parts of the batch that this process works through, none of them kept.
    images
        Of the whole batch, over all passes and processes.
    fabric
        Sets the precision.
    guides
        False: the cross-entropy alone.
    """
    mean = torch.zeros((), device=fabric.device)
    for part in passes:
        losses = guided.losses(part.to(fabric.device), guided=guides, precision=fabric.autocast())
        share = losses.sum() / images
        fabric.backward(share)
        mean += share.detach()
    return mean


def _train_epoch(
    epoch: int,
    guided: GuidedNetwork,
    samples: Samples,
    plan: TrainingPlan,
    fabric: Fabric,
    optimiser: PhaseOptimiser,
) -> None:
    generator = np.random.default_rng([plan.seed, epoch - plan.first_epoch])
    order = generator.permutation(len(samples)).tolist()
    batches = [order[start : start + plan.batch_size] for start in range(0, len(order), plan.batch_size)]
    own = [batch[fabric.global_rank :: fabric.world_size] for batch in batches]
    parts = _read(samples, [part for batch in own for part in _parts(batch, plan)], plan)
    guided.begin_training(freeze_batch_norm=plan.freeze_batch_norm or not _trains_all(epoch, plan))
    torch.manual_seed(int(generator.integers(2**32)) + fabric.global_rank)  # of dropout
    phase = plan.phase(epoch)
    done = (epoch - 1 if epoch > 0 else epoch - 1 - plan.first_epoch) * len(batches)
    with tqdm(
        zip(batches, own, strict=True),
        total=len(batches),
        desc=f"epoch {epoch}",
        unit="step",
        mininterval=2,
        disable=None if fabric.is_global_zero else True,
    ) as progress:
        for number, (batch, mine) in enumerate(progress):
            passes = (next(parts) for _ in _parts(mine, plan))
            loss = accumulate(guided, passes, len(batch), fabric, guides=epoch > 0)
            if fabric.world_size > 1:
                fabric.all_reduce(loss, reduce_op="sum")
            require_finite(loss, f"epoch {epoch}: the loss", number, phase.learning_rate)
            optimiser.step(done + number, phase.epochs * len(batches), guided.network)
            progress.set_postfix(loss=f"{float(loss):.3f}")


def _trains_all(epoch: int, plan: TrainingPlan) -> bool:
    return epoch > 0 or plan.reference.trains == "network"


def _measured(
    progress: TrainingProgress,
    guided: GuidedNetwork,
    images: ImageSets,
    plan: TrainingPlan,
    fabric: Fabric,
    out: Path,
    say: Callable[[str], None],
    watch: Callable[[Sequence[EpochFigures]], None],
) -> TrainingProgress:
    """Measure both sets, write the tables, and give the progress with the two rows."""
    rows = list(progress.curves)
    for name, measured in (("training", images.training), ("validation", images.validation)):
        figures, classes = image_figures(guided, measured.samples, plan, fabric)
        rows.append(epoch_figures(progress.epoch, name, figures, classes))
        if fabric.is_global_zero:
            table = out / "images" / f"{name}_{progress.epoch:03d}.csv"
            write_image_figures(table, measured.paths, images.class_names, figures, classes)
    if fabric.is_global_zero:
        write_curves(out / "curves.csv", rows)
        watch(rows)
        last = rows[-1]
        say(
            f"epoch {last.epoch}: validation accuracy {last.accuracy:.4f}, CE {last.cross_entropy:.4f}, "
            f"MAGTR {last.magtr:.4f}, EPG {last.epg:.4f}, objective {last.loss:.4f}; "
            f"unguided: {last.without_region} without region, {last.region_too_large} too large, "
            f"{last.empty_map} empty maps"
        )
    return TrainingProgress(progress.epoch, tuple(rows))


def image_figures(
    guided: GuidedNetwork, samples: Samples, plan: TrainingPlan, fabric: Fabric
) -> tuple[Tensor, Tensor]:
    """(N, 9) figures of images (`core.training.passes.FIGURES`) and their (N,) true classes.

    Each process measures its share; all get the whole, on the CPU.
    """
    guided.network.eval()
    parts = _parts(list(range(len(samples)))[fabric.global_rank :: fabric.world_size], plan)
    table = torch.zeros((len(samples), 1 + len(FIGURES)), dtype=torch.float64, device=fabric.device)
    for indices, batch in zip(parts, _read(samples, parts, plan), strict=True):
        here = batch.to(fabric.device)
        table[indices] = torch.cat([here.classes[:, None].double(), guided.figures(here)], dim=1)
    if fabric.world_size > 1:
        fabric.all_reduce(table, reduce_op="sum")
    return table[:, 1:].cpu(), table[:, 0].long().cpu()


def _save(
    out: Path, progress: TrainingProgress, guided: GuidedNetwork, optimiser: dict[str, Tensor], fabric: Fabric
) -> None:
    if fabric.is_global_zero:
        save_epoch(out, progress, guided.network, guided.objective, optimiser)
    fabric.barrier()


def _parts(indices: list[int], plan: TrainingPlan) -> list[list[int]]:
    return [
        indices[start : start + plan.images_a_pass] for start in range(0, len(indices), plan.images_a_pass)
    ]


def _read(samples: Samples, parts: list[list[int]], plan: TrainingPlan) -> Iterator[GuidedBatch]:
    loader = DataLoader(
        cast("Dataset[Sample]", samples),
        batch_sampler=parts,
        num_workers=plan.reading_processes,
        collate_fn=GuidedBatch.of,
    )
    return iter(loader)
