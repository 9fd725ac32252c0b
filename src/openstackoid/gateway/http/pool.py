"""Keeps idle connections to services for the next request, and chooses one that is safe to use.

A service may close a kept connection at any time, also while a request is on its way to it. Nobody
can tell then whether the request was executed, and only a safe one may be sent again (RFC 9110,
section 9.2.2; RFC 9112, section 9.3.1). So any other request takes a kept connection only if the
service is not about to close it, as far as that can be known:

- it is open, by what the kernel says now and not by what the event loop has heard;
- it has rested: a service that closes behind an answer does so at once;
- it is younger than half the age at which this service was seen to close one.
"""

from openstackoid.gateway.http.connection import Connection
from openstackoid.gateway.http.outgoing import Origin
from openstackoid.gateway.http.waiting import Ages

KEEP_ALIVE = 4.0
"""Seconds an idle connection is kept: less than most servers keep it (Apache: 5, gunicorn: 2)."""

REST = 0.1
"""Seconds behind an answer in which a connection is taken for requests only that may be repeated.

A busy service closes within milliseconds. While one connection rests, others are used.
"""


class Kept:
    """The idle connections of a client, by the service that they lead to."""

    def __init__(self) -> None:
        self.ages: Ages[Connection] = Ages(KEEP_ALIVE, self._expire)
        self._idle: dict[Origin, list[Connection]] = {}
        self._lifetimes: dict[tuple[str, int], float] = {}
        """The least seconds at which a service has closed an idle connection, by its address."""

    def take(self, origin: Origin, *, repeatable: bool) -> tuple[Connection, float] | None:
        """Return a connection for a request and for how many seconds it was idle, or None."""
        idle = self._idle.get(origin, [])
        lifetime = self._lifetimes.get(_address(origin))
        for connection in idle[::-1] if repeatable else idle[:]:
            age = self.ages.age(connection)
            if not repeatable and age < REST:
                return None  # those behind it have rested even less
            if connection.transport.is_closing() or connection.readable():
                self._discard(connection, origin)
                self.closed_at(origin, age)
                connection.transport.abort()
            elif repeatable or lifetime is None or age <= lifetime / 2:
                self._discard(connection, origin)
                return connection, age
            else:
                self.open_at(origin, age)
        return None

    def add(self, connection: Connection, origin: Origin) -> None:
        """Keep a connection whose answer has come whole."""
        self._idle.setdefault(origin, []).append(connection)
        self.ages.add(connection)

    def lost(self, connection: Connection, origin: Origin) -> None:
        """Forget a connection that is closed; if it was idle, the service has done it."""
        if connection in self.ages:
            self.closed_at(origin, self.ages.age(connection))
        self._discard(connection, origin)

    def closed_at(self, origin: Origin, age: float) -> None:
        """Learn that a service closes connections that are idle for so many seconds."""
        address = _address(origin)
        self._lifetimes[address] = min(age, self._lifetimes.get(address, age))

    def open_at(self, origin: Origin, age: float) -> None:
        """Learn that a service has kept a connection that was idle for so many seconds."""
        if age > self._lifetimes.get(_address(origin), age):
            del self._lifetimes[_address(origin)]

    def leave(self, origin: Origin) -> None:
        """Close all connections to a service."""
        for connection in self._idle.pop(origin, ()):
            self.ages.discard(connection)
            connection.transport.abort()

    def close(self) -> None:
        """Forget all connections, which are closed by now."""
        self.ages.close()
        self._idle.clear()

    def __len__(self) -> int:
        return sum(map(len, self._idle.values()))

    def _expire(self, connection: Connection) -> None:
        self.open_at(connection.origin, self.ages.seconds)
        self._discard(connection, connection.origin)
        connection.transport.abort()

    def _discard(self, connection: Connection, origin: Origin) -> None:
        self.ages.discard(connection)
        idle = self._idle.get(origin)
        if idle is not None:
            if connection in idle:
                idle.remove(connection)
            if not idle:
                del self._idle[origin]


def _address(origin: Origin) -> tuple[str, int]:
    return origin.host, origin.port
