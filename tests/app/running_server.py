"""The application as a person starts it: a process of its own, on a port of its own, with slides prepared."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from core.store import SlideRecord, Store

ROOT = Path(__file__).parents[2]
SECONDS_TO_START = 120


class RunningServer:
    """A server that can be killed and started anew on the same port."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def number(self) -> int:
        """Of its process, while it runs."""
        if self._process is None:
            raise RuntimeError("the server does not run")
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [
            sys.executable,
            "-m",
            "scripts.main",
            "app",
            "--data",
            str(self.data),
            "--port",
            str(self.port),
        ]
        log = (self.data / "server.log").open("ab")
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=log, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
        log.close()
        until = time.monotonic() + SECONDS_TO_START
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self.data / "server.log").read_text())
            time.sleep(0.2)

    def record(self) -> SlideRecord:
        """The first slide as it is in the database by now."""
        store = Store.in_folder(self.data)
        try:
            return store.record(1)
        finally:
            store.close()

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
            connection.request("GET", "/_stcore/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
