"""How the speed of a cluster grows with its workers: measured, then simulated.

    python -m benchmarks.cluster_scale

First a small cluster on this machine scores a slide whose tasks only sleep, 0.21 s a field. Client, scheduler
and ledger are the real ones, and so is what a task carries there and back. That gives the processor time of a
field in the client, in the scheduler and, beside the scoring, in a worker. (The workers are threads of one
process; where the machine has other work, this cluster is slow, but its processor time is the same.) Then
clusters of up to 128 workers are simulated, event by event: client and scheduler serve one message after
another, each worker one field after another, and two fields a worker are under way. `efficiency` is the speed
by that of workers that never wait.
"""

import argparse
import asyncio
import heapq
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dask
import numpy as np
import psutil
from distributed import Client, Worker
from numpy.typing import NDArray

from core.cells.quality import FieldQuality
from core.cells.reference import SlideReference
from core.cells.scored_field import ScoredField
from core.scoring.cluster import WITHOUT_PROFILE, ClusterWorkers, resource_name, worker_identity
from core.scoring.field_tasks import FieldTask, SlideInWork
from core.scoring.ledger import Ledger, ScoringIdentity
from core.scoring.ledger_table import LedgerEntry
from core.scoring.workers import hold_models

FIELD_S = 0.21
"""Of one core, for a field with 177 objects."""
OBJECTS, SEEN_AGAIN = 177, 33
STATISTICS = 16_900
"""Numbers that the second look compares with: most of what a task carries (152 kB)."""
FIELDS_A_WORKER = 40
IDENTITY = worker_identity("sleep")


def sleep(scored: ScoredField, task: FieldTask) -> LedgerEntry:
    """Take as long as scoring a field, and give as much."""
    time.sleep(FIELD_S)
    return LedgerEntry(task.name, task.source, task.generation, scored)


def scored_field() -> ScoredField:
    """As many numbers as a field has."""
    random = np.random.default_rng(1)
    return ScoredField(
        width=1280,
        height=960,
        content_hash="0" * 32,
        boxes=random.random((OBJECTS, 4), np.float32),
        detection_score=random.random(OBJECTS, np.float32),
        infected_score=random.random(OBJECTS, np.float32),
        second_score=np.where(np.arange(OBJECTS) < SEEN_AGAIN, np.float32(0.5), np.float32(np.nan)),
        second_features=random.random((SEEN_AGAIN, 96), np.float32).astype(np.float16),
        why_not=np.full(OBJECTS, ""),
        quality=FieldQuality(0.1, 230.0, 1.0, 1.0, 1.0),
        cell_colour=(200.0, 140.0, 150.0),
        feature_statistics=(0.5,),
    )


async def work(address: str, count: int) -> None:
    """Be many workers."""
    resources = {resource_name(IDENTITY): 1.0}

    async def one() -> None:
        async with Worker(address, nthreads=1, memory_limit=0, resources=resources) as worker:
            await worker.finished()

    await asyncio.gather(*(one() for _ in range(count)))


