"""What a gateway's own file allows, and its operator should know of."""

import json
from typing import Any

import pytest

from openstackoid.federation import loads
from openstackoid.federation.risks import risks

OLD = {"sign": f"{'x' * 42}A", "seal": f"{'y' * 42}A"}
NEW = {"sign": f"{'z' * 42}A", "seal": f"{'y' * 42}A", "assertion": f"{'w' * 42}A"}
TWO = {"sign": f"{'t' * 42}A", "seal": f"{'y' * 42}A", "assertion": f"{'u' * 42}A"}


def warned(
    trust: dict[str, Any] | None = None,
    own: dict[str, Any] | None = None,
    ours: Any = NEW,
    theirs: Any = TWO,
    **entry: Any,
) -> list[str]:
    """Return the warnings for One, which trusts Two as in `trust`."""
    rule = {"projects": "same-name", "roles": {"member": "member"}}
    one = {
        "frontends": {"image": "http://192.0.2.1/"},
        "keys": ours,
        "own": own or {},
        "trust": {"Two": rule | (trust or {})},
    }
    two = {"frontends": {"image": "https://192.0.2.2/"}, **entry}
    if theirs is not None:
        two["keys"] = theirs
    document = {"clouds": {"One": one, "Two": two}}
    return list(risks(loads(json.dumps(document)), "One"))


def test_an_ordinary_file_has_none() -> None:
    """Nor has one in the middle of a rotation."""
    assert warned() == []
    assert warned(ours=[OLD, NEW], theirs=[TWO, OLD | {"sign": f"{'v' * 42}A"}]) == []


@pytest.mark.parametrize("given", ["admin", "Admin", "\uff41dmin", "service"])
@pytest.mark.parametrize("role", ["member", "admin"])
def test_who_rules_elsewhere_would_rule_here(given: str, role: str) -> None:
    """Another cloud's operator is whatever he likes there, so also what becomes admin here."""
    (warning,) = warned({"roles": {role: ["member", given]}})
    assert warning.startswith(f"clouds.One.trust.Two.roles gives {given} to whoever is {role} in")


def test_a_role_that_has_admin_in_its_name_is_another_one() -> None:
    """Keystone compares whole names."""
    assert warned({"roles": {"admin": "member", "member": ["load-balancer_admin"]}}) == []


def test_tokens_are_for_the_time_of_an_upgrade() -> None:
    """Also where the issuer's new key is known already."""
    for theirs in (TWO, {k: TWO[k] for k in ("sign", "seal")}):
        (warning,) = warned({"tokens": True}, theirs=theirs)
        assert warning.startswith("clouds.One.trust.Two.tokens lets tokens of Two in")


def test_an_issuer_without_a_key_for_assertions_is_trusted_for_nothing() -> None:
    """With the line that its operator has, and what helps meanwhile."""
    (warning,) = warned(theirs={k: TWO[k] for k in ("sign", "seal")})
    assert warning.startswith("Two has no assertion under clouds.Two.keys, so nobody who comes")
    assert warning.endswith("clouds.One.trust.Two.tokens: true")


def test_users_of_a_cloud_without_a_gateway_come_by_themselves() -> None:
    """With a token of it, at this gateway: nobody makes assertions of them."""
    assert warned(theirs=None, gateway=False) == [] == warned(theirs=TWO, gateway=False)


def test_keys_of_an_older_release_send_nobody() -> None:
    """With the command that makes new ones beside them."""
    (warning,) = warned(ours=OLD, own={"keys": "keys.json"})
    assert warning.endswith("openstackoid federation keys --out NEW --beside keys.json")


def test_administrators_are_kept_at_home_unless_the_list_is_empty() -> None:
    """Other names in it are the operator's choice."""
    (warning,) = warned(own={"keep": []})
    assert warning.startswith("clouds.One.own.keep is empty")
    assert warned(own={"keep": ["cloud-admin"]}) == []
