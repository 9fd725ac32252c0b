"""Services that a catalog lacks are added as their clients need them."""

from typing import Any

import pytest

from openstackoid.federation import loads
from openstackoid.identity.added import missing
from openstackoid.scope import parse

SERVICES = (
    "block-storage",
    "container-infrastructure-management",
    "database",
    "dns",
    "image",
    "object-store",
    "orchestration",
    "shared-file-system",
    "workflow",
)
FEDERATION = loads(
    "clouds:\n"
    + "".join(
        f"  {cloud}: {{frontends: {{"
        + ", ".join(f'{service}: "http://{cloud.lower()}/{service}"' for service in services)
        + "}}\n"
        for cloud, services in (("One", SERVICES), ("Two", SERVICES))
    )
)
PROJECT = "0123456789abcdef0123456789abcdef"


def added(
    scope: str, catalog: list[Any] | None = None, project: object = PROJECT
) -> dict[str, str]:
    """Return the public address of each service that is added at One."""
    entries = missing(catalog or [], parse(scope), FEDERATION, "One", project)
    return {entry["type"]: entry["endpoints"][0]["url"] for entry in entries}


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("block-storage", f"/v3/{PROJECT}"),
        ("container-infrastructure-management", "/v1"),
        ("database", f"/v1.0/{PROJECT}"),
        ("dns", ""),
        ("image", ""),
        ("object-store", f"/v1/AUTH_{PROJECT}"),
        ("orchestration", f"/v1/{PROJECT}"),
        ("shared-file-system", f"/v2/{PROJECT}"),
        ("workflow", "/v2"),
    ],
)
def test_a_service_has_the_path_that_its_clients_expect(service: str, path: str) -> None:
    """Where they discover versions by themselves, it is the address alone."""
    assert added(f"{service}=Two") == {service: f"http://one/{service}{path}"}


@pytest.mark.parametrize("project", [None, "", 7, {}, "a/../b", "a" * 65, "a?b", "é", "a\n"])
def test_without_a_project_it_is_the_address_alone(project: object) -> None:
    """Nothing that is no id becomes part of an address."""
    assert added("object-store=Two,workflow=Two", project=project) == {
        "object-store": "http://one/object-store",
        "workflow": "http://one/workflow/v2",
    }


def test_an_odd_catalog_does_no_harm() -> None:
    """One's own Keystone may be of any version; an alias is the service, too."""
    odd = [1, None, {}, {"type": 1}, {"type": "image", "endpoints": 1}, {"type": "volumev3"}]
    assert added("image=Two,block-storage=Two,dns=Two", odd) == {"dns": "http://one/dns"}
    assert added("dns=One") == {}
    (entry,) = missing(
        [{"type": "x", "endpoints": [1, {"region_id": None}, {"region": "R"}]}],
        parse("dns=Two"),
        FEDERATION,
        "One",
        None,
    )
    assert {e["region"] for e in entry["endpoints"]} == {"R"}
