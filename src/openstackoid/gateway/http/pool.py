"""Keeps idle connections to services for later requests, and chooses one that is safe to use.

A service may close an idle connection at any time, also while a request is being sent. Then it is
not known whether the request was executed, and only a safe one may be sent again (RFC 9110, section
9.2.2; RFC 9112, section 9.3.1). So any other request uses an idle connection only if, as far as can
be known, the service is not about to close it:

- it is open, according to the kernel at this moment, not to the event loop;
- it has been idle for REST seconds: a service that closes after a response does so at once;
- it has been idle for less than half the time after which this service has closed one before.
"""

from openstackoid.gateway.http.connection import Connection
from openstackoid.gateway.http.outgoing import Origin
from openstackoid.gateway.http.waiting import Ages

KEEP_ALIVE = 4.0
"""Seconds that an idle connection is kept: less than by most servers (Apache 5, but gunicorn 2)."""

REST = 0.1
"""Seconds after a response in which a connection is used only for requests that may be repeated.

A service that closes after a response does so within milliseconds, even if it is busy.
"""


class Kept:
    """The idle connections of a client, by origin."""

    def __init__(self) -> None:
        self.ages: Ages[Connection] = Ages(KEEP_ALIVE, self._expire)
        self._idle: dict[Origin, list[Connection]] = {}
        self._lifetimes: dict[tuple[str, int], float] = {}
        """Shortest idle time, in seconds, after which each address has closed a connection."""

    def take(self, origin: Origin, *, repeatable: bool) -> tuple[Connection, float] | None:
        """Take a connection for a request; return it and its idle time in seconds, or None."""
        idle = self._idle.get(origin)
        if idle is None:
            return None
        lifetime = self._lifetimes.get(_address(origin))
        for connection in idle[::-1] if repeatable else idle[:]:
            age = self.ages.age(connection)
            if not repeatable and age < REST:
                return None  # the ones after it have been idle even less
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
        """Keep a connection whose response is complete."""
        self._idle.setdefault(origin, []).append(connection)
        self.ages.add(connection)

    def lost(self, connection: Connection, origin: Origin) -> None:
        """Remove a closed connection; if it was idle, learn when its service closes it."""
        if connection in self.ages:
            self.closed_at(origin, self.ages.age(connection))
        self._discard(connection, origin)

    def closed_at(self, origin: Origin, age: float) -> None:
        """Learn that a service closed a connection that was idle for `age` seconds."""
        address = _address(origin)
        self._lifetimes[address] = min(age, self._lifetimes.get(address, age))

    def open_at(self, origin: Origin, age: float) -> None:
        """Learn that a service kept a connection open that was idle for `age` seconds."""
        address = _address(origin)
        if age > self._lifetimes.get(address, age):
            del self._lifetimes[address]

    def leave(self, origin: Origin) -> None:
        """Close all idle connections to an origin."""
        for connection in self._idle.pop(origin, ()):
            self.ages.discard(connection)
            connection.transport.abort()

    def close(self) -> None:
        """Remove all connections; the caller has closed them."""
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
