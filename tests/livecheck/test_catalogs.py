"""Accounts from clouds.yaml, and their catalogs."""

from pathlib import Path
from typing import Any

import pytest
from client.conftest import CloudsYaml
from client.fake import Fake

from openstackoid.federation import loads
from openstackoid.livecheck import Account, accounts
from openstackoid.livecheck.catalogs import strangers

pytestmark = pytest.mark.filterwarnings(r"ignore:::openstack\.")  # openstacksdk warns of itself

CLOUD = loads(
    "clouds: {One: {frontends: {compute: 'http://one:8774', image: 'https://one/image'}}}"
).clouds["One"]


def account(*endpoints: tuple[str, str, str]) -> Account:
    catalog: list[dict[str, Any]] = [
        {"type": kind, "endpoints": [{"interface": interface, "url": url}]}
        for kind, interface, url in endpoints
    ]
    return Account("One", "secret-token", "alice", "p", "demo", frozenset({"member"}), catalog)


@pytest.mark.parametrize(
    "endpoint",
    [
        ("compute", "public", "http://one:8774/v2.1"),
        ("compute", "public", "http://ONE:8774/v2.1/%(project_id)s"),
        ("nova", "public", "http://one:8774"),
        ("image", "public", "https://one:443/image/"),
        ("image", "internal", "http://elsewhere/"),
        ("dns", "public", "http://elsewhere/"),
    ],
)
def test_an_endpoint_below_its_frontend_is_no_stranger(endpoint: tuple[str, str, str]) -> None:
    """Nor is one of an interface or a service of which the file says nothing."""
    assert list(strangers(account(endpoint), CLOUD)) == []


@pytest.mark.parametrize(
    "url", ["http://one:8775/v2.1", "https://one:8774/v2.1", "http://other:8774", "nonsense"]
)
def test_another_address_is_told_with_both(url: str) -> None:
    """Such a client would go past the gateway."""
    told = list(strangers(account(("compute", "public", url)), CLOUD))
    assert told == [f"compute (public) is at {url}, not at http://one:8774"]


@pytest.mark.parametrize(
    ("interface", "told"),
    [("internal", True), ("public", True), ("admin", False)],
)
def test_where_services_ask_whose_a_token_is_has_to_be_the_frontend(
    interface: str, *, told: bool
) -> None:
    """Also if the file names one address for all interfaces: Keystone knows no assertion."""
    cloud = loads("clouds: {One: {frontends: {identity: 'http://one:5000'}}}").clouds["One"]
    past = ("identity", interface, "http://10.0.0.1:15000/v3")
    assert bool(list(strangers(account(past), cloud))) is told
    frontend = ("identity", interface, "http://one:5000/v3")
    assert list(strangers(account(frontend), cloud)) == []


def test_an_account_shows_no_token() -> None:
    """It may stand in a message."""
    assert "secret-token" not in repr(account())


def test_an_entry_that_cannot_log_in_is_told(
    clouds_yaml: CloudsYaml, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without its password; clouds without an entry are left out."""
    url = "http://127.0.0.1:1"
    for name, value in clouds_yaml(auth={"auth_url": url}).items():
        monkeypatch.setenv(name, value)
    ((cloud, reason),) = [a for a in accounts(["here", "there"]) if isinstance(a, tuple)]
    assert cloud == "here"
    assert "s3cret-pw" not in reason


def test_an_entry_whose_regions_log_in_differently_is_told(
    clouds_yaml: CloudsYaml, monkeypatch: pytest.MonkeyPatch, cloud: Fake
) -> None:
    """Its first region may be another cloud, whose token would be sent to those that trust this."""
    elsewhere = {"name": "R2", "values": {"auth": {"auth_url": "http://127.0.0.1:1"}}}
    for name, value in clouds_yaml(regions=[{"name": "R1"}, elsewhere]).items():
        monkeypatch.setenv(name, value)
    ((name, reason),) = [a for a in accounts(["here"]) if isinstance(a, tuple)]
    assert (name, reason[:40]) == ("here", "its regions R1, R2 log in differently, a")
    assert cloud.requests == []


def test_a_missing_certificate_is_one_entry_s_fault(
    clouds_yaml: CloudsYaml, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not a file of the check's own that cannot be read."""
    own = {"auth": {"auth_url": "https://127.0.0.1:1/v3"}, "cert": "/no/such", "key": "/no/such"}
    for name, value in clouds_yaml(**own).items():
        monkeypatch.setenv(name, value)
    ((name, reason),) = [a for a in accounts(["here"]) if isinstance(a, tuple)]
    assert (name, "/no/such" in reason) == ("here", True)


def test_an_entry_of_the_cloud_s_name_logs_in(
    clouds_yaml: CloudsYaml, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By password, as the command would."""
    for name, value in clouds_yaml().items():
        monkeypatch.setenv(name, value)
    (found,) = accounts(["here"])
    assert isinstance(found, Account)
    assert (found.cloud, found.user) == ("here", "alice")
    assert found.catalog
