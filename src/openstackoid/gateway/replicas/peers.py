"""Asks the gateways of other clouds what they know, and tells them that there is something to ask.

While one has not heard of something, it is looked at often, and shortly.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec
import structlog

from openstackoid.federation import Federation
from openstackoid.gateway.forwarding import questions
from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.http import HttpError, Origin, UnreachableError
from openstackoid.gateway.replicas.memory import Memory
from openstackoid.gateway.replicas.messages import MAX_ANSWER, MOST_ASKED, Answer, Question, Told
from openstackoid.gateway.replicas.rights import NoAnswerError
from openstackoid.gateway.replicas.services import MAX_WORDS
from openstackoid.gateway.reporting.log import fault_of
from openstackoid.message import REPLICAS
from openstackoid.replication.apis.api import is_line
from openstackoid.replication.clock import Timestamp
from openstackoid.replication.explained import State
from openstackoid.replication.heard import Heard
from openstackoid.replication.plan import Drift
from openstackoid.routing import Refusal

OFTEN = 0.5
"""Seconds between two looks whether a cloud is there for which there is something, and for one."""

SELDOM = 30.0
"""Seconds between two questions where nothing is known to be new."""

ANSWER = 4.0
"""Seconds that an answer has, beside those that its question lets it wait."""

MOST_LINES = 64
"""Lines, and values changed by hand, that another gateway may tell of one copy."""

_STATES = {"no member", *(state.value for state in State)}

log = structlog.get_logger()


class NoWordError(Exception):
    """Another gateway says nothing that can be used; the message says why."""


@dataclass
class _Peer:
    """The gateway of another cloud; `has` is how far it has said that it has heard."""

    up: bool = True
    has: Heard | None = None
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    news: bool = False
    """It has said that it has something new."""
    failures: int = 0
    """How often it has not answered although it was there."""


class Peers:
    """The other gateways; `took` is called with the answer of each that has something new."""

    def __init__(self, memory: Memory, took: Callable[[str, Answer], Awaitable[None]]) -> None:
        self._memory = memory
        self._took = took
        self._peers: dict[str, _Peer] = {}
        self._federation: Federation
        self._upstream: Upstream
        self._origins: Callable[[str], set[Origin]]

    def use(
        self, federation: Federation, upstream: Upstream, origins: Callable[[str], set[Origin]]
    ) -> None:
        """Use what a federation file has made: ask the gateways that are in it."""
        self._federation, self._upstream, self._origins = federation, upstream, origins
        wanted = {
            name
            for name, cloud in federation.clouds.items()
            if name != self._memory.here and cloud.gateway and cloud.keys
        }
        for name in self._peers.keys() - wanted:
            task = self._peers.pop(name).task
            if task is not None:
                task.cancel()
        for name in wanted - self._peers.keys():
            peer = self._peers[name] = _Peer()
            peer.task = asyncio.get_running_loop().create_task(self._follow(name, peer))

    async def close(self) -> None:
        """Ask nothing more."""
        tasks = [peer.task for peer in self._peers.values() if peer.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def is_known(self, cloud: str) -> bool:
        """Return whether a cloud is in the federation file."""
        return cloud in self._federation.clouds

    def is_up(self, cloud: str) -> bool:
        """Return whether a cloud has answered when it was asked last, or was not asked yet."""
        return cloud in self._peers and self._peers[cloud].up

    def spread(self) -> None:
        """Tell those who may know of what is new here."""
        for name, peer in self._peers.items():
            if self._memory.has_news(peer.has, name):
                peer.wake.set()

    def heard(self, cloud: str, question: Question) -> None:
        """Note what another gateway says of itself when it asks."""
        peer = self._peers.get(cloud)
        if peer is None:
            return
        peer.has = question.since
        if question.news or not peer.up:
            peer.news = True
            peer.wake.set()

    async def states(
        self,
        cloud: str,
        resources: Mapping[str, Timestamp | None],
        wait: float,
        *,
        again: bool = False,
    ) -> Mapping[str, Told]:
        """Return the states of copies in another cloud, read anew if `again`.

        Raises NoWordError.
        """
        told: dict[str, Told] = {}
        items = list(resources.items())
        for begin in range(0, len(items), MOST_ASKED):
            asked = dict(items[begin : begin + MOST_ASKED])
            peer = self._peers.get(cloud)
            news = peer is not None and self._memory.has_news(peer.has, cloud)
            question = Question(self._memory.heard(cloud), news, asked, wait, again)
            answer = await self._ask(cloud, question, ANSWER + wait)
            told |= {one: _checked(said) for one, said in answer.states.items() if one in asked}
        for resource, said in told.items():
            if said.id is not None and is_line(said.id):
                self._memory.has_told(cloud, resource, said.id)
        return told

    async def _follow(self, name: str, peer: _Peer) -> None:
        """Ask a gateway for ever: when it has something new, and now and then."""
        while True:
            peer.wake.clear()
            try:
                more = await self._exchange(name, peer)
                if not peer.up:
                    log.info("replicas: cloud up", cloud=name)
                peer.up, peer.failures = True, 0
            except NoWordError as error:
                more = False
                peer.failures += 1
                if peer.up:
                    log.warning("replicas: cloud down", cloud=name, error=str(error))
                peer.up = False
            except NoAnswerError as error:
                log.warning("replicas: not judged", cloud=name, error=str(error))
                more, peer.failures = False, peer.failures + 1
            except Exception as error:  # noqa: BLE001  (the others go on)
                log.error("replicas: not asked", cloud=name, error=fault_of(error))  # noqa: TRY400
                more, peer.up = False, False
                peer.failures += 1
            if not more:
                await self._rest(name, peer)

    async def _rest(self, name: str, peer: _Peer) -> None:
        """Wait until there is something to ask, or to tell."""
        waits = peer.failures and (peer.up or self._memory.has_news(peer.has, name))
        often = min(OFTEN * 2**peer.failures, SELDOM) if waits else SELDOM
        with suppress(TimeoutError):
            async with asyncio.timeout(often):
                await peer.wake.wait()
        if not peer.up:
            await self._until_there(name, peer)

    async def _until_there(self, name: str, peer: _Peer) -> None:
        """Wait until a cloud accepts connections."""
        while True:
            if await self._is_there(name):
                return
            waits = self._memory.has_news(peer.has, name)
            with suppress(TimeoutError):
                async with asyncio.timeout(OFTEN if waits else SELDOM / 6):
                    await peer.wake.wait()
                    peer.wake.clear()

    async def _is_there(self, name: str) -> bool:
        """Return whether one of the services of a cloud accepts connections."""
        reaching = [asyncio.ensure_future(self._upstream.reach(o)) for o in self._origins(name)]
        try:
            for first in asyncio.as_completed(reaching, timeout=OFTEN):
                with suppress(UnreachableError):
                    await first
                    return True
        except TimeoutError:
            pass
        finally:
            for one in reaching:
                one.cancel()
            await asyncio.gather(*reaching, return_exceptions=True)
        return False

    async def _exchange(self, name: str, peer: _Peer) -> bool:
        """Ask a gateway what is new there, and tell it whether something is here.

        Return whether to ask again at once: for more, or to say how far it was heard. Raises
        NoWordError.
        """
        peer.news = False
        news = self._memory.has_news(peer.has, name)
        question = Question(self._memory.heard(name), news=news)
        answer = await self._ask(name, question, ANSWER)
        await self._took(name, answer)
        self._memory.has_heard(name, answer.position)
        return bool(answer.parcels) or peer.news

    async def _ask(self, cloud: str, question: Question, seconds: float) -> Answer:
        """Return the answer of another gateway; raises NoWordError."""
        body = msgspec.json.encode(question)
        data = bytearray()
        begun = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                response = await questions.asked(
                    self._upstream, self._federation, self._memory.here, cloud, REPLICAS, body
                )
                if response is None:
                    raise NoWordError("it has no gateway")
                with response:
                    async for piece in response.body:
                        data += piece
                        if len(data) > MAX_ANSWER:
                            raise NoWordError("its answer is too long")
        except Refusal as refusal:
            raise NoWordError(refusal.message) from refusal
        except (HttpError, TimeoutError) as error:
            waited = time.monotonic() - begun
            raise NoWordError(f"there is no whole answer after {waited:.1f} s") from error
        if response.status != 200:
            raise NoWordError(
                f"it answers {response.status}; its gateway may be of an older release, and its "
                "log may say why"
            )
        try:
            return msgspec.json.decode(bytes(data), type=Answer)
        except (ValueError, RecursionError):
            pass  # the error of a decoder may quote what it has read
        raise NoWordError("its answer is not JSON as gateways write it")


def _checked(told: Told) -> Told:
    """Return what another gateway tells, as far as it can be shown to users."""
    status = told.status if told.status is not None and 400 <= told.status < 600 else None
    return Told(
        told.state if told.state in _STATES else State.PENDING.value,
        told.knows,
        told.id if is_line(told.id) else None,
        status,
        _printable(told.words),
        tuple(map(_printable, told.more[:MOST_LINES])),
        tuple(one for one in told.drift[:MOST_LINES] if _is_drift(one)),
    )


def _printable(words: str) -> str:
    return "".join(c for c in words[:MAX_WORDS] if c.isprintable())


def _is_drift(drift: Drift) -> bool:
    is_short = drift.value is None or (drift.value.isprintable() and len(drift.value) <= MAX_WORDS)
    return is_line(drift.field) and (drift.key is None or is_line(drift.key)) and is_short
