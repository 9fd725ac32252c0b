"""Accounts in two clouds: a clouds.yaml with both, and what is sent of it."""

import json
from typing import Any

import openstack
from openstack.connection import Connection

from openstackoid.client import hook
from openstackoid.scope import Wallet, split, unpack

from .fake import Fake

CLOUDS = {"CloudOne", "Cloud-Two", "CloudThree"}
IMAGE_TWO = {"image": "Cloud-Two"}
THERE = "gAAAAAtoken-of-two"
PASSWORD = "pw-of-two"


def entry(cloud: Fake, password: str = "pw", **keys: Any) -> dict[str, Any]:
    """Return an entry of clouds.yaml."""
    auth = {
        "auth_url": f"{cloud.url}/identity",
        "username": "alice",
        "password": password,
        "project_name": "demo",
        "user_domain_id": "default",
        "project_domain_id": "default",
    }
    return {"auth": auth | keys.pop("auth", {}), "identity_api_version": "3", **keys}


def connect(scope: object) -> Connection:
    """Connect to `here` with a scope, as `openstack` does."""
    return openstack.connect(cloud="here", vendor_hook=hook.NAME, oid_scope=scope)


def sent(token: str) -> tuple[str, str, Wallet | None]:
    """Return a token, its scope, and its wallet."""
    clean, suffix = split(token)
    assert suffix is not None
    return clean, *unpack(suffix, CLOUDS)


def header(connection: Connection) -> str:
    """Return the token header that a connection sends."""
    headers = connection.session.get_auth_headers()
    assert headers is not None
    return headers["X-Auth-Token"]


def tokens(connection: Connection) -> dict[str, tuple[str, str | None]]:
    """Return the wallet that a connection sends."""
    _, _, wallet = sent(header(connection))
    assert wallet is not None
    return {cloud: (a.token, a.project) for cloud, a in wallet.accounts}


def logins(cloud: Fake) -> list[dict[str, Any]]:
    """Return the bodies of the logins at a cloud."""
    return [json.loads(r.body)["auth"] for r in cloud.requests if r.method == "POST"]
