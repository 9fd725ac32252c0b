"""Creates the contents of a new cloud through its API: users, endpoints, images, a network.

Each step first looks for what exists, so it can be repeated at any time.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import requests
from keystoneauth1 import session
from keystoneauth1.exceptions import ClientException
from keystoneauth1.identity import generic
from openstack.connection import Connection
from openstack.exceptions import SDKException
from openstack.identity.v3._proxy import Proxy as Identity
from openstack.image.v2._proxy import Proxy as Image

from openstackoid.lab import environment, files, logins
from openstackoid.lab.cloud import LabCloud
from openstackoid.lab.errors import LabError

_INTERFACES = ("public", "internal", "admin")


def bootstrap(cloud: LabCloud) -> None:
    """Create the first user, the roles and the endpoint of Keystone with `keystone-manage`."""
    url = cloud.frontends["identity"]
    done = subprocess.run(  # noqa: S603
        [
            sys.executable,
            str(environment.script("keystone-manage")),
            "--config-file",
            str(cloud.config("identity") / "keystone.conf"),
            "bootstrap",
        ],
        env=environment.child(
            OS_BOOTSTRAP_PASSWORD=_passwords(cloud)["admin"],
            OS_BOOTSTRAP_REGION_ID=cloud.region,
            **{f"OS_BOOTSTRAP_{interface.upper()}_URL": url for interface in _INTERFACES},
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise LabError(f"Keystone of {cloud.name} could not be prepared:\n{last}")


def make_users(admin: Connection, cloud: LabCloud) -> None:
    """Create projects, users, role assignments, services and endpoints."""
    identity = cast(Identity, admin.identity)
    passwords = _passwords(cloud)
    projects = {p.name: p for p in identity.projects()}
    users = {u.name: u for u in identity.users()}
    roles = {r.name: r for r in identity.roles()}

    def project(name: str) -> Any:
        return projects.get(name) or identity.create_project(name=name, domain_id="default")

    def user(name: str, its: Any, *its_roles: str) -> None:
        one = users.get(name) or identity.create_user(
            name=name, password=passwords[name], domain_id="default", default_project_id=its.id
        )
        for role in its_roles:
            identity.assign_project_role_to_user(its, one, roles[role])

    service_project, demo = project("service"), project("demo")
    user("alice", demo, "member")
    reader = users.get("gateway") or identity.create_user(
        name="gateway", password=passwords["gateway"], domain_id="default"
    )
    identity.assign_system_role_to_user(reader, roles["reader"], "all")
    services = {s.type: s for s in identity.services()}
    endpoints = {(e.service_id, e.interface) for e in identity.endpoints()}
    for service in cloud.services:
        if service.type == "identity":
            continue  # made by bootstrap
        user(service.project, service_project, "admin", "service")
        entry = services.get(service.type) or identity.create_service(
            name=service.project, type=service.type
        )
        for interface in _INTERFACES:
            if (entry.id, interface) not in endpoints:
                identity.create_endpoint(
                    service_id=entry.id,
                    interface=interface,
                    region_id=cloud.region,
                    url=cloud.frontends[service.type] + service.version,
                )


def make_things(admin: Connection, cloud: LabCloud) -> None:
    """Create a flavor, a shared network, and two images, one with a name of this cloud alone.

    The network is shared, so that foreign tokens, which act in other projects, can use it.
    """
    if not admin.compute.find_flavor("m1.tiny"):
        admin.compute.create_flavor(name="m1.tiny", ram=512, vcpus=1, disk=1)
    network = admin.network.find_network("private") or admin.network.create_network(
        name="private", shared=True
    )
    if not admin.network.find_subnet("private-subnet"):
        admin.network.create_subnet(
            name="private-subnet",
            network_id=network.id,
            ip_version=4,
            cidr=f"10.{cloud.index}.0.0/24",
            enable_dhcp=False,
        )
    glance = cast(Image, admin.image)
    images = {image.name: image for image in glance.images()}
    for name in ("debian", f"only-in-{cloud.name}"):
        image = images.get(name)
        if image and image.status != "active":  # an upload was interrupted
            glance.delete_image(image)
            image = None
        if not image:
            text = f"{name} of {cloud.name}\n".encode()
            glance.create_image(
                name=name,
                data=text + os.urandom(64 << 10),
                disk_format="raw",
                container_format="bare",
                visibility="public",
            )


@contextmanager
def administrator(cloud: LabCloud) -> Iterator[Connection]:
    """Open a connection as the cloud's administrator, which ignores the user's settings.

    Failures of its requests are raised as LabError.
    """
    transport = requests.Session()
    transport.trust_env = False
    auth = generic.Password(**logins.administrator(cloud))
    try:
        with Connection(
            session=session.Session(auth=auth, session=transport),
            region_name=cloud.region,
            identity_api_version="3",
        ) as connection:
            yield connection
    except (SDKException, ClientException) as error:
        raise LabError(
            f"{cloud.name} could not be filled: {error}\n"
            f"Its logs are in {cloud.log('gateway').parent}; run the same command again"
        ) from error


def _passwords(cloud: LabCloud) -> dict[str, str]:
    return files.read_yaml(cloud.passwords)
