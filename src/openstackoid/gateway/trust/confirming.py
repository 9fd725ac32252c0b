"""Has the issuers of assertions confirm, from time to time, those that are used here.

A request from the issuer itself confirms the assertion that it brings. Of others that are used, the
issuer is asked, in the background, once their confirmation is some time old. What is known here
outlives the federation file, and ends with the worker. See
docs/reference/assertions.md#revocation.
"""

import asyncio
import contextvars
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TypeAlias

import structlog

from openstackoid.federation.trust import Trust
from openstackoid.gateway.trust.confirmed import MOST, Confirmed, Entry, Times
from openstackoid.identity.assertion import Claims
from openstackoid.identity.confirmation import (
    LIVES,
    REVOKED,
    UNKNOWN,
    Asked,
    BadConfirmationError,
    fitting,
)
from openstackoid.routing import Refusal

WARNED = 300.0
"""Seconds until it is logged again that an issuer gives no answers."""

Ask: TypeAlias = Callable[[str, Sequence[Asked]], Awaitable[str]]
"""Asks an issuer, and returns a letter for each assertion; raises BadConfirmationError."""

log = structlog.get_logger()


@dataclass
class _Issuer:
    """What is known of one issuer's assertions, what it is to be asked, and who waits for it."""

    name: str
    table: Confirmed = field(default_factory=Confirmed)
    pending: OrderedDict[str, Entry] = field(default_factory=OrderedDict)
    asked: dict[str, Entry] = field(default_factory=dict)
    waiting: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    asked_at: float = float("-inf")
    patient: float = float("-inf")
    """From when on requests wait for its answers."""
    warned_at: float | None = None

    def confirm(self, entry: Entry, now: float) -> None:
        """Note that the issuer has brought an assertion: nothing is to be asked about it now."""
        entry.confirm(now)
        self.pending.pop(entry.jti, None)
        self.answered(entry.jti)

    def answered(self, jti: str) -> None:
        """Let the requests go on that wait for the answer about an assertion."""
        future = self.waiting.pop(jti, None)
        if future is not None and not future.done():
            future.set_result(None)

    def release(self) -> None:
        """Let all requests go on that wait for answers."""
        for jti in list(self.waiting):
            self.answered(jti)


