"""Twenty readers at once: from a decision to the server's word that it is written.

    python -m benchmarks.review_sessions --sessions 20 --decisions 20 --candidates 400

A slide is made without a network, the application is started as a person starts it, and each session reads
cells of its own on that one slide, and has its page shown anew over its websocket after each. What is
measured ends later than what a reader waits for: the board shows the next cell without waiting. Afterwards
every decision must stand in the database, once.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from app.person import name_cookie, signed_name
from app.workplace import open_workplace
from core.store import Store
from tests.app.running_server import RunningServer
from tests.scored_slides import scored_slide

CALLS = ("not a parasite", "parasite", "unsure")


@dataclass
class Session:
    """One reader's websocket, and what it knows of the page."""

    socket: ClientConnection
    server: httpx.AsyncClient
    page_hash: str = ""
    board_id: str = ""
    fragment_id: str = ""
    version: str | None = None
    readings: str = ""
    stands: int = 0
    cells: list[str] = field(default_factory=list)

    async def open_page(self) -> None:
        """Ask for the review and wait until it is there."""
        message = BackMsg()
        message.rerun_script.query_string = "slide=1"
        message.rerun_script.page_name = "review"
        await self.socket.send(message.SerializeToString())
        while not (self.board_id and self.fragment_id):
            self._take(await self.socket.recv())

    async def decide(self, number: int, cell: str, call: str) -> float:
        """Send a decision; give the seconds until the board is told that it is written.

        Then the board has the page beside it shown anew, as it does in a browser.
        """
        begun = time.perf_counter()
        entry = {"number": number, "act": "read", "cell": cell, "call": call, "stage": None, "reason": None}
        answer = await self.server.post(
            self.readings,
            json={"log": self.fragment_id + self.board_id, "entries": [entry], "knows": self.stands},
        )
        told = answer.raise_for_status().json()
        if told["number"] != number or told["problems"]:
            raise RuntimeError(f"decision {number} was not written: {told['problems']}")
        seconds, self.stands = time.perf_counter() - begun, told["stands"]
        message = BackMsg()
        run = message.rerun_script
        run.query_string, run.page_script_hash, run.fragment_id = "slide=1", self.page_hash, self.fragment_id
        state = run.widget_states.widgets.add()
        state.id = self.board_id
        state.json_value = json.dumps({"seen": {"holds": self.version, "stands": told["stands"]}})
        await self.socket.send(message.SerializeToString())
        return seconds

    async def hear(self) -> None:
        """Take in what the page sends, as long as it does."""
        async for received in self.socket:
            self._take(received)

    def _take(self, received: str | bytes) -> None:
        message = ForwardMsg()
        message.ParseFromString(received if isinstance(received, bytes) else received.encode())
        if message.HasField("navigation"):
            # As a browser does: a run of the whole page, as when all is read, is then of this page.
            self.page_hash = message.navigation.page_script_hash
        element = message.delta.new_element
        if element.HasField("bidi_component") and element.bidi_component.component_name == "smearscope_board":
            self.board_id, self.fragment_id = element.bidi_component.id, message.delta.fragment_id
            data: dict[str, Any] = json.loads(element.bidi_component.json)
            self.version, self.readings = data["version"], data["readings"]
            if "cells" in data:
                self.cells = [cell["id"] for cell in data["cells"]]


async def read(
    address: str, cookie: str, place: int, decisions: int, pause_s: float, all_there: asyncio.Barrier
) -> list[float]:
    """One reader: cells of their own, with a pause between two as people make."""
    uri = f"ws://{address}/_stcore/stream"
    headers = {"Cookie": cookie}
    async with (
        connect(uri, additional_headers=headers, subprotocols=["streamlit"], max_size=None) as opened,  # type: ignore[list-item]
        httpx.AsyncClient(base_url=f"http://{address}", timeout=60) as server,
    ):
        session = Session(opened, server)
        await session.open_page()
        hearing = asyncio.create_task(session.hear())
        # Who comes when others have begun would be asked first whether they may be the second reader.
        await all_there.wait()
        own = session.cells[place :: all_there.parties]
        await asyncio.sleep(pause_s * place / all_there.parties)
        seconds = []
        for number in range(1, decisions + 1):
            # Again and again through the own cells, each time with another call: every one is a new reading.
            cell, call = own[number % len(own)], CALLS[(number // len(own)) % 3]
            seconds.append(await session.decide(number, cell, call))
            await asyncio.sleep(max(0.0, pause_s - seconds[-1]))
        hearing.cancel()
    return seconds


def main() -> None:
    """Measure, check, print a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--decisions", type=int, default=20, help="by each session")
    parser.add_argument("--candidates", type=int, default=100, help="of the slide, read by turns")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds from one decision to the next")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(
            json.dumps(
                measure(Path(folder), chosen.sessions, chosen.decisions, chosen.candidates, chosen.pause)
            )
        )


def measure(folder: Path, sessions: int, decisions: int, candidates: int, pause_s: float) -> dict[str, Any]:
    """Start the application, let the sessions read, hold what is in the database against what they did."""
    workplace = open_workplace(folder / "data")
    record = scored_slide(
        workplace.store, folder / "slide", listed=candidates, fields=max(20, candidates // 10)
    )
    named = name_cookie(workplace.secret)
    cookies = [f"{named}={signed_name(workplace.secret, f'reader {place}')}" for place in range(sessions)]
    workplace.store.close()
    load_before = os.getloadavg()[2]
    server = RunningServer(folder / "data")
    server.start()
    try:

        async def all_read() -> list[list[float]]:
            all_there = asyncio.Barrier(sessions)
            readers = (
                read(f"127.0.0.1:{server.port}", cookie, place, decisions, pause_s, all_there)
                for place, cookie in enumerate(cookies)
            )
            return await asyncio.gather(*readers)

        seconds = [one for of_session in asyncio.run(all_read()) for one in of_session]
        memory = psutil.Process(server.number).memory_info().rss
    finally:
        server.kill()
    store = Store.in_folder(folder / "data")
    readings = store.record(record.slide.id).readings
    store.close()
    times = Counter(reading.candidate_id for reading in readings)
    expected = Counter(
        own[number % len(own)]
        for place in range(sessions)
        for own in [[candidate.id for candidate in record.candidates][place::sessions]]
        for number in range(1, decisions + 1)
    )
    ranked = sorted(seconds)
    return {
        "sessions": sessions,
        "decisions": len(seconds),
        "candidates": candidates,
        "lost": (expected - times).total(),
        "doubled": (times - expected).total(),
        "median_ms": round(1000 * statistics.median(ranked)),
        "p95_ms": round(1000 * ranked[int(0.95 * len(ranked))]),
        "largest_ms": round(1000 * ranked[-1]),
        "server_mib": round(memory / 2**20),
        "cores": os.cpu_count(),
        "load_before": round(load_before, 1),
        "system": platform.platform(),
    }


if __name__ == "__main__":
    main()
