"""Servers are not changed with a network, volume or placement that they could not use."""

import re
from http import HTTPStatus

import pytest
from hypothesis import given
from scope.strategies import EXPRESSIONS

from openstackoid.federation import Federation, loads
from openstackoid.message import SAFE_METHODS
from openstackoid.routing import Refusal
from openstackoid.routing.collaboration import check
from openstackoid.scope import Expression, Scope, parse
from openstackoid.services import BOUND

TEXT = """
clouds:
  One: {frontends: {compute: "http://one/compute"}}
  Two: {frontends: {compute: "http://two/compute"}}
  Three: {frontends: {compute: "http://three/compute"}}
shared:
- {clouds: [One, Two], services: [block-storage]}
"""
FEDERATION = loads(TEXT)


def refused(
    scope: str | Scope,
    method: str = "POST",
    service: str = "compute",
    federation: Federation = FEDERATION,
) -> Refusal | None:
    """Return how a request to One is refused, None if it is not."""
    try:
        check(method, service, parse(scope) if isinstance(scope, str) else scope, federation, "One")
    except Refusal as refusal:
        return refusal
    return None


@pytest.mark.parametrize("bound", BOUND)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_server_takes_no_part_of_another_infrastructure(bound: str, method: str) -> None:
    """The refusal is 400, by this gateway, and names both clouds and the service."""
    refusal = refused(f"compute=One,{bound}=Three", method)
    assert refusal is not None
    assert (refusal.status, refusal.cloud) == (HTTPStatus.BAD_REQUEST, "One")
    assert refusal.service == "compute"
    assert refusal.message.startswith(f"a server in One cannot use the {bound} of Three")


@pytest.mark.parametrize("method", sorted(SAFE_METHODS))
def test_reading_is_always_allowed(method: str) -> None:
    """Nothing is created by it."""
    assert refused("compute=One,network=Two", method) is None


@pytest.mark.parametrize("service", ["network", "image", "identity", "block-storage"])
def test_requests_to_other_services_are_not_looked_at(service: str) -> None:
    """Only Nova joins a server with what it is made of."""
    assert refused("compute=One,network=Two", service=service) is None


@pytest.mark.parametrize(
    ("scope", "pair"),
    [
        ("compute=One,block-storage=Two", None),  # shared
        ("compute=Two,block-storage=One", None),
        ("compute=One|Two,block-storage=Two&One", None),
        ("compute=One|Three,block-storage=Two", ("Three", "Two")),
        ("compute=One,network=One", None),
        ("compute=One&Two,network=One&Two", None),  # each server has its own cloud's
        ("compute=One&Two,network=One", ("Two", "One")),
        ("compute=One,network=One|Two", ("One", "Two")),
        ("compute=One|Two,network=Two|One", ("One", "Two")),  # the order is another
        ("*=One,network=Two", ("One", "Two")),
        ("*=Two,compute=One", None),  # network follows compute, not the star
        ("network=Two", None),  # where compute is taken is not known yet
        ("image=Two,identity=Three,*=One", None),
        ("{}", None),
    ],
)
def test_each_cloud_of_one_side_has_to_share_with_each_of_the_other(
    scope: str, pair: tuple[str, str] | None
) -> None:
    """Unless both sides are the same expression, or the file says that they share."""
    refusal = refused(scope)
    if pair is None:
        assert refusal is None
    else:
        assert refusal is not None
        one, two = pair
        assert refusal.message.startswith(f"a server in {one} cannot use ")
        assert f" of {two}: they are" in refusal.message


@given(EXPRESSIONS)
def test_what_follows_compute_is_never_refused(compute: Expression) -> None:
    """Also far from home, where the scope names what is bound to compute."""
    scope = Scope().having("compute", compute)
    assert refused(scope) is None
    assert refused(scope.completed("Home")) is None


def test_either_advice_of_a_refusal_helps() -> None:
    """The scope that it writes, the one without the service, and the file that shares."""
    refusal = refused("compute=One,network=Three")
    assert refusal is not None
    (advised,) = re.findall(r"\{.*?\}", refusal.message)
    assert parse(advised).clouds == ("Three",)
    assert refused(parse(advised).completed("One")) is None
    assert refused(parse("compute=One").completed("One")) is None
    sharing = loads(f"{TEXT}- {{clouds: [One, Three], services: [network]}}\n")
    assert refused("compute=One,network=Three", federation=sharing) is None
