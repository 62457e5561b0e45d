"""Workers on many machines: Dask carries tasks to them, and what they give back.

A worker offers a Dask resource whose name says what it scores with (`WorkerIdentity`), and a task asks for
that resource. So the scheduler itself gives no task to a worker with other models or of another version, also
where one comes while a slide is scored.
"""

import asyncio
import json
import logging
import multiprocessing
import signal
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from multiprocessing.connection import Connection
from typing import Any, NoReturn

import dask
from distributed import Client, KilledWorker, Worker
from distributed.protocol.serialize import deserialize_bytes, serialize_bytes

from core.scoring.run_record import versions
from core.scoring.workers import (
    LOOK_AROUND_S,
    ClusterError,
    Item,
    Models,
    ModelsNotLoadedError,
    Outcome,
    WorkerDiedError,
    Workers,
    die_with_parent,
    hold_models,
    run_task,
)

PATIENCE_S = 300.0
"""How long a run waits where no worker is seen: also where each is killed soon after it has started."""
ANSWER_S = 10.0
"""How long a scheduler has to answer."""
RESTART_S = 1.0
"""Pause before a worker that has ended is replaced, so that one which cannot live keeps nobody busy."""
WITHOUT_PROFILE = {"distributed.worker.profile.enabled": False}
"""Setting of Dask: its workers would look a hundred times a second at what their task is doing."""
RESOURCE = "smearscope "
"""How the names of resources begin that say what a worker scores with."""

WorkerIdentity = dict[str, str]
"""What two workers must share for their scores to stand in one result, each thing by its name."""


def worker_identity(models: str, device: str = "cpu") -> WorkerIdentity:
    """Versions of what can change a score here, the models with the hash of their files, and where they run.

    Another device gives other last digits.
    """
    return {**versions(), "models": models, "device": device}


def resource_name(identity: WorkerIdentity) -> str:
    """Name of the Dask resource that a worker of this identity offers."""
    return RESOURCE + json.dumps(identity, sort_keys=True)


