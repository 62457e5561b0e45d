"""A disk that becomes full at each change that a run makes to it, and the same command with room again.

    python -m benchmarks.full_disks

For each change (a file opened for writing, a folder made, a name changed or taken away) of a run on an
empty output, and of one that replaces an earlier result by another: from it on no file has room, or room for
700 bytes, or the change itself fails. The run must say that it cannot write; a result that is there must be
whole; with room again the result must have the bytes of an undisturbed run. Ends with status 1 where one has
not.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import cv2

from tests.coloured_cells import save_slide
from tests.runs_on_full_disks import Broken, broken, run, undisturbed

FIELDS = 4
BUDGET, EARLIER_BUDGET = 4, 2
ROOMS = {"no room": 0, "room for 700 bytes": 700, "the change fails": None}


def main() -> None:
    """Run, fill, run again, print."""
    cv2.setNumThreads(1)  # whose threads a fork would not have
    faults = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        slide = save_slide(folder / "slide", FIELDS)
        run(slide, folder / "warm", BUDGET)  # what is loaded at first use is loaded for the forks too
        whole = undisturbed(slide, folder / "whole", BUDGET)
        earlier = undisturbed(slide, folder / "earlier", EARLIER_BUDGET)
        for begun, results in (("empty", [whole]), ("earlier", [earlier, whole])):
            for room, room_bytes in ROOMS.items():
                changes, found = tried(folder, begun, room_bytes, results)
                print(
                    f"{begun} output, {room}: full at each of {changes} changes; {len(found)} faults",
                    flush=True,
                )
                for line in found:
                    print(f"  {line}", flush=True)
                faults += len(found)
    sys.exit(bool(faults))


def tried(
    folder: Path, begun: str, room_bytes: int | None, results: list[dict[str, bytes]]
) -> tuple[int, list[str]]:
    """The changes of a run, at each of which the disk was full, and what was wrong then."""

    def came_of(full_at: int) -> Broken:
        out = folder / "out"
        if (folder / begun).exists():
            shutil.copytree(folder / begun, out)
        came = broken(folder / "slide", out, BUDGET, full_at, room_bytes, results)
        shutil.rmtree(out)
        return came

    with_room = came_of(sys.maxsize)
    faults = [f"never full: {fault}" for fault in with_room.faults]
    for full_at in range(1, with_room.changes + 1):
        came = came_of(full_at)
        faults += [f"full at change {full_at}: {fault}" for fault in came.faults]
        if came.changes < full_at and not came.faults:
            faults.append(f"full at change {full_at}: the run made only {came.changes}")
    return with_room.changes, faults


if __name__ == "__main__":
    main()
