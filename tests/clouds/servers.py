"""Servers, and whose tokens are, by requests without the `openstack` command."""

import time
from typing import Any

import requests
from clouds.api import Api

MICROVERSION = "compute 2.37"


def whose(api: Api) -> dict[str, Any]:
    """Return what a user's own Keystone says of the token."""
    headers = {"X-Subject-Token": api.token}
    return dict(api.get("identity", "/v3/auth/tokens", headers=headers).json()["token"])


def boot(api: Api, name: str, scope: str) -> str:
    """Boot a server, wait until it is ACTIVE, return its id."""
    id_ = begin(api, name, scope)
    booted(api, id_, scope)
    return id_


def begin(api: Api, name: str, scope: str, finder: Api | None = None) -> str:
    """Begin to boot a server, return its id; `finder` may look for what it is made of."""
    body = wanted(finder or api, name, scope)
    made = api.post("compute", "/v2.1/servers", body, scope, MICROVERSION)
    assert made.status_code == 202, made.text
    return str(made.json()["server"]["id"])


def wanted(api: Api, name: str, scope: str) -> dict[str, Any]:
    """Return the body of a request for a server, made of what is in the clouds of a scope."""
    get = api.get
    flavor = get("compute", "/v2.1/flavors", scope).json()["flavors"][0]["id"]
    image = get("image", "/v2/images?name=debian", scope).json()["images"][0]["id"]
    network = get("network", "/v2.0/networks?name=private", scope).json()["networks"][0]["id"]
    networks = [{"uuid": network}]
    server = {"name": name, "imageRef": image, "flavorRef": flavor, "networks": networks}
    return {"server": server}


def booted(api: Api, id_: str, scope: str = "") -> None:
    """Wait until a server is ACTIVE."""
    deadline = time.monotonic() + 60
    while (server := _server(shown(api, id_, scope)))["status"] == "BUILD":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert server["status"] == "ACTIVE", server


def _server(answer: requests.Response) -> dict[str, Any]:
    assert answer.ok, answer.text
    server: dict[str, Any] = answer.json()["server"]
    return server


def shown(api: Api, id_: str, scope: str = "") -> requests.Response:
    """Return the answer that shows a server."""
    return api.get("compute", f"/v2.1/servers/{id_}", scope)


def gone(api: Api, id_: str, scope: str = "") -> None:
    """Wait until a server is deleted."""
    deadline = time.monotonic() + 60
    while shown(api, id_, scope).status_code != 404:
        assert time.monotonic() < deadline
        time.sleep(0.2)
