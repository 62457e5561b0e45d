"""An object store on this machine that speaks as much of S3 as reading takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


class Bucket:
    """Its objects by key, of whatever bucket; where one of `broken` is read, the connection ends half way."""

    def __init__(self, port: int) -> None:
        self.objects: dict[str, bytes] = {}
        self.broken: set[str] = set()
        self._port = port

    def address(self, folder: str, name: str = "slides") -> str:
        options = f"scheme=http&endpoint_override=127.0.0.1:{self._port}&region=us-east-1"
        return f"s3://key:secret@{name}/{folder}?{options}"


@contextmanager
def bucket_here() -> Iterator[Bucket]:
    class Answer(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            at = urlsplit(self.path)
            key = unquote(at.path).lstrip("/").partition("/")[2]
            if not key:
                self._send(200, self._listed(parse_qs(at.query)))
            elif key in bucket.objects:
                self._send(200, bucket.objects[key], is_broken=key in bucket.broken)
            else:
                self._send(404, b"<Error><Code>NoSuchKey</Code></Error>")

        def _listed(self, query: dict[str, list[str]]) -> bytes:
            prefix, separator = query.get("prefix", [""])[0], query.get("delimiter", [""])[0]
            held, folders = "", set()
            for key, content in sorted(bucket.objects.items()):
                below = key.removeprefix(prefix)
                if not key.startswith(prefix):
                    continue
                if separator and separator in below:
                    folders.add(prefix + below.split(separator)[0] + separator)
                    continue
                held += (
                    f"<Contents><Key>{escape(key)}</Key><Size>{len(content)}</Size>"
                    "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
                )
            held += "".join(
                f"<CommonPrefixes><Prefix>{escape(one)}</Prefix></CommonPrefixes>" for one in folders
            )
            return f"<ListBucketResult><IsTruncated>false</IsTruncated>{held}</ListBucketResult>".encode()

        def _send(self, status: int, content: bytes, *, is_broken: bool = False) -> None:
            first, last = 0, len(content) - 1
            asked = self.headers.get("Range")
            if asked and status == 200:
                status = 206
                begin, _, end = asked.removeprefix("bytes=").partition("-")
                first, last = int(begin), min(int(end or last), last)
            self.send_response(status)
            self.send_header("Content-Length", str(last - first + 1))
            self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
            if status == 206:
                self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content[first : first + (last + 1 - first) // (2 if is_broken else 1)])

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    bucket = Bucket(server.server_address[1])
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()
