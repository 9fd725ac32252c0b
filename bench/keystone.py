"""A Keystone that knows every token as alice's: python -m bench.keystone HOST PORT.

A gateway asks it by its account whose a token is, before it vouches for the user.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_TOKEN = {
    "issued_at": "2026-01-01T00:00:00.000000Z",
    "expires_at": "2099-01-01T00:00:00.000000Z",
    "user": {"id": "0" * 32, "name": "alice", "domain": {"name": "Default"}},
    "project": {"id": "1" * 32, "name": "demo", "domain": {"name": "Default"}},
    "roles": [{"name": "member"}],
}
_DOCUMENT = json.dumps({"token": _TOKEN}).encode()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Say whose a token is."""
        self._answer(200)

    def do_POST(self) -> None:
        """Let anybody log in."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(201)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(_DOCUMENT)))
        self.send_header("X-Subject-Token", "the-account-s")
        self.end_headers()
        self.wfile.write(_DOCUMENT)

    def log_message(self, *_: object) -> None:
        """Keep silent."""


if __name__ == "__main__":
    ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
