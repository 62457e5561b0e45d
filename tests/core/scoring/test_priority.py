"""A process that gives way is behind others."""

import os
import subprocess
import sys

import pytest


@pytest.mark.skipif(not hasattr(os, "nice"), reason="Windows has classes of priority instead")
def test_a_process_gives_way_by_so_many_steps() -> None:
    code = "import os; from core.scoring.priority import give_way; give_way(3); print(os.nice(0))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert int(done.stdout) == os.nice(0) + 3
