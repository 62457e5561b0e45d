"""Processes that each hold the networks and work through tasks, a few at a time.

A task is a module-level function whose first argument is what `load_models` gave. With one worker the tasks
run in the calling process.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from itertools import islice
from typing import Any, Generic, Self, TypeVar

import cv2

from core.errors import SmearscopeError

Models = TypeVar("Models", covariant=True)
Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class WorkerDiedError(SmearscopeError):
    """A worker process was killed, most often because memory ran out."""


class ModelsNotLoadedError(SmearscopeError):
    """The models cannot be loaded: no task can be done, of whichever slide."""


def available_cores() -> int:
    """Number of processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on every system
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Workers(Generic[Models]):
    """A pool of `count` processes; with 1, the calling process itself.

    Parameters
    ----------
    load_models
        Picklable; called once in each process, its result is handed to every task there. Where it fails, the
        next task tries again.
    count
        Number of processes, at least 1.

    Notes
    -----
    Processes are spawned, not forked: a fork of a process with threads may hang. They die with their parent,
    whichever way it ends, and leave Ctrl-C to it.
    """

    def __init__(self, load_models: Callable[[], Models], count: int) -> None:
        self._load_models = load_models
        self._own_models = _loaded_once(load_models)
        self.count = count
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def call(self, task: Callable[[Models, Item], Outcome], item: Item) -> Outcome:
        """Run one task and wait for it."""
        return next(self.map(task, [item]))[1]

    def map(
        self, task: Callable[[Models, Item], Outcome], items: Iterable[Item]
    ) -> Iterator[tuple[Item, Outcome]]:
        """Run a task on each item and give (item, outcome) as they come, in any order.

        Only two tasks a worker are in flight: memory does not grow with the number of items.

        Raises
        ------
        ModelsNotLoadedError
            With the reason that `load_models` gave as a `SmearscopeError`.
        WorkerDiedError
            Where a process was killed. The next call starts new ones.
        """
        if self.count == 1:
            for item in items:
                yield item, task(self._own_models(), item)
            return
        waiting = iter(items)
        in_flight: dict[Future[Outcome], Item] = {}
        try:
            while True:
                for item in islice(waiting, 2 * self.count - len(in_flight)):
                    in_flight[self._submit(task, item)] = item
                if not in_flight:
                    return
                done, _ = wait(in_flight, return_when=FIRST_COMPLETED)
                for future in done:
                    item = in_flight.pop(future)
                    yield item, future.result()
        except BrokenProcessPool as error:
            self._close()
            raise WorkerDiedError(
                "a worker process was killed, most often because memory ran out; what was scored is "
                "kept: run the same command again, with fewer --workers"
            ) from error
        finally:
            for future in in_flight:
                future.cancel()

    def _submit(self, task: Callable[[Models, Item], Outcome], item: Item) -> Future[Outcome]:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.count, multiprocessing.get_context("spawn"), _start_worker, (self._load_models,)
            )
        # Ctrl-C goes to every process of a terminal. A worker, which any submit may start, finishes its task.
        with _interrupts_held_back():
            return self._pool.submit(_run, task, item)

    def _close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


_models: Callable[[], Any]  # of a worker process; its tasks can reach no other place


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """What begins inside inherits this; on Windows it ignores interrupts from its first task on."""
    if sys.platform == "win32":
        yield
    else:
        earlier = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, earlier)


def _start_worker(load_models: Callable[[], Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, name="parent watch", daemon=True).start()
    global _models
    # Loaded by the first task: what goes wrong is its outcome, where here it would break the pool.
    _models = _loaded_once(load_models)


def _loaded_once(load_models: Callable[[], Models]) -> Callable[[], Models]:
    @cache  # of what was loaded; not of a failure
    def loaded() -> Models:
        try:
            models = load_models()
        except SmearscopeError as error:
            raise ModelsNotLoadedError(str(error)) from error
        _one_thread()
        return models

    return loaded


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _one_thread() -> None:
    # Processes give the parallelism; threads of several processes on the same cores slow each other down.
    cv2.setNumThreads(1)
    if "torch" in sys.modules:  # networks of another kind have no such threads, and torch is slow to import
        sys.modules["torch"].set_num_threads(1)


def _run(task: Callable[[Any, Item], Outcome], item: Item) -> Outcome:
    return task(_models(), item)
