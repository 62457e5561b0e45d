import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.errors import SmearscopeError
from core.scoring.workers import LocalWorkers, ModelsNotLoadedError, WorkerDiedError

PARENT = """
import sys
from core.scoring.workers import LocalWorkers, Workers
from tests.core.scoring.test_workers import load, sleep
if __name__ == "__main__":
    with LocalWorkers(load, 2) as workers:
        for _ in workers.map(sleep, [0.0, 0.0, 600.0, 600.0]):
            print("ready", flush=True)
"""

INTERRUPTED = """
import signal
import sys
from pathlib import Path
from core.scoring.workers import LocalWorkers, Workers
from tests.core.scoring.test_workers import load, note
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in a shell's background ignores it
    folder = Path(sys.argv[1])
    try:
        with LocalWorkers(load, 3) as workers:
            list(workers.map(note, [folder / str(number) for number in range(6)]))
    except KeyboardInterrupt:
        sys.exit(130)
"""


def load() -> str:
    return "models"


def load_if_there(weights: Path) -> str:
    if not weights.exists():
        raise SmearscopeError(f"{weights}: missing")
    return "models"


def note(models: str, place: Path) -> str:
    place.with_suffix(".begun").touch()
    time.sleep(0.4)
    place.with_suffix(".done").touch()
    return models


def tell(models: str, item: int) -> tuple[str, int, int]:
    return models, item * item, os.getpid()


def sleep(models: str, seconds: float) -> str:
    time.sleep(seconds)
    return models


def start(folder: Path, text: str, **how: Any) -> "subprocess.Popen[bytes]":  # noqa: ANN401 - as Popen takes it
    program = folder / "parent.py"
    program.write_text(text)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    return subprocess.Popen([sys.executable, program, folder], env=environment, **how)


def children(parent: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    found: list[psutil.Process] = psutil.Process(parent.pid).children(recursive=True)
    return found


def has_ended(process: psutil.Process) -> bool:
    """Whether a process runs no more; of an orphan an entry stays until the first process collects it."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def until(is_so: Callable[[], bool]) -> None:
    latest = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < latest, "it never came to that"
        time.sleep(0.01)


def die(models: str, item: int) -> int:
    if item == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def die_once(models: str, place: Path) -> str:
    """Kill the process at the first try; `place` remembers it."""
    if not place.exists():
        place.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return models


@pytest.mark.parametrize("count", [1, 2])
def test_every_item_is_done_once_with_the_models(count: int) -> None:
    with LocalWorkers(load, count) as workers:
        done = dict(workers.map(tell, range(20)))
    assert {item: outcome[:2] for item, outcome in done.items()} == {n: ("models", n * n) for n in range(20)}
    in_this_process = {outcome[2] == os.getpid() for outcome in done.values()}
    assert in_this_process == {count == 1}


@pytest.mark.parametrize("count", [1, 2])
def test_items_are_taken_only_as_they_can_be_worked_on(count: int) -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for item in range(1000):
            taken += 1
            yield item

    with LocalWorkers(load, count) as workers:
        for done, _ in enumerate(workers.map(tell, items()), start=1):
            assert taken - done < 2 * count
            if done == 30:
                break


def test_where_a_worker_is_killed_its_item_is_tried_again_and_none_is_lost(tmp_path: Path) -> None:
    places = [tmp_path / str(number) for number in range(5)]
    for place in places[1:4]:
        place.touch()  # these do not kill
    with LocalWorkers(load, 2) as workers:
        done = dict(workers.map(die_once, places))
    assert done == dict.fromkeys(places, "models")


@pytest.mark.slow
def test_an_item_that_kills_each_worker_is_an_error_with_a_remedy_and_the_next_call_works() -> None:
    with LocalWorkers(load, 2) as workers:
        with pytest.raises(WorkerDiedError, match="fewer --workers"):
            list(workers.map(die, range(10)))
        assert workers.call(tell, 5)[1] == 25


def test_an_item_that_kills_each_worker_is_given_the_outcome_asked_for_and_the_others_are_done() -> None:
    with LocalWorkers(load, 2) as workers:
        done = dict(workers.map(die, range(6), lambda item: -item))
    assert done == {0: 0, 1: 1, 2: 2, 3: -3, 4: 4, 5: 5}


def test_a_worker_killed_while_it_has_nothing_to_do_costs_no_item() -> None:
    with LocalWorkers(load, 2) as workers:
        (idle,) = {outcome[2] for _, outcome in workers.map(tell, [1])}
        os.kill(idle, signal.SIGKILL)
        until(lambda: has_ended(psutil.Process(idle)) if psutil.pid_exists(idle) else True)
        assert sorted(item for item, _ in workers.map(tell, range(5))) == list(range(5))


@pytest.mark.parametrize("count", [1, 2])
def test_models_that_cannot_be_loaded_are_said_to_be_and_are_tried_again(tmp_path: Path, count: int) -> None:
    weights = tmp_path / "weights"
    with LocalWorkers(partial(load_if_there, weights), count) as workers:
        for _ in range(2):
            with pytest.raises(ModelsNotLoadedError, match=r"weights: missing$"):
                list(workers.map(tell, range(10)))
        weights.touch()
        assert len(list(workers.map(tell, range(10)))) == 10


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["at work", "starting"])
def test_on_ctrl_c_every_worker_finishes_what_it_does_and_says_nothing(tmp_path: Path, moment: str) -> None:
    parent = start(tmp_path, INTERRUPTED, stderr=subprocess.PIPE, start_new_session=True)
    if moment == "at work":
        until(lambda: len(list(tmp_path.glob("*.begun"))) >= 3)
    else:
        until(lambda: sum("spawn_main" in " ".join(one.cmdline()) for one in children(parent)) == 3)
    os.killpg(parent.pid, signal.SIGINT)
    _, said = parent.communicate(timeout=60)
    assert (parent.returncode, said) == (130, b"")
    begun = {path.stem for path in tmp_path.glob("*.begun")}
    assert begun
    assert {path.stem for path in tmp_path.glob("*.done")} == begun


def test_workers_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = start(tmp_path, PARENT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    parent.stdout.readline()
    workers = children(parent)
    assert len(workers) >= 2
    parent.kill()
    parent.wait()
    until(lambda: all(map(has_ended, workers)))
