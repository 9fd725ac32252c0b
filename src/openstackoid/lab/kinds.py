"""What scripts/converge creates, changes and deletes of each kind of resource."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from openstackoid.message import JSON

_PATCH = "application/openstack-images-v2.1-json-patch"
_SSH = {"direction": "ingress", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22}
_KEY = f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{43 * 'A'} converge"


class Kind(NamedTuple):
    """How one kind is created, and changed if it can be.

    `change` takes the path and the id of one, and returns the method, path, body and type of the
    body. `key` is what its id is called. `create` takes its name, and the ids of those that it
    refers to: one of each of the kinds `of`, and behind it those that this one refers to. `listed`
    is the key of its list, which is behind the collection at `list`, where each cloud has another
    id for it. `uploads`: it has data, which is uploaded once it is created.
    """

    name: str
    service: str
    key: str
    collection: str
    create: Callable[[str, Sequence[str]], Any]
    change: Callable[[str, str], tuple[str, str, Any, str]] | None
    shown: tuple[str, ...]
    listed: str | None = None
    list: str = ""
    of: tuple[str, ...] = ()
    uploads: bool = False

    @property
    def one(self) -> str:
        """What one is called in a body."""
        return self.name.replace(" ", "_")


KINDS = (
    Kind(
        "keypair",
        "compute",
        "name",
        "/v2.1/os-keypairs",
        lambda name, _: {"keypair": {"name": name, "public_key": _KEY}},
        None,
        ("public_key", "type"),
    ),
    Kind(
        "flavor",
        "compute",
        "id",
        "/v2.1/flavors",
        lambda name, _: {"flavor": {"name": name, "ram": 64, "vcpus": 1, "disk": 1}},
        lambda path, _: (
            "POST",
            f"{path}/os-extra_specs",
            {"extra_specs": {"hw:converge": "1"}},
            JSON,
        ),
        ("name", "ram", "vcpus", "disk", "extra_specs"),
    ),
    Kind(
        "image record",
        "image",
        "id",
        "/v2/images",
        lambda name, _: {"name": name, "container_format": "bare", "disk_format": "raw"},
        lambda path, _: ("PATCH", path, [{"op": "add", "path": "/converge", "value": "1"}], _PATCH),
        ("name", "converge", "tags", "disk_format"),
    ),
    Kind(
        "image data",
        "image",
        "id",
        "/v2/images",
        lambda name, _: {"name": name, "container_format": "bare", "disk_format": "raw"},
        None,
        ("status", "os_hash_value", "size"),
        uploads=True,
    ),
    Kind(
        "network",
        "network",
        "id",
        "/v2.0/networks",
        lambda name, _: {"network": {"name": name, "description": "converge"}},
        lambda path, _: ("PUT", path, {"network": {"description": "changed"}}, JSON),
        ("name", "description", "admin_state_up", "tags"),
        listed="networks",
    ),
    Kind(
        "subnet",
        "network",
        "id",
        "/v2.0/subnets",
        lambda name, of: {
            "subnet": {
                "name": name,
                "network_id": of[0],
                "ip_version": 4,
                "cidr": "10.77.0.0/24",
            }
        },
        lambda path, _: ("PUT", path, {"subnet": {"dns_nameservers": ["10.77.0.9"]}}, JSON),
        ("name", "cidr", "gateway_ip", "allocation_pools", "dns_nameservers", "tags"),
        listed="subnets",
        of=("network",),
    ),
    Kind(
        "security group",
        "network",
        "id",
        "/v2.0/security-groups",
        lambda name, _: {"security_group": {"name": name}},
        lambda _, group: (
            "POST",
            "/v2.0/security-group-rules",
            {"security_group_rule": {"security_group_id": group, **_SSH}},
            JSON,
        ),
        ("name", "description", "tags", "security_group_rules"),
        listed="security_groups",
    ),
    Kind(
        "server",
        "compute",
        "id",
        "/v2.1/servers",
        lambda name, of: {
            "server": {
                "name": name,
                "imageRef": of[0],
                "flavorRef": of[1],
                "networks": [{"uuid": of[3]}],
                "metadata": {"of": "converge"},
            }
        },
        None,
        ("name", "status", "metadata", "description"),
        listed="servers",
        list="/detail",
        of=("image data", "flavor", "subnet"),
    ),
)


_RULE = ("direction", "ethertype", "protocol", "port_range_min", "port_range_max", "description")
"""What is the same of a rule in all clouds."""


def plain(values: list[Any]) -> list[Any]:
    """Return what a cloud shows without what is its own of a rule, in one order."""
    return [
        sorted([[one.get(name) for name in _RULE] for one in said], key=str)
        if isinstance(said, list) and said and isinstance(said[0], dict) and "ethertype" in said[0]
        else said
        for said in values
    ]


def kind_of(name: str) -> Kind:
    """Return the kind with a name."""
    return next(kind for kind in KINDS if kind.name == name)
