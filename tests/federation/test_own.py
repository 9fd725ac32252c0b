"""What the file says to the cloud's own gateway alone."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from openstackoid.federation.own import Own, PublicKeys

KEY = "-_" + "A" * 41
FOURS = st.ip_addresses(v=4).map(int)
SIXES = st.ip_addresses(v=6).map(int)


def own(directory: Path | None = None, **keys: Any) -> Own:
    """Return it as a file in a directory says it."""
    return Own.model_validate(keys, context=directory and {"directory": directory})


def proxy(text: object) -> IPv4Network | IPv6Network:
    """Return the only proxy."""
    (network,) = own(proxies=[text]).proxies
    return network


def why(**keys: Any) -> str:
    """Return what is said against it."""
    with pytest.raises(ValidationError) as caught:
        own(**keys)
    (error,) = caught.value.errors()
    return error["msg"].removeprefix("Value error, ")


def test_a_file_is_looked_for_beside_the_federation_file() -> None:
    """Wherever the command is run; an absolute path stays where it is."""
    there = own(Path("/etc/oid"), account="a.yaml", keys="sub/k.json", ca="/etc/ssl/ca.pem")
    assert there.account == Path("/etc/oid/a.yaml")
    assert there.keys == (Path("/etc/oid/sub/k.json"),)
    assert there.ca == Path("/etc/ssl/ca.pem")
    assert own(account="a.yaml").account == Path("a.yaml")


@pytest.mark.parametrize("key", ["account", "keys", "ca"])
def test_a_name_that_no_file_can_have_is_refused(key: str) -> None:
    """Here, not by a ValueError when it is opened."""
    assert why(**{key: "a\0b"}) == "no file has a NUL in its name"


@pytest.mark.parametrize("given", ["certificate", "key"])
def test_a_certificate_without_its_key_is_refused(given: str) -> None:
    """And the other way round; both or neither are good."""
    assert why(**{given: "x.pem"}).endswith("give both or neither")
    assert own(certificate="x.pem", key="x.pem").key == Path("x.pem")
    assert own().certificate is None


@given(FOURS, st.integers(1, 32))
def test_a_network_is_written_with_its_first_address(number: int, length: int) -> None:
    """An address within could mean either the network or itself, so it is refused."""
    network = IPv4Network((number >> (32 - length) << (32 - length), length))
    assert proxy(str(network)) == network
    if number != int(network.network_address):
        written = f"{IPv4Network(number).network_address}/{length}"
        assert f"is an address within {network}" in why(proxies=[written])


@given(FOURS | SIXES.filter(lambda n: n >> 32 != 0xFFFF))
def test_an_address_is_a_network_of_one(number: int) -> None:
    """Of either version."""
    network = ip_network(number)
    assert proxy(str(network.network_address)) == network
    assert proxy(network) == network


@pytest.mark.parametrize("text", ["0.0.0.0/0", "::/0", "0.0.0.0/0.0.0.0", "::ffff:0:0/96"])
def test_everybody_is_no_proxy(text: str) -> None:
    """Who believes all of the internet believes nobody in particular."""
    assert why(proxies=[text]).endswith("is every address; name those that are meant")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::ffff:a00:1", "10.0.0.1"),
        ("::ffff:10.0.0.1/128", "10.0.0.1"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
    ],
)
def test_an_ipv4_network_has_one_way_to_be_written(text: str, meant: str) -> None:
    """The message says which: the whole of it, not its first address alone."""
    assert why(proxies=[text]) == f'"{text}" is a way to write {meant}; write that'


@pytest.mark.parametrize(
    "text", ["", "proxy", "10.0.0", "010.0.0.1", "10.0.0.0/33", "10.0.0.1:80", "[::1]", "fe80::1%1",
             "10.0.0.1/", "1.2.3.4\n", "\x1b[2J"],
)  # fmt: skip
def test_what_is_no_network_is_told_what_to_be(text: str) -> None:
    """The message is safe on a terminal."""
    message = why(proxies=[text])
    assert message.endswith("must be an IP address, or a network like 10.0.0.0/24")
    assert message.isprintable()


@pytest.mark.parametrize("value", [7, 1.5, True, None, ["10.0.0.1"]])
def test_a_number_is_no_address(value: object) -> None:
    """Python would take 7 for 0.0.0.7."""
    assert why(proxies=[value]) == "must be an IP address or a network, in quotes"


@given(st.text())
def test_any_text_is_a_network_or_refused(text: str) -> None:
    """Nothing but pydantic's error is raised."""
    try:
        network = proxy(text)
    except ValidationError:
        return
    assert network.prefixlen > 0


def test_a_key_is_32_bytes_in_base64url() -> None:
    """A key that is cut off, padded, or of the other alphabet is refused."""
    assert PublicKeys(sign=KEY, seal=KEY).sign == KEY
    for wrong in (KEY[1:], KEY + "A", KEY[:-1] + "=", "+" + KEY[1:], KEY + "\n", KEY[:-1] + "é"):
        with pytest.raises(ValidationError):
            PublicKeys(sign=KEY, seal=wrong)


@given(st.binary(min_size=32, max_size=32), st.sampled_from(["sign", "seal", "assertion"]))
def test_a_key_has_one_way_to_be_written(raw: bytes, which: str) -> None:
    """Its last character has two bits that stand for nothing: with them it would be two keys."""
    text = urlsafe_b64encode(raw).rstrip(b"=").decode()
    keys = {"sign": KEY, "seal": KEY, "assertion": None}
    assert getattr(PublicKeys.model_validate(keys | {which: text}), which) == text
    letters = ascii_uppercase + ascii_lowercase + digits + "-_"
    last = letters.index(text[-1])
    for stray in (1, 2, 3):
        other = text[:-1] + letters[last | stray]
        assert urlsafe_b64decode(f"{other}=") == raw
        with pytest.raises(ValidationError):
            PublicKeys.model_validate(keys | {which: other})


def test_a_gateway_of_an_older_release_has_no_key_for_assertions() -> None:
    """So it makes none; an empty one is a mistake."""
    assert PublicKeys(sign=KEY, seal=KEY).assertion is None
    with pytest.raises(ValidationError):
        PublicKeys(sign=KEY, seal=KEY, assertion="")


def test_administrators_stay_at_home_unless_the_file_says_otherwise() -> None:
    """The roles are replaced, not added to; a role has a name."""
    assert own().keep == ("admin",)
    assert own(keep=["manager", "admin"]).keep == ("manager", "admin")
    assert own(keep=[]).keep == ()
    assert own().service_roles == ("service",)
    assert own(service_roles=["svc"]).service_roles == ("svc",)
    wrong: Any
    for wrong in ([""], ["r" * 256], [1], "admin"):
        with pytest.raises(ValidationError):
            own(keep=wrong)
        with pytest.raises(ValidationError):
            own(service_roles=wrong)


def test_an_assertion_is_valid_for_some_time() -> None:
    """12 hours at most if nothing else is said; too short a time would only make more of them."""
    assert own().longest == own().late == 12 * 3600
    assert own(longest="5m", late="30s").longest == 300
    assert own(late=0).late == 0
    for wrong in ("299s", "4m", 0, "0s", -1, "12"):
        with pytest.raises(ValidationError):
            own(longest=wrong)


def test_one_file_of_keys_or_two() -> None:
    """While keys are exchanged, there are two; a third one would never go away."""
    assert own().keys == ()
    assert own(keys="a").keys == (Path("a"),)
    assert own(keys=["a", "b"]).keys == (Path("a"), Path("b"))
    with pytest.raises(ValidationError, match="at most 2"):
        own(keys=["a", "b", "c"])