@contextmanager
def cluster(address: str, count: int) -> Iterator[list[psutil.Process]]:
    """The processes of the client, which is this one, of a scheduler, and of all workers."""
    port = address.rpartition(":")[2]
    options = ("--host", "127.0.0.1", "--port", port, "--dashboard-address", ":0")
    programs = (
        ("-m", "dask", "scheduler", *options),
        ("-m", "benchmarks.cluster_scale", "--be-workers", address, str(count)),
    )
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    started = [
        subprocess.Popen([sys.executable, *program], env=environment, stderr=subprocess.DEVNULL)
        for program in programs
    ]
    try:
        with Client(address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(count)
        yield [psutil.Process(), *(psutil.Process(process.pid) for process in started)]
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def processor_s(processes: list[psutil.Process]) -> NDArray[np.float64]:
    """What each has had so far."""
    return np.array([sum(process.cpu_times()[:2]) for process in processes])


def seconds_for(address: str, count: int) -> tuple[float, NDArray[np.float64]]:
    """Score a slide of so many fields for each worker, as `score` does once its reference is known."""
    fields = FIELDS_A_WORKER * count
    reference = SlideReference(38.0, (200.0, 140.0, 150.0), (1.5,), second_statistics=(0.5,) * STATISTICS)
    slide = SlideInWork(Path("slide"), "slide", "", reference, None)
    tasks = [FieldTask(slide, f"field{number}.png", "", 1, 0.04) for number in range(fields)]
    identity = ScoringIdentity("0", "sleep", None, "slide")
    workers: ClusterWorkers[ScoredField]
    with (
        tempfile.TemporaryDirectory() as folder,
        cluster(address, count) as processes,
        ClusterWorkers(address, IDENTITY, print) as workers,
        Ledger(Path(folder), identity, resume=False) as ledger,
    ):
        workers.call(sleep, tasks[0])  # as the reference is measured first
        started, before = time.perf_counter(), processor_s(processes)
        for _, entry in workers.map(sleep, tasks):
            ledger.add(entry)
        ledger.flush()
        return time.perf_counter() - started, processor_s(processes) - before


class Server:
    """Serves one after another."""

    def __init__(self) -> None:
        self.free_s = 0.0

    def done_s(self, arrives_s: float, takes_s: float) -> float:
        """When what arrives then is done."""
        self.free_s = max(self.free_s, arrives_s) + takes_s
        return self.free_s


def simulated_s(count: int, client_s: float, scheduler_s: float, worker_s: float) -> float:
    """Seconds for `FIELDS_A_WORKER` fields a worker; field times vary evenly by half either way.

    Parameters
    ----------
    count
        Of workers.
    client_s, scheduler_s, worker_s
        Processor time of a field beside its scoring: half of the first two before it, half after it.
    """
    random = np.random.default_rng(1)
    client, scheduler = Server(), Server()
    workers: list[Server] = [Server() for _ in range(count)]
    waiting = FIELDS_A_WORKER * count
    events = [(0.0, number, 0) for number in range(2 * count)]  # when, of which field, and at which step
    waiting -= len(events)
    now = 0.0
    while events:
        now, number, step = heapq.heappop(events)
        if step in (0, 4):
            done = client.done_s(now, client_s / 2)
        elif step in (1, 3):
            done = scheduler.done_s(now, scheduler_s / 2)
        else:
            least = min(workers, key=lambda worker: worker.free_s)
            done = least.done_s(now, worker_s + FIELD_S * random.uniform(0.5, 1.5))
        if step < 4:
            heapq.heappush(events, (done, number, step + 1))
        elif waiting:
            waiting -= 1
            heapq.heappush(events, (done, number, 0))
        now = done
    return now


def main() -> None:
    """Simulate and print a line for each number of workers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, 64, 128])
    parser.add_argument("--measured", type=int, default=32, help="workers of the cluster on this machine")
    parser.add_argument("--address", default="tcp://127.0.0.1:18799")
    parser.add_argument("--be-workers", nargs=2, metavar=("ADDRESS", "COUNT"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.be_workers:
        dask.config.set(WITHOUT_PROFILE)
        hold_models(scored_field)
        asyncio.run(work(given.be_workers[0], int(given.be_workers[1])))
        return
    count = given.measured
    seconds, processor = seconds_for(given.address, count)
    costs = processor / (FIELDS_A_WORKER * count)
    efficiency = FIELDS_A_WORKER * FIELD_S / seconds
    print(f"measured, {count} workers here: {seconds:.1f} s, efficiency {efficiency:.3f}")
    print(f"processor ms a field: client, scheduler, worker {np.round(1e3 * costs, 1).tolist()}")
    for count in given.workers:
        seconds = simulated_s(count, *costs)
        fields, efficiency = FIELDS_A_WORKER * count, FIELDS_A_WORKER * FIELD_S / seconds
        print(f"simulated, {count:3} workers: {fields / seconds:5.1f} fields/s, efficiency {efficiency:.3f}")


if __name__ == "__main__":
    main()
