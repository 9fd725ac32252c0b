"""Records every byte that crosses the borders between the clouds of a lab."""

import re
import socket
import socketserver
import threading
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from urllib.parse import urlsplit

from clouds.conftest import federation_of, tell

from openstackoid.lab import Lab, addresses
from openstackoid.lab.cloud import LabCloud

_PIECE = 65536
_PRESENTED = re.compile(rb"(?i)\r\nX-Auth-Token: (oid1\.[\w.-]+)!SCOPE!([^\r\n]*)")
_ASSERTION = re.compile(rb"oid1\.([\w-]+)\.([\w-]+)\.[\w-]+")


class Border:
    """What one cloud's gateway has sent to another cloud, and got from it.

    Each connection and direction has a text of its own, so that what is looked for is in one piece.
    """

    def __init__(self) -> None:
        self._sent: list[bytearray] = []
        self._got: list[bytearray] = []
        self._held = b""
        self._released = threading.Event()

    def opened(self) -> tuple[bytearray, bytearray]:
        """Return where to put what one more connection sends and gets."""
        sent, got = bytearray(), bytearray()
        self._sent.append(sent)
        self._got.append(got)
        return sent, got

    @property
    def connections(self) -> int:
        """How many there have been."""
        return len(self._sent)

    def sent(self, begin: int = 0) -> bytes:
        """Return what was sent on connections, from one of these numbers on."""
        return b"\n".join(map(bytes, self._sent[begin:]))

    @property
    def all(self) -> bytes:
        """Everything in both directions, and once more what is in assertions, decoded."""
        raw = b"\n".join(map(bytes, (*self._sent, *self._got)))
        return b"\n".join((raw, *map(_payload, set(_ASSERTION.findall(raw)))))

    @contextmanager
    def presented(self) -> Iterator[list[tuple[str, str]]]:
        """Give a list that gets what is sent in front meanwhile: assertions with their scopes."""
        before, new = Counter(self._presented()), list[tuple[str, str]]()
        yield new
        new += (Counter(self._presented()) - before).elements()

    @contextmanager
    def holding(self, beginning: bytes) -> Iterator[Callable[[], None]]:
        """Keep back answers that begin so, until what is given is called."""
        self._released.clear()
        self._held = beginning
        try:
            yield self._released.set
        finally:
            self._held = b""
            self._released.set()

    def wait(self, piece: bytes) -> None:
        """Wait while a piece of an answer is kept back."""
        if self._held and piece.startswith(self._held):
            self._released.wait()

    def _presented(self) -> Iterator[tuple[str, str]]:
        for sent in list(self._sent):
            for assertion, scope in _PRESENTED.findall(bytes(sent)):
                yield assertion.decode(), scope.decode()


Borders = Mapping[tuple[str, str], Border]
"""Borders by the cloud that connects and the one that it connects to."""


@contextmanager
def recorded(lab: Lab) -> Iterator[Borders]:
    """Let every gateway connect to the other clouds by way of a recorder, before the links."""
    borders = {(a.name, b.name): Border() for a in lab.clouds for b in lab.clouds if a != b}
    with ExitStack() as stack:
        for (here, there), border in borders.items():
            _listen(stack, lab.cloud(here), lab.cloud(there), border)
        for cloud in lab.clouds:
            described = stack.enter_context(federation_of(lab, cloud.name))
            for name, entry in described["clouds"].items():
                if name != cloud.name:
                    entry["connect"] = _address(cloud, lab.cloud(name))
            tell(lab, cloud.name, described)
        yield borders


def _address(here: LabCloud, there: LabCloud) -> str:
    return str(here.network[here.index * 256 + 128 + there.index])


class _Server(socketserver.ThreadingTCPServer):
    """Connections wait for one another; those that gateways keep do not keep it from closing."""

    allow_reuse_address = True
    request_queue_size = 128
    daemon_threads = True
    block_on_close = False


def _payload(parts: tuple[bytes, bytes]) -> bytes:
    return b"\n".join(urlsafe_b64decode(part + b"==") for part in parts)


def _listen(stack: ExitStack, here: LabCloud, there: LabCloud, border: Border) -> None:
    """Record at every port of a cloud's frontends, until the stack is left."""
    link = addresses.link(here.network, here.index, there.index)
    for port in {urlsplit(url).port or 80 for url in there.frontends.values()}:

        class Handler(socketserver.BaseRequestHandler):
            target = (link, port)

            def handle(self) -> None:
                with suppress(OSError), socket.create_connection(self.target) as far:
                    sent, got = border.opened()
                    back = threading.Thread(
                        target=_copy, args=(far, self.request, got, border.wait)
                    )
                    back.start()
                    _copy(self.request, far, sent)
                    back.join()

        server = stack.enter_context(_Server((_address(here, there), port), Handler))
        threading.Thread(target=server.serve_forever, args=(0.1,)).start()
        stack.callback(server.shutdown)


def _copy(
    one: socket.socket,
    other: socket.socket,
    record: bytearray,
    wait: Callable[[bytes], None] = lambda _: None,
) -> None:
    """Copy what a connection sends to another one, and record it; a reset ends both."""
    with suppress(OSError):
        while piece := one.recv(_PIECE):
            wait(piece)
            record += piece  # before it is sent: who has seen the answer finds it here
            other.sendall(piece)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)
