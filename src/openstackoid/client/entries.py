"""Which entries of clouds.yaml are accounts in which clouds of the federation."""

from collections.abc import Collection, Mapping
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
) -> Accounts:
    """Return the accounts in the clouds of a scope; false if there are none but the one at home.

    `given` are the entries by cloud (a mapping, or text like `CloudTwo=two,CloudThree=three`);
    without it, entries are for the clouds of the same name. What is at the auth_url `home`, or is
    `entry`, is the account in use. Raises ConfigException.
    """
    known = loader.get_cloud_names()
    names = _names(loader, given, scope.clouds, entry)
    logins = {}
    homes = {cloud for cloud in scope.clouds if cloud == entry and cloud not in names}
    for cloud, name in names.items():
        if name not in known:
            raise ConfigException(f"oid_clouds: clouds.yaml has no entry {name} (for {cloud})")
        try:
            region = one_region(loader, name, in_use=name == entry)
            if name == entry or _address(region) == _plain(home):
                homes.add(cloud)
            else:
                region = loader.get_one(name, region_name=region.region_name)
                logins[cloud] = Login(cloud, name, _session(region))
        except (ClientException, ConfigException) as error:
            raise ConfigException(f"entry {name} of clouds.yaml (for {cloud}): {error}") from error
    return Accounts(scope, logins, homes)


def _names(
    loader: OpenStackConfig, given: object, clouds: Collection[str], entry: str | None
) -> dict[str, str]:
    """Return the entry for each of these clouds that has one; raises ConfigException.

    Another spelling may be another cloud's: `cloud-two` and `cloud_two` can be two of a federation.
    """
    if given is None:
        return _exact({str(n): n for n in loader.get_cloud_names()}, clouds, "clouds.yaml")
    if not isinstance(given, Mapping):
        return _exact(_entries(given), clouds, "oid_clouds")
    if written := _as_written(loader, given, entry):
        return _exact(_entries(written), clouds, "oid_clouds")
    entries = {_folded(cloud): name for cloud, name in _entries(given).items()}
    found = {cloud: entries[_folded(cloud)] for cloud in clouds if _folded(cloud) in entries}
    if len({_folded(cloud) for cloud in found}) < len(found):
        raise ConfigException(
            f"oid_clouds cannot tell {' and '.join(found)} apart, for openstacksdk makes _ of each "
            "- in its keys; name entries of clouds.yaml as the clouds, and leave oid_clouds out"
        )
    return found


def _exact(names: Mapping[str, str], clouds: Collection[str], where: str) -> dict[str, str]:
    """Return the entries for these clouds; raises ConfigException for another spelling."""
    for cloud in clouds:
        alike = [name for name in names if _folded(name) == _folded(cloud)]
        if alike and cloud not in alike:
            raise ConfigException(
                f"{where} has no {cloud}, but {' and '.join(alike)}, which may be for another "
                f"cloud; if it is for {cloud}, write oid_clouds: {{{cloud}: {names[alike[0]]}}} "
                "into the entry you start with; oid_clouds: {} leaves all out"
            )
    return {cloud: names[cloud] for cloud in clouds if cloud in names}


def _as_written(
    loader: OpenStackConfig, given: Mapping[Any, Any], entry: str | None
) -> Mapping[Any, Any] | None:
    """Return a mapping as the file has it, None if it is not of the file.

    openstacksdk replaces each - in a key by _, and drops one of two keys that become the same.
    """
    file = loader.cloud_config["clouds"].get(entry) or {}
    for place in (file, file.get("auth") or {}):
        for key in ("oid_clouds", "oid-clouds"):
            written = place.get(key)
            if isinstance(written, Mapping) and {_folded(str(c)) for c in written} == set(given):
                return written
    return None


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
        alike = {n for c, n in entries.items() if _folded(c) == _folded(str(cloud))}
        if alike - {name}:
            raise ConfigException(f"oid_clouds has two entries for {cloud}; keep one of them")
        entries[str(cloud)] = name
    return entries


def _folded(cloud: str) -> str:
    """Return a name as openstacksdk leaves it in a mapping of clouds.yaml."""
    return cloud.replace("-", "_")


def one_region(loader: OpenStackConfig, name: str, *, in_use: bool = False) -> CloudRegion:
    """Return the first region of an entry of clouds.yaml, if all its regions log in alike.

    It is configuration alone, without an auth plugin. Raises ConfigException if the regions differ
    in where or how to log in. Of the entry `in_use` the user has chosen a region already, so there
    only the address must be the same: another address is another cloud.
    """
    names = [region["name"] for region in loader._get_regions(name)]
    regions = [loader.get_one(name, region_name=region, validate=False) for region in names]
    told = [_address(r) if in_use else (r.config["auth"], r.config["auth_type"]) for r in regions]
    if any(other != told[0] for other in told):
        raise ConfigException(
            f"its regions {', '.join(names)} log in differently, and only one of them can be meant;"
            " write an entry of the cloud's name with the auth of that one alone"
        )
    return regions[0]


def _address(region: CloudRegion) -> str:
    return _plain(region.config["auth"].get("auth_url"))


def _plain(auth_url: object) -> str:
    return str(auth_url or "").rstrip("/").removesuffix("/v3")


def _session(region: CloudRegion) -> Session:
    session = region.get_session()
    if isinstance(session.auth, Scoped):
        scoped(session.auth, Scope())
    return session
