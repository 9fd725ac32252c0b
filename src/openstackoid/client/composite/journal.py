"""What a branch asked its cloud, whether or not the command succeeded."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, RequestException, Response, Session
from requests.adapters import BaseAdapter
from requests.exceptions import ConnectTimeout
from urllib3.exceptions import NewConnectionError

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LOGIN = "/auth/tokens"
_OLDER = re.compile(r"/action$|/manageable_\w+$")
"""Paths of requests about what there is already."""


@dataclass
class Write:
    """One request that changes something; `answer` is None as long as there is none."""

    method: str
    path: str
    answer: Response | None = field(default=None, repr=False)
    sent: bool = True

    @property
    def may_have_acted(self) -> bool:
        """Whether the cloud may have carried it out.

        A 4xx and a 503 say that it did not, and so does a gateway that could send it nowhere.
        """
        if self.answer is None:
            return self.sent
        status = self.answer.status_code
        return status != 503 and not 400 <= status < 500 and not _unsent(self.answer)

    @property
    def succeeded(self) -> bool:
        """Whether the cloud said that it has carried it out."""
        return self.answer is not None and self.answer.status_code < 400


def _unsent(answer: Response) -> bool:
    try:
        return answer.json()["error"]["sent"] is False
    except (ValueError, LookupError, TypeError):
        return False


def record(session: Session, writes: list[Write], queries: list[Response]) -> None:
    """Append each further write of the session before it is sent, and what each query found."""
    for prefix, adapter in list(session.adapters.items()):
        session.mount(prefix, _Recorder(adapter, writes, queries))


class _Recorder(BaseAdapter):
    def __init__(self, adapter: BaseAdapter, writes: list[Write], queries: list[Response]) -> None:
        super().__init__()
        self._adapter = adapter
        self._writes = writes
        self._queries = queries

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        url = urlsplit(request.url or "")
        write = Write(request.method or "", url.path)
        if write.method not in _SAFE and not url.path.endswith(_LOGIN):
            self._writes.append(write)
        try:
            write.answer = self._adapter.send(request, *args, **options)
        except RequestException as error:
            write.sent = not _refused(error)
            raise
        if write.method == "GET" and url.query and not options.get("stream"):  # not data
            self._queries.append(write.answer)
        return write.answer

    def close(self) -> None:
        self._adapter.close()


def _refused(error: RequestException) -> bool:
    """Tell whether there was no connection, so that nothing can have been sent."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    return isinstance(error, ConnectTimeout) or isinstance(reason, NewConnectionError)


def created(writes: Sequence[Write]) -> str | None:
    """Return the id of what the first successful POST created, None if it tells none.

    What an action answers with, and what a service takes over, was there before.
    """
    from openstackoid.operators.shapes import identifier, resource

    for write in writes:
        if write.method != "POST" or not write.succeeded or write.answer is None:
            continue
        if _OLDER.search(write.path):
            return None
        try:
            found = identifier(resource(write.answer.json()))
        except ValueError:
            found = None
        location = write.answer.headers.get("Location", "").partition("?")[0]
        return found or location.rstrip("/").rpartition("/")[2] or None
    return None


def found_nothing(queries: Sequence[Response]) -> bool:
    """Tell whether a filtered list had nothing in it, as the gateway understands that."""
    from openstackoid.operators.request import Request
    from openstackoid.operators.shapes import is_filtered, listing

    for answer in queries:
        if not (answer.ok and is_filtered(Request.of("GET", answer.request.path_url))):
            continue
        try:
            found = listing(answer.json())
        except ValueError:
            continue
        if found and not found.items:
            return True
    return False
