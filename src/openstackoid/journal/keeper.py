"""Keeps the journal for all processes of a gateway: commits what they write in groups.

It knows which worker is at which write. What a worker had begun that has ended is given to another
one; what nobody has at a start, to the first that comes.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

import structlog
from msgspec.structs import replace
from structlog.typing import FilteringBoundLogger

from openstackoid.journal import wire
from openstackoid.journal.aftermath import told as what_it_has
from openstackoid.journal.changes import Change, can_wait, changed, is_due, is_unfinished
from openstackoid.journal.intent import Intent, State
from openstackoid.journal.peer import Peer
from openstackoid.journal.store import FullError, JournalError, Store
from openstackoid.journal.wire import Asked

MAX_OPEN = 10_000
"""Writes that may be open, or that somebody is to look at again; more are refused."""

MAX_LOOKS = 500
"""Writes of one user that somebody is to look at again; further ones are only named."""

GRACE = 2.0
"""Seconds that workers have to come back and say what they are at, after a start."""

ROUND = 1.0
"""Seconds between two looks for what is to be taken over or looked at again."""

NOTES = 0.02
"""Seconds that what a cloud has answered may wait: the end of the write makes it needless.

Until then this process has it: only if that is killed, too, nobody knows of the answer.
"""

FORGET = 3600.0
"""Seconds between two removals of what is old."""

PAGE = 500
"""Writes in one message that shows them."""

log = structlog.get_logger()


class Keeper:
    """The process that has the journal open; raises JournalError if it can't be read."""

    def __init__(self, store: Store, *, grace: float = GRACE) -> None:
        self._store = store
        self._grace = grace
        self._live = {one.id: one for one in store.all(State.OPEN, State.UNSETTLED)}
        self._owners: dict[str, Peer] = {}
        self._peers: list[Peer] = []
        self._waiting: deque[tuple[Peer, Asked | None]] = deque()
        """What was received, in its order; None where a connection has ended."""
        self._wake = asyncio.Event()
        self._unwritten: dict[str, set[Peer]] = {}
        """What could not be written, with those who wait for that."""
        self._noted: set[str] = set()
        """Writes with an answer of a cloud that is not written down yet."""
        self._later: asyncio.TimerHandle | None = None
        self._notes_due = False
        """Whether those answers have waited long enough."""
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
            self._notes_due = True
            self._write()
        for result in done:
            if isinstance(result, Exception):
                raise result

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(writer)
        self._peers.append(peer)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  (a server's connection is one)
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        try:
            async for message in wire.asked(reader):
                self._receive(peer, message)
                await writer.drain()
        except ConnectionError:
            pass
        except ValueError as error:
            log.warning("journal: unreadable message", error=type(error).__name__)
        finally:
            self._peers.remove(peer)
            self._receive(peer, None)
            peer.close()

    def _receive(self, peer: Peer, message: Asked | None) -> None:
        self._waiting.append((peer, message))
        if not can_wait(message):
            self._wake.set()
        elif self._later is None:
            self._later = asyncio.get_running_loop().call_later(NOTES, self._wait_no_more)

    def _wait_no_more(self) -> None:
        self._later, self._notes_due = None, True
        if self._noted or self._waiting:
            self._wake.set()

    def _own(self, peer: Peer, intent: Intent) -> None:
        self._live[intent.id] = intent
        self._owners[intent.id] = peer
        peer.has.add(intent.id)

    def _disown(self, identifier: str) -> None:
        owner = self._owners.pop(identifier, None)
        if owner is not None:
            owner.has.discard(identifier)

    async def _commit(self) -> None:
        """Write down what is waiting whenever there is something, but not too often.

        A write that comes alone waits for no other.
        """
        next_at = 0.0
        while True:
            await self._wake.wait()
            await asyncio.sleep(max(0.0, next_at - time.monotonic()))
            self._wake.clear()
            next_at = time.monotonic() + wire.APART
            self._write()

    def _write(self) -> None:
        """Write down what is waiting, all of it by one commit, and answer.

        Nothing else is done meanwhile: whoever waits, waits for the disk. Only then is it noted
        whose connections have ended: what they had sent before counts.
        """
        group = list(self._waiting)
        self._waiting.clear()
        for peer, message in group:
            if isinstance(message, wire.Hello):
                self._greet(peer, message)
        begun = self._begin([(p, m.intent) for p, m in group if isinstance(m, wire.Begin)])
        self._keep(begun, self._change([(p, m) for p, m in group if isinstance(m, Change)]))
        for peer, message in group:
            if isinstance(message, wire.Show | wire.ShowTo | wire.Count):
                self._answer(peer, message)
        for peer in (peer for peer, message in group if message is None):
            for identifier in list(peer.has):
                self._disown(identifier)
        for peer in self._peers:
            peer.flush()
        if time.monotonic() > self._forget_at:
            self._forget_at = time.monotonic() + FORGET
            self._forget()

    def _greet(self, peer: Peer, hello: wire.Hello) -> None:
        """Leave to a worker that has come back what it is at, unless another one is by now."""
        peer.works = True
        for intent in hello.intents:
            if intent.id in self._live and intent.id not in self._owners:
                self._own(peer, intent)
                self._noted.add(intent.id)
        self._notes_due = True

    def _begin(self, asked: Sequence[tuple[Peer, Intent]]) -> dict[str, Peer]:
        """Take in what is about to begin, all or none of it; return whose each is.

        Nothing is written yet.
        """
        if not asked:
            return {}
        if sum(map(is_unfinished, self._live.values())) + len(asked) > MAX_OPEN:
            for peer, intent in asked:
                peer.send(wire.Done(intent.id, _TOO_MANY, full=True))
            return {}
        for peer, intent in asked:
            self._own(peer, intent)
        return {intent.id: peer for peer, intent in asked}

    def _change(self, changes: Sequence[tuple[Peer, Change]]) -> dict[str, set[Peer]]:
        """Take in what became of intents; return who waits for each. Nothing is written yet.

        Each is to be written once, however much came of it; so is what could not be written before.
        """
        told, self._unwritten = self._unwritten, {}
        for peer, message in changes:
            before = self._live.get(message.id)
            if before is None or self._owners.get(message.id, peer) is not peer:
                self._not_his(peer, message)
            elif isinstance(message, wire.Settle) and before.state is State.OPEN:
                peer.send(wire.Done(message.id, "a worker is at it"))
            else:
                self._live[message.id] = self._bounded(changed(before, message))
                if can_wait(message):
                    self._noted.add(message.id)
                else:
                    told.setdefault(message.id, set()).add(peer)
        self._noted -= told.keys()
        if self._notes_due:
            told |= {identifier: set() for identifier in self._noted}
            self._notes_due = False
            self._noted.clear()
        return told

    def _keep(self, begun: dict[str, Peer], told: dict[str, set[Peer]]) -> None:
        """Write all of it down, by one commit if that can be, and answer.

        What has begun must reach its end although nothing new can begin, so each is then written
        for itself. What can't be is tried again; who waits for that is told when it is.
        """
        new = [self._live[one] for one in begun]
        renewed = [self._live[one] for one in told if one not in begun]
        not_begun = not_changed = self._why_not_kept(new, renewed)
        if not_begun is not None and new and renewed:
            not_changed = self._why_not_kept([], renewed)
            not_begun = self._why_not_kept(new, [])
        why, full = _text(not_begun), isinstance(not_begun, FullError)
        for identifier, peer in begun.items():
            ended = why is not None and self._live[identifier].state is not State.OPEN
            peer.send(wire.Done(identifier, why, full, ended))
            if why is not None:
                self._disown(identifier)
                self._drop(identifier)
                told.pop(identifier, None)
        error = _text(not_changed)
        if error and renewed:
            log.error("journal: not written", error=error)
            self._unwritten = {one: peers for one, peers in told.items() if one not in begun}
        for identifier, peers in told.items():
            intent = self._live[identifier]
            failed = None if identifier in begun else error
            ended = failed is None and intent.state is not State.OPEN
            if ended:
                self._leave(intent)
            for peer in peers:
                peer.send(wire.Done(identifier, failed, ended=ended))

    def _why_not_kept(
        self, new: Sequence[Intent], renewed: Sequence[Intent]
    ) -> JournalError | None:
        """Write intents down; return why that could not be, None if they are."""
        if not new and not renewed:
            return None
        try:
            self._store.keep(new, renewed)
        except JournalError as error:
            return error
        return None

    def _bounded(self, intent: Intent) -> Intent:
        """Return an intent that nobody looks at again, where that is so of too many of its user.

        So one user, whose cloud answers what nobody can use, takes no room from the others.
        """
        if intent.look_at is None:
            return intent
        waiting = (one for one in self._live.values() if one.look_at is not None)
        others = sum(one.owner == intent.owner and one.id != intent.id for one in waiting)
        return intent if others < MAX_LOOKS else replace(intent, look_at=None, sent=b"")

    def _not_his(self, peer: Peer, message: Change) -> None:
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
                same = known is not None and changed(known, message) == known
                peer.send(wire.Done(message.id, None if same else _TAKEN_OVER, ended=True))
            case wire.Note(answered=True):
                peer.send(wire.Done(message.id, _TAKEN_OVER))

    def _drop(self, identifier: str) -> Intent | None:
        """Know nothing of an intent any more; return what was known."""
        self._noted.discard(identifier)
        self._unwritten.pop(identifier, None)
        return self._live.pop(identifier, None)

    def _leave(self, intent: Intent) -> None:
        """Let go of an intent that nobody is at any more."""
        self._disown(intent.id)
        if intent.state in {State.DONE, State.SETTLED}:
            self._drop(intent.id)

    def _answer(self, peer: Peer, message: wire.Show | wire.ShowTo | wire.Count) -> None:
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
            forgotten = self._drop(identifier)
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
            if intent.id not in self._owners and is_due(intent, now):
                worker = min(workers, key=lambda peer: len(peer.has))
                self._own(worker, intent)
                worker.send(wire.Take(intent))
        for peer in workers:
            peer.flush()


_TOO_MANY = f"{MAX_OPEN} writes are open, or to be looked at again; see: openstackoid journal show"
_TAKEN_OVER = "another worker has brought it to its end; openstackoid journal show says how"


def _text(error: JournalError | None) -> str | None:
    return None if error is None else str(error)
