"""A watch folder fed as by a camera: seconds from a field's arrival to its line, and what a kill loses.

    python -m benchmarks.watch_folder --fields 150

Draws two slides, then saves a field a second into a watched folder, slowly as a camera does: in two halves,
every third under another name first. The second slide is photographed while the first, closed, is scored
as a whole. In the middle of it the watch is killed and begun again. At the end the results are held against
those of `smearscope score`. Ends with status 1 where a field is lost or a byte differs.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

from datasets.synthetic import render_slide
from tests.output_files import contents, differences

FOLDER = Path("out/benchmark/watch")
MOST_S = 3.0
"""In which 95 of 100 lines are to be there."""
WAITS_S = 900.0


class RunningWatch:
    """The command in a session of its own, and when it said what."""

    def __init__(self, camera: Path, out: Path) -> None:
        command = [
            *(sys.executable, "-m", "scripts.main", "watch", str(camera)),
            *("--out", str(out), "--close-after", "600"),
        ]
        self.lines: list[tuple[float, str]] = []
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, encoding="utf-8", start_new_session=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append((time.monotonic(), line.rstrip()))

    def wait_for(self, words: str, times: int = 1) -> float:
        """When it said something for the so-manieth time."""
        until = time.monotonic() + WAITS_S
        while time.monotonic() < until:
            said = [at for at, line in self.lines if words in line]
            if len(said) >= times:
                return said[times - 1]
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        raise SystemExit(f"never said: {words}; but\n" + "\n".join(line for _, line in self.lines[-5:]))

    def kill(self) -> None:
        """As a power cut: the watch and all that it has begun."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join()

    def stop(self) -> None:
        """As by Ctrl-C."""
        os.killpg(self._process.pid, signal.SIGINT)
        self._process.wait()


def save_slowly(picture: Path, to: Path, number: int) -> float:
    """Write a picture as a camera does; when it was there whole."""
    content = picture.read_bytes()
    written = to.with_name(f"{to.name}.tmp") if number % 3 == 0 else to
    with written.open("wb") as file:
        file.write(content[: len(content) // 2])
        file.flush()
        time.sleep(0.2)
        file.write(content[len(content) // 2 :])
    if written != to:
        written.rename(to)
    return time.monotonic()


def said_of(lines: list[tuple[float, str]], slide: str, words: str) -> list[str]:
    """The lines of a slide that hold some words."""
    return [line for _, line in lines if f"{slide} · " in line and words in line]


def main() -> None:
    """Draw, feed, kill, compare, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fields", type=int, default=150, help="of both slides together")
    parser.add_argument("--cells-per-field", type=int, default=112)
    parser.add_argument("--seconds", type=float, default=1.0, help="from one field to the next")
    given = parser.parse_args()

    drawn, camera, out = FOLDER / "drawn", FOLDER / "camera", FOLDER / "out"
    for folder in (drawn, camera, out, FOLDER / "expected"):
        shutil.rmtree(folder, ignore_errors=True)
    halves = {"first": given.fields // 2, "second": given.fields - given.fields // 2}
    for seed, (slide, fields) in enumerate(halves.items(), start=1):
        render_slide(drawn / slide, fields=fields, seed=seed, cells_per_field=given.cells_per_field)
        (camera / slide).mkdir(parents=True)
    print(f"load: {', '.join(f'{load:.1f}' for load in os.getloadavg())} on {os.cpu_count()} cores")
    watches = [RunningWatch(camera, out)]
    watches[-1].wait_for("Watching")
    arrived: dict[str, float] = {}
    killed_s = ready_s = 0.0
    for slide, fields in halves.items():
        for number, picture in enumerate(sorted((drawn / slide).glob("*.jpg"))):
            begun = time.monotonic()
            if slide == "second" and number == fields // 2:
                watches[-1].kill()
                killed_s = time.monotonic()
                watches.append(RunningWatch(camera, out))
            arrived[f"{slide} · {picture.name}:"] = save_slowly(
                picture, camera / slide / picture.name, number
            )
            time.sleep(max(0.0, given.seconds - (time.monotonic() - begun)))
        (camera / slide / "done.txt").touch()
        closed_s = time.monotonic()
    ready_s = watches[-1].wait_for("Watching")
    ended_s = watches[-1].wait_for("second · Done")
    watches[-1].stop()

    lines = [line for watch in watches for line in watch.lines]
    said = {field: [at for at, line in lines if field in line] for field in arrived}
    lost = [field for field, times in said.items() if not times]
    # Fields that came while no watch was ready wait for the next one.
    delayed = {field for field, at in arrived.items() if killed_s - MOST_S < at < ready_s}
    seconds = np.array(
        [min(times) - arrived[field] for field, times in said.items() if times and field not in delayed]
    )
    late = np.array(
        [min(said[field]) - ready_s for field in delayed if said[field] and min(said[field]) > ready_s]
    )
    print(
        f"{len(seconds)} fields: median {np.median(seconds):.2f} s to the line, 95 % within "
        f"{np.percentile(seconds, 95):.2f} s, all within {seconds.max():.2f} s; "
        f"{np.mean(seconds < MOST_S):.1%} under {MOST_S} s"
    )
    print(
        f"killed: ready again after {ready_s - killed_s:.1f} s; {len(late)} fields had come meanwhile, told "
        f"within {late.max(initial=0):.1f} s of that; "
        f"told twice: {sum(len(times) > 1 for times in said.values())}"
    )
    print(f"last field to the written result of the second slide: {ended_s - closed_s:.0f} s")
    print(f"lost: {len(lost)}; load: {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    print("\n".join(line for _, line in lines[-3:]))
    for slide in halves:
        live = [
            line.partition("So far ")[2].partition(" of ")[0] for line in said_of(lines, slide, "So far ")
        ]
        whole = [
            line.partition("Done: ")[2].partition(" cell")[0] for line in said_of(lines, slide, "Done: ")
        ]
        print(
            f"{slide}: {live[-1]} cells while it was photographed, {whole[-1]} when it was scored as a whole"
        )
    wrong = [*lost]
    for slide in halves:
        command = [
            sys.executable,
            "-m",
            "scripts.main",
            "score",
            str(camera / slide),
            "--out",
            str(FOLDER / "expected"),
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        expected = contents(FOLDER / "expected" / slide)
        wrong += [f"{slide}: {one}" for one in differences(expected, contents(out / slide))]
        print(f"{slide}: {len(expected)} files compared")
    if wrong:
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    main()
