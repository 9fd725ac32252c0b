"""A cloud that writes down what it is asked: Keystone and empty services, all behind one port."""

import json
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "gAAAAAfaketoken"
USER = "alice"
SERVICES = {  # service type -> path of its endpoint
    "identity": "/identity/v3",
    "compute": "/compute/v2.1",
    "image": "/image",
    "network": "/network",
    "block-storage": "/volume/v3",
    "object-store": "/object-store/v1/AUTH_p1",
    "placement": "/placement",
    "orchestration": "/orchestration/v1/p1",
    "load-balancer": "/load-balancer",
    "key-manager": "/key-manager",
    "shared-file-system": "/share/v2",
    "dns": "/dns",
}
VERSIONS = {  # path of the discovery document -> (id, path, microversions)
    "/identity": ("v3.14", "/identity/v3", None),
    "/identity/v3": ("v3.14", "/identity/v3", None),
    "/compute/v2.1": ("v2.1", "/compute/v2.1", ("2.1", "2.96")),
    "/image": ("v2.16", "/image/v2", None),
    "/network": ("v2.0", "/network/v2.0", None),
    "/volume/v3": ("v3.0", "/volume/v3", ("3.0", "3.70")),
    "/placement": ("v1.0", "/placement", ("1.0", "1.39")),
    "/load-balancer": ("v2.27", "/load-balancer/v2", None),
    "/key-manager": ("v1", "/key-manager/v1", ("1.0", "1.1")),
    "/key-manager/v1": ("v1", "/key-manager/v1", ("1.0", "1.1")),
    "/dns": ("v2", "/dns/v2", None),
    "/share": ("v2.0", "/share/v2", ("2.0", "2.80")),
}


@dataclass(frozen=True)
class Request:
    """One request as it came over the wire."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Return the values of all headers of this name."""
        return [v for n, v in self.headers if n.lower() == name.lower()]

    @property
    def scope(self) -> list[str]:
        """The X-Scope headers: none or one."""
        return self.all("X-Scope")

    @property
    def token(self) -> list[str]:
        """The X-Auth-Token headers: none or one."""
        return self.all("X-Auth-Token")


@dataclass(frozen=True)
class Raw:
    """An answer byte for byte, head and all; pieces are sent one by one until the client leaves."""

    pieces: Iterable[bytes]


def vendor(connection: Any) -> None:
    """Be a cloud's own vendor hook."""
    connection.session.additional_headers["X-Vendor"] = "was here"


def broken_vendor(connection: Any) -> None:
    """Be a vendor hook with a mistake, of the kind openstacksdk forgives."""
    raise TypeError("wrong number of arguments")


class Fake(ThreadingHTTPServer):
    """The server; `requests` are all since `clear()`, `refuse` is the path to answer 401 once.

    `token` is what a login gives and `user` whom it names, `key` what its gateway says of itself
    with it.

    `reply` answers before the empty services do, with a status and JSON, or with None to leave it
    to them. A status of 0 closes the connection without an answer, and a Raw is all that is sent
    before it closes. `headers` are those of each.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.requests: list[Request] = []
        self.refuse: str | None = None
        self.token = TOKEN
        self.user = USER
        self.key: str | None = None
        self.headers: dict[str, str] = {}
        self.reply: Callable[[Request], tuple[int, Any] | Raw | None] | None = None
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def clear(self) -> None:
        """Forget what was recorded, and told."""
        self.requests = []
        self.key = None
        self.user = USER
        self.refuse = None
        self.headers = {}
        self.reply = None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Fake

    def handle(self) -> None:
        with suppress(ConnectionError):  # the client has left
            super().handle()

    def _handle(self) -> None:
        request = Request(self.command, self.path, tuple(self.headers.items()), self._body())
        self.server.requests.append(request)
        reply = self.server.reply(request) if self.server.reply else None
        if isinstance(reply, Raw):
            self.close_connection = True
            for piece in reply.pieces:
                self.wfile.write(piece)
            return
        status, answer = reply or self._answer(self.path.split("?")[0].rstrip("/"))
        if status == 0:
            self.close_connection = True
            return
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Subject-Token", self.server.token)
        if self.server.key and "X-Scope" in self.headers:
            self.send_header("X-Scope-Key", self.server.key)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD" and status != HTTPStatus.NO_CONTENT:
            self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _handle  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, path: str) -> tuple[int, Any]:
        if path == self.server.refuse:
            self.server.refuse = None
            return 401, {"error": {"code": 401, "message": "expired", "title": "Unauthorized"}}
        if path == "/identity/v3/auth/tokens":
            return (201 if self.command == "POST" else 200), {"token": self._token()}
        if path in VERSIONS and self.command == "GET":
            return 200, self._version(path)
        if path.startswith("/object-store"):
            return 200, []
        name = path.removesuffix("/detail").rsplit("/", 1)[-1]
        return 200, {name: [], "total": 0}

    def _version(self, path: str) -> dict[str, Any]:
        name, base, micro = VERSIONS[path]
        link = {"rel": "self", "href": f"{self.server.url}{base}/"}
        version: dict[str, Any] = {"id": name, "status": "CURRENT", "links": [link]}
        version["updated"] = "2024-01-01T00:00:00Z"
        if micro:
            version |= {"min_version": micro[0], "version": micro[1], "max_version": micro[1]}
        if path == "/identity":
            return {"versions": {"values": [version]}}
        return {"version": version} if path == base else {"versions": [version]}

    def _token(self) -> dict[str, Any]:
        domain = {"id": "default", "name": "Default"}
        catalog = [
            {
                "type": service,
                "name": service,
                "id": service,
                "endpoints": [
                    {
                        "id": service,
                        "interface": "public",
                        "region": "RegionOne",
                        "region_id": "RegionOne",
                        "url": self.server.url + path,
                    }
                ],
            }
            for service, path in SERVICES.items()
        ]
        return {
            "methods": ["password"],
            "user": {"id": "u1", "name": self.server.user, "domain": domain},
            "project": {"id": "p1", "name": "demo", "domain": domain},
            "roles": [{"id": "r1", "name": "member"}],
            "expires_at": "2099-01-01T00:00:00.000000Z",
            "issued_at": "2024-01-01T00:00:00.000000Z",
            "audit_ids": ["a"],
            "catalog": catalog,
        }

    def log_message(self, *args: object) -> None:
        """Say nothing: the requests are in `requests`."""
