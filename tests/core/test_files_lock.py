"""A lock: one holder at a time, and none when the holder has ended."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.files import OutputError, lock_taken, opened_lock, own_lock

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


def test_an_own_lock_makes_its_folder_and_is_none_where_another_has_it(tmp_path: Path) -> None:
    lock = own_lock(tmp_path / "new" / "lock")
    assert lock is not None
    assert own_lock(tmp_path / "new" / "lock") is None
    os.close(lock)


def test_a_drive_that_knows_no_locks_and_a_folder_that_cannot_be_made_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> bool:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"cannot write .*file"):
        own_lock(tmp_path / "file" / "lock")
    monkeypatch.setattr("core.files.lock_taken", refuse)
    with pytest.raises(OutputError, match=r"cannot write .*lock: No locks available"):
        own_lock(tmp_path / "lock")
