"""What Dask costs on one machine: a slide scored by a pool of processes, or on Dask's LocalCluster.

    python -m benchmarks.engine_cost pool SLIDE OUT
    python -m benchmarks.engine_cost dask SLIDE OUT

Scores the slide anew and prints cells/s, all start-up included and without it (from the first field scored to
the last). With the latter stands the processor time of all processes together, which other work on the
machine touches less; and below it the proportional set size (PSS) of this process and of each worker at their
largest.
"""

import argparse
import threading
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import dask
import psutil
from distributed import LocalCluster, Worker, WorkerPlugin

from core.cells.scored_field import ScoringModels
from core.scoring.cluster import WITHOUT_PROFILE, ClusterWorkers, resource_name, worker_identity
from core.scoring.slide_run import ScoringOptions, score_slide
from core.scoring.workers import LocalWorkers, Workers, hold_models
from core.slides import open_slide
from core.tally import Assumptions
from models.cards import load_card
from scripts.score import load_in_worker

SAMPLE_S = 2.0


class HoldsModels(WorkerPlugin):
    """Loads the models of a worker that LocalCluster has started."""

    def setup(self, worker: Worker) -> None:
        """Load them before its first task."""
        hold_models(partial(load_in_worker, "released", "cpu"))()


class FieldTimes:
    """When fields were done, how many cells they have, and what processor time had been spent by then."""

    def __init__(self) -> None:
        self.done: list[tuple[float, int, float]] = []
        self._processes: list[psutil.Process] = []

    def slide_begins(self, name: str, fields: int, fields_done: int) -> None:
        """Take no note."""

    def field_done(self, cells: int) -> None:
        """Note a field."""
        if not self._processes:
            me = psutil.Process()
            self._processes = [me, *me.children(recursive=True)]
        spent_s = sum(sum(process.cpu_times()[:2]) for process in self._processes)
        self.done.append((time.perf_counter(), cells, spent_s))

    def slide_ends(self) -> None:
        """Take no note."""

    def remark(self, line: str) -> None:
        """Pass it on."""
        print(line)


def sample_memory(largest: dict[int, int], ended: threading.Event) -> None:
    """Keep the largest PSS of this process and its children, in bytes by process."""
    me = psutil.Process()
    while not ended.wait(SAMPLE_S):
        for process in [me, *me.children(recursive=True)]:
            try:
                largest[process.pid] = max(largest.get(process.pid, 0), process.memory_full_info().pss)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("engine", choices=("pool", "dask"))
    parser.add_argument("slide", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()

    started, largest, ended, times = time.perf_counter(), dict[int, int](), threading.Event(), FieldTimes()
    sampler = threading.Thread(target=sample_memory, args=(largest, ended))
    sampler.start()
    card = load_card("released")
    options = ScoringOptions(None, 100, Assumptions(), resume=False)
    with ExitStack() as stack:
        workers = stack.enter_context(opened(given.engine, given.workers, card.identity, stack))
        score_slide(open_slide(given.slide), given.out, card, workers, options, times)
    seconds = time.perf_counter() - started
    ended.set()
    sampler.join()
    cells = sum(number for _, number, _ in times.done)
    (first, before, spent_s), (last, _, spent_at_last_s) = times.done[0], times.done[-1]
    megabytes = sorted((size // 10**6 for size in largest.values()), reverse=True)
    print(f"{given.engine}: {cells} cells in {seconds:.1f} s: {cells / seconds:.0f} cells/s")
    print(
        f"from the first field to the last: {(cells - before) / (last - first):.0f} cells/s; processor time "
        f"{1e6 * (spent_at_last_s - spent_s) / (cells - before):.0f} µs a cell"
    )
    print(f"largest PSS, MB a process: {megabytes}")


def opened(engine: str, count: int, models: str, stack: ExitStack) -> Workers[ScoringModels]:
    """The workers of an engine; what else they need is left to the stack."""
    if engine == "pool":
        return LocalWorkers(partial(load_in_worker, "released", "cpu"), count)
    # As cheap as Dask can be made: it would sample its workers' calls, and give freed memory back at once.
    dask.config.set({"distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None, **WITHOUT_PROFILE})
    identity = worker_identity(models)
    cluster = stack.enter_context(
        LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            memory_limit=0,
            dashboard_address=":0",
            resources={resource_name(identity): 1},
        )
    )
    workers: ClusterWorkers[ScoringModels] = ClusterWorkers(cluster.scheduler_address, identity, print)
    workers.client.register_plugin(HoldsModels())
    return workers


if __name__ == "__main__":
    main()
