"""What a reader waits for in the browser: the first page, and after each key the next cell and "saved".

    python -m benchmarks.review_keys

The application is started as a person starts it, on a slide made without a network, and read in Chromium.
From the keyboard's event on: "shown" is the frame in which all pictures of the next cell are loaded, "saved"
the one in which the board has the server's word, "screen" the one in which all tiles of a full screen of
cells are loaded.
"""

import json
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from app.workplace import open_workplace
from tests.app.chromium import at_board, give_name, new_page, running_chromium
from tests.app.running_server import RunningServer
from tests.scored_slides import scored_slide

KEYS = 80
WATCH = """() => {
  const find = (selector) => [...document.querySelectorAll('*')]
    .map((one) => one.shadowRoot?.querySelector(selector)).find(Boolean);
  window.waits = [];
  window.addEventListener('keydown', () => {
    const begun = performance.now(), board = find('.board'), before = board.dataset.cell;
    const wait = { shown: null, saved: null };
    window.waits.push(wait);
    const look = () => {
      const there = board.dataset.cell !== before && ['.cell .view', '.around img', '.neighbours img']
        .map((one) => board.querySelector(one)).every((one) => one.complete && one.naturalWidth);
      if (there && wait.shown === null) wait.shown = performance.now() - begun;
      // Before the key's own listener has run, nothing waits yet: saved counts from the next cell on.
      if (wait.shown !== null && board.querySelector('.saved').dataset.waiting === '0')
        wait.saved = performance.now() - begun;
      if (wait.saved === null) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, true);
}"""


SCREEN = """() => {
  const find = (selector) => [...document.querySelectorAll('*')]
    .map((one) => one.shadowRoot?.querySelector(selector)).find(Boolean);
  window.addEventListener('keydown', (event) => {
    if (event.key !== 't') return;
    const begun = performance.now(), board = find('.board');
    const look = () => {
      const pictures = [...board.querySelectorAll('.tile:not([hidden]) img')];
      const there = board.classList.contains('screens')
        && pictures.every((one) => one.complete && one.naturalWidth);
      if (there) window.screen_of = { tiles: pictures.length, ms: performance.now() - begun };
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, true);
}"""


def main() -> None:
    """Measure, print a line of JSON."""
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder))))


def measure(folder: Path) -> dict[str, Any]:
    """Start the application, read every cell but the last."""
    workplace = open_workplace(folder / "data")
    scored_slide(workplace.store, folder / "slide", listed=KEYS + 1, fields=40)
    workplace.store.close()
    server = RunningServer(folder / "data")
    begun = time.perf_counter()
    server.start()
    started = time.perf_counter() - begun
    try:
        with running_chromium() as browser:
            page = new_page(browser)
            begun = time.perf_counter()
            page.goto(f"{server.address}/review?slide=1")
            page.get_by_role("textbox").wait_for()
            first_page = time.perf_counter() - begun
            give_name(page, "Anna")
            at_board(page)
            page.wait_for_timeout(1000)
            page.evaluate(WATCH)
            for key in range(KEYS):
                page.keyboard.press("n")
                page.wait_for_function("count => window.waits[count - 1]?.saved != null", arg=key + 1)
                page.wait_for_timeout(200)
            waits = page.evaluate("window.waits")
            page.goto(f"{server.address}/review?slide=1&cell=1")
            at_board(page)
            page.evaluate(SCREEN)
            page.keyboard.press("t")
            page.wait_for_function("window.screen_of")
            screen = page.evaluate("window.screen_of")
    finally:
        server.kill()
    shown, saved = (sorted(wait[kind] for wait in waits) for kind in ("shown", "saved"))
    return {
        "keys": len(waits),
        "shown_median_ms": round(statistics.median(shown)),
        "shown_p95_ms": round(shown[int(0.95 * len(shown))]),
        "shown_largest_ms": round(shown[-1]),
        "saved_median_ms": round(statistics.median(saved)),
        "saved_largest_ms": round(saved[-1]),
        "screen_tiles": screen["tiles"],
        "screen_ms": round(screen["ms"]),
        "started_s": round(started, 1),
        "first_page_s": round(first_page, 1),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "system": platform.platform(),
    }


if __name__ == "__main__":
    main()
