"""A run killed at random moments, again and again, and resumed until it is done: the same bytes each time.

    python -m benchmarks.killed_runs --kills 100 --seed 1

Draws small fields and scores them once undisturbed, by models that need no weights: what is tried is the
run, not what it finds. Then, until so many kills are done: begin a run on an empty output, kill it at random
moments (the run, one worker or all of it; SIGTERM; Ctrl-C to all), give the same command again until it ends,
and compare every file. A kill counts where it hit: not where there was no worker yet, nor where the run had
just ended. Also looked for: processes that outlive a killed run, a lock that stays, files of what broke off,
tracebacks. Ends with status 1 where anything was found.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import psutil

from tests.coloured_cells import save_slide
from tests.output_files import contents, differences

FOLDER = Path("out/killed")
FIELD_S = "0.05"
"""What a field takes at least, so that the moments fall among the fields as well."""
ORPHANS_END_S = 10.0


class Run:
    """A run in a session of its own, so that whatever it starts is known to be its."""

    def __init__(self, slide: Path, out: Path, workers: int) -> None:
        # A pipe would end only with the last process that holds it.
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - read once the run has ended
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.coloured_cells", str(slide), str(out), str(workers), FIELD_S],
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            start_new_session=True,
        )

    def family(self) -> list[psutil.Process]:
        """All processes of the session but the first."""
        return [
            one
            for one in psutil.process_iter()
            if one.pid != self.process.pid and _session(one.pid) == self.process.pid
        ]

    def end(self) -> tuple[int, str]:
        """Wait for it; how many of its processes outlive it by more than a while, and what all said."""
        self.process.wait()
        until = time.monotonic() + ORPHANS_END_S
        while (left := self.family()) and time.monotonic() < until:
            time.sleep(0.1)
        for one in left:
            _kill(one)
        self._said.seek(0)
        return len(left), self._said.read().decode()


def kill_run(run: Run, _: Random) -> bool:
    """As the system kills what takes its memory."""
    run.process.kill()
    return run.process.wait() == -signal.SIGKILL


def kill_worker(run: Run, random: Random) -> bool:
    """One of the processes that the run has started, if there is one by now."""
    spawned = [one for one in run.family() if _is_worker(one)]
    return bool(spawned) and _kill(random.choice(spawned))


def kill_all(run: Run, _: Random) -> bool:
    """As a power cut."""
    family = run.family()
    run.process.kill()
    for one in family:
        _kill(one)
    return run.process.wait() == -signal.SIGKILL


def terminate(run: Run, _: Random) -> bool:
    """As a system that shuts down."""
    run.process.terminate()
    return run.process.wait() == -signal.SIGTERM


def interrupt(run: Run, _: Random) -> bool:
    """Ctrl-C, which goes to every process of a terminal."""
    os.killpg(run.process.pid, signal.SIGINT)
    return run.process.wait() in (INTERRUPTED, -signal.SIGINT)


WORKER, MOST_KILLS = "a worker", 3
INTERRUPTED = 130
KILLS: dict[str, Callable[[Run, Random], bool]] = {
    "the run": kill_run,
    WORKER: kill_worker,
    "all of it": kill_all,
    "SIGTERM": terminate,
    "Ctrl-C": interrupt,
}
"""Ways to kill a run; each says whether it did. All but the one of a worker wait for the run to end."""


def main() -> None:
    """Draw, score, kill, resume, compare, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fields", type=int, default=30)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()

    signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in a shell's background ignores it
    random = Random(given.seed)  # noqa: S311 - moments, not secrets
    shutil.rmtree(FOLDER, ignore_errors=True)
    slide, whole = FOLDER / "slide", FOLDER / "undisturbed"
    save_slide(slide, given.fields)
    started = time.monotonic()
    _, said = (run := Run(slide, whole, given.workers)).end()
    assert run.process.returncode == 0, said
    longest_s = time.monotonic() - started
    expected = contents(whole)
    print(f"undisturbed: {longest_s:.1f} s, {len(expected)} files", flush=True)
    kills, faults, series = Counter[str](), list[str](), 0
    while kills.total() < given.kills:
        series += 1
        out = FOLDER / f"series{series}"
        while kill_once(slide, out, given.workers, random, longest_s, kills, faults):
            pass
        for name in differences(expected, contents(out)):
            note(faults, f"series {series}: {name}")
        shutil.rmtree(out)
        print(f"result {series}: {kills.total()} kills, {len(faults)} faults", flush=True)
    for name in KILLS:
        print(f"{kills[name]:4} killed: {name}")
    print(f"{kills.total()} kills in {series} results, each compared byte for byte; {len(faults)} faults")
    sys.exit(bool(faults))


def kill_once(
    slide: Path,
    out: Path,
    workers: int,
    random: Random,
    longest_s: float,
    kills: Counter[str],
    faults: list[str],
) -> bool:
    """Start the run and kill it at a random moment; whether it has to be started again.

    A run of which a worker was killed goes on: then it is killed once more, or twice. Not oftener, as a field
    in whose turn four were killed is named and not tried again.
    """
    run, was, broken_off = Run(slide, out, workers), "not killed", False
    for _ in range(MOST_KILLS):
        time.sleep(random.uniform(0, longest_s))
        if run.process.poll() is not None:
            break
        was = random.choice(list(KILLS))
        hit = KILLS[was](run, random)
        kills[was] += hit
        if was != WORKER:
            broken_off = hit
            break
    orphans, said = run.end()
    status, where = run.process.returncode, f"kill {kills.total()} ({was})"
    if status and not broken_off:
        note(faults, f"{where}: status {status}: {said[-500:]}")
    elif "Traceback" in said and status in (0, INTERRUPTED):  # a worker may say how it ends without its run
        note(faults, f"{where}: {said[-1500:]}")
    if orphans:
        note(faults, f"{where}: {orphans} processes outlive it")
    return status != 0


def note(faults: list[str], fault: str) -> None:
    """Say it at once: the series goes on."""
    faults.append(fault)
    print(fault, flush=True)


def _kill(process: psutil.Process) -> bool:
    """Whether it was still there."""
    with suppress(psutil.NoSuchProcess):
        process.kill()
        return True
    return False


def _is_worker(process: psutil.Process) -> bool:
    """Python's own tracker of resources is no worker."""
    try:
        return "multiprocessing.spawn" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False


def _session(pid: int) -> int:
    try:
        return -1 if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE else os.getsid(pid)
    except (ProcessLookupError, psutil.NoSuchProcess):
        return -1


if __name__ == "__main__":
    main()
