import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core.workers import WorkerDiedError, Workers

PARENT = """
import sys
from core.workers import Workers
from tests.core.test_workers import load, sleep
if __name__ == "__main__":
    with Workers(load, 2) as workers:
        for _ in workers.map(sleep, [0.0, 0.0, 600.0, 600.0]):
            print("ready", flush=True)
"""


def load() -> str:
    return "models"


def tell(models: str, item: int) -> tuple[str, int, int]:
    return models, item * item, os.getpid()


def sleep(models: str, seconds: float) -> str:
    time.sleep(seconds)
    return models


def die(models: str, item: int) -> int:
    if item == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


@pytest.mark.parametrize("count", [1, 2])
def test_every_item_is_done_once_with_the_models(count: int) -> None:
    with Workers(load, count) as workers:
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

    with Workers(load, count) as workers:
        for done, _ in enumerate(workers.map(tell, items()), start=1):
            assert taken - done < 2 * count
            if done == 30:
                break


def test_a_killed_worker_is_an_error_with_a_remedy_and_the_next_call_works() -> None:
    with Workers(load, 2) as workers:
        with pytest.raises(WorkerDiedError, match="fewer --workers"):
            list(workers.map(die, range(10)))
        assert workers.call(tell, 5)[1] == 25


def test_workers_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "parent.py"
    program.write_text(PARENT)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    parent = subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, env=environment)
    assert parent.stdout is not None
    parent.stdout.readline()
    workers = psutil.Process(parent.pid).children(recursive=True)
    assert len(workers) >= 2
    parent.kill()
    parent.wait()
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert alive == []
