"""Sends one GET to a frontend, and returns the answer with its clock and its certificate's end."""

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from openstackoid.federation import Cloud, Url

TIMEOUT = 10.0
"""Seconds for each step of a connection: to connect, the TLS handshake, each read."""

WHOLE = 30.0
"""Seconds for a whole answer, from the connection on: a byte may come before each timeout."""

MAX_BODY = 8 * 2**20
"""Bytes of an answer that are read at most; the rest is ignored."""


class ProbeError(Exception):
    """There is no answer; the message says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a frontend; `headers` have their names in lower case.

    `ahead` is the number of seconds that its Date is ahead of our clock, None without a Date.
    `expires` is the end of its certificate, None without TLS.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    ahead: float | None
    expires: datetime | None


def trusted(authorities: Iterable[Path]) -> ssl.SSLContext:
    """Return a TLS context that accepts the authorities of the system and these files.

    Raises OSError if a file can't be read.
    """
    context = ssl.create_default_context()
    for file in authorities:
        context.load_verify_locations(file)
    return context


def ask(cloud: Cloud, url: Url, context: ssl.SSLContext, path: str = "/", **headers: str) -> Answer:
    """GET a path below a frontend of a cloud, at the cloud's `connect`; raises ProbeError.

    A token goes to the host of the frontend alone: `connect`, in a file that somebody passes
    around, could lead anywhere.
    """
    host = url.host if "X_Auth_Token" in headers else str(cloud.connect or url.host)
    try:
        with socket.create_connection((host, url.port), TIMEOUT) as raw:
            if url.scheme == "http":
                with _ending(raw):
                    return _ask(url, raw, path, headers, None)
            with (
                context.wrap_socket(
                    raw, server_hostname=url.host, do_handshake_on_connect=False
                ) as secure,
                _ending(secure),
            ):
                secure.do_handshake()
                return _ask(url, secure, path, headers, _expiry(secure))
    except ssl.SSLCertVerificationError as error:
        raise ProbeError(f"its certificate is not accepted: {error.verify_message}") from error
    except TimeoutError as error:
        raise ProbeError(f"no answer within {TIMEOUT:g} s") from error
    except OSError as error:
        raise ProbeError(error.strerror or "no connection") from error
    except http.client.HTTPException as error:
        raise ProbeError("its answer is not HTTP") from error


@contextmanager
def _ending(connected: socket.socket) -> Iterator[None]:
    """End a connection after WHOLE seconds; whatever that breaks is a ProbeError."""
    over = threading.Event()

    def end() -> None:
        over.set()
        with suppress(OSError):  # of a TLS socket, only the connection: the state is not ours
            socket.socket.shutdown(connected, socket.SHUT_RDWR)

    timer = threading.Timer(WHOLE, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException):
        if not over.is_set():
            raise
    finally:
        timer.cancel()
    if over.is_set():
        raise ProbeError(f"no whole answer within {WHOLE:g} s")


def refusing(body: bytes) -> str | None:
    """Return the cloud in the body of a refusal, None if the body is not a gateway's."""
    try:
        return str(json.loads(body)["error"]["cloud"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _expiry(secure: ssl.SSLSocket) -> datetime:
    text = str((secure.getpeercert() or {})["notAfter"])
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)


def _ask(
    url: Url,
    connected: socket.socket,
    path: str,
    headers: Mapping[str, str],
    expires: datetime | None,
) -> Answer:
    connection = http.client.HTTPConnection(url.host, url.port)
    connection.sock = connected
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", url.path + path, headers={"Host": url.netloc} | named)
    answer = connection.getresponse()
    ahead = _ahead(answer.headers["Date"])
    received = {name.lower(): value for name, value in answer.headers.items()}
    return Answer(answer.status, received, answer.read(MAX_BODY), ahead, expires)


def _ahead(date: str | None) -> float | None:
    """Return how many seconds a Date (RFC 9110, 6.6.1; whole seconds) is ahead of our clock."""
    try:
        return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds() if date else None
    except (ValueError, TypeError, OverflowError):
        return None
