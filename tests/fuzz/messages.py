"""Heads and bodies of HTTP, read by our parser, whole and in pieces, and by h11 as a second one.

What our parser accepts, h11 has to accept and to read in the same way: a second server in a row
that reads a message differently is how requests are smuggled.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeAlias

import h11
from fuzz.pieces import split

from openstackoid.gateway.http.bodies import Body, Decoder, decoder
from openstackoid.gateway.http.errors import ProtocolError
from openstackoid.gateway.http.framing import CHUNKED, TO_END, request_framing, response_framing
from openstackoid.gateway.http.heads import (
    LENIENT,
    MAX_HEAD,
    REQUEST,
    STRICT,
    RequestHead,
    RequestReader,
    ResponseHead,
    ResponseReader,
    Rules,
    encoded,
)
from openstackoid.message import Headers

Known: TypeAlias = Sequence[tuple[str, Callable[[Any], bool]]]


class _Source:
    """A connection that is never paused for long."""

    def pause(self) -> None:
        """Do nothing."""

    def resume(self) -> None:
        """Do nothing."""


@dataclass
class Read:
    """A message as one parser reads it; `head` is None as long as it has no end."""

    head: RequestHead | ResponseHead | None = None
    framing: int = 0
    body: bytes = b""
    whole: bool = False
    rest: bytes = b""


@dataclass
class Reading:
    """Reads one message piece by piece, as a connection does."""

    reader: RequestReader | ResponseReader
    framing: Callable[[Any], int]
    _body: Body = field(default_factory=lambda: Body(_Source(), None))
    _decoder: Decoder | None = None
    _read: Read = field(default_factory=Read)

    def of(self, pieces: Iterable[bytes]) -> Read | None:
        """Return the message, None if it is refused."""
        try:
            for piece in pieces:
                self._feed(piece)
        except ProtocolError:
            return None
        read = self._read
        read.body, read.whole = self._body.taken(), self._body.whole
        return read

    def _feed(self, piece: bytes) -> None:
        read = self._read
        if self._body.whole:
            read.rest += piece
        elif self._decoder is not None:
            self._decode(piece)
        elif self.reader.feed(piece):
            read.head = self.reader.head()
            read.framing = self.framing(read.head)
            if read.framing == 0:
                self._body.end()
                read.rest = self.reader.rest
            else:
                self._decoder = decoder(read.framing, self._body)
                if self.reader.rest:
                    self._decode(self.reader.rest)

    def _decode(self, piece: bytes) -> None:
        assert self._decoder is not None
        if self._decoder.feed(piece):
            self._read.rest = self._decoder.rest


def requests(data: bytes) -> None:
    """Read a request of a client."""
    sent, pieces = split(data)

    def read(pieces: Iterable[bytes]) -> Read | None:
        return Reading(RequestReader(REQUEST), lambda head: request_framing(head.headers)).of(
            pieces
        )

    whole = read([sent])
    _same(read(pieces), whole)
    if whole is None or whole.head is None:
        return
    head = whole.head
    assert isinstance(head, RequestHead)
    line = f"{head.method} {head.target} HTTP/1.{head.minor}"
    again = RequestReader(REQUEST)
    assert again.feed(encoded(line, head.headers))
    assert again.head()._replace(size=head.size) == head
    if not _differs(head, KNOWN_REQUESTS):
        second = h11.Connection(h11.SERVER, max_incomplete_event_size=2 * MAX_HEAD)
        _agree(second, sent.lstrip(b"\r\n"), whole, _line_of_request(head), None)


def responses(data: bytes) -> None:
    """Read a response, of another cloud or of this one's service; the first byte says of which."""
    lenient, method = data[:1] in b"lL", "HEAD" if data[:1] in b"hH" else "GET"
    sent, pieces = split(data[1:])
    rules = LENIENT if lenient else STRICT

    def read(pieces: Iterable[bytes]) -> Read | None:
        def framing(head: ResponseHead) -> int:
            return response_framing(head.status, head.minor, head.headers, method)

        return Reading(ResponseReader(rules), framing).of(pieces)

    whole = read([sent])
    _same(read(pieces), whole)
    if whole is None or whole.head is None:
        return
    head = whole.head
    assert isinstance(head, ResponseHead)
    _printed_again(head, rules)
    if not lenient and not _differs(head, KNOWN_RESPONSES):
        second = h11.Connection(h11.CLIENT, max_incomplete_event_size=2 * MAX_HEAD)
        second.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
        _agree(second, sent.lstrip(b"\r\n"), whole, (head.status, head.minor), TO_END)


