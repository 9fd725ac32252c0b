"""What is made in real clouds while something goes wrong, and where it is afterwards."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from clouds.api import Api
from clouds.servers import whose

from bench.real.load import RefusedError, allowed
from openstackoid.lab import Lab

MICROVERSION = "compute 2.37"
HOME, THERE = "CloudOne", "CloudTwo"
FLAVOR = "fault-trial"
PATIENCE = 60.0
"""Seconds until a gateway that was killed answers again."""

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDS02QQxVsttzwvrCilJt1WclA0ry22+jFOpswJ446dG"


@dataclass(frozen=True)
class Kind:
    """A kind of things: how one is made, and what a list of them is called.

    `key` is that of a thing in a body; None if the thing is the body, as with images. `inner` is
    the key of a thing in a list, if there is one.
    """

    name: str
    service: str
    path: str
    key: str | None
    listed: str
    more: Mapping[str, Any]
    inner: str | None = None

    def body(self, name: str) -> dict[str, Any]:
        """Return the body that makes one."""
        thing = {"name": name, **self.more}
        return {self.key: thing} if self.key else thing


_SERVER = {"flavorRef": FLAVOR, "networks": "none"}

KINDS = (
    Kind(
        "keypair",
        "compute",
        "/v2.1/os-keypairs",
        "keypair",
        "keypairs",
        {"public_key": PUBLIC_KEY},
        inner="keypair",
    ),
    Kind(
        "flavor",
        "compute",
        "/v2.1/flavors",
        "flavor",
        "flavors",
        {"ram": 64, "vcpus": 1, "disk": 0},
    ),
    Kind("network", "network", "/v2.0/networks", "network", "networks", {}),
    Kind(
        "security group",
        "network",
        "/v2.0/security-groups",
        "security_group",
        "security_groups",
        {},
    ),
    Kind("image", "image", "/v2/images", None, "images", {}),
    Kind("user", "identity", "/v3/users", "user", "users", {"domain_id": "default"}),
    Kind("server", "compute", "/v2.1/servers", "server", "servers", _SERVER),
)


class Things:
    """What is in both clouds, by the administrator of one who is one in the other."""

    def __init__(self, lab: Lab, admin: Api) -> None:
        self._lab = lab
        self.admin = admin
        self._others = {name: Api(lab, name, admin=True) for name in (HOME, THERE)}
        self._image = ""
        self._user = str(whose(admin)["user"]["id"])

    def prepare(self) -> None:
        """Log in to each cloud, and make what servers are made of in both."""
        for other in self._others.values():
            allowed(other.login())
        flavor = {"id": FLAVOR, "name": FLAVOR, "ram": 64, "vcpus": 1, "disk": 0}
        both = f"compute={HOME}&{THERE}"
        allowed(self.admin.post("compute", "/v2.1/flavors", {"flavor": flavor}, both))
        images = allowed(self.admin.get("image", "/v2/images?name=debian")).json()["images"]
        self._image = images[0]["id"]

    def make(
        self, kind: Kind, name: str, scope: str, headers: Mapping[str, str]
    ) -> requests.Response:
        """Make one in the clouds of a scope; return the answer."""
        body = kind.body(name)
        if kind.name == "server":
            body["server"]["imageRef"] = self._image
            scope = f"{scope},image={HOME}"
        return self.admin.request(
            "POST",
            kind.service,
            kind.path,
            scope,
            json=body,
            headers={"OpenStack-API-Version": MICROVERSION, **headers},
        )

    def clouds_with(self, kind: Kind, name: str, clouds: Iterable[str]) -> frozenset[str]:
        """Return those of the clouds that have one of this name now."""
        return frozenset(c for c in clouds if name in _listed(self._lister(kind, c), kind))

    def all(self, kind: Kind) -> dict[str, list[str]]:
        """Return the names of all of a kind, by cloud; each cloud is asked at its own gateway."""
        return {cloud: _listed(self._lister(kind, cloud), kind) for cloud in (HOME, THERE)}

    def _lister(self, kind: Kind, cloud: str) -> Callable[[], requests.Response]:
        api = self._others[cloud]
        user = self._user if cloud == HOME else f"{self._user}@{HOME}"
        query = {
            "keypair": f"user_id={user}&limit=1000",  # not the one who asks
            "server": "all_tenants=1&limit=1000",
            "user": "",
        }.get(kind.name, "limit=1000")

        def get() -> requests.Response:
            end = time.monotonic() + PATIENCE
            while True:
                try:
                    path = f"{kind.path}?{query}"
                    return allowed(api.get(kind.service, path, headers=_VERSION))
                except (requests.ConnectionError, RefusedError):  # its gateway may be killed
                    if time.monotonic() > end:
                        raise
                    time.sleep(0.1)

        return get


_VERSION = {"OpenStack-API-Version": MICROVERSION}


def _listed(get: Callable[[], requests.Response], kind: Kind) -> list[str]:
    document = get().json()
    things = [thing[kind.inner] if kind.inner else thing for thing in document[kind.listed]]
    return [str(thing["name"]) for thing in things]