class Confirming:
    """The confirmations of a worker of the cloud `here`; `ask` asks an issuer."""

    def __init__(
        self,
        here: str,
        ask: Ask,
        times: Times = Times(),  # noqa: B008  (immutable)
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._here = here
        self._ask = ask
        self._times = times
        self.clock = clock
        self._issuers: dict[str, _Issuer] = {}

    async def check(
        self,
        claims: Claims,
        rules: Trust | None,
        service: str,
        *,
        brought: bool = False,
        first: bool = False,
    ) -> None:
        """Let an assertion be used, by the rules for its issuer; without rules nobody is asked.

        `brought`: its issuer has brought it itself, which confirms it. `first`: the answer about
        one that was never confirmed is waited for before it is used. Raises BadAssertionError if
        it is revoked, and Refusal (503) if nobody has said for too long that it is not.
        """
        if rules is None:
            return
        now, times = self.clock(), self._times
        issuer = self._issuers.get(claims.iss)
        if issuer is None:
            issuer = self._issuers[claims.iss] = _Issuer(claims.iss)
        entry = issuer.table.used(claims, now)
        if brought:
            issuer.confirm(entry, now)
            return
        age = entry.age(now, times)
        if age < times.fresh:
            return
        if not self._list(issuer, entry):
            why = f"more than {MOST} of its assertions wait here to be asked about"
            self._warn(issuer, why)
            raise self._unconfirmed(entry, claims.iss, service, f"{why}; try again in a minute")
        waits = age > times.stale or (first and not entry.confirmed)
        if waits and now >= max(entry.patient, issuer.patient):
            await self._wait(issuer, entry)
            issuer.table.check(claims.jti, claims.iss)
        if entry.is_overdue(self.clock(), times, rules.offline):
            why = (
                f"its gateway gives {self._here} no answer; try again when the link between "
                f"{self._here} and {claims.iss} is back. The operator of {self._here} may allow "
                f"more by clouds.{self._here}.trust.{claims.iss}.offline"
            )
            raise self._unconfirmed(entry, claims.iss, service, why)

    async def close(self) -> None:
        """Ask nothing more."""
        tasks = [issuer.task for issuer in self._issuers.values() if issuer.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _list(self, issuer: _Issuer, entry: Entry) -> bool:
        """Have the issuer asked about an assertion; return False if the list is full."""
        if entry.jti in issuer.asked:
            return True
        if len(issuer.pending) >= MOST:
            return False
        issuer.pending.setdefault(entry.jti, entry)
        if issuer.task is None:
            # Not for the request that is the first to need it: its record is not this one's.
            loop, context = asyncio.get_running_loop(), contextvars.Context()
            issuer.task = loop.create_task(self._work(issuer), context=context)
        return True

    async def _wait(self, issuer: _Issuer, entry: Entry) -> None:
        """Wait for the answer about an assertion; the next question is about this one first."""
        if entry.jti in issuer.pending:
            issuer.pending.move_to_end(entry.jti, last=False)
        loop = asyncio.get_running_loop()
        future = issuer.waiting.setdefault(entry.jti, loop.create_future())
        issuer.hurry.set()
        await asyncio.wait({future}, timeout=self._times.wait)

    async def _work(self, issuer: _Issuer) -> None:
        """Ask an issuer as long as there is something to ask."""
        try:
            while issuer.pending:
                await self._turn(issuer)
                if issuer.pending:  # else all were brought by the issuer meanwhile
                    await self._question(issuer)
        finally:
            issuer.task = None
            issuer.release()

    async def _turn(self, issuer: _Issuer) -> None:
        """Wait until the issuer may be asked again."""
        while True:
            interval = self._times.hurried if issuer.waiting else self._times.interval
            left = issuer.asked_at + interval - self.clock()
            if left <= 0:
                return
            issuer.hurry.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await issuer.hurry.wait()

    async def _question(self, issuer: _Issuer) -> None:
        """Ask an issuer about what is on the list, as much as one question may have."""
        listed = issuer.pending.values()
        asked = fitting(Asked(one.jti, one.presenter, one.own) for one in listed)
        issuer.asked = {one.jti: issuer.pending.pop(one.jti) for one in asked}
        issuer.asked_at = began = self.clock()
        try:
            said = await self._ask(issuer.name, asked)
            if len(said) != len(asked):
                raise BadConfirmationError("it is about fewer or more assertions than were asked")
            self._works(issuer)
        except BadConfirmationError as error:
            said = UNKNOWN * len(asked)
            self._fails(issuer, str(error))
        finally:
            entries = list(issuer.asked.values())
            issuer.asked = {}
        self._learn(issuer, entries, said, began)

    def _learn(self, issuer: _Issuer, entries: list[Entry], said: str, began: float) -> None:
        """Take what an issuer has said of some assertions, when it was asked."""
        patient = self.clock() + self._times.silence
        for entry, letter in zip(entries, said, strict=True):
            if letter == LIVES:
                entry.confirm(began)
            elif letter == REVOKED:
                issuer.table.revoke(entry.jti)
            else:
                entry.patient = patient
            issuer.answered(entry.jti)
        if revoked := said.count(REVOKED):
            log.info("assertions revoked", cloud=issuer.name, number=revoked)

    def _fails(self, issuer: _Issuer, why: str) -> None:
        """Let nobody wait for an issuer that does not answer."""
        issuer.patient = self.clock() + self._times.silence
        issuer.release()
        self._warn(issuer, why)

    def _warn(self, issuer: _Issuer, why: str) -> None:
        """Log once in a while that assertions are not confirmed."""
        now = self.clock()
        if issuer.warned_at is None or now - issuer.warned_at >= WARNED:
            issuer.warned_at = now
            log.warning("assertions not confirmed", cloud=issuer.name, error=why)

    def _works(self, issuer: _Issuer) -> None:
        issuer.patient = float("-inf")
        if issuer.warned_at is not None:
            issuer.warned_at = None
            log.info("assertions confirmed again", cloud=issuer.name)

    def _unconfirmed(self, entry: Entry, issuer: str, service: str, why: str) -> Refusal:
        when = datetime.fromtimestamp(time.time() - (self.clock() - entry.since), UTC)
        what = "has not confirmed" if entry.confirmed else "has never confirmed here"
        message = (
            f"{issuer} {what} since {when:%Y-%m-%d %H:%M:%S} UTC that what says who the user is "
            f"still stands, as {why}"
        )
        status = HTTPStatus.SERVICE_UNAVAILABLE
        return Refusal(status, message, cloud=self._here, service=service, sent=False)
