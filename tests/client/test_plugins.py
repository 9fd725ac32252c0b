"""The auth types v3oidpassword, v3oidtoken and v3oidapplicationcredential."""

import subprocess
import sys
from pathlib import Path

import openstack
import pytest
from keystoneauth1 import loading
from keystoneauth1.exceptions import OptionError
from keystoneauth1.loading.base import BaseLoader
from keystoneauth1.plugin import BaseAuthPlugin
from keystoneauth1.session import Session
from oslo_config import cfg

from .conftest import CloudsYaml
from .fake import TOKEN, Fake

pytestmark = pytest.mark.filterwarnings(r"ignore:::openstack\.")  # openstacksdk warns of itself
IMAGE_TWO = '{"image":"CloudTwo"}'
SUFFIXED = f"{TOKEN}!SCOPE!{IMAGE_TWO}"
PASSWORD = {"username": "alice", "password": "pw", "user_domain_id": "default"}


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("v3oidpassword", PASSWORD),
        ("v3oidtoken", {"token": "t"}),
        (
            "v3oidapplicationcredential",
            {"application_credential_id": "i", "application_credential_secret": "s"},
        ),
    ],
)
@pytest.mark.parametrize("scope", [{"glance": "CloudTwo"}, IMAGE_TWO, "image=CloudTwo"])
def test_each_kind_logs_in_and_carries_its_scope(
    name: str, options: dict[str, str], scope: object, cloud: Fake
) -> None:
    """By its name, as keystoneauth's users load it."""
    loader: BaseLoader[BaseAuthPlugin] = loading.get_plugin_loader(name)
    auth = loader.load_from_options(auth_url=f"{cloud.url}/identity/v3", oid_scope=scope, **options)
    assert Session(auth=auth).get_token() == SUFFIXED
    (login,) = cloud.requests
    assert (login.method, login.scope) == ("POST", [IMAGE_TWO])


def test_without_a_scope_it_is_the_ordinary_plugin(cloud: Fake) -> None:
    """So an auth type may stay in the file while the scope comes and goes."""
    loader: BaseLoader[BaseAuthPlugin] = loading.get_plugin_loader("v3oidpassword")
    auth = loader.load_from_options(auth_url=f"{cloud.url}/identity/v3", **PASSWORD)
    assert Session(auth=auth).get_token() == TOKEN
    assert cloud.requests[0].scope == []


def test_a_bad_scope_is_an_error_of_the_option() -> None:
    """The exception keystoneauth's users expect."""
    with pytest.raises(OptionError, match=r"oid_scope: .*\n.*\n *\^"):
        loading.get_plugin_loader("v3oidpassword").load_from_options(
            auth_url="http://127.0.0.1", oid_scope="image=A B", **PASSWORD
        )


def test_openstacksdk_needs_nothing_but_clouds_yaml(
    cloud: Fake, clouds_yaml: CloudsYaml, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And so does Ansible, which connects by it."""
    variables = clouds_yaml(auth_type="v3oidpassword", auth={"oid_scope": IMAGE_TWO})
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with openstack.connect(cloud="here") as connection:
        list(connection.image.images())
        list(connection.compute.servers())
    assert all(request.scope == [IMAGE_TWO] for request in cloud.requests)
    assert [r.token for r in cloud.requests if r.token] == [[SUFFIXED]] * 2


@pytest.mark.parametrize("scope", [IMAGE_TWO, "image=CloudTwo"])
def test_the_environment_alone_is_enough_for_openstacksdk(
    scope: str, cloud: Fake, credentials: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the name openstacksdk gives the option: OS_OID_SCOPE."""
    variables = {"OS_AUTH_TYPE": "v3oidpassword", "OS_OID_SCOPE": scope}
    for name, value in (credentials | variables).items():
        monkeypatch.setenv(name, value)
    with openstack.connect() as connection:
        list(connection.image.images())
    assert all(request.scope == [IMAGE_TWO] for request in cloud.requests)


def test_services_take_it_from_their_configuration(cloud: Fake, tmp_path: Path) -> None:
    """As a section of nova.conf."""
    path = tmp_path / "service.conf"
    account = "\n".join(f"{key} = {value}" for key, value in PASSWORD.items())
    path.write_text(
        f"[glance]\nauth_type = v3oidpassword\nauth_url = {cloud.url}/identity/v3\n"
        f"{account}\noid_scope = {IMAGE_TWO}\n"
    )
    conf = cfg.ConfigOpts()
    conf(["--config-file", str(path)], default_config_files=[], default_config_dirs=[])
    loading.register_auth_conf_options(conf, "glance")
    auth = loading.load_auth_from_conf_options(conf, "glance")
    assert Session(auth=auth).get_token() == SUFFIXED


def test_the_client_imports_nothing_of_the_gateway() -> None:
    """It is loaded at each start of `openstack`, scope or not; osc-lib is there already."""
    code = (
        "import sys, osc_lib.shell\n"
        "before = set(sys.modules)\n"
        "import openstackoid.client.command, openstackoid.client.plugins\n"
        "heavy = {'aiohttp', 'pydantic', 'click', 'rich', 'structlog', 'ruamel', 'uvloop'}\n"
        "sys.exit(str(heavy & (sys.modules.keys() - before) or ''))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stderr.strip() == ""
