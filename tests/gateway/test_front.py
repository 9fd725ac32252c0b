"""Fronts: what hands requests to the gateway, HTTP on sockets or anything else."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from gateway.backend import json_answer
from gateway.played import Clouds
from gateway.probe import Probe
from gateway.trust.vouching import unasked

from openstackoid.federation import load
from openstackoid.gateway.admission.blocklist import Blocklist
from openstackoid.gateway.admission.limits import Limits
from openstackoid.gateway.admission.logins import Logins
from openstackoid.gateway.admission.peers import Peers
from openstackoid.gateway.admission.replay import UsedSignatures
from openstackoid.gateway.dispatch.handler import Handler
from openstackoid.gateway.dispatch.site import Site
from openstackoid.gateway.forwarding.health import Health
from openstackoid.gateway.front import Pairs, Reply, Request
from openstackoid.gateway.http import Client
from openstackoid.message import Headers


@dataclass
class Answered:
    """An answer of which every call is kept: no more than a front's Reply."""

    status: int
    headers: Headers
    body: bytes = b""
    ended: bool = False

    def flush(self) -> None:
        """Nothing is held back."""

    async def write(self, data: bytes) -> None:
        self.body += data

    def end(self) -> None:
        self.ended = True


@dataclass
class Asked:
    """A request that came by no socket: no more than a front's Request."""

    target: str
    headers: Headers
    port: int
    method: str = "GET"
    body: bytes = b""
    remote: str = "192.0.2.1"
    scheme: str | None = "http"
    certificate: None = None
    idle_timeout: float = 20
    replies: list[Answered] = field(default_factory=list)

    @property
    def head_size(self) -> int:
        return 0

    @property
    def body_exists(self) -> bool:
        return bool(self.body)

    async def pieces(self) -> AsyncIterator[bytes]:
        for number in self.body:
            yield bytes([number])

    def abort(self) -> None:
        raise AssertionError("nobody is cut off here")

    def answer(self, status: int, reason: str, headers: Pairs) -> Reply:
        assert isinstance(reason, str)
        self.replies.append(Answered(status, Headers(headers)))
        return self.replies[-1]

    async def respond(self, status: int, headers: Pairs, body: bytes) -> None:
        reply = self.answer(status, "", headers)
        await reply.write(body)
        reply.end()


@pytest.fixture
async def handler(clouds: Clouds) -> AsyncIterator[Handler]:
    """Yield what carries out CloudOne's requests, whoever hands them in."""
    federation, pool, health = load(clouds.file), Client(20, 20), Health(Probe())
    peers = Peers(federation, "CloudOne", UsedSignatures())
    made = clouds.file.with_name("made")
    site = Site.of(federation, "CloudOne", peers, pool, made, unasked("CloudOne"), health)
    limits = Limits("CloudOne", 500)
    blocklist = Blocklist("CloudOne", lambda: clouds.file.with_name("blocked.json"))
    logins = Logins("CloudOne")
    handler = Handler(site, limits, blocklist, logins, health, idle_timeout=20, patience=20)
    yield handler
    await health.close()
    await pool.close()


@pytest.fixture
async def ask(clouds: Clouds, handler: Handler) -> Any:
    """Return how to hand in a request at a path, with a scope; the answer is returned."""

    async def asked(path: str, scope: str = "", **other: Any) -> Answered:
        pairs = [("Host", "x"), *([("X-Scope", scope)] if scope else [])]
        port = clouds.address("CloudOne", "image")[1]
        request: Request = Asked(path, Headers(pairs), port, **other)
        await handler.handle(request)
        (reply,) = request.replies  # type: ignore[attr-defined]
        return reply  # type: ignore[no-any-return]

    return asked


@pytest.mark.parametrize("cloud", ["CloudOne", "CloudTwo"])
async def test_any_front_can_hand_in_a_request(clouds: Clouds, ask: Any, cloud: str) -> None:
    """It needs no more than what a front promises: here as in another cloud."""
    clouds.backends[cloud]["image"].answer = json_answer('{"images": []}')
    reply = await ask("/image/v2/images", f"image={cloud}")
    assert (reply.status, reply.body, reply.ended) == (200, b'{"images": []}', True)


async def test_any_front_can_hand_in_a_body(clouds: Clouds, ask: Any) -> None:
    """Piece by piece, of no length that anybody knows."""
    reply = await ask("/image/v2/images", method="POST", body=b"data")
    assert reply.status == 200
    (received,) = clouds.backends["CloudOne"]["image"].requests
    assert received.body == b"1\r\nd\r\n1\r\na\r\n1\r\nt\r\n1\r\na\r\n0\r\n\r\n"


async def test_any_front_gets_refusals_as_answers(clouds: Clouds, ask: Any) -> None:
    """Nothing is raised into it."""
    reply = await ask("/image/v2/images", "image=CloudSix")
    assert (reply.status, reply.ended) == (400, True)
    assert b"CloudSix" in reply.body
    assert clouds.executed == 0


async def test_any_front_hands_in_several_clouds_requests(clouds: Clouds, ask: Any) -> None:
    """One answer is made of those of both."""
    for name in ("CloudOne", "CloudTwo"):
        clouds.backends[name]["image"].answer = json_answer(f'{{"images": [{{"id": "{name}"}}]}}')
    reply = await ask("/image/v2/images", "image=CloudOne&CloudTwo")
    assert (reply.status, reply.ended) == (200, True)
    assert b'"CloudOne"' in reply.body
    assert b'"CloudTwo"' in reply.body
