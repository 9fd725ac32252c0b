"""Logs in to clouds by clouds.yaml, and compares their catalogs with the federation file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import openstack.config
from keystoneauth1.exceptions import ClientException
from openstack.exceptions import ConfigException

from openstackoid.client.entries import one_region
from openstackoid.federation import Cloud, Url
from openstackoid.services import IDENTITY, service_type


@dataclass(frozen=True, slots=True)
class Account:
    """A user who is logged in to a cloud, with the token, its project, roles and catalog."""

    cloud: str
    token: str = field(repr=False)
    user: str
    project_id: str
    project: str
    roles: frozenset[str]
    catalog: list[dict[str, Any]] = field(repr=False)


def accounts(clouds: Iterable[str]) -> Iterator[Account | tuple[str, str]]:
    """Log in to each of these clouds that has an entry of its name in clouds.yaml.

    Yields the account, or the cloud and the reason if the login fails. Clouds without an entry are
    left out.
    """
    config = openstack.config.OpenStackConfig()
    known = set(config.get_cloud_names())
    for cloud in clouds:
        if cloud not in known:
            continue
        try:
            region = one_region(config, cloud).region_name
            session = config.get_one(cloud, region_name=region).get_session()
            access: Any = session.auth.get_access(session)  # type: ignore[union-attr]
            yield Account(
                cloud,
                access.auth_token,
                access.username,
                access.project_id or "",
                access.project_name or "no project",
                frozenset(access.role_names),
                access.service_catalog.catalog if access.has_service_catalog() else [],
            )
        except (ClientException, ConfigException, OSError) as error:  # OSError: no certificate file
            yield cloud, str(error).partition("\n")[0]


def leads_to(account: Account, address: Url) -> bool:
    """Return whether the catalog of an account has an endpoint at the host and port of an address.

    Its token may go there: a federation file alone could send it anywhere.
    """
    urls = (endpoint["url"] for entry in account.catalog for endpoint in entry["endpoints"])
    return any(_origin(url) == (address.scheme, address.host, address.port) for url in urls)


def strangers(account: Account, cloud: Cloud) -> Iterator[str]:
    """Yield a fault for each endpoint in an account's catalog that is not at the cloud's frontend.

    Services that the federation file does not have are not checked, nor interfaces, but for the
    internal one of identity: there services ask whose a token is (keystonemiddleware).
    """
    for entry in account.catalog:
        service = service_type(entry["type"]) or entry["type"]
        frontends = cloud.frontends.get(service, {})
        for endpoint in entry["endpoints"]:
            interface = endpoint["interface"]
            ours = frontends.get(interface)
            if (service, interface) == (IDENTITY, "internal"):
                ours = cloud.frontend(service, interface)
            if ours is not None and not _within(endpoint["url"], ours):
                yield f"{service} ({interface}) is at {endpoint['url']}, not at {ours}"


def _within(url: str, frontend: Url) -> bool:
    _, slash, path = url.partition("://")[2].partition("/")
    return _origin(url) == (frontend.scheme, frontend.host, frontend.port) and (
        frontend.rest(slash + path) is not None
    )


def _origin(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of an endpoint, whose path may be a template; or nothing."""
    scheme, _, rest = url.partition("://")
    try:
        origin = Url.parse(f"{scheme}://{rest.partition('/')[0]}")
    except ValueError:
        return "", "", 0
    return origin.scheme, origin.host, origin.port
