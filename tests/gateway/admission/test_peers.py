"""Gateways prove themselves to each other: signatures."""

import asyncio
import io
import json
import time
from typing import Any

import pytest
from gateway.backend import Backend, Connection, Received, saying
from gateway.credentials import give_keys, reload, take_keys
from gateway.played import TOKEN, Answered, Clouds

from openstackoid.gateway.admission.peers import Peers, PeersError
from openstackoid.gateway.reporting import audit
from openstackoid.gateway.server import Gateway
from openstackoid.gateway.settings import Settings
from openstackoid.identity import MAX_AUTH_BODY, base64url
from openstackoid.identity.keys import Keys, make
from openstackoid.identity.signature import LIFETIME, Crossing, Told, digest_of, sign
from openstackoid.message import Headers

COMPLETED = '{"*":"CloudOne","identity":"CloudOne","image":"CloudTwo"}'
SCOPE = f"X-Scope: {COMPLETED}"
AUTH = f"X-Auth-Token: {TOKEN}!SCOPE!{COMPLETED}"
VIA = "Via: 1.1 CloudOne (openstackoid)"


@pytest.fixture(autouse=True)
async def _old(clouds: Clouds) -> None:
    """Let CloudTwo take tokens themselves, as gateways of an older release send them."""
    clouds.document["clouds"]["CloudTwo"]["trust"]["CloudOne"]["tokens"] = True
    take_keys(clouds)
    await reload(clouds)


def refused(answered: Answered, reason: str) -> bool:
    """Tell whether an answer refuses a crossing, says why, and that nothing was done."""
    error = json.loads(answered.body)["error"]
    return (
        answered.status == 401
        and "CloudTwo refuses a request in the name of the gateway of" in error["message"]
        and reason in error["message"]
        and error["sent"] is False
        and TOKEN not in error["message"]
    )


def proof(
    keys: Keys,
    path: str = "/v2/images",
    method: str = "GET",
    service: str = "image",
    audience: str = "CloudTwo",
    age: float = 0,
) -> str:
    """Return the header by which CloudOne's gateway signs a request with SCOPE and AUTH."""
    headers = (("X-Scope", COMPLETED), ("X-Auth-Token", AUTH.partition(": ")[2]))
    crossing = Crossing("CloudOne", audience, service, method, path, Headers(headers))
    return f"X-Scope-Proof: {sign(crossing, keys.sign, time.time() - age)}"


async def test_a_hop_is_signed_and_the_service_does_not_see_it(clouds: Clouds) -> None:
    """With keys in the file, work across the border goes on as before."""
    await give_keys(clouds, "CloudOne", "CloudTwo")
    for method, body in (("GET", b""), ("POST", b"{}")):
        answered = await clouds.ask(
            "CloudOne", "image", "/v2/a%2Fb?x=%7e&y", SCOPE, AUTH, method=method, body=body
        )
        assert answered.status == 200
    for received in clouds.backends["CloudTwo"]["image"].requests:
        assert received.values("x-scope-proof") == []
        (token,) = received.values("x-auth-token")
        assert token.startswith("oid1.")
        assert TOKEN not in token


async def test_all_of_several_clouds_are_signed_for(clouds: Clouds) -> None:
    """Each branch of an expression is a crossing of its own."""
    await give_keys(clouds, "CloudOne")
    answered = await clouds.ask(
        "CloudOne", "image", "/v2/images", "X-Scope: image=CloudOne|CloudTwo"
    )
    assert answered.status == 200
    await clouds.ask("CloudOne", "image", "/v2/images", "X-Scope: image=CloudTwo|CloudOne")
    assert len(clouds.backends["CloudTwo"]["image"].requests) == 1


