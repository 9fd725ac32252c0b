"""Tokens that only the cloud they are for can read."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwcrypto.jwe import JWE

from openstackoid.identity.keys import make, sealer
from openstackoid.identity.sealing import (
    Presenter,
    SealError,
    Terms,
    beside,
    digest,
    is_sealed,
    seal,
    unseal,
)

KEYS = make()
OTHERS = make()
SHOWN = "gAAAAABshown"


def may(*services: str) -> Presenter:
    """Return a presenter that may present to these services."""
    return Presenter(services, digest(SHOWN))


TERMS = Terms("Two", {"One": may("image", "compute"), "Four": may("image")}, 1000)
TOKEN = "gAAAAABsecret"
SEALED = seal(TOKEN, TERMS, sealer(KEYS.public.seal))
PRESENTED = beside(SEALED, SHOWN)


def test_the_cloud_it_is_for_reads_it() -> None:
    """And nobody sees the token in it."""
    assert unseal(PRESENTED, [KEYS.seal], "Two", "image", "One", 999) == TOKEN
    parts = [urlsafe_b64decode(f"{part}===") for part in SEALED.split(".")]
    assert not any(TOKEN.encode() in part for part in parts)


@pytest.mark.parametrize(
    ("cloud", "service", "origin", "now", "why"),
    [
        ("Three", "image", "One", 0, "it is for Two, and this is Three"),
        ("Two", "network", "One", 0, "it is not for network, which its scope did not take in Two"),
        ("Two", "compute", "Four", 0, "the gateway of Four to present to compute"),
        ("Two", "image", "Two", 0, "not for the gateway of Two"),
        ("Two", "image", "Three", 0, "not for the gateway of Three"),
        ("Two", "image", "One", 1000, "has expired"),
    ],
)
def test_it_is_good_for_what_it_says_only(
    cloud: str, service: str, origin: str, now: float, why: str
) -> None:
    """Whoever passes it on can't use it for more than the user did."""
    with pytest.raises(SealError, match=why):
        unseal(PRESENTED, [KEYS.seal], cloud, service, origin, now)


def test_terms_may_be_all_services_but_identity() -> None:
    """A Keystone makes what has no end of a token; so whoever means it has to say it."""
    sealed = seal(TOKEN, Terms("Two", {"One": may("*")}, 1000), sealer(KEYS.public.seal))
    assert unseal(beside(sealed, SHOWN), [KEYS.seal], "Two", "compute", "One", 0) == TOKEN
    with pytest.raises(SealError, match="write identity=Two into the scope"):
        unseal(beside(sealed, SHOWN), [KEYS.seal], "Two", "identity", "One", 0)
    said = seal(TOKEN, Terms("Two", {"One": may("identity")}, 1000), sealer(KEYS.public.seal))
    assert unseal(beside(said, SHOWN), [KEYS.seal], "Two", "identity", "One", 0) == TOKEN


@pytest.mark.parametrize(
    "more", ["", "~", f"~{SHOWN}", f"~{digest('other')}", f"~{digest(SHOWN)}=", "~\udcff~é"]
)
def test_whoever_holds_it_alone_has_nothing(more: str) -> None:
    """The presenter's gateway has to have been shown the user's token of its own cloud."""
    with pytest.raises(SealError, match="only beside the token of One"):
        unseal(f"{SEALED}{more}", [KEYS.seal], "Two", "image", "One", 0)


@pytest.mark.parametrize("origins", [None, "One", ["One"], {"One": 1}, {"One": ["image"]}])
def test_without_a_list_of_those_who_present_it_none_may(origins: object) -> None:
    """Somebody else's client may leave it open, and an older one named clouds alone."""
    claims = {"token": TOKEN, "for": "Two", "services": ["image"], "from": origins, "exp": 1000}
    jwe = JWE(json.dumps(claims), json.dumps({"alg": "ECDH-ES", "enc": "A256GCM"}))
    jwe.add_recipient(sealer(KEYS.public.seal))
    with pytest.raises(SealError, match="which services each cloud may present it to"):
        unseal(jwe.serialize(compact=True), [KEYS.seal], "Two", "image", "One", 0)


@pytest.mark.parametrize(
    "sealed",
    [
        seal(TOKEN, TERMS, sealer(OTHERS.public.seal)),
        "a.b.c.d.e",
        "....",
        ".".join([urlsafe_b64encode(b'{"alg":"dir","enc":"A256GCM"}').decode(), "", "a", "b", "c"]),
        SEALED[:-4],
        SEALED + ".x",
    ],
)
def test_what_is_not_sealed_to_us_is_refused(sealed: str) -> None:
    """With the reason alone, and nothing of the token."""
    with pytest.raises(SealError, match="log in again") as raised:
        unseal(sealed, [KEYS.seal], "Two", "image", "One", 0)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    ("more", "size"),
    [({"zip": "DEF"}, 10), ({"zip": "DEF"}, 2**20), ({"kid": "x"}, 10), ({}, 4096)],
)
def test_a_header_of_another_kind_is_not_even_decrypted(more: dict[str, str], size: int) -> None:
    """Whoever knows the public key can seal; compressed, a little text holds a lot."""
    claims = {"token": TOKEN, "for": "Two", "from": {"One": {"services": ["image"]}}, "exp": 1000}
    jwe = JWE(
        json.dumps({**claims, "x": "a" * size}),
        json.dumps({"alg": "ECDH-ES", "enc": "A256GCM", **more}),
    )
    jwe.add_recipient(sealer(KEYS.public.seal))
    with pytest.raises(SealError, match="not sealed to the key"):
        unseal(jwe.serialize(compact=True), [KEYS.seal], "Two", "image", "One", 0)


@given(st.integers(0, len(SEALED) - 1), st.characters(codec="ascii"))
def test_one_changed_character_is_enough(position: int, character: str) -> None:
    """No mutation of a sealed token gives another one."""
    changed = SEALED[:position] + character + SEALED[position + 1 :]
    try:
        assert unseal(f"{changed}~{digest(SHOWN)}", [KEYS.seal], "Two", "image", "One", 0) == TOKEN
    except SealError:
        assert changed != SEALED


@pytest.mark.parametrize("token", ["gAAAAABx", "a" * 32, "h.p.s", ""])
def test_tokens_of_keystone_are_not_taken_for_sealed_ones(token: str) -> None:
    """Fernet, UUID, JWS."""
    assert is_sealed(SEALED)
    assert is_sealed(PRESENTED)
    assert not is_sealed(token)
