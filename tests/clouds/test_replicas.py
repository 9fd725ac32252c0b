"""Copies in real clouds end the same, whatever was cut off meanwhile."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from clouds.api import Api

from openstackoid.lab import Lab
from openstackoid.lab.links.condition import BLACKHOLE, CUT, WHOLE, Condition

CLOUDS = ("CloudOne", "CloudTwo", "CloudThree")
ALL = " & ".join(CLOUDS)
EVENTUAL = {"X-Scope-Policy": "eventual"}
GROUPS, RULES = "/v2.0/security-groups", "/v2.0/security-group-rules"
PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch"}


def order(
    api: Api,
    method: str,
    path: str,
    body: object = None,
    service: str = "image",
    **headers: str,
) -> Any:
    """Order something; within the first minute of a gateway's life it is withdrawn."""
    deadline = time.monotonic() + 100
    while True:
        answer = api.request(
            method,
            service,
            path,
            f"{service}={ALL}",
            json=body,
            headers={**EVENTUAL, **headers},
        )
        if answer.status_code != 504 or time.monotonic() > deadline:
            assert answer.ok, answer.text
            return answer
        time.sleep(1)


def create(api: Api, name: str) -> str:
    image = {"name": name, "container_format": "bare", "disk_format": "raw"}
    return str(order(api, "POST", "/v2/images", image).json()["id"])


def shown(api: Api, identifier: str, cloud: str) -> Any:
    answer = api.get("image", f"/v2/images/{identifier}", f"image={cloud}")
    return {k: answer.json().get(k) for k in ("name", "os_distro")} if answer.ok else None


def same(api: Api, identifier: str, wanted: object) -> None:
    """Wait until all clouds have the same."""
    deadline = time.monotonic() + 100  # one that has just begun creates nothing for a minute
    while (found := [shown(api, identifier, cloud) for cloud in CLOUDS]) != [wanted] * 3:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


@contextmanager
def links(lab: Lab, how: Condition) -> Iterator[None]:
    """Change the links of CloudThree."""
    for other in CLOUDS[:2]:
        lab.link("CloudThree", other, how)
    try:
        yield
    finally:
        for other in CLOUDS[:2]:
            lab.link("CloudThree", other, WHOLE)


@pytest.mark.parametrize("how", [CUT, BLACKHOLE], ids=["cut", "blackhole"])
def test_what_a_cloud_misses_it_gets_later(lab: Lab, api: Api, name: str, how: Condition) -> None:
    """A create, a change and a deletion; with the user's own rights, on real services."""
    changed, deleted = create(api, f"{name}-changed"), create(api, f"{name}-deleted")
    with links(lab, how):
        created = create(api, name)
        change = [{"op": "add", "path": "/os_distro", "value": "debian"}]
        answer = order(api, "PATCH", f"/v2/images/{changed}", change, **PATCH)
        assert '"pending":true' in answer.headers["X-Scope-Report"]
        order(api, "DELETE", f"/v2/images/{deleted}")
    same(api, created, {"name": name, "os_distro": None})
    same(api, changed, {"name": f"{name}-changed", "os_distro": "debian"})
    same(api, deleted, None)
    for one in (created, changed):
        order(api, "DELETE", f"/v2/images/{one}")
        same(api, one, None)


def test_what_a_cloud_misses_is_named_there_by_the_ids_of_the_own_one(
    lab: Lab, api: Api, name: str
) -> None:
    """A security group and a rule of it: shown, added to and taken from in that cloud."""
    with links(lab, CUT):
        group = order(api, "POST", GROUPS, {"security_group": {"name": name}}, service="network")
        identifier = group.json()["security_group"]["id"]
        rule = {"security_group_id": identifier, "direction": "ingress", "protocol": "udp"}
        added = order(api, "POST", RULES, {"security_group_rule": rule}, service="network")
    rules(api, identifier, {None, "udp"})
    theirs = api.post(
        "network",
        RULES,
        {"security_group_rule": {**rule, "protocol": "tcp"}},
        "network=CloudThree",
    )
    assert theirs.status_code == 201, theirs.text
    assert theirs.json()["security_group_rule"]["security_group_id"] != identifier
    rule_id = added.json()["security_group_rule"]["id"]
    order(api, "DELETE", f"{RULES}/{rule_id}", service="network")
    rules(api, identifier, {None, "tcp"})
    order(api, "DELETE", f"{GROUPS}/{identifier}", service="network")
    rules(api, identifier, None)


def rules(api: Api, group: str, wanted: set[str | None] | None) -> None:
    """Wait until CloudThree has a group with rules for these protocols alone, or none."""
    deadline = time.monotonic() + 100  # one that has just begun creates nothing for a minute
    while True:
        answer = api.get("network", f"{GROUPS}/{group}", "network=CloudThree")
        shown = answer.json()["security_group"]["security_group_rules"] if answer.ok else None
        found = None if shown is None else {one["protocol"] for one in shown}
        if found == wanted:
            return
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)
