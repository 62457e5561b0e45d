"""The same slide on a cluster: the same bytes, whoever is killed; and who is given no work is named."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from core.errors import SmearscopeError
from core.results.result import SlideResult
from core.scoring.slide_run import score_slide
from core.scoring.workers import ClusterError, ModelsNotLoadedError, hold_models
from core.slides import open_slide
from tests.coloured_cells import DotCard, NoProgress, load_models, options, save, save_slide
from tests.core.scoring.test_deadly_fields import BLACK
from tests.core.scoring.test_slide_run import files, score
from tests.core.scoring.test_workers import children, until

distributed = pytest.importorskip("distributed")
cluster = pytest.importorskip("core.scoring.cluster")

ROOT = Path(__file__).parents[3]
OURS = cluster.worker_identity(DotCard().identity)
OpenCluster = Callable[..., str]


@pytest.fixture
def open_cluster() -> Iterator[OpenCluster]:
    """Start a scheduler, and for each identity a worker, all in this process; gives the address."""
    opened, workers = [], []

    def start(*identities: dict[str, str] | None) -> str:
        scheduler = distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0")
        opened.append(scheduler)

        async def start_worker(resources: dict[str, int]) -> None:
            worker = distributed.Worker(scheduler.scheduler_address, nthreads=1, resources=resources)
            workers.append((scheduler, await worker))

        for identity in identities:
            scheduler.sync(start_worker, {} if identity is None else {cluster.resource_name(identity): 1})
        return str(scheduler.scheduler_address)

    hold_models(load_models)
    yield start
    for scheduler, worker in workers:
        scheduler.sync(worker.close)
    for scheduler in opened:
        scheduler.close()


def score_on(address: str, slide: Path, out: Path, said: Callable[[str], None] = print) -> SlideResult:
    with cluster.ClusterWorkers(address, OURS, said) as workers:
        return score_slide(open_slide(slide), out, DotCard(), workers, options(), NoProgress())


@pytest.mark.slow
def test_a_cluster_of_any_number_of_workers_gives_the_bytes_of_this_process(
    tmp_path: Path, open_cluster: OpenCluster
) -> None:
    slide = save_slide(tmp_path / "slide", fields=7)
    (slide / "field3.png").write_bytes(b"")
    score(slide, tmp_path / "here")
    for count in (1, 3):
        score_on(open_cluster(*[OURS] * count), slide, tmp_path / str(count))
        assert files(tmp_path / str(count)) == files(tmp_path / "here")


@pytest.mark.slow
def test_two_runs_share_the_workers_of_a_scheduler(tmp_path: Path, open_cluster: OpenCluster) -> None:
    address = open_cluster(OURS, OURS)
    slides = [
        save_slide(tmp_path / name, fields=5, infected=(place,)) for name, place in (("a", 3), ("b", 9))
    ]
    outputs = [tmp_path / "out" / slide.name for slide in slides]
    with ThreadPoolExecutor(2) as runs:
        list(runs.map(score_on, [address] * 2, slides, outputs))
    for slide, output in zip(slides, outputs, strict=True):
        score(slide, tmp_path / "here" / slide.name)
        assert files(output) == files(tmp_path / "here" / slide.name)


def test_items_are_taken_only_as_they_can_be_worked_on(open_cluster: OpenCluster) -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for item in range(200):
            taken += 1
            yield item

    with cluster.ClusterWorkers(open_cluster(OURS, OURS), OURS, print) as workers:
        assert workers.count == 2
        for done, _ in enumerate(workers.map(lambda _, item: item, items()), start=1):
            assert taken - done < 2 * workers.count
    assert taken == 200


def test_a_worker_of_another_kind_is_named_with_what_differs_and_given_no_work(
    tmp_path: Path, open_cluster: OpenCluster
) -> None:
    slide, said = save_slide(tmp_path / "slide", fields=4), list[str]()
    other_models, older = {**OURS, "models": "dots 0"}, {**OURS, "smearscope": "0.0.1"}
    address = open_cluster(other_models, OURS, older, None)
    with cluster.ClusterWorkers(address, OURS, said.append) as workers:
        assert workers.count == 1
        where = {outcome for _, outcome in workers.map(lambda *_: distributed.get_worker().address, range(9))}
        result = score_slide(open_slide(slide), tmp_path / "out", DotCard(), workers, options(), NoProgress())
    assert len(where) == 1
    assert result.fields.counted == 4
    assert len(said) == 3
    assert all(line.startswith("worker inproc://") and "is given no work: " in line for line in said)
    assert any(line.endswith("it has models 'dots 0', here 'dots 1'") for line in said)
    assert any(f"it has smearscope '0.0.1', here '{OURS['smearscope']}'" in line for line in said)
    assert any(line.endswith("it was not started with 'smearscope worker'") for line in said)


def test_without_a_worker_the_run_waits_a_while_and_then_ends_and_says_how_to_start_one(
    open_cluster: OpenCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = list[str]()
    monkeypatch.setattr(cluster, "PATIENCE_S", 0.1)
    monkeypatch.setattr("core.scoring.workers.LOOK_AROUND_S", 0.05)
    with (
        cluster.ClusterWorkers(address := open_cluster(), OURS, said.append) as workers,
        pytest.raises(ClusterError, match=f"no worker at {address}.*'smearscope worker {address}'"),
    ):
        workers.call(lambda *_: None, 1)
    (waiting,) = said
    assert "waiting for one" in waiting


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere", "tcp://no-such-host.invalid:8786"])
def test_where_no_scheduler_answers_its_address_is_said_with_a_remedy(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "ANSWER_S", 0.2)
    with pytest.raises(ClusterError, match=f"no scheduler answers at {address}.*'dask scheduler'"):
        cluster.ClusterWorkers(address, OURS, print)


def test_a_scheduler_of_another_version_is_refused(open_cluster: OpenCluster) -> None:
    with pytest.raises(ClusterError, match=r"another Smearscope .*, here 9\.9"):
        cluster.ClusterWorkers(open_cluster(), {**OURS, "smearscope": "9.9"}, print)


def damaged_models() -> None:
    raise SmearscopeError("weights: damaged")


@pytest.mark.slow
def test_a_worker_whose_models_cannot_be_loaded_ends_with_the_reason() -> None:
    with pytest.raises(ModelsNotLoadedError, match=r"^weights: damaged$"):
        cluster.serve("tcp://127.0.0.1:1", damaged_models, OURS, print)


class Machines:
    """A scheduler and workers in processes of their own, on a port of their own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.folder = folder
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, *module: str, errors: int | None = None) -> "subprocess.Popen[bytes]":
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        program = [sys.executable, "-m", *module]
        started = subprocess.Popen(program, env=environment, cwd=ROOT, stderr=errors)
        self.running.append(started)
        return started

    def start_scheduler(self) -> "subprocess.Popen[bytes]":
        options = ("--host", "127.0.0.1", "--port", str(self.port), "--dashboard-address", ":0")
        return self.start("dask", "scheduler", *options, errors=subprocess.DEVNULL)

    def start_worker(self, wait_s: float) -> "subprocess.Popen[bytes]":
        return self.start("tests.cluster_worker", self.address, str(wait_s))

    def start_run(self, slide: Path, out: Path) -> "subprocess.Popen[bytes]":
        program = ("tests.coloured_cells", str(slide), str(out), self.address, "0")
        return self.start(*program, errors=subprocess.PIPE)


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    started = Machines(tmp_path)
    started.start_scheduler()
    yield started
    for process in started.running:
        process.kill()
        process.wait()