async def test_a_cloud_without_a_gateway_sends_nothing(clouds: Clouds) -> None:
    """So whoever says that he is its gateway is not: such a cloud needs no keys to be trusted."""
    clouds.document["clouds"]["CloudOne"]["gateway"] = False
    await reload(clouds)
    answered = await clouds.ask("CloudTwo", "image", "/v2/images", SCOPE, AUTH, VIA)
    assert refused(answered, "its file says that CloudOne has no gateway")
    assert clouds.executed == 0


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_signature_from_before_the_start_is_refused(clouds: Clouds, method: str) -> None:
    """It may have been used before the restart, when its id was remembered for the last time."""
    keys = await give_keys(clouds, "CloudOne")
    for age in (10, 30, LIFETIME - 1):
        old = proof(keys["CloudOne"], method=method, age=age)
        answered = await clouds.ask(
            "CloudTwo", "image", "/v2/images", SCOPE, AUTH, VIA, old, method=method
        )
        assert refused(answered, "from before this gateway was started; try again")
    assert clouds.executed == 0
    new = proof(keys["CloudOne"], method=method)
    again = await clouds.ask(
        "CloudTwo", "image", "/v2/images", SCOPE, AUTH, VIA, new, method=method
    )
    assert again.status == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_unsigned_hop_is_refused(clouds: Clouds, method: str) -> None:
    """Who says that it comes from a gateway with keys has to have them."""
    await give_keys(clouds, "CloudOne")
    answered = await clouds.ask("CloudTwo", "image", "/v2/images", SCOPE, AUTH, VIA, method=method)
    assert refused(answered, "has to sign")
    assert clouds.executed == 0


async def test_a_signature_is_taken_once(clouds: Clouds) -> None:
    """Whoever has read one on its way cannot use it, not even after a reload."""
    keys = (await give_keys(clouds, "CloudOne"))["CloudOne"]
    signature = proof(keys)
    ask = ("CloudTwo", "image", "/v2/images", SCOPE, AUTH, VIA, signature)
    assert (await clouds.ask(*ask)).status == 200
    assert refused(await clouds.ask(*ask), "used before")
    await reload(clouds)
    assert refused(await clouds.ask(*ask), "used before")
    assert clouds.executed == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"age": LIFETIME + 2}, "clocks"),
        ({"age": -LIFETIME - 2}, "clocks"),
        ({"path": "/v2/other"}, "htu differs"),
        ({"method": "DELETE"}, "htm differs"),
        ({"service": "compute"}, "service differs"),
        ({"audience": "CloudThree"}, "aud differs"),
    ],
)
async def test_a_signature_for_something_else_is_refused(
    clouds: Clouds, changes: dict[str, Any], reason: str
) -> None:
    """Old, of the future, or of another request."""
    keys = (await give_keys(clouds, "CloudOne"))["CloudOne"]
    signature = proof(keys, **changes)
    answered = await clouds.ask("CloudTwo", "image", "/v2/images", SCOPE, AUTH, VIA, signature)
    assert refused(answered, reason)
    assert clouds.executed == 0


async def test_a_foreign_key_proves_nothing(clouds: Clouds) -> None:
    """Neither a stranger's, nor that of another cloud of the federation."""
    keys = await give_keys(clouds, "CloudOne", "CloudTwo")
    for other in (make(), keys["CloudTwo"]):
        signature = proof(other)
        answered = await clouds.ask("CloudTwo", "image", "/v2/images", SCOPE, AUTH, VIA, signature)
        assert refused(answered, "not made with its key")
    assert clouds.executed == 0


async def test_another_token_is_not_covered(clouds: Clouds) -> None:
    """A token that is put in the place of the one that was signed for."""
    keys = (await give_keys(clouds, "CloudOne"))["CloudOne"]
    mine = f"X-Auth-Token: mine!SCOPE!{COMPLETED}"
    answered = await clouds.ask("CloudTwo", "image", "/v2/images", SCOPE, mine, VIA, proof(keys))
    assert refused(answered, "headers differs")
    twice = (proof(keys), proof(keys))
    answered = await clouds.ask("CloudTwo", "image", "/v2/images", SCOPE, AUTH, VIA, *twice)
    assert refused(answered, "once")
    assert clouds.executed == 0


