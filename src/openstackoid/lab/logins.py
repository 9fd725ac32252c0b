"""Makes the accounts of a lab's clouds: entries for clouds.yaml, and the service account."""

from typing import Any

from openstackoid.lab import files
from openstackoid.lab.cloud import LabCloud

PROJECTS = {"alice": "demo", "admin": "admin"}
"""The users of each cloud, with their projects."""


def of(cloud: LabCloud) -> dict[str, Any]:
    """Return the entries of a cloud in clouds.yaml: its user alice, and its administrator."""
    return {
        cloud.name: _entry(cloud, "alice"),
        f"{cloud.name}-admin": _entry(cloud, "admin"),
    }


def administrator(cloud: LabCloud) -> dict[str, Any]:
    """Return the arguments of keystoneauth's password plugin for a cloud's administrator."""
    return account(cloud, "admin")


def account(cloud: LabCloud, user: str) -> dict[str, Any]:
    """Return the arguments of keystoneauth's password plugin for one of a cloud's users."""
    return {
        "auth_url": cloud.frontends["identity"],
        "username": user,
        "password": files.read_yaml(cloud.passwords)[user],
        "project_name": PROJECTS[user],
        "user_domain_id": "default",
        "project_domain_id": "default",
    }


def has_gateway(cloud: LabCloud) -> bool:
    """Return whether a cloud's gateway has a service account."""
    return "gateway" in files.read_yaml(cloud.passwords)


def gateway(cloud: LabCloud) -> dict[str, str]:
    """Return the service account of a cloud's gateway, for the file `own.account`."""
    return {"username": "gateway", "password": files.read_yaml(cloud.passwords)["gateway"]}


def _entry(cloud: LabCloud, user: str) -> dict[str, Any]:
    return {
        "auth_type": "password",
        "region_name": cloud.region,
        "identity_api_version": 3,
        "oid_clouds": {},  # one account is enough, as the clouds trust one another
        "auth": account(cloud, user),
    }
