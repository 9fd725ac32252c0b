"""What the file says to the cloud's own gateway alone."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from openstackoid.federation.own import Own, PublicKeys

KEY = "-_" + "A" * 41


def own(directory: Path | None = None, **keys: Any) -> Own:
    """Return it as a file in a directory says it."""
    return Own.model_validate(keys, context=directory and {"directory": directory})


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
    """Here, not by a ValueError when it is opened; nor one that a terminal acts on."""
    for name in ("a\0b", "a\nb", "\x1b[2J"):
        assert why(**{key: name}).startswith("must be printable")


@pytest.mark.parametrize("given", ["certificate", "key"])
def test_a_certificate_without_its_key_is_refused(given: str) -> None:
    """And the other way round; both or neither are good."""
    assert why(**{given: "x.pem"}).endswith("give both or neither")
    assert own(certificate="x.pem", key="x.pem").key == Path("x.pem")
    assert own().certificate is None


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
    for wrong in ([""], ["r" * 256], [1], "admin", ["a\x1b[2J"], ["a\n"]):
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
