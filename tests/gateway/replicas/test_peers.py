"""How gateways ask each other, and what they take for an answer."""

import asyncio
import json
from typing import Any

import pytest
from gateway.backend import Backend, json_answer, saying
from gateway.replicas.playing import ONE, TWO, Replicas
from journal.keeping import until

from openstackoid.gateway.replicas import peers as module
from openstackoid.gateway.replicas.messages import Question
from openstackoid.gateway.replicas.peers import NoWordError, Peers
from openstackoid.replication.plan import Drift


@pytest.fixture
async def peers(replicas: Replicas) -> Peers:
    """Return those of CloudOne; its cloud is the only one whose gateway keeps replicas."""
    await replicas.keypair()
    await replicas.stop(TWO)
    peers = replicas.keeping[ONE].replicator.peers
    peers.heard(TWO, Question(news=True))  # so it is asked, in vain
    await until(lambda: not peers.is_up(TWO))
    return peers


@pytest.mark.parametrize(
    "answer",
    [
        json_answer("[]"),
        json_answer("{}", "404 Not Found"),
        json_answer("no JSON"),
        json_answer('{"states": {"x": {}}}'),
        saying(b""),
    ],
)
async def test_what_is_no_answer_is_not_taken(
    replicas: Replicas, peers: Peers, answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is there in place of a gateway."""
    monkeypatch.setattr(module, "ANSWER", 0.3)
    await replicas.clouds.gateways[TWO].close()
    host, port, _ = replicas.clouds.address(TWO, "identity")
    async with Backend(answer=answer, host=host, port=port):
        with pytest.raises(NoWordError):
            await peers.states(TWO, {"x": None}, 0.0)


async def test_a_long_answer_is_not_read(
    replicas: Replicas, peers: Peers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hostile gateway fills no memory."""
    monkeypatch.setattr(module, "MAX_ANSWER", 5)
    await replicas.clouds.gateways[TWO].close()
    host, port, _ = replicas.clouds.address(TWO, "identity")
    async with Backend(answer=json_answer('{"parcels": []}'), host=host, port=port):
        with pytest.raises(NoWordError, match="too long"):
            await peers.states(TWO, {"x": None}, 0.0)


async def test_what_nobody_has_asked_for_is_not_taken(replicas: Replicas, peers: Peers) -> None:
    """The state of another resource, say."""
    await replicas.clouds.gateways[TWO].close()
    host, port, _ = replicas.clouds.address(TWO, "identity")
    body = '{"states": {"x": {"state": "fits"}, "y": {"state": "fits"}}}'
    async with Backend(answer=json_answer(body), host=host, port=port):
        assert list(await peers.states(TWO, {"x": None}, 0.0)) == ["x"]


async def test_a_cloud_that_is_down_is_looked_at(replicas: Replicas, peers: Peers) -> None:
    """Often, as long as there is something for it; it is asked as soon as it is there."""
    await replicas.keypair("l")
    await replicas.start(TWO)
    await until(lambda: peers.is_up(TWO))
    await replicas.become("l", **{ONE: "fits", TWO: "fits"})


async def test_one_that_asks_is_there(replicas: Replicas, peers: Peers) -> None:
    """So it is asked at once; who is not in the file is not."""
    await replicas.start(TWO)
    peers.heard(TWO, Question(news=True))
    peers.heard("CloudFour", Question(news=True))
    assert not peers.is_up("CloudFour")
    await until(lambda: peers.is_up(TWO))


async def test_a_fault_of_ours_ends_no_asking(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on as if the cloud had not answered."""
    one = replicas.keeping[ONE].replicator
    before = one.peers._took
    failed = asyncio.Event()

    async def fails(*_: object) -> None:
        failed.set()
        raise RuntimeError

    one.peers._took = fails
    await replicas.stop(TWO)
    await replicas.start(TWO)
    one.peers.heard(TWO, Question(news=True))
    async with asyncio.timeout(10):
        await failed.wait()
    one.peers._took = before
    one.peers.heard(TWO, Question(news=True))
    await until(lambda: one.peers.is_up(TWO))


async def test_what_another_gateway_tells_can_be_shown(replicas: Replicas, peers: Peers) -> None:
    """A state that there is, a status of a refusal, and a few printable words."""
    await replicas.clouds.gateways[TWO].close()
    host, port, _ = replicas.clouds.address(TWO, "identity")
    drift = [{"field": "f", "key": None, "value": "v"}, {"field": "", "key": None, "value": None}]
    said = {
        "state": "wonderful", "id": "a\nb", "status": 200, "words": "no\x1b[2J" * 200,
        "more": ["\x07line"] * 100, "drift": drift,
    }  # fmt: skip
    body = json.dumps({"states": {"x": said}})
    async with Backend(answer=json_answer(body), host=host, port=port):
        told = (await peers.states(TWO, {"x": None}, 0.0))["x"]
    assert (told.state, told.id, told.status) == ("pending", None, None)
    assert told.words.startswith("no[2Jno")
    assert len(told.words) < 300
    assert told.more == ("line",) * 64
    assert told.drift == (Drift("f", None, "v"),)
