"""A frontend that says what it is told to say."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from client.conftest import cloud, clouds_yaml, credentials, fake  # noqa: F401  (fixtures)


@dataclass
class Frontend:
    """An HTTP server; `answer` is the status and the JSON of every answer, `date` its Date."""

    port: int = 0
    answer: tuple[int, Any] = (200, {})
    date: str | None = None
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def frontend() -> Iterator[Frontend]:
    """Run a frontend."""
    played = Frontend()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            played.requests.append((self.path, dict(self.headers)))
            status, document = played.answer
            body = json.dumps(document).encode()
            self.send_response_only(status)
            if played.date:
                self.send_header("Date", played.date)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        played.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield played
        server.shutdown()
        thread.join()
