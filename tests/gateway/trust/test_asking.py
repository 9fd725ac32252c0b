"""Answers to the question whether assertions stand: what a hostile issuer or network may send."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import pytest

from openstackoid.federation import Federation
from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.http import ConnectionClosedError
from openstackoid.gateway.trust.asking import Asking
from openstackoid.identity.confirmation import PATH, Asked, BadConfirmationError, answer, asked_in
from openstackoid.identity.keys import make
from openstackoid.message import Headers
from openstackoid.routing import Destination, Refusal, Route

ONE, TWO = make(), make()
assert ONE.assertion is not None
assert TWO.assertion is not None
ASKED = [Asked("a" * 22, "One", "secret"), Asked("b" * 22, "Three", "")]


def federation(*, gateway: bool = True) -> Federation:
    """Return a federation of two clouds, as Two has it."""
    frontends = {"identity": "https://one.example/identity"}
    one: dict[str, Any] = {"frontends": frontends, "gateway": gateway}
    if gateway:
        one["keys"] = ONE.public
    two = {"frontends": {"identity": "https://two.example/identity"}, "keys": TWO.public}
    return Federation.model_validate({"clouds": {"One": one, "Two": two}})


class Played:
    """What a question gets: a status and a body, made of the question; or an error."""

    def __init__(self, answers: Callable[[bytes], object], status: int = 200) -> None:
        self.answers = answers
        self.status = status
        self.sent: list[tuple[str, Destination, Route, Headers]] = []
        self.closed = False

    async def send(
        self, method: str, destination: Destination, route: Route, headers: Headers, body: bytes
    ) -> "Played":
        """Take a question."""
        self.sent.append((method, destination, route, headers))
        said = self.answers(body)
        if isinstance(said, Exception):
            raise said
        self._said = said
        return self

    @property
    async def body(self) -> AsyncIterator[bytes]:
        """Yield the body: one that is a number comes in so many pieces, None never comes."""
        match self._said:
            case None:
                await asyncio.Event().wait()
            case int(pieces):
                for _ in range(pieces):
                    yield b" " * 1000
            case bytes(data):
                yield data
            case text:
                yield json.dumps({"answer": text}).encode()

    def __enter__(self) -> "Played":
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True


async def ask(played: Played, issuer: str = "One", blocked: str = "", **file: bool) -> str:
    """Ask an issuer; a key may be blocked."""
    asking = Asking(federation(**file), "Two", cast("Upstream", played), seconds=0.5)
    return await asking.ask(issuer, ASKED, lambda id_: id_ == blocked)


def honest(body: bytes, said: str = "lr", **changes: Any) -> str:
    """Answer as the issuer does, or with changes."""
    told: dict[str, Any] = {"iss": "One", "aud": "Two", "key": ONE.assertion}
    return answer(body, said, **(told | changes))


async def test_an_issuer_says_what_stands() -> None:
    """By one POST to its gateway, at its frontend for identity, without anybody's token."""
    played = Played(honest)
    assert await ask(played) == "lr"
    ((method, destination, route, headers),) = played.sent
    assert (method, destination.url) == ("POST", f"https://one.example/identity{PATH}")
    assert route.scope is not None
    assert route.scope.canonical == '{"*":"Two","identity":"One"}'
    assert headers.get("x-scope-service") == "identity"
    assert headers.get("via") == "1.1 Two (openstackoid)"
    assert "x-auth-token" not in headers
    assert played.closed


async def test_a_question_has_what_its_issuer_needs_and_a_nonce() -> None:
    """So no two are the same, and no answer is good for another one."""
    bodies: list[bytes] = []

    def answers(body: bytes) -> str:
        bodies.append(body)
        return honest(body)

    played = Played(answers)
    for _ in range(2):
        await ask(played)
    assert [asked_in(body) for body in bodies] == [tuple(ASKED)] * 2
    assert len(set(bodies)) == 2


def another(body: bytes) -> bytes:
    """Return another question about the same, as it was asked before."""
    return body.replace(b'"nonce":"', b'"nonce":"A', 1)[: len(body)]


HOSTILE: dict[str, tuple[Callable[[bytes], object], str]] = {
    "another key": (lambda b: honest(b, key=TWO.assertion), "no key of its issuer"),
    "the key of hops": (lambda b: honest(b, key=ONE.sign), "no key of its issuer"),
    "an old answer": (lambda b: honest(another(b)), "another question"),
    "to somebody else": (lambda b: honest(b, aud="Three"), "another question"),
    "of somebody else": (lambda b: honest(b, iss="Three"), "another question"),
    "other letters": (lambda b: honest(b, "lx"), "not an answer"),
    "no letters": (lambda b: honest(b, ""), "not an answer"),
    "no text": (lambda _: 1.5, "not JSON"),
    "no JSON": (lambda _: b"{", "not JSON"),
    "very deep": (lambda _: b"[" * 4000, "not JSON"),
    "without a signature": (lambda b: honest(b).rpartition(".")[0], "not an answer"),
    "a changed one": (lambda b: honest(b)[:-3] + "AAA", "no key of its issuer|not an answer"),
    "a long one": (lambda b: honest(b) + "A" * 2000, "not an answer"),
    "one without an end": (lambda _: 10**9, "too long"),
    "one that never comes": (lambda _: None, "no whole answer"),
    "one that breaks off": (lambda _: ConnectionClosedError(), "no whole answer"),
}


@pytest.mark.parametrize("kind", HOSTILE)
async def test_what_is_not_its_answer_to_this_question_is_none(kind: str) -> None:
    """Whoever has sent it: nobody is revoked by it, and nobody lives."""
    answers, reason = HOSTILE[kind]
    with pytest.raises(BadConfirmationError, match=reason) as error:
        await ask(Played(answers))
    assert "secret" not in str(error.value)


async def test_a_key_that_is_blocked_signs_no_answer() -> None:
    """Whoever has stolen it could let a revoked user in."""
    assert ONE.assertion is not None
    with pytest.raises(BadConfirmationError, match="no key of its issuer"):
        await ask(Played(honest), blocked=ONE.assertion.id)


@pytest.mark.parametrize("status", [201, 302, 401, 404, 429, 500])
async def test_an_older_gateway_gives_no_answer(status: int) -> None:
    """It hands the question to Keystone, which knows no such path: 404 says nothing of anybody."""
    with pytest.raises(BadConfirmationError, match=f"answers {status}; its gateway may be of an"):
        await ask(Played(honest, status))


async def test_who_cannot_be_asked_gives_no_answer() -> None:
    """A cloud that has left the file, one without a gateway, one that cannot be reached."""
    with pytest.raises(BadConfirmationError, match="not in the federation file any more"):
        await ask(Played(honest), "Six")
    with pytest.raises(BadConfirmationError, match="has no gateway"):
        await ask(Played(honest), gateway=False)
    refusal = Refusal(cast("Any", 502), "identity of One could not be reached", cloud="One")
    with pytest.raises(BadConfirmationError, match="could not be reached"):
        await ask(Played(lambda _: refusal))
