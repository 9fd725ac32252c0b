"""With which account one logs in where; and where nobody does, for nobody has said so."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import openstack as sdk
import pytest
from keystoneauth1 import loading
from keystoneauth1.identity import v3
from keystoneauth1.plugin import BaseAuthPlugin
from keystoneauth1.session import Session
from openstack.connection import Connection
from openstack.exceptions import SDKException

from openstackoid.client import hook
from openstackoid.client.accounts import AccountError, Accounts
from openstackoid.client.auth import scoped
from openstackoid.scope import parse

from .conftest import CloudsYaml, Openstack, Write
from .fake import Fake
from .wallets import connect, entry, logins, tokens

pytestmark = pytest.mark.filterwarnings(r"ignore:::openstack\.")  # openstacksdk warns of itself

SECRETS = ("s3cret-pw", "app-s3cret", "gAAAAAmine")


@pytest.mark.parametrize(
    ("scope", "homes", "clouds"),
    [
        ("*=Two", (), "Two"),
        ("*=Two,image=Three", (), "Two"),
        ("*=Two & Three", (), "Two and Three"),
        ("*=One | Two", ("One",), "Two"),
        ("*=Two | Two & Three", ("One",), "Two and Three"),
    ],
)
def test_a_star_takes_no_login_along(scope: str, homes: tuple[str, ...], clouds: str) -> None:
    """To clouds that are neither home nor known by an account; both ways out are told."""
    with pytest.raises(AccountError) as caught:
        Accounts(parse(scope), homes=homes).check()
    message = str(caught.value)
    assert f"would log in to {clouds} with the credentials of home. Nothing was sent." in message
    assert "name the services (compute=" in message
    first = clouds.split()[0]
    assert f"an entry {first} with your account there, or add identity={first}" in message


@pytest.mark.parametrize(
    ("scope", "homes"),
    [
        ("*=Two,identity=Two", ()),
        ("*=Two,identity=One", ()),
        ("*=Two,identity=One & Two", ()),
        ("identity=Two", ()),
        ("image=Two", ()),
        ("*=One", ("One",)),
        ("{}", ()),
    ],
)
def test_a_login_that_is_written_is_meant(scope: str, homes: tuple[str, ...]) -> None:
    """And so is one at home."""
    Accounts(parse(scope), homes=homes).check()


WITH_PASSWORD = ("OS_USERNAME", "OS_PASSWORD", "OS_USER_DOMAIN_ID")


@pytest.mark.parametrize(
    ("kind", "without"),
    [
        ({"OS_AUTH_TYPE": "password"}, ()),
        ({"OS_AUTH_TYPE": "v3password"}, ()),
        ({"OS_AUTH_TYPE": "v3oidpassword"}, ()),
        ({"OS_AUTH_TYPE": "v3token", "OS_TOKEN": "gAAAAAmine"}, WITH_PASSWORD),
        ({"OS_AUTH_TYPE": "token", "OS_TOKEN": "gAAAAAmine"}, WITH_PASSWORD),
        (
            {
                "OS_AUTH_TYPE": "v3applicationcredential",
                "OS_APPLICATION_CREDENTIAL_ID": "i",
                "OS_APPLICATION_CREDENTIAL_SECRET": "app-s3cret",
            },
            (*WITH_PASSWORD, "OS_PROJECT_NAME", "OS_PROJECT_DOMAIN_ID"),
        ),
    ],
)
@pytest.mark.parametrize(
    ("option", "variable"), [("*=CloudTwo", ""), (None, "*=CloudTwo"), ("*=CloudOne&CloudTwo", "")]
)
def test_no_credentials_of_home_go_elsewhere_by_a_star(
    kind: dict[str, str],
    without: tuple[str, ...],
    option: str | None,
    variable: str,
    openstack: Openstack,
    cloud: Fake,
    credentials: dict[str, str],
) -> None:
    """Of whatever kind they are, and wherever the scope is from; no request is made at all."""
    own = {name: value for name, value in credentials.items() if name not in without}
    env = {"OS_CLOUD": "", "OS_SCOPE": variable, **own, **kind}
    result = openstack("image", "list", *(["--os-scope", option] if option else []), env=env)
    assert (result.code, cloud.requests) == (1, []), result.err
    assert "log in to CloudTwo with the credentials of home. Nothing was sent." in result.err
    assert not any(secret in result.err for secret in SECRETS)


def auths(cloud: Fake, auth_type: str) -> dict[str, Any]:
    """Return what an entry of clouds.yaml has for one kind of login."""
    account = entry(cloud)["auth"]
    secrets: dict[str, dict[str, Any]] = {
        "password": account,
        "token": {"auth_url": account["auth_url"], "token": "gAAAAAmine", "project_name": "demo"}
        | {"project_domain_id": "default"},
        "applicationcredential": {
            "auth_url": account["auth_url"],
            "application_credential_id": "i",
            "application_credential_secret": "app-s3cret",
        },
    }
    kind = next(kind for kind in secrets if auth_type.endswith(kind))
    return {"auth_type": auth_type, "auth": secrets[kind]}


STAR = {"*": "CloudTwo", "image": "CloudOne"}
KINDS = ("password", "v3password", "token", "v3token", "v3applicationcredential")
OWN_KINDS = ("v3oidpassword", "v3oidtoken", "v3oidapplicationcredential")
BY_HOOK = {"vendor_hook": hook.NAME, "oid_scope": STAR}
ASKING: list[Callable[[Connection], object]] = [
    lambda c: c.authorize(),
    lambda c: list(c.image.images()),
    lambda c: c.session.get_token(),
    lambda c: c.session.get_auth_headers(),
    lambda c: c.session.get_endpoint(service_type="compute"),
    lambda c: c.session.get(f"{c.config.config['auth']['auth_url']}/v3", authenticated=False),
    lambda c: c.service_catalog,
]


@pytest.mark.parametrize("ask", ASKING)
@pytest.mark.parametrize(
    ("kind", "keys"),
    [(kind, BY_HOOK) for kind in ("password", "v3token", "v3applicationcredential")]
    + [(kind, {}) for kind in OWN_KINDS],
)
def test_openstacksdk_takes_no_credentials_elsewhere_by_a_star(
    ask: Callable[[Connection], object],
    kind: str,
    keys: dict[str, Any],
    cloud: Fake,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the hook, and by the auth type alone; whatever a program begins with."""
    own = auths(cloud, kind)
    if not keys:
        own["auth"] = own["auth"] | {"oid_scope": STAR}
    path = tmp_path / "clouds.yaml"
    path.write_text(json.dumps({"clouds": {"here": {**own, **keys}}}))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    with sdk.connect(cloud="here") as connection, suppress(AccountError, SDKException):
        ask(connection)
    secrets = (*SECRETS, "pw")
    assert [r for r in cloud.requests if r.method != "GET" or r.token] == []
    assert not any(f'"{secret}"' in str(r.body) for r in cloud.requests for secret in secrets)


