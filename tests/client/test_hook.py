"""openstacksdk with `vendor_hook: openstackoid.client.hook:install` in clouds.yaml."""

from collections.abc import Callable
from typing import cast

import openstack
import pytest
from keystoneauth1.identity import v3
from keystoneauth1.plugin import BaseAuthPlugin
from keystoneauth1.session import Session
from openstack.config.cloud_region import from_session
from openstack.connection import Connection
from openstack.exceptions import ConfigException

from openstackoid.client import hook

from .conftest import CloudsYaml
from .fake import TOKEN, Fake

pytestmark = pytest.mark.filterwarnings(r"ignore:::openstack\.")  # openstacksdk warns of itself
IMAGE_TWO = '{"image":"CloudTwo"}'


Connect = Callable[..., Connection]


@pytest.fixture
def connect(clouds_yaml: CloudsYaml, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Return a function that writes a clouds.yaml with these keys and connects by it alone."""

    def connect(**keys: object) -> Connection:
        for name, value in clouds_yaml(**keys).items():
            monkeypatch.setenv(name, value)
        return openstack.connect(cloud="here")

    return connect


def test_the_name_leads_to_the_hook() -> None:
    """Users write it in their files."""
    assert hook.NAME == "openstackoid.client.hook:install"


@pytest.mark.parametrize("scope", [{"glance": "CloudTwo"}, "image=CloudTwo"])
def test_every_request_of_a_connection_is_scoped(
    scope: object, connect: Connect, cloud: Fake
) -> None:
    """Login, discovery, and a call."""
    with connect(vendor_hook=hook.NAME, oid_scope=scope) as connection:
        assert list(connection.image.images()) == []
        assert list(connection.compute.servers()) == []
    assert all(request.scope == [IMAGE_TWO] for request in cloud.requests)
    tokens = [request.token for request in cloud.requests if request.token]
    assert tokens == [[f"{TOKEN}!SCOPE!{IMAGE_TWO}"]] * 2


def test_a_request_without_authentication_is_scoped(connect: Connect, cloud: Fake) -> None:
    """Even the first of all, before the auth plugin is asked for anything."""
    with connect(vendor_hook=hook.NAME, oid_scope={"image": "CloudTwo"}) as connection:
        connection.session.get(f"{cloud.url}/image", authenticated=False)
    assert [(r.scope, r.token) for r in cloud.requests] == [([IMAGE_TWO], [])]


def test_without_a_scope_the_hook_changes_nothing(connect: Connect, cloud: Fake) -> None:
    """Byte for byte."""
    with connect() as connection:
        list(connection.image.images())
    plain = cloud.requests
    cloud.clear()
    with connect(vendor_hook=hook.NAME) as connection:
        list(connection.image.images())
    assert cloud.requests == plain


def test_connections_of_one_process_have_scopes_of_their_own(connect: Connect, cloud: Fake) -> None:
    """Nothing is kept outside the connection."""
    with (
        connect(vendor_hook=hook.NAME, oid_scope={"image": "A"}) as first,
        connect(vendor_hook=hook.NAME, oid_scope={"image": "B"}) as second,
        connect() as third,
    ):
        for connection in (first, second, third, first):
            list(connection.image.images())
    scopes = [r.scope for r in cloud.requests if r.path == "/image/v2/images"]
    assert scopes == [['{"image":"A"}'], ['{"image":"B"}'], [], ['{"image":"A"}']]


def test_a_bad_scope_ends_the_program(connect: Connect, cloud: Fake) -> None:
    """A ValueError would only be a warning, and the work be done in the wrong cloud."""
    with pytest.raises(ConfigException, match="oid_scope of cloud here: expected"):
        connect(vendor_hook=hook.NAME, oid_scope={"image": "A B"})
    assert cloud.requests == []


def test_a_plugin_that_cannot_carry_the_scope_ends_the_program(cloud: Fake) -> None:
    """Rather than going on without it, as openstacksdk does after a TypeError."""

    class Rigid:
        """Has no room for anything."""

        __slots__ = ()

    region = from_session(
        Session(auth=cast("BaseAuthPlugin", Rigid())), name="here", oid_scope={"image": "CloudTwo"}
    )
    with pytest.raises(ConfigException, match="oid_scope of cloud here"):
        Connection(config=region, vendor_hook=hook.NAME)


def test_a_program_may_build_its_configuration_itself(cloud: Fake) -> None:
    """Then there is no file in which a hook of the cloud's own could be looked up."""
    auth = v3.Password(
        f"{cloud.url}/identity/v3", username="alice", password="pw", user_domain_id="default"
    )
    region = from_session(Session(auth=auth), oid_scope={"image": "CloudTwo"})
    with Connection(config=region, vendor_hook=hook.NAME) as connection:
        list(connection.image.images())
    assert all(request.scope == [IMAGE_TWO] for request in cloud.requests)
