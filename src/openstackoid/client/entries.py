"""Which entries of clouds.yaml are accounts in which clouds of the federation."""

from collections.abc import Mapping
from typing import Any

from keystoneauth1.exceptions import ClientException
from keystoneauth1.session import Session
from openstack.config.cloud_region import CloudRegion
from openstack.config.loader import OpenStackConfig
from openstack.exceptions import ConfigException

from openstackoid.client.accounts import Accounts, Login
from openstackoid.client.auth import Scoped, scoped
from openstackoid.scope import Scope


def accounts(
    loader: OpenStackConfig, given: object, scope: Scope, home: str, entry: str | None = None
) -> Accounts | None:
    """Return the accounts in clouds of a scope, None if there are none besides the one at home.

    `given` are the entries by cloud (a mapping, or text like `CloudTwo=two,CloudThree=three`);
    without it, entries are for the clouds of the same name. What is at the auth_url `home`, or is
    `entry`, is the account in use. Raises ConfigException.
    """
    known = loader.get_cloud_names()
    names = {_folded(n): n for n in known} if given is None else _entries(given)
    logins = {}
    for cloud in scope.clouds:
        name = names.get(_folded(cloud))
        if name is None or name == entry:
            continue
        if name not in known:
            raise ConfigException(f"oid_clouds: clouds.yaml has no entry {name} (for {cloud})")
        try:
            region = loader.get_one(name)
            if _address(region.config.get("auth", {}).get("auth_url")) != _address(home):
                logins[cloud] = Login(cloud, name, _session(region))
        except (ClientException, ConfigException) as error:
            raise ConfigException(f"entry {name} of clouds.yaml (for {cloud}): {error}") from error
    return Accounts(scope, logins) if logins else None


def _entries(given: object) -> dict[str, str]:
    if isinstance(given, str):
        parts = (pair.partition("=") for pair in given.split(",") if pair.strip())
        pairs: list[tuple[Any, Any]] = [(cloud.strip(), name.strip()) for cloud, _, name in parts]
    else:
        pairs = list(given.items()) if isinstance(given, Mapping) else [("", given)]
    entries: dict[str, str] = {}
    for cloud, name in pairs:
        if not (cloud and name and isinstance(name, str)):
            raise ConfigException("oid_clouds must say, for each cloud, which entry of clouds.yaml")
        if entries.setdefault(_folded(str(cloud)), name) != name:
            raise ConfigException(f"oid_clouds has two entries for {cloud}; keep one of them")
    return entries


def _folded(cloud: str) -> str:
    """Return a name as openstacksdk leaves it in a mapping of clouds.yaml."""
    return cloud.replace("-", "_")


def _address(auth_url: object) -> str:
    return str(auth_url or "").rstrip("/").removesuffix("/v3")


def _session(region: CloudRegion) -> Session:
    session = region.get_session()
    if isinstance(session.auth, Scoped):
        scoped(session.auth, Scope())
    return session
