"""A lock: one holder at a time, and none when the holder has ended."""

import os
import subprocess
import sys
from pathlib import Path

from core.files import lock_taken, opened_lock

HOLDER = """
import sys
from pathlib import Path
from core.files import lock_taken, opened_lock
print(lock_taken(opened_lock(Path(sys.argv[1]))), flush=True)
sys.stdin.read()
"""


def test_a_lock_has_one_holder_and_is_given_up_with_its_descriptor(tmp_path: Path) -> None:
    first, second = opened_lock(tmp_path / "lock"), opened_lock(tmp_path / "lock")
    assert lock_taken(first)
    assert not lock_taken(second)
    os.close(first)
    assert lock_taken(second)
    os.close(second)


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "lock")]
    own = opened_lock(tmp_path / "lock")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        assert not lock_taken(own)
        holder.kill()
    assert lock_taken(own)
    os.close(own)
