"""Keeps the journal for all processes of a gateway: commits what they write in groups.

It knows which worker is at which write. What a worker had begun that has ended is given to another
one; what nobody has at a start, to the first that comes.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import TypeAlias

import structlog
from msgspec.structs import replace
from structlog.typing import FilteringBoundLogger

from openstackoid.journal import wire
from openstackoid.journal.aftermath import told as what_it_has
from openstackoid.journal.intent import Intent, State
from openstackoid.journal.store import FullError, JournalError, Store
from openstackoid.journal.wire import Answered, Asked

MAX_OPEN = 10_000
"""Writes that may be open, or that somebody is to look at again; more are refused."""

MAX_LOOKS = 500
"""Writes of one user that somebody is to look at again; further ones are only named."""

GRACE = 2.0
"""Seconds that workers have to come back and say what they are at, after a start."""

ROUND = 1.0
"""Seconds between two looks for what is to be taken over or looked at again."""

NOTES = 0.02
"""Seconds that what a cloud has answered may wait to be written with something else.

Until then this process has it: only if that is killed, too, nobody knows of the answer.
"""

FORGET = 3600.0
"""Seconds between two removals of what is old."""

PAGE = 500
"""Writes in one message that shows them."""

log = structlog.get_logger()

_Change: TypeAlias = wire.Note | wire.End | wire.Settle


class _Peer:
    """A connection: of a worker (once it has said hello), or of a command."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.works = False
        self.has: set[str] = set()

    def send(self, message: Answered) -> None:
        self._writer.write(wire.written([message]))

    def close(self) -> None:
        self._writer.close()


