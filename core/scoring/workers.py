"""Processes that each hold the networks and work through tasks, a few at a time.

A task is a module-level function whose first argument is what the process has loaded. `LocalWorkers` are
processes of this machine; those of other machines are in `core.scoring.cluster`.
"""

import multiprocessing
import os
import signal
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, ClassVar, Generic, Self, TypeVar

import cv2

from core.errors import SmearscopeError

Models = TypeVar("Models", covariant=True)
Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


LOOK_AROUND_S = 5.0
"""Longest wait for a task to end before it is looked whether the workers are still there."""


class WorkerDiedError(SmearscopeError):
    """A worker process was killed, most often because memory ran out."""

    def __init__(self) -> None:
        super().__init__(
            "a worker process was killed, most often because memory ran out; what was scored is "
            "kept: run the same command again, with fewer --workers"
        )


class ModelsNotLoadedError(SmearscopeError):
    """The models cannot be loaded: no task can be done, of whichever slide."""


class ClusterError(SmearscopeError):
    """A cluster of machines is out of reach or without workers: no task can be done, of whichever slide."""


def available_cores() -> int:
    """Number of processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on every system
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(eq=False)
class _Turn(Generic[Item]):
    item: Item
    tries_alone: int = 0


class Workers(ABC, Generic[Models]):
    """Processes that hold the models. Use it as a context manager; leaving it gives them up."""

    TRIES_ALONE: ClassVar[int]
    """How often an item in whose turn a worker died is tried with no other beside it."""

    @property
    @abstractmethod
    def count(self) -> int:
        """Number of processes."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, task: Callable[[Models, Item], Outcome], item: Item) -> Outcome:
        """Run one task and wait for it."""
        return next(self.map(task, [item]))[1]

    def map(
        self,
        task: Callable[[Models, Item], Outcome],
        items: Iterable[Item],
        of_deadly: Callable[[Item], Outcome] | None = None,
    ) -> Iterator[tuple[Item, Outcome]]:
        """Run a task on each item and give (item, outcome) as they come, in any order.

        Only two tasks a worker are in flight: memory does not grow with the number of items. Where a process
        is killed, those in flight are tried again one at a time: the others' memory is theirs then, and the
        one that kills is known.

        Parameters
        ----------
        task, items
            What to run, on what.
        of_deadly
            Gives the outcome of an item whose process died at each try.

        Raises
        ------
        ModelsNotLoadedError
            With the reason that loading them gave as a `SmearscopeError`.
        WorkerDiedError
            Where an item's process died at each try, without `of_deadly`. The next call starts new ones.
        ClusterError
            Where the processes are on other machines and none can be reached.
        """
        turns = map(_Turn, items)
        suspects: list[_Turn[Item]] = []
        in_flight: dict[Future[Outcome], _Turn[Item]] = {}
        try:
            while True:
                for turn in self._next_turns(turns, suspects, len(in_flight)):
                    in_flight[self._submit(task, turn.item)] = turn
                if not in_flight:
                    return
                done, _ = wait(in_flight, LOOK_AROUND_S, FIRST_COMPLETED)
                for future in done:
                    turn = in_flight.pop(future)
                    try:
                        outcome = self._outcome(future)
                    except WorkerDiedError:
                        if turn.tries_alone < self.TRIES_ALONE:
                            suspects.append(turn)
                            continue
                        if of_deadly is None:
                            raise
                        outcome = of_deadly(turn.item)
                    yield turn.item, outcome
        finally:
            for future in in_flight:
                future.cancel()

    def _next_turns(
        self, turns: Iterator[_Turn[Item]], suspects: list[_Turn[Item]], in_flight: int
    ) -> list[_Turn[Item]]:
        if not suspects:
            return list(islice(turns, max(0, self._most_in_flight() - in_flight)))
        if in_flight:
            return []
        suspects[-1].tries_alone += 1
        return [suspects.pop()]

    def _most_in_flight(self) -> int:
        return 2 * self.count

    @abstractmethod
    def _submit(self, task: Callable[[Models, Item], Outcome], item: Item) -> Future[Outcome]: ...

    @abstractmethod
    def _outcome(self, future: Future[Outcome]) -> Outcome:
        """What a task gave; `WorkerDiedError` where its process died."""

    @abstractmethod
    def close(self) -> None:
        """Give the processes up; the next task starts new ones."""


class LocalWorkers(Workers[Models]):
    """A pool of `count` processes of this machine; with 1, the calling process itself.

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

    TRIES_ALONE = 3

    def __init__(self, load_models: Callable[[], Models], count: int) -> None:
        self._load_models = load_models
        self._own_models = _loaded_once(load_models)
        self._count = count
        self._pool: ProcessPoolExecutor | None = None

    @property
    def count(self) -> int:
        """Number of processes."""
        return self._count

    def map(
        self,
        task: Callable[[Models, Item], Outcome],
        items: Iterable[Item],
        of_deadly: Callable[[Item], Outcome] | None = None,
    ) -> Iterator[tuple[Item, Outcome]]:
        """Run a task on each item, as `Workers.map` does; with one worker in this process."""
        if self.count > 1:
            yield from super().map(task, items, of_deadly)
            return
        for item in items:
            yield item, task(self._own_models(), item)

    def _submit(self, task: Callable[[Models, Item], Outcome], item: Item) -> Future[Outcome]:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.count, multiprocessing.get_context("spawn"), _start_worker, (self._load_models,)
            )
        # Ctrl-C goes to every process of a terminal. A worker, which any submit may start, finishes its task.
        with _interrupts_held_back():
            try:
                return self._pool.submit(run_task, task, item)
            except BrokenProcessPool as error:  # a process died while it had nothing to do
                failed: Future[Outcome] = Future()
                failed.set_exception(error)
                return failed

    def _outcome(self, future: Future[Outcome]) -> Outcome:
        try:
            return future.result()
        except BrokenProcessPool as error:
            self.close()
            raise WorkerDiedError from error

    def close(self) -> None:
        """End the processes once they have finished what they do; the next task starts new ones."""
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
    die_with_parent()
    # Loaded by the first task: what goes wrong is its outcome, where here it would break the pool.
    hold_models(load_models)


def hold_models(load_models: Callable[[], Any]) -> Callable[[], Any]:
    """Make this process a worker: `run_task` hands its tasks what is loaded, at the first of them.

    Returns
    -------
    Loads them, once.
    """
    global _models
    _models = _loaded_once(load_models)
    return _models


def run_task(task: Callable[[Any, Item], Outcome], item: Item) -> Outcome:
    """Run a task in the worker process that this is."""
    return task(_models(), item)


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


def die_with_parent() -> None:
    """End this process as soon as the one that started it has ended, whichever way."""
    threading.Thread(target=_end_after_parent, name="parent watch", daemon=True).start()


def _end_after_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _one_thread() -> None:
    # Processes give the parallelism; threads of several processes on the same cores slow each other down.
    cv2.setNumThreads(1)
    if "torch" in sys.modules:  # networks of another kind have no such threads, and torch is slow to import
        sys.modules["torch"].set_num_threads(1)
