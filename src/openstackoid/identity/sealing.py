"""Seals and unseals tokens: only the gateway of the cloud that a sealed token is for can read it.

A sealed token is a compact JWE (RFC 7516) with ECDH-ES on X25519 and A256GCM. It holds the token
and its terms.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest

from jwcrypto.common import JWException, base64url_decode, base64url_encode
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from openstackoid.identity.callers import covers

MAX_SEALED = 4096
"""Characters of a sealed token at most; a token of Keystone has about 250, sealed 700."""

_BESIDE = "~"
_UNLIKE = (
    "it does not say which services each cloud may present it to, as tokens that this release "
    "seals do; update the client, and log in again"
)

_HEADER = {"alg": "ECDH-ES", "enc": "A256GCM"}


class SealError(Exception):
    """A sealed token is not accepted; the message says why, and has nothing of its contents."""


@dataclass(frozen=True, slots=True)
class Presenter:
    """What a cloud's gateway may do with a sealed token: present it to services, beside a token.

    In `services` `*` is every service but identity, where one can create credentials that outlive
    the token. `shown` is the `digest` of the user's token of the presenter's own cloud: a sealed
    token is seen by others, but that one is not.
    """

    services: Collection[str]
    shown: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What a sealed token is good for: a cloud, who may present it, and until when.

    `presenters` are by the names of their clouds. `expires` is in seconds since 1970.
    """

    cloud: str
    presenters: Mapping[str, Presenter]
    expires: int


def digest(token: str) -> str:
    """Return the SHA-256 of a token in base64url: 43 characters."""
    return base64url_encode(sha256(_bytes(token)).digest())


def beside(sealed: str, token: str) -> str:
    """Return a sealed token as a gateway presents it: with what was shown to it."""
    return f"{sealed}{_BESIDE}{digest(token)}"


def is_sealed(token: str) -> bool:
    """Return whether a token is a compact JWE; tokens of Keystone have two dots or none."""
    return token.count(".") == 4


def seal(token: str, terms: Terms, key: JWK) -> str:
    """Return a token sealed with the public key of a cloud's gateway."""
    claims = {
        "token": token,
        "for": terms.cloud,
        "from": {
            cloud: {"services": sorted(presenter.services), "shown": presenter.shown}
            for cloud, presenter in sorted(terms.presenters.items())
        },
        "exp": terms.expires,
    }
    jwe = JWE(json.dumps(claims, separators=(",", ":")), json.dumps(_HEADER))
    jwe.add_recipient(key)
    sealed: str = jwe.serialize(compact=True)
    return sealed


def _is_ours(sealed: str) -> bool:
    """Return whether the JWE's header is ours and no more: a compressed payload could be huge."""
    header = json.loads(base64url_decode(sealed.partition(".")[0]))
    return isinstance(header, dict) and header == {**_HEADER, "epk": header.get("epk")}


def sealed_alone(presented: str) -> str:
    """Return a sealed token without what it is presented beside."""
    return presented.partition(_BESIDE)[0]


def unseal(
    presented: str, keys: Sequence[JWK], cloud: str, service: str, presenter: str, now: float
) -> str:
    """Return the token in a sealed one that a presenter sent to a service of a cloud.

    `presented` is as `beside` makes it, and sealed to any of the keys. `now` is in seconds since
    1970. Raises SealError if the terms do not allow it.
    """
    sealed, _, shown = presented.partition(_BESIDE)
    try:
        if len(sealed) > MAX_SEALED or not _is_ours(sealed):
            raise ValueError
        match json.loads(_decrypted(sealed, keys)):
            case {
                "token": str(token),
                "for": str(audience),
                "from": dict(presenters),
                "exp": int(expires),
            }:
                terms = {name: _presenter(said) for name, said in presenters.items()}
            case _:
                raise SealError(_UNLIKE)
    except (JWException, ValueError, TypeError, RecursionError):
        raise SealError(f"it is not sealed to the key of {cloud}; log in again") from None
    if audience != cloud:
        raise SealError(f"it is for {audience}, and this is {cloud}")
    if not any(covers(one.services, service) for one in terms.values()):
        raise SealError(
            f"it is not for {service}, which its scope did not take in {cloud}; if you mean it to, "
            f"write {service}={cloud} into the scope"
        )
    if presenter not in terms:
        raise SealError(f"it is not for the gateway of {presenter} to present")
    if not covers(terms[presenter].services, service):
        raise SealError(
            f"it is not for the gateway of {presenter} to present to {service}: no service that "
            f"its scope takes in {presenter} calls {service} for a user"
        )
    if not compare_digest(_bytes(terms[presenter].shown), _bytes(shown)):
        raise SealError(
            f"it is good only beside the token of {presenter} that its user had when it was "
            "sealed; log in again, and send what you sent in one piece"
        )
    if expires <= now:
        raise SealError("it has expired; log in again")
    return token


def _decrypted(sealed: str, keys: Sequence[JWK]) -> bytes:
    """Return what is sealed to one of these keys; raises JWException if it is to none."""
    for key in keys:
        jwe = JWE(algs=["ECDH-ES", "A256GCM"])
        try:
            jwe.deserialize(sealed, key)
        except JWException:
            if key is keys[-1]:
                raise
            continue
        payload: bytes = jwe.payload
        return payload
    raise JWException("no keys")


def _presenter(said: object) -> Presenter:
    match said:
        case {"services": [*services], "shown": str(shown)}:
            return Presenter([str(service) for service in services], shown)
    raise SealError(_UNLIKE)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