@pytest.mark.parametrize("auth_type", [*KINDS, *OWN_KINDS])
def test_the_scope_of_a_file_is_held_to_the_same(
    auth_type: str, openstack: Openstack, cloud: Fake, tmp_path: Path
) -> None:
    """As `oid_scope` of the entry, of a mapping or a text."""
    for scope in (STAR, "*=CloudTwo,image=CloudOne"):
        path = tmp_path / "clouds.yaml"
        path.write_text(
            json.dumps({"clouds": {"here": {**auths(cloud, auth_type), "oid_scope": scope}}})
        )
        env = {"OS_CLIENT_CONFIG_FILE": str(path), "OS_CLOUD": "here"}
        result = openstack("server", "list", env=env)
        assert (result.code, cloud.requests) == (1, []), result.err
        assert "log in to CloudTwo with the credentials of home. Nothing was sent." in result.err


def test_a_written_identity_takes_the_login_there(openstack: Openstack, cloud: Fake) -> None:
    """That is what it means."""
    result = openstack("image", "list", "--os-scope", "*=CloudTwo,identity=CloudTwo")
    assert result.code == 0, result.err
    (login,) = [r for r in cloud.requests if r.method == "POST"]
    assert json.loads(login.scope[0])["identity"] == "CloudTwo"
    assert b"s3cret-pw" in login.body


def test_a_service_s_own_scope_is_held_to_the_same(cloud: Fake) -> None:
    """By the auth type alone, before the first request."""
    auth: BaseAuthPlugin = loading.get_plugin_loader("v3oidpassword").load_from_options(
        auth_url=f"{cloud.url}/identity/v3",
        username="nova",
        password="s3cret-pw",
        user_domain_id="default",
        oid_scope="*=CloudTwo",
    )
    for ask in (Session(auth=auth).get_token, lambda: Session(auth=auth).get("http://x/")):
        with pytest.raises(AccountError, match="Nothing was sent"):
            ask()
    assert cloud.requests == []


def test_another_scope_on_the_same_login_may_be_one(cloud: Fake) -> None:
    """An option replaces that of the file."""
    auth = v3.Password(f"{cloud.url}/identity/v3", username="a", password="b", user_domain_id="c")
    scoped(auth, parse("*=CloudTwo"))
    scoped(auth, parse("image=CloudTwo"))
    assert Session(auth=auth).get_token()


def test_the_entry_one_starts_with_is_known_to_be_home(
    openstack: Openstack, cloud: Fake, clouds_yaml: CloudsYaml
) -> None:
    """By its name, its address, or oid_clouds; then a star says no more than its absence."""
    mappings: list[dict[str, Any]] = [{}, {"oid_clouds": {}}]
    for own in mappings:
        env = clouds_yaml(**own)
        assert openstack("image", "list", "--os-scope", "*=here", env=env).code == 0
    env = clouds_yaml(oid_clouds={"CloudOne": "here"})
    assert openstack("image", "list", "--os-scope", "*=CloudOne", env=env).code == 0
    refused = openstack("image", "list", "--os-scope", "*=CloudThree", env=env)
    assert "If CloudThree is home itself, leave * out" in refused.err


def test_home_and_an_account_are_enough_for_both(cloud: Fake, two: Fake, write: Write) -> None:
    """Each with its own password, also where a program leaves the operator to the gateway."""
    write({"CloudOne": entry(cloud)})
    with connect("*=CloudOne & Cloud-Two") as connection:
        assert tokens(connection).keys() == {"*", "Cloud-Two"}
    (asked,) = [r for r in cloud.requests if r.method == "POST"]
    assert asked.scope == ["{}"]
    assert len(logins(two)) == 1