def parts(out: Path) -> int:
    return len(list((out / "slide" / ".ledger").glob("part-*")))


def worker_process(started: "subprocess.Popen[bytes]") -> psutil.Process:
    """The process that works, of the two."""
    (found,) = [one for one in children(started) if "spawn_main" in " ".join(one.cmdline())]
    return found


@pytest.mark.slow
def test_workers_killed_in_mid_slide_lose_no_field(tmp_path: Path, machines: Machines) -> None:
    slide = save_slide(tmp_path / "slide", fields=40)
    score(slide, tmp_path / "here")
    workers = [machines.start_worker(0.1) for _ in range(2)]
    run = machines.start_run(slide, tmp_path / "out")
    until(lambda: parts(tmp_path / "out") >= 1)
    worker_process(workers[0]).kill()
    until(lambda: parts(tmp_path / "out") >= 3)
    workers[1].kill()  # with all of its machine
    assert run.communicate(timeout=120)[1] == b""
    assert run.returncode == 0
    assert files(tmp_path / "out" / "slide") == files(tmp_path / "here")


@pytest.mark.slow
def test_a_killed_scheduler_ends_the_run_in_a_line_and_the_same_command_goes_on(
    tmp_path: Path, machines: Machines
) -> None:
    slide = save_slide(tmp_path / "slide", fields=40)
    score(slide, tmp_path / "here")
    machines.start_worker(0.1)
    run = machines.start_run(slide, tmp_path / "out")
    until(lambda: parts(tmp_path / "out") >= 2)
    machines.running[0].send_signal(signal.SIGKILL)
    said = run.communicate(timeout=120)[1].decode()
    assert (run.returncode, said) == (
        1,
        f"Error: the scheduler at {machines.address} is gone; what was scored is kept: start it and its "
        "workers again, then give the same command again\n",
    )
    scored = parts(tmp_path / "out")
    assert 2 <= scored < 5
    machines.start_scheduler()  # the worker comes back to it by itself
    again = machines.start_run(slide, tmp_path / "out")
    assert again.communicate(timeout=120)[1] == b""
    assert files(tmp_path / "out" / "slide") == files(tmp_path / "here")


@pytest.mark.slow
def test_a_field_that_kills_each_worker_is_named_on_a_cluster_too(tmp_path: Path, machines: Machines) -> None:
    slide = save_slide(tmp_path / "slide", fields=6)
    save(slide / "field5.png", BLACK)
    for _ in range(2):
        machines.start_worker(0.01)
    with cluster.ClusterWorkers(machines.address, OURS, print) as workers:
        result = score_slide(open_slide(slide), tmp_path / "out", DotCard(), workers, options(), NoProgress())
    (unreadable,) = result.fields.unreadable
    assert (unreadable.field, result.fields.counted) == ("field5.png", 5)
    assert "each process that worked on it was killed" in unreadable.reason


@pytest.mark.slow
def test_a_worker_dies_with_the_process_that_started_it_and_on_ctrl_c(machines: Machines) -> None:
    for end in (signal.SIGKILL, signal.SIGINT):
        started = machines.start_worker(0.0)
        until(lambda process=started: len(children(process)) > 0)  # type: ignore[misc]
        inner = children(started)
        started.send_signal(end)
        started.wait(timeout=60)
        until(lambda processes=inner: not any(map(psutil.Process.is_running, processes)))  # type: ignore[misc]
