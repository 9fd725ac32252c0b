"""One request to one frontend, of which also the connection is looked at."""

import http.client
import json
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from openstackoid.federation import Cloud, Url

TIMEOUT = 10.0
"""Seconds for each step of a connection."""

MAX_BODY = 8 * 2**20
"""Bytes that are read of an answer."""


class ProbeError(Exception):
    """Why there is no answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a frontend said, headers by their names in lower case.

    `ahead` is by how many seconds its clock is ahead of ours, `expires` the end of its certificate;
    None where there is none.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    ahead: float | None
    expires: datetime | None


def trusted(authorities: Iterable[Path]) -> ssl.SSLContext:
    """Return how certificates are checked: by the system's authorities and these.

    Raises OSError if one can't be read.
    """
    context = ssl.create_default_context()
    for file in authorities:
        context.load_verify_locations(file)
    return context


def ask(cloud: Cloud, url: Url, context: ssl.SSLContext, path: str = "/", **headers: str) -> Answer:
    """GET a path below a frontend of a cloud, as its `connect` says; raises ProbeError."""
    try:
        with socket.create_connection((str(cloud.connect or url.host), url.port), TIMEOUT) as raw:
            if url.scheme == "http":
                return _ask(url, raw, path, headers, None)
            with context.wrap_socket(raw, server_hostname=url.host) as secure:
                return _ask(url, secure, path, headers, _expiry(secure))
    except ssl.SSLCertVerificationError as error:
        raise ProbeError(f"its certificate is not accepted: {error.verify_message}") from error
    except TimeoutError as error:
        raise ProbeError(f"no answer within {TIMEOUT:g} s") from error
    except OSError as error:
        raise ProbeError(error.strerror or "no connection") from error
    except http.client.HTTPException as error:
        raise ProbeError("its answer is not HTTP") from error


def refusing(body: bytes) -> str | None:
    """Return the cloud whose gateway has refused a request, None if the body is not a gateway's."""
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
    told = {name.lower(): value for name, value in answer.headers.items()}
    return Answer(answer.status, told, answer.read(MAX_BODY), ahead, expires)


def _ahead(date: str | None) -> float | None:
    """Return by how many seconds a Date, which has whole ones, is ahead (RFC 9110, 6.6.1)."""
    try:
        return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds() if date else None
    except (ValueError, TypeError):
        return None
