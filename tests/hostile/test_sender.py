"""A hostile gateway as sender: what it forges, repeats or signs for others reaches nobody."""

import http.client
import json
import time
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hostile.stage import Stage

from openstackoid.identity.signature import LIFETIME, Crossing
from openstackoid.message import Headers

SCOPE = '{"*":"Evil","identity":"Evil","image":"Home"}'
TOKEN = f"gAAAAA-of-evil!SCOPE!{SCOPE}"
VIA = "1.1 Evil (openstackoid)"
HEADER = {"typ": "openstackoid-hop", "alg": "EdDSA"}


@dataclass(frozen=True)
class Hop:
    """A request as a gateway sends it, and what it has signed, which may be something else."""

    method: str = "GET"
    path: str = "/image/v2/images"
    scope: str = SCOPE
    token: str = TOKEN
    via: Sequence[str] = (VIA,)
    more: Sequence[tuple[str, str]] = ()
    issuer: str = "Evil"
    audience: str = "Home"
    service: str = "image"
    signed: Mapping[str, str] = field(default_factory=dict)
    """What was signed in place of method, path, scope or token."""
    claims: Mapping[str, Any] = field(default_factory=dict)
    header: Mapping[str, Any] = field(default_factory=lambda: HEADER)
    proofs: Callable[[str], Sequence[str]] = lambda proof: [proof]

    def proof(self, stage: Stage) -> str:
        """Sign it with the key of Evil's gateway."""
        signed = {name: getattr(self, name) for name in ("method", "path", "scope", "token")}
        signed |= self.signed
        headers = Headers((("X-Scope", signed["scope"]), ("X-Auth-Token", signed["token"])))
        crossing = Crossing(
            self.issuer, self.audience, self.service, signed["method"], signed["path"], headers
        )
        claims = {**crossing.claims(), "iat": int(time.time()), "jti": uuid.uuid4().hex}
        return jws(self.header, claims | dict(self.claims), stage)

    def send(self, stage: Stage, proof: str | None = None) -> tuple[int, str]:
        """Send it to home; return status and text of the answer."""
        connection = http.client.HTTPConnection(urlsplit(stage.url).netloc, timeout=20)
        connection.putrequest(self.method, self.path)
        headers = [("X-Scope", self.scope), ("X-Auth-Token", self.token)]
        headers += [("Via", via) for via in self.via]
        headers += [("X-Scope-Proof", one) for one in self.proofs(proof or self.proof(stage))]
        for name, value in (*headers, *self.more):
            connection.putheader(name, value.encode("latin-1"))
        connection.endheaders()
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def jws(header: Mapping[str, Any], payload: object, stage: Stage) -> str:
    """Return a compact JWS, whatever its header says, signed by Evil's gateway."""
    d = json.loads(stage.keys.read_text())["sign"]
    key = Ed25519PrivateKey.from_private_bytes(urlsafe_b64decode(f"{d}="))
    text = payload if isinstance(payload, str) else json.dumps(payload)
    signed = f"{_encoded(json.dumps(header).encode())}.{_encoded(text.encode())}"
    return f"{signed}.{_encoded(key.sign(signed.encode()))}"


HONEST = Hop()

