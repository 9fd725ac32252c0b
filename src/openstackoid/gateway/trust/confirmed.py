"""Remembers of one issuer which assertions it has confirmed, when, and which are revoked.

No I/O: the caller gives the time, in seconds of a clock that never goes back.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

from openstackoid.identity.assertion import BadAssertionError, Claims

MOST = 10_000
"""Assertions of one issuer that are remembered, and as many that are revoked.

The one that was not used for longest is forgotten first, and of those that are revoked, which have
room of their own, the one that was revoked first. It is asked about again when it is used.
"""


class Times(NamedTuple):
    """Seconds: how old a confirmation may be, how often is asked, and how long is waited."""

    fresh: float = 30.0
    """Up to this age nothing is asked."""
    stale: float = 40.0
    """From this age on a request waits for the answer, `wait` at most."""
    wait: float = 3.0
    interval: float = 5.0
    """Between two questions to one issuer."""
    hurried: float = 1.0
    """The same, if a request waits."""
    answer: float = 5.0
    """An answer must be there by then."""
    silence: float = 30.0
    """After a question without an answer, nobody waits for so long."""


@dataclass(slots=True)
class Entry:
    """An assertion: what its issuer is asked about it with, and what is known.

    `since` is when the issuer last confirmed it, or when it was first seen. `patient` is from when
    on requests wait for an answer about it.
    """

    jti: str
    presenter: str
    own: str
    since: float
    confirmed: bool = False
    patient: float = 0.0

    def age(self, now: float, times: Times) -> float:
        """Return how old its confirmation is; one that has none counts as due when first seen."""
        return now - self.since + (0.0 if self.confirmed else times.fresh)

    def confirm(self, when: float) -> None:
        """Note that the issuer has confirmed it, at some time."""
        self.since = max(self.since, when) if self.confirmed else when
        self.confirmed = True

    def is_overdue(self, now: float, times: Times, offline: float) -> bool:
        """Return whether it was not confirmed for so long that it is not taken any more."""
        return self.age(now, times) > times.stale and now - self.since > offline


class Confirmed:
    """The assertions of one issuer that were used here, by their ids."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: OrderedDict[str, Entry] = OrderedDict()
        self._revoked: OrderedDict[str, None] = OrderedDict()

    def check(self, jti: str, issuer: str) -> None:
        """Raise BadAssertionError for a revoked one."""
        if jti in self._revoked:
            raise BadAssertionError(f"{issuer} says that it was revoked; log in again")

    def used(self, claims: Claims, now: float) -> Entry:
        """Return the entry of an assertion that is used; raises BadAssertionError if revoked."""
        self.check(claims.jti, claims.iss)
        entry = self._known.get(claims.jti)
        if entry is None:
            entry = Entry(claims.jti, claims.presenter, claims.own, now)
            self._known[claims.jti] = entry
            if len(self._known) > self._most:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(claims.jti)
        return entry

    def revoke(self, jti: str) -> None:
        """Remember that an assertion is revoked, whatever is said of it later."""
        self._known.pop(jti, None)
        self._revoked[jti] = None
        if len(self._revoked) > self._most:
            self._revoked.popitem(last=False)
