"""Headers that claim to be somebody."""

import inspect
import re

import pytest
from keystonemiddleware.auth_token import _request
from oslo_middleware import http_proxy_to_wsgi

from openstackoid.identity.unproven import WAY_NAMES, claims_identity


def middleware_sets() -> set[str]:
    """Return every header by which keystonemiddleware tells a service who the user is."""
    known = _request._AuthTokenRequest
    names = {t % s for t in known._HEADER_TEMPLATE for s in ("", "-Service")}
    names |= {known._ROLES_TEMPLATE % s for s in ("", "-Service")}
    names |= {value for name, value in vars(known).items() if name.endswith("_HEADER")}
    return names | set(known._DEPRECATED_HEADER_MAP)


def test_all_that_the_middleware_sets_is_known() -> None:
    """In either spelling, for some servers make an underscore of a hyphen."""
    names = middleware_sets()
    assert len(names) > 25
    assert [n for n in names if not claims_identity(n)] == []
    assert [n for n in names if not claims_identity(n.replace("-", "_").lower())] == []


@pytest.mark.parametrize(
    "name",
    [
        "X-Auth-Token",
        "X-Subject-Token",
        "X-Service-Token",
        "X-Project-Tags",
        "X-Roles-Of-The-Play",
        "X-Container-Meta-User",
        "X-User-Agent",
        "X-Openstack-Request-Id",
        "OpenStack-API-Version",
        "Forwarding",
        "X-Image-Meta-Forwarded",
    ],
)
def test_nothing_else_is(name: str) -> None:
    """Tokens prove who somebody is, and metadata are the user's own."""
    assert not claims_identity(name)
    assert name.lower() not in WAY_NAMES


@pytest.mark.parametrize(
    "name",
    [
        "Forwarded",
        "X-Forwarded-For",
        "x_forwarded_host",
        "X-Forwarded_Proto",
        "X-Real-IP",
        "X_Client-IP",
        "x-cluster_client_ip",
        "True-Client-IP",
    ],
)
def test_words_of_proxies_are_known(name: str) -> None:
    """Both the standard's and the usual ones, however a server may spell them."""
    assert name.lower() in WAY_NAMES


def test_what_oslo_reads_of_a_proxy_is_known() -> None:
    """Its middleware believes these, and takes from them who the client is and what links are."""
    read = re.findall(r'environ\.get\("HTTP_(\w+)"\)', inspect.getsource(http_proxy_to_wsgi))
    assert len(read) >= 5
    assert {name.lower() for name in read} <= WAY_NAMES