FORGED: dict[str, Hop] = {
    "no proof": replace(HONEST, proofs=lambda _: []),
    "an empty proof": replace(HONEST, proofs=lambda _: [""]),
    "two proofs": replace(HONEST, proofs=lambda proof: [proof, proof]),
    "two proofs in one": replace(HONEST, proofs=lambda proof: [f"{proof}, {proof}"]),
    "half a proof": replace(HONEST, proofs=lambda proof: [proof[:-9]]),
    "more than a proof": replace(HONEST, proofs=lambda proof: [f"{proof}.e30"]),
    "padding": replace(HONEST, proofs=lambda proof: [f"{proof}=="]),
    "no signature": replace(HONEST, proofs=lambda proof: [f"{proof.rpartition('.')[0]}."]),
    "the signature of nothing": replace(
        HONEST, proofs=lambda proof: [f"{proof.rpartition('.')[0]}.{'A' * 86}"]
    ),
    "8 KB of proof": replace(HONEST, proofs=lambda _: ["e30." * 2000]),
    "an array as proof": replace(HONEST, proofs=lambda _: ["[]"]),
    "a proof that is JSON": replace(HONEST, proofs=lambda _: ['{"payload":"e30"}']),
    "alg none": replace(HONEST, header={**HEADER, "alg": "none"}),
    "alg HS256": replace(HONEST, header={**HEADER, "alg": "HS256"}),
    "another typ": replace(HONEST, header={**HEADER, "typ": "JWT"}),
    "no typ": replace(HONEST, header={"alg": "EdDSA"}),
    "crit": replace(HONEST, header={**HEADER, "crit": ["b64"], "b64": False}),
    "a key of its own": replace(HONEST, header={**HEADER, "jwk": {"kty": "OKP"}}),
    "another path": replace(HONEST, signed={"path": "/image/v2/tasks"}),
    "a query": replace(HONEST, signed={"path": "/image/v2/images?x"}),
    "another method": replace(HONEST, method="DELETE", signed={"method": "GET"}),
    "another scope": replace(HONEST, signed={"scope": SCOPE.replace("image", "compute")}),
    "another token": replace(HONEST, signed={"token": f"other!SCOPE!{SCOPE}"}),
    "another service": replace(HONEST, service="compute"),
    "another cloud": replace(HONEST, audience="Friend"),
    "nobody": replace(HONEST, audience=""),
    "another issuer": replace(HONEST, issuer="Friend"),
    "too old": replace(HONEST, claims={"iat": int(time.time()) - 99_999}),
    "of the future": replace(HONEST, claims={"iat": int(time.time()) + LIFETIME + 999_999}),
    "no time": replace(HONEST, claims={"iat": None}),
    "a time that is none": replace(HONEST, claims={"iat": "now"}),
    "an endless time": replace(HONEST, claims={"iat": float("inf")}),
    "no id": replace(HONEST, claims={"jti": ""}),
    "an id that is none": replace(HONEST, claims={"jti": ["x"]}),
    "a long id": replace(HONEST, claims={"jti": "x" * 65}),
    "in the name of home": replace(HONEST, via=["1.1 Home (openstackoid)"], issuer="Home"),
    "in the name of nobody": replace(HONEST, via=["1.1 Nobody (openstackoid)"], issuer="Nobody"),
    "a border more": replace(
        HONEST,
        scope=SCOPE.replace("Home", "Friend"),
        token=TOKEN.replace("Home", "Friend"),
    ),
    "two scopes": replace(HONEST, more=[("X-Scope", "image=Friend")]),
    "another service meant": replace(HONEST, more=[("X-Scope-Service", "identity")]),
    "two services meant": replace(HONEST, more=[("X-Scope-Service", "image")] * 2),
    "a list of services meant": replace(HONEST, more=[("X-Scope-Service", "image, identity")]),
    "no service meant": replace(HONEST, more=[("X-Scope-Service", "")]),
    "a service with an underscore": replace(HONEST, more=[("X_Scope_Service", "image")]),
    "an underscore": replace(HONEST, more=[("X_Scope", "image=Friend")]),
    "a proof with an underscore": replace(HONEST, more=[("X_Scope_Proof", "e30")]),
    "a hop by hop scope": replace(HONEST, more=[("Connection", "X-Scope")]),
    "a hop by hop proof": replace(HONEST, more=[("Connection", "X-Scope-Proof, Via")]),
    "another token behind": replace(HONEST, more=[("X-Auth-Token", "other")]),
    "a wallet that is none": replace(HONEST, token='T!SCOPE!{"tokens":7,"image":"Home"}'),
    "a wallet with two tokens of home": replace(
        HONEST, token='T!SCOPE!{"tokens":{"Home":"A","Home":"B"},"image":"Home"}'
    ),
    "steps": replace(HONEST, path="/image/v2/../../identity/v3/users"),
    "encoded steps": replace(HONEST, path="/image/%2e%2e/identity/v3/users"),
    "an address": replace(HONEST, path="http://169.254.169.254/image/v2/images"),
}
"""By name: what a hostile gateway sends, or whoever says that he is one."""


def test_an_honest_hop_arrives(stage: Stage) -> None:
    """So that what follows is refused for what is wrong with it."""
    assert HONEST.send(stage)[0] == 200
    (request,) = stage.reached()
    assert (request.path, request.all("X-Scope-Proof"), request.scope) == (HONEST.path, [], [])


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_hop_is_refused(name: str, stage: Stage) -> None:
    """With a reason, and home's services got nothing."""
    status, text = FORGED[name].send(stage)
    assert (400 <= status < 500 or status == 508, stage.reached()) == (True, []), text
    assert "gAAAAA" not in text


def test_a_proof_counts_once(stage: Stage) -> None:
    """For the same request, for another, and whichever front it comes by."""
    proof = HONEST.proof(stage)
    assert HONEST.send(stage, proof)[0] == 200
    for again in (HONEST, replace(HONEST, method="DELETE"), replace(HONEST, path="/image/v2/x")):
        assert again.send(stage, proof)[0] == 401
    assert len(stage.reached()) == 1


def test_home_s_keystone_gets_no_hop_with_another_s_token(stage: Stage) -> None:
    """It is asked of its issuer, never of home."""
    hop = replace(HONEST, path="/identity/v3/users", service="identity")
    status, _ = hop.send(stage)
    assert (status >= 400, stage.reached()) == (True, [])