class Keeper:
    """The process that has the journal open; raises JournalError if it can't be read."""

    def __init__(self, store: Store, *, grace: float = GRACE) -> None:
        self._store = store
        self._grace = grace
        self._live = {one.id: one for one in store.all(State.OPEN, State.UNSETTLED)}
        self._owners: dict[str, _Peer] = {}
        self._peers: list[_Peer] = []
        self._waiting: deque[tuple[_Peer, Asked | None]] = deque()
        """What was received, in its order; None where a connection has ended."""
        self._wake = asyncio.Event()
        self._unwritten: dict[str, set[_Peer]] = {}
        """What could not be written, with those who wait for that."""
        self._later: asyncio.TimerHandle | None = None
        self._forget_at = 0.0
        self._serving: set[asyncio.Task[None]] = set()

    async def run(self, until: asyncio.Event, log: FilteringBoundLogger = log) -> None:
        """Serve until an event, and log that it begins."""
        path = self._store.directory / wire.SOCKET
        with suppress(FileNotFoundError):
            path.unlink()
        with wire.socket_in(self._store.directory) as socket:
            server = await asyncio.start_unix_server(self._serve, socket, limit=2**20)
        path.chmod(0o600)
        log.info("journal open", directory=str(self._store.directory))
        working = [
            asyncio.create_task(self._commit()),
            asyncio.create_task(self._hand_out()),
        ]
        stopping = asyncio.create_task(until.wait())
        try:
            await asyncio.wait([stopping, *working], return_when=asyncio.FIRST_COMPLETED)
        finally:
            server.close()
            for task in (stopping, *working):
                task.cancel()
            done = await asyncio.gather(*working, return_exceptions=True)
            for peer in self._peers:
                peer.close()
            await asyncio.gather(*self._serving, return_exceptions=True)
            self._write()  # what has waited to be written with something else
        for result in done:
            if isinstance(result, Exception):
                raise result

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = _Peer(writer)
        self._peers.append(peer)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  (a server's connection is one)
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        try:
            while True:
                self._receive(peer, await wire.read_asked(reader))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except ValueError as error:
            log.warning("journal: unreadable message", error=type(error).__name__)
        finally:
            self._peers.remove(peer)
            self._receive(peer, None)
            peer.close()

    def _receive(self, peer: _Peer, message: Asked | None) -> None:
        self._waiting.append((peer, message))
        if not isinstance(message, wire.Note) or message.answered:
            self._wake.set()
        elif self._later is None:
            self._later = asyncio.get_running_loop().call_later(NOTES, self._wake.set)

    def _own(self, peer: _Peer, intent: Intent) -> None:
        self._live[intent.id] = intent
        self._owners[intent.id] = peer
        peer.has.add(intent.id)

    def _disown(self, identifier: str) -> None:
        owner = self._owners.pop(identifier, None)
        if owner is not None:
            owner.has.discard(identifier)

    async def _commit(self) -> None:
        """Write down what is waiting whenever there is something."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(0)  # until all is received that came at the same time
            self._wake.clear()
            self._write()

    def _write(self) -> None:
        """Write down what is waiting, all of it by one commit of each kind, and answer.

        Nothing else is done meanwhile: whoever waits, waits for the disk. Only then is it noted
        whose connections have ended: what they had sent before counts.
        """
        if self._later is not None:
            self._later.cancel()
            self._later = None
        group = list(self._waiting)
        self._waiting.clear()
        for peer, message in group:
            if isinstance(message, wire.Hello):
                self._greet(peer, message)
        self._begin([(p, m.intent) for p, m in group if isinstance(m, wire.Begin)])
        self._change([(p, m) for p, m in group if isinstance(m, _Change)])
        for peer, message in group:
            if isinstance(message, wire.Show | wire.ShowTo | wire.Count):
                self._answer(peer, message)
        for peer in (peer for peer, message in group if message is None):
            for identifier in list(peer.has):
                self._disown(identifier)
        if time.monotonic() > self._forget_at:
            self._forget_at = time.monotonic() + FORGET
            self._forget()

    def _greet(self, peer: _Peer, hello: wire.Hello) -> None:
        """Leave to a worker that has come back what it is at, unless another one is by now."""
        peer.works = True
        for intent in hello.intents:
            if intent.id in self._live and intent.id not in self._owners:
                self._own(peer, intent)

    def _begin(self, begun: Sequence[tuple[_Peer, Intent]]) -> None:
        if not begun:
            return
        error, full = None, False
        try:
            if sum(map(_counts, self._live.values())) + len(begun) > MAX_OPEN:
                raise FullError(
                    f"{MAX_OPEN} writes are open, or to be looked at again; see: openstackoid "
                    "journal show"
                )
            self._store.begin([intent for _, intent in begun])
        except JournalError as failed:
            error, full = str(failed), isinstance(failed, FullError)
        for peer, intent in begun:
            if error is None:
                self._own(peer, intent)
            peer.send(wire.Done(intent.id, error, full))

    def _change(self, changes: Sequence[tuple[_Peer, _Change]]) -> None:
        """Write down what became of intents; each is written once, however much came of it.

        What can't be written is tried again; who waits for that is told when it is.
        """
        told, self._unwritten = self._unwritten, {}
        for peer, message in changes:
            before = self._live.get(message.id)
            if before is None or self._owners.get(message.id, peer) is not peer:
                self._not_his(peer, message)
            elif isinstance(message, wire.Settle) and before.state is State.OPEN:
                peer.send(wire.Done(message.id, "a worker is at it"))
            else:
                self._live[message.id] = self._bounded(_changed(before, message))
                told.setdefault(message.id, set())
                if not isinstance(message, wire.Note) or message.answered:
                    told[message.id].add(peer)
        if not told:
            return
        error = None
        try:
            self._store.change([self._live[one] for one in told])
        except JournalError as failed:
            error = str(failed)
            log.error("journal: not written", error=error)  # noqa: TRY400
            self._unwritten = told
        for identifier, peers in told.items():
            intent = self._live[identifier]
            ended = error is None and intent.state is not State.OPEN
            if ended:
                self._leave(intent)
            for peer in peers:
                peer.send(wire.Done(identifier, error, ended=ended))

    def _bounded(self, intent: Intent) -> Intent:
        """Return an intent that nobody looks at again, where that is so of too many of its user.

        So one user, whose cloud answers what nobody can use, takes no room from the others.
        """
        if intent.look_at is None:
            return intent
        waiting = (one for one in self._live.values() if one.look_at is not None)
        others = sum(one.owner == intent.owner and one.id != intent.id for one in waiting)
        return intent if others < MAX_LOOKS else replace(intent, look_at=None, sent=b"")

    def _not_his(self, peer: _Peer, message: _Change) -> None:
        """Answer to a message about what has ended, or what another worker has taken over.

        A worker may say once more what was written down before it could be told so.
        """
        match message:
            case wire.Settle():
                what = f"there is no {message.id} that is unsettled"
                peer.send(wire.Done(message.id, what))
            case wire.End():
                try:
                    known = self._store.one(message.id)
                except JournalError as error:
                    peer.send(wire.Done(message.id, str(error)))
                    return
                same = known is not None and _changed(known, message) == known
                peer.send(wire.Done(message.id, None if same else _TAKEN_OVER, ended=True))
            case wire.Note(answered=True):
                peer.send(wire.Done(message.id, _TAKEN_OVER))

    def _leave(self, intent: Intent) -> None:
        """Let go of an intent that nobody is at any more."""
        self._disown(intent.id)
        if intent.state in {State.DONE, State.SETTLED}:
            self._live.pop(intent.id, None)

    def _answer(self, peer: _Peer, message: wire.Show | wire.ShowTo | wire.Count) -> None:
        """Say what is in the journal; raises nothing that would end the process."""
        if isinstance(message, wire.ShowTo):
            left = (i for i in self._live.values() if i.state is State.UNSETTLED)
            his = sorted((i for i in left if i.owner == message.owner), key=lambda i: i.id)
            peer.send(wire.Shown(tuple(replace(intent, sent=b"") for intent in his[-PAGE:])))
            return
        try:
            if isinstance(message, wire.Count):
                peer.send(wire.Counted(self._store.count()))
                return
            after = ""
            while True:
                page = self._store.page(message.states, after, PAGE)
                shown = tuple(replace(intent, sent=b"") for intent in page)
                more = len(page) == PAGE
                peer.send(wire.Shown(shown, more))
                if not more:
                    return
                after = page[-1].id
        except JournalError as error:
            log.error("journal: not read", error=str(error))  # noqa: TRY400
            peer.close()

    def _forget(self) -> None:
        """Remove what is old; a disk that is full is tried again later."""
        try:
            gone = self._store.forget(time.time())
        except JournalError as error:
            log.error("journal: nothing forgotten", error=str(error))  # noqa: TRY400
            return
        for identifier in gone:
            forgotten = self._live.pop(identifier, None)
            if forgotten is not None:  # only what is unsettled is live and old
                log.warning(
                    "forgotten, and unsettled",
                    write=identifier,
                    request_id=forgotten.request_id,
                    clouds={part.cloud: what_it_has(part) for part in forgotten.parts},
                )

    async def _hand_out(self) -> None:
        """Give to the workers, in turn, what nobody is at and what is to be looked at again."""
        begin = time.monotonic() + self._grace
        while True:
            if time.monotonic() >= begin:
                self._hand_out_due(time.time())
            if self._unwritten:
                self._wake.set()
            await asyncio.sleep(ROUND)

    def _hand_out_due(self, now: float) -> None:
        workers = [peer for peer in self._peers if peer.works]
        if not workers:
            return
        for intent in list(self._live.values()):
            if intent.id not in self._owners and _is_due(intent, now):
                worker = min(workers, key=lambda peer: len(peer.has))
                self._own(worker, intent)
                worker.send(wire.Take(intent))


_TAKEN_OVER = "another worker has brought it to its end; openstackoid journal show says how"


def _counts(intent: Intent) -> bool:
    """Return whether a gateway has still to see to an intent."""
    return intent.state is State.OPEN or intent.look_at is not None


def _is_due(intent: Intent, now: float) -> bool:
    """Return whether somebody has to see to an intent that nobody is at."""
    if intent.state is State.OPEN:
        return True
    return intent.look_at is not None and intent.look_at <= now


def _changed(intent: Intent, message: _Change) -> Intent:
    """Return an intent after a message about it.

    Its token is kept only as long as somebody may need it.
    """
    match message:
        case wire.Note(part=part):
            return intent.having(part)
        case wire.End():
            return replace(
                intent.having(*message.parts),
                state=message.state,
                look_at=message.look_at,
                landed=message.landed,
                owner=message.owner or intent.owner,
                sent=b"" if message.look_at is None else intent.sent,
            )
        case _:
            return replace(intent, state=State.SETTLED, look_at=None, sent=b"")