class ClusterWorkers(Workers[Models]):
    """The workers of a Dask scheduler that score as this program does (`serve` starts one).

    Parameters
    ----------
    scheduler
        Its address, as ``tcp://host:8786``.
    identity
        Of the workers that are given tasks.
    said
        Told of each other worker, in what it differs.

    Raises
    ------
    ClusterError
        Where no scheduler answers, or one of another version.
    """

    TRIES_ALONE = 1  # Dask itself gives a task to four workers before it says that they were killed

    def __init__(self, scheduler: str, identity: WorkerIdentity, said: Callable[[str], None]) -> None:
        _silence()
        self._address = scheduler
        self._identity = identity
        self._said = said
        self._count = 0
        self._refused: set[str] = set()
        self._waiting_is_said = False
        self._last_look = self._last_worker = time.monotonic()
        try:
            self.client = Client(scheduler, timeout=ANSWER_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ClusterError(
                f"no scheduler answers at {scheduler}: start one there with 'dask scheduler', or give its "
                "address as tcp://host:port"
            ) from error
        self._refuse_other_scheduler()
        self._executor = self.client.get_executor(pure=False, resources={resource_name(identity): 1})
        self._look_at_workers()

    @property
    def count(self) -> int:
        """Number of processes, as they were when last looked at."""
        return self._count

    def close(self) -> None:
        """Leave the cluster; its workers stay."""
        self.client.close(ANSWER_S)

    def _most_in_flight(self) -> int:
        if time.monotonic() - self._last_look >= LOOK_AROUND_S or not self._count:
            self._look_at_workers()
        return 2 * max(1, self._count)  # also while there is none: one may come

    def _submit(self, task: Callable[[Models, Item], Outcome], item: Item) -> "Future[Outcome]":
        try:
            # Packed: the scheduler would unpack the numbers of each task, and pack them again.
            future: Future[Outcome] = self._executor.submit(_run_packed, serialize_bytes((task, item)))
        except Exception as error:
            if self.client.status == "running":
                raise
            self._lost(error)
        return future

    def _outcome(self, future: "Future[Outcome]") -> Outcome:
        try:
            return future.result()
        except KilledWorker as error:
            raise WorkerDiedError from error
        except CancelledError as error:
            self._lost(error)

    def _look_at_workers(self) -> None:
        try:
            found: dict[str, Any] = self.client.scheduler_info()["workers"]
        except Exception as error:  # whatever a connection that breaks off gives
            self._lost(error)
        now = time.monotonic()
        offers = {address: _offered(worker) for address, worker in found.items()}
        before, self._count = self._count, sum(offer == self._identity for offer in offers.values())
        self._last_look = now
        if self._count or before:  # patience begins where none is seen, not where it was last looked
            self._last_worker = now
        for address, offer in offers.items():
            if offer != self._identity and address not in self._refused:
                self._refused.add(address)
                self._said(f"worker {address} is given no work: {_difference(offer, self._identity)}")
        if self._count:
            return
        none = f"no worker at {self._address} has these models"
        remedy = f"start workers with 'smearscope worker {self._address}' and the same --model"
        if now - self._last_worker > PATIENCE_S:
            raise ClusterError(f"{none}; what was scored is kept: {remedy}, then give the same command again")
        if not self._waiting_is_said:
            self._waiting_is_said = True
            self._said(f"{none}; waiting for one: {remedy}")

    def _refuse_other_scheduler(self) -> None:
        """Dask's scheduler must find what its workers run."""
        here = self._identity["smearscope"]
        try:
            there = self.client.run_on_scheduler(versions)["smearscope"]
        except Exception as error:  # whatever it raised: it may lack what is asked for
            if self.client.status != "running":
                self._lost(error)
            there = "none"
        if there != here:
            self.client.close(ANSWER_S)
            raise ClusterError(
                f"the scheduler at {self._address} has another Smearscope ({there}, here {here}): start it "
                "with the 'dask scheduler' that is installed with this version"
            )

    def _lost(self, error: BaseException) -> NoReturn:
        raise ClusterError(
            f"the scheduler at {self._address} is gone; what was scored is kept: start it and its workers "
            "again, then give the same command again"
        ) from error


def _run_packed(packed: bytes) -> Any:  # noqa: ANN401 - whatever the task gives
    return run_task(*deserialize_bytes(packed))


def serve(
    scheduler: str,
    load_models: Callable[[], object],
    identity: WorkerIdentity,
    said: Callable[[str], None],
) -> None:
    """Be a worker of a scheduler until interrupted, in a process of its own.

    Where that process is killed, or the scheduler goes, a new one waits for the scheduler.

    Parameters
    ----------
    scheduler, identity
        As for `ClusterWorkers`.
    load_models
        Picklable; called in the process that runs the tasks.
    said
        Told each time why there is a new process.

    Raises
    ------
    ModelsNotLoadedError
        With the reason that `load_models` gave.
    """
    context = multiprocessing.get_context("spawn")
    while True:
        reason, told = context.Pipe(duplex=False)
        process = context.Process(
            target=_worker_process, args=(scheduler, load_models, identity, told), daemon=True
        )
        process.start()
        told.close()
        process.join()
        try:
            raise ModelsNotLoadedError(reason.recv())
        except EOFError:  # it ended without a word: the models were loaded
            gone = {0: "its scheduler is gone", 1: "with an error"}.get(
                process.exitcode or 0, "it was killed"
            )
            said(f"the worker has ended, {gone}; another is started and waits for {scheduler}")
            time.sleep(RESTART_S)


def _worker_process(
    scheduler: str, load_models: Callable[[], object], identity: WorkerIdentity, told: "Connection[str, str]"
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    die_with_parent()
    _silence()
    try:
        hold_models(load_models)()
    except Exception as error:  # whatever it is, it would be so at each try
        told.send(str(error) or type(error).__name__)
        return
    dask.config.set(WITHOUT_PROFILE)
    asyncio.run(_work_for(scheduler, identity))


async def _work_for(scheduler: str, identity: WorkerIdentity) -> None:
    # Without a limit of memory: a worker that may use an equal share of it alone is killed by a large image.
    async with Worker(
        scheduler, nthreads=1, memory_limit=0, resources={resource_name(identity): 1}
    ) as worker:
        await worker.finished()


def _offered(worker: dict[str, Any]) -> WorkerIdentity:
    for name in worker["resources"]:
        if name.startswith(RESOURCE):
            identity: WorkerIdentity = json.loads(name.removeprefix(RESOURCE))
            return identity
    return {}


def _difference(offered: WorkerIdentity, wanted: WorkerIdentity) -> str:
    if not offered:
        return "it was not started with 'smearscope worker'"
    different = [
        f"{name} {offered.get(name, 'none')!r}, here {wanted.get(name, 'none')!r}"
        for name in sorted(offered.keys() | wanted.keys())
        if offered.get(name) != wanted.get(name)
    ]
    return f"it has {'; '.join(different)}"


def _silence() -> None:
    # What matters of Dask's messages is said in our own words; a lost connection alone is ten lines.
    for name in ("distributed", "tornado.application"):
        for handler in logging.getLogger(name).handlers:
            handler.setLevel(logging.CRITICAL)