def _printed_again(head: ResponseHead, rules: Rules) -> None:
    again = ResponseReader(rules)
    assert again.feed(encoded(f"HTTP/1.{head.minor} {head.status} {head.reason}", head.headers))
    assert again.head() == head


def _same(read: Read | None, whole: Read | None) -> None:
    """Check that pieces make no difference."""
    assert (read is None) == (whole is None), "pieces decide whether it is refused"
    if read is None or whole is None:
        return
    ours, other = ((r.head, r.framing, r.body, r.whole) for r in (read, whole))
    assert ours == other, "pieces decide what it says"
    if whole.framing == CHUNKED:  # its decoder tells whether there is a rest, not all of it
        return
    assert read.rest == whole.rest, "pieces decide where it ends"


def _two_hosts(head: RequestHead) -> bool:
    return len(head.headers.all("host")) > 1


def _other_coding(head: RequestHead | ResponseHead) -> bool:
    return head.headers.get("transfer-encoding", "chunked").lower() != "chunked"


def _not_ascii(head: RequestHead) -> bool:
    return not head.target.isascii() or any(not name.isascii() for name in head.headers.names)


def _switches(head: ResponseHead) -> bool:
    return head.status == HTTPStatus.SWITCHING_PROTOCOLS


KNOWN_REQUESTS: Known = (
    ("The handler refuses several Host (admission/heads.py).", _two_hosts),
    ("The handler refuses codings before chunked (admission/heads.py).", _other_coding),
    ("A request without a scope passes as it is; with one, routing refuses these.", _not_ascii),
)
"""What our parser accepts of requests and h11 does not: the reason, and whether it is so."""

KNOWN_RESPONSES: Known = (("The connection refuses 101 (http/connection.py).", _switches),)
"""The same of responses of other clouds."""


def _differs(head: Any, known: Known) -> bool:
    return any(differs(head) for _, differs in known)


def _line_of_request(head: RequestHead) -> tuple[bytes, bytes, int]:
    return head.method.encode(), head.target.encode(), head.minor


def _agree(
    second: h11.Connection, sent: bytes, ours: Read, line: tuple[Any, ...], to_end: int | None
) -> None:
    """Check that h11 reads a message as we do."""
    assert ours.head is not None
    second.receive_data(sent)
    head = second.next_event()
    minor = int(head.http_version.decode().removeprefix("1."))  # type: ignore[union-attr]
    if isinstance(head, h11.Request):
        assert (head.method, head.target, minor) == line
    else:
        assert isinstance(head, (h11.Response, h11.InformationalResponse)), head
        assert (head.status_code, minor) == line
    assert _pairs(head.headers) == _encoded(ours.head.headers)
    if isinstance(head, h11.InformationalResponse):
        return
    if ours.framing == to_end:
        second.receive_data(b"")
        ours.whole = True
    body = b""
    while isinstance(event := second.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage) == ours.whole, event
    if ours.whole:
        assert body == ours.body
        if ours.framing not in (CHUNKED, to_end):
            assert second.trailing_data[0] == ours.rest
    else:
        assert ours.body.startswith(body)


def _pairs(headers: Any) -> list[tuple[bytes, bytes]]:
    return _comparable(headers.raw_items())


def _encoded(headers: Headers) -> list[tuple[bytes, bytes]]:
    return _comparable((n.encode(), v.encode("utf-8", "surrogateescape")) for n, v in headers)


def _comparable(pairs: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return headers with what is not case-sensitive in lower case, as h11 has the codings."""
    lower = [(bytes(name).lower(), bytes(value)) for name, value in pairs]
    return [(n, v.lower() if n == b"transfer-encoding" else v) for n, v in lower]
