"""Files on their way in: the framework takes them from any page that is open, this lets it take fewer."""

import threading
from collections import OrderedDict

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.workplace import Workplace
from core.store import Right

UPLOADS = "/_stcore/upload_file/"
"""Begins the framework's addresses for uploads; the page's session follows."""
MOST_PAGES = 1000
"""Pages that may take files at a time; of more, those are forgotten that were made longest ago."""
_readers: OrderedDict[str, str] = OrderedDict()
_changing = threading.Lock()


def take_uploads_of(reader: str) -> None:
    """Let the page that is being made take files, while its person may bring slides in.

    Nobody hears of pages that are closed. One that is still open when it is forgotten takes files again as
    soon as it is made anew, as after any click in it.
    """
    context = get_script_run_ctx()
    if context is None:
        return
    with _changing:
        _readers[context.session_id] = reader
        _readers.move_to_end(context.session_id)
        while len(_readers) > MOST_PAGES:
            _readers.popitem(last=False)


class UploadGuard:
    """Refuses uploads from pages whose person may bring nothing in, or has not even signed in.

    The framework holds what is sent to it in memory, before any page has a say.
    """

    def __init__(self, inner: ASGIApp, workplace: Workplace) -> None:
        self._inner = inner
        self._people = workplace.store.people

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the framework answer."""
        if scope["type"] == "http" and scope["path"].startswith(UPLOADS):
            reader = _readers.get(scope["path"].removeprefix(UPLOADS).partition("/")[0])
            if reader is None or not await run_in_threadpool(self._people.may, reader, Right.BRING_IN):
                await PlainTextResponse("this page may not add slides", 403)(scope, receive, send)
                return
        await self._inner(scope, receive, send)
