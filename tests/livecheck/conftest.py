"""Frontends that say what they are told to say."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from client.conftest import cloud, clouds_yaml, credentials, fake  # noqa: F401  (fixtures)

IMAGE = {
    "versions": [
        {"id": f"v2.{n}", "status": "SUPPORTED", "links": [{"rel": "self", "href": "http://x/v2/"}]}
        for n in (15, 9, 0)
    ]
}
"""What Glance answers at its root."""


@dataclass
class Frontend:
    """An HTTP server with a gateway of a `cloud` in front of it, if that is not None.

    `answer` is the status and the JSON (or bytes) of every answer of the service, `date` its Date;
    `refusal` is the status of the gateway's to a scope, `clock` its Date. `assertions`: it knows of
    assertions, and refuses what is none.
    """

    port: int = 0
    answer: tuple[int, Any] = (300, IMAGE)
    date: str | None = None
    cloud: str | None = "C0"
    refusal: int = 400
    clock: str | None = None
    assertions: bool = False
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def _running(name: str) -> Iterator[Frontend]:
    played = Frontend(cloud=name)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            (status, document), date = played.answer, played.date
            refused = "X-Scope" in self.headers or (
                played.assertions and self.headers.get("X-Auth-Token", "").startswith("oid1.")
            )
            if refused and played.cloud is not None:
                status, date = played.refusal, played.clock
                document = {"error": {"code": status, "cloud": played.cloud}}
            else:
                played.requests.append((self.path, dict(self.headers)))
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response_only(status)
            if date:
                self.send_header("Date", date)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        played.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield played
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def run() -> Iterator[Callable[[str], Frontend]]:
    """Run a frontend of a cloud each time."""
    with ExitStack() as stack:
        yield lambda cloud: stack.enter_context(_running(cloud))


@pytest.fixture
def frontend(run: Callable[[str], Frontend]) -> Frontend:
    """Run a frontend of C0."""
    return run("C0")
