"""Headers that claim to be somebody."""

import pytest
from keystonemiddleware.auth_token import _request

from openstackoid.identity.unproven import claims_identity


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
