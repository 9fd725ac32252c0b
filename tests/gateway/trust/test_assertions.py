"""What the parts that make, check and answer assertions have in common."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from gateway.probe import Probe
from gateway.trust.vouching import unasked
from identity.alice import CLAIMS, assertion_key
from msgspec import structs

from openstackoid.federation import Federation
from openstackoid.gateway.forwarding.health import Health
from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.trust.assertions import Assertions
from openstackoid.gateway.trust.home_tokens import HomeTokens
from openstackoid.gateway.trust.local_keystone import LocalKeystone
from openstackoid.gateway.trust.made import Made
from openstackoid.gateway.trust.service_account import ServiceAccount
from openstackoid.identity.assertion import BadAssertionError, Claims, sign
from openstackoid.identity.issuer_secrets import completed, stamp_secret
from openstackoid.identity.keys import Keys, make
from openstackoid.identity.stamp import stamped

OLD, NEW = make(), make()
OLDER = replace(make(), assertion=None)


def of(*pairs: Keys) -> Assertions:
    """Return the assertions of CloudOne by its pairs of keys."""
    federation = Federation.model_validate(
        {
            "clouds": {
                "CloudOne": {
                    "frontends": {"image": "http://one/image"},
                    "keys": [pair.public for pair in pairs],
                }
            }
        }
    )
    account = ServiceAccount(federation, "CloudOne", cast("Upstream", None), Health(Probe()))
    keystone, tokens, made_here = LocalKeystone(account), HomeTokens(account), Made(Path("nowhere"))
    upstream, confirming = cast("Upstream", None), unasked("CloudOne")
    return Assertions.of(
        federation, "CloudOne", pairs, keystone, tokens, made_here, upstream, confirming
    )


def made(pair: Keys) -> tuple[str, str, Claims]:
    """Return an assertion that a pair of keys has made, one with its stamp, and the claims."""
    key = assertion_key(pair)
    claims = structs.replace(CLAIMS, iss="CloudOne", aud="CloudTwo", presenter="CloudOne")
    claims = completed(claims, "token", key)
    assertion = sign(claims, key)
    return assertion, stamped(assertion, stamp_secret(key)), claims


@pytest.mark.parametrize("pairs", [(OLD, NEW), (NEW, OLD)])
def test_assertions_of_both_keys_are_good_while_they_are_exchanged(pairs: tuple[Keys, ...]) -> None:
    """Whichever of them signs: what was made before goes on."""
    accepting = of(*pairs).accepting
    for pair in (OLD, NEW):
        assertion, token, claims = made(pair)
        assert accepting.verified(assertion) == claims
        assert accepting.stamped(token) == claims


def test_a_key_that_is_taken_out_is_good_for_nothing() -> None:
    """Neither its assertions nor its stamps."""
    accepting = of(NEW).accepting
    assertion, token, _ = made(OLD)
    with pytest.raises(BadAssertionError, match="no key of its issuer"):
        accepting.verified(assertion)
    with pytest.raises(BadAssertionError, match="has not come by the gateway of this cloud"):
        accepting.stamped(token)


def test_keys_of_an_older_release_are_passed_over() -> None:
    """They have none for assertions; the pair beside them has."""
    assertion, token, claims = made(NEW)
    accepting = of(OLDER, NEW).accepting
    assert accepting.verified(assertion) == accepting.stamped(token) == claims
    alone = of(OLDER).accepting
    with pytest.raises(BadAssertionError):
        alone.verified(assertion)
    with pytest.raises(BadAssertionError):
        alone.stamped(token)