@pytest.mark.parametrize(
    ("origin", "reason"), [("CloudThree", "no cloud CloudThree"), ("CloudTwo", "to itself")]
)
async def test_a_gateway_nobody_knows_is_refused(clouds: Clouds, origin: str, reason: str) -> None:
    """Nor does a gateway send anything to itself."""
    via = f"Via: 1.1 {origin} (openstackoid)"
    answered = await clouds.ask("CloudTwo", "image", "/v2/images", SCOPE, AUTH, via)
    assert refused(answered, reason)
    assert clouds.executed == 0


async def test_a_signature_from_outside_means_nothing(clouds: Clouds) -> None:
    """A client's is neither read nor passed on, with a scope or without one."""
    await give_keys(clouds, "CloudOne", "CloudTwo")
    for headers in ([SCOPE, AUTH], [], ["X-Scope: image=CloudOne"]):
        answered = await clouds.ask(
            "CloudOne", "image", "/v2/images", *headers, "X-Scope-Proof: forged"
        )
        assert answered.status == 200
    every = [r for c in clouds.backends.values() for b in c.values() for r in b.requests]
    assert len(every) == 3
    assert not any(received.values("x-scope-proof") for received in every)


async def test_keys_are_changed_without_a_restart(clouds: Clouds) -> None:
    """The old ones prove nothing any more once the file has others."""
    old = (await give_keys(clouds, "CloudOne", "CloudTwo"))["CloudOne"]
    await give_keys(clouds, "CloudOne")
    assert (await clouds.ask("CloudOne", "image", "/v2/images", SCOPE, AUTH)).status == 200
    answered = await clouds.ask("CloudTwo", "image", "/v2/images", SCOPE, AUTH, VIA, proof(old))
    assert refused(answered, "not made with its key")


@pytest.mark.parametrize("part", ["keys", "own"])
async def test_keys_without_their_other_half_are_refused(clouds: Clouds, part: str) -> None:
    """A gateway that others would not believe does not start, and says what is missing."""
    await give_keys(clouds, "CloudOne")
    del clouds.document["clouds"]["CloudOne"][part]
    clouds.save()
    with pytest.raises(PeersError, match="keys of CloudOne are not the public halves"):
        Gateway(Settings(clouds.file, "CloudOne"))


async def test_keys_that_cannot_be_read_change_nothing(clouds: Clouds) -> None:
    """A reload that fails leaves the gateway as it was."""
    await give_keys(clouds, "CloudOne", "CloudTwo")
    clouds.document["clouds"]["CloudOne"]["own"]["keys"] = "nowhere.json"
    clouds.save()
    await clouds.gateways["CloudOne"].reload()
    assert (await clouds.ask("CloudOne", "image", "/v2/images", SCOPE, AUTH)).status == 200


async def test_a_gateway_whose_signatures_are_too_many_is_told_to_wait(
    clouds: Clouds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """429, and nothing is executed: to forget a signature would let it be used again."""
    monkeypatch.setattr("openstackoid.gateway.admission.replay.SIGNATURES", 1)
    await give_keys(clouds, "CloudOne", "CloudTwo")
    assert (await clouds.ask("CloudOne", "image", "/v2/images", SCOPE, AUTH)).status == 200
    answered = await clouds.ask("CloudOne", "image", "/v2/images", SCOPE, AUTH)
    assert answered.status == 429
    assert answered.values("retry-after") == [f"{LIFETIME}"]
    error = json.loads(answered.body)["error"]
    assert (error["cloud"], error["sent"]) == ("CloudTwo", False)
    assert "the gateway of CloudOne" in error["message"]
    assert clouds.executed == 1


async def test_a_signature_of_too_many_requests_is_not_kept(
    clouds: Clouds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a gateway may send is counted before; and a signature used before counts for nobody."""
    keys = (await give_keys(clouds, "CloudOne"))["CloudOne"]
    steps = []
    taken = Peers.take

    def take(*args: Any) -> None:
        steps.append("taken")
        taken(*args)

    limits = clouds.gateways["CloudTwo"]._handler.state.limits
    monkeypatch.setattr(Peers, "take", take)
    monkeypatch.setattr(limits, "gateway", lambda *_: steps.append("counted"))
    ask = ("CloudTwo", "image", "/v2/images", SCOPE, AUTH, VIA, proof(keys))
    assert (await clouds.ask(*ask)).status == 200
    assert refused(await clouds.ask(*ask), "used before")
    assert steps == ["counted", "taken"]


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a gateway get proofs of the second form as soon as it has said its time."""
    monkeypatch.setattr("openstackoid.gateway.admission.clocks.SETTLED", 0)


def lines(logged: io.StringIO, event: str, cloud: str) -> list[dict[str, Any]]:
    """Return what a cloud's gateway has logged of an event."""
    events = map(json.loads, logged.getvalue().splitlines())
    return [one for one in events if one["event"] == event and one["gateway"] == cloud]


def told_to(clouds: Clouds, told: Told, keys: Keys, method: str = "POST") -> tuple[str, ...]:
    """Return the headers of a write to CloudTwo's image that CloudOne's gateway has signed."""
    headers = (("X-Scope", COMPLETED), ("X-Auth-Token", AUTH.partition(": ")[2]))
    crossing = Crossing("CloudOne", "CloudTwo", "image", method, "/v2/images", Headers(headers))
    return SCOPE, AUTH, VIA, f"X-Scope-Proof: {sign(crossing, keys.sign, time.time(), told)}"


async def write(clouds: Clouds, *headers: str, body: bytes = b"{}") -> Answered:
    """Send a write to CloudTwo's image."""
    return await clouds.ask("CloudTwo", "image", "/v2/images", *headers, method="POST", body=body)


async def test_a_gateway_says_its_time_to_a_proven_one_alone(clouds: Clouds) -> None:
    """In refusals, too; a client never gets it, neither of home nor of another cloud."""
    keys = (await give_keys(clouds, "CloudOne"))["CloudOne"]
    before = time.time()
    for path in ("/v2/images", "/v2/none"):
        answered = await clouds.ask("CloudTwo", "image", path, SCOPE, AUTH, VIA, proof(keys, path))
        (said,) = answered.values("x-scope-clock")
        assert before - 0.001 <= float(said) <= time.time() + 0.001
    for answered in (
        await clouds.ask("CloudTwo", "image", "/v2/images", SCOPE, AUTH, VIA),
        await clouds.ask("CloudTwo", "image", "/v2/images"),
        await clouds.ask("CloudOne", "image", "/v2/images", "X-Scope: image=CloudTwo", AUTH),
        await clouds.ask("CloudOne", "image", "/v2/images", "X-Scope: image=CloudTwo|CloudOne"),
    ):
        assert answered.values("x-scope-clock") == []


@pytest.mark.parametrize("part", [b"{}", b""])
async def test_a_body_is_the_one_that_was_signed(clouds: Clouds, part: bytes) -> None:
    """Whoever can change a request on its way gives it no other body, and takes none away."""
    keys = (await give_keys(clouds, "CloudOne"))["CloudOne"]
    for other in (b"[]", b"{} ", b"", b"{}"):
        told = Told(digest=digest_of(part))
        answered = await write(clouds, *told_to(clouds, told, keys), body=other)
        if other == part:
            assert answered.status == 200
            (received,) = clouds.backends["CloudTwo"]["image"].requests
            assert received.body == part
        else:
            assert refused(answered, "its body is not the one that was signed")
    assert clouds.executed == 1


async def test_no_body_in_chunks_stays_one(clouds: Clouds) -> None:
    """The service gets one end of it, whatever it is framed by."""
    keys = (await give_keys(clouds, "CloudOne"))["CloudOne"]
    headers = told_to(clouds, Told(digest=digest_of(b"")), keys)
    client = await clouds.open("CloudTwo", "image")
    await client.send("POST", "/v2/images", *headers, "Transfer-Encoding: chunked")
    client.writer.write(b"0\r\n\r\n")
    assert (await client.answer()).status == 200
    (received,) = clouds.backends["CloudTwo"]["image"].requests
    assert received.body == b"0\r\n\r\n"


async def test_a_body_that_is_signed_has_an_end(clouds: Clouds) -> None:
    """A gateway holds it: 413, and nothing is executed."""
    keys = (await give_keys(clouds, "CloudOne"))["CloudOne"]
    long = b" " * (MAX_AUTH_BODY + 1)
    answered = await write(clouds, *told_to(clouds, Told(digest=digest_of(long)), keys), body=long)
    assert answered.status == 413
    assert clouds.executed == 0


async def test_a_write_that_comes_too_late_is_not_handed_on(clouds: Clouds) -> None:
    """Nobody waits for it any more, and its sender may do it again meanwhile."""
    keys = (await give_keys(clouds, "CloudOne"))["CloudOne"]
    late = Told(end=int(time.time() * 1000) - 1)
    answered = await write(clouds, *told_to(clouds, late, keys))
    error = json.loads(answered.body)["error"]
    assert (answered.status, error["sent"]) == (408, False)
    assert "came too late" in error["message"]
    assert clouds.executed == 0
    early = Told(end=int(time.time() * 1000) + 20_000)
    assert (await write(clouds, *told_to(clouds, early, keys))).status == 200
    assert clouds.executed == 1


async def test_what_waits_in_a_gateway_for_too_long_is_not_handed_on(clouds: Clouds) -> None:
    """The time is looked at last: here the rest of a body comes when it is over."""
    keys = (await give_keys(clouds, "CloudOne"))["CloudOne"]
    end = int(time.time() * 1000) + 200
    headers = told_to(clouds, Told(end=end, digest=digest_of(b"{}")), keys)
    client = await clouds.open("CloudTwo", "image")
    await client.send("POST", "/v2/images", *headers, "Content-Length: 2")
    await asyncio.sleep(max(0.0, end / 1000 - time.time()) + 0.01)
    client.writer.write(b"{}")
    assert (await client.answer()).status == 408
    assert clouds.executed == 0


@pytest.mark.usefixtures("settled")
async def test_who_says_his_time_is_told_more(clouds: Clouds, logged: io.StringIO) -> None:
    """Both audits have the handles of a user and an address; home's has whose they are."""
    await give_keys(clouds, "CloudOne", "CloudTwo")
    for _ in range(2):
        asked = await clouds.ask(
            "CloudOne", "image", "/v2/images", "X-Scope: image=CloudTwo", AUTH, method="POST"
        )
        assert asked.status == 200
    audit.flush()
    first, second = lines(logged, "request", "CloudTwo")
    assert "user_handle" not in first
    sent = lines(logged, "audit", "CloudOne")[-1]
    got = lines(logged, "audit", "CloudTwo")[-1]
    for name in ("user_handle", "client_handle"):
        assert second[name] == sent[name] == got[name]
        assert len(second[name]) == 22
    assert sent["cadf"]["initiator"]["host"]["address"] == "127.0.0.1"


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("status", [b"200 OK", b"401 Unauthorized"])
async def test_an_older_gateway_gets_what_it_reads(clouds: Clouds, status: bytes) -> None:
    """One that has said its time before, and is an older one now, after the first answer."""
    await give_keys(clouds, "CloudOne", "CloudTwo")
    proofs: list[str] = []

    async def old(received: Received, connection: Connection) -> None:
        proofs.extend(received.values("x-scope-proof"))
        clock = b"" if len(proofs) > 2 else b"X-Scope-Clock: %.3f\r\n" % time.time()
        head = b"HTTP/1.1 %b\r\nContent-Length: 0\r\n%b\r\n" % (status, clock)
        await saying(head)(received, connection)

    async with Backend(old) as gateway:
        address = f"http://127.0.0.1:{gateway.port}"
        clouds.document["clouds"]["CloudTwo"]["frontends"]["image"] = address
        clouds.save()
        await clouds.gateways["CloudOne"].reload()
        for _ in range(5):
            await clouds.ask(
                "CloudOne", "image", "/v2/images", "X-Scope: image=CloudTwo", AUTH, method="POST"
            )
            await clouds.gateways["CloudOne"].reload()  # which forgets nothing of this
    kinds = [json.loads(base64url.decoded(one.partition(".")[0].encode()))["typ"] for one in proofs]
    assert kinds == [f"openstackoid-hop{n}" for n in ("", "2", "2", "", "")]
