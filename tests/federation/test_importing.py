"""From Keystone's list of endpoints to a cloud's entry, again and again."""

from typing import Any

import pytest

from openstackoid.federation import FederationError, Url, loads
from openstackoid.federation.importing import EndpointError, extend


def row(service: str, url: str, interface: str = "public", **other: Any) -> dict[str, Any]:
    """Return an endpoint as `openstack endpoint list -f json` prints it."""
    return {
        "ID": "0" * 32,
        "Region": "RegionOne",
        "Service Name": service,
        "Service Type": service,
        "Enabled": True,
        "Interface": interface,
        "URL": url,
    } | other


DEVSTACK = [
    row("identity", "http://192.0.2.1/identity"),
    row("compute", "http://192.0.2.1/compute/v2.1"),
    row("compute_legacy", "http://192.0.2.1/compute/v2/$(project_id)s", Enabled=False),
    row("image", "http://192.0.2.1/image"),
    row("network", "http://192.0.2.1:9696/networking"),
    row("placement", "http://192.0.2.1/placement"),
    row("block-storage", "http://192.0.2.1/volume/v3"),
    row("volumev3", "http://192.0.2.1/volume/v3/$(project_id)s"),
]
KOLLA = [
    entry
    for service, public, inside in [
        ("identity", "https://cloud.example:5000", "http://10.0.0.1:5000"),
        ("compute", "https://cloud.example:8774/v2.1", "http://10.0.0.1:8774/v2.1"),
        ("image", "https://cloud.example:9292", "http://10.0.0.1:9292"),
        ("network", "https://cloud.example:9696", "http://10.0.0.1:9696"),
        ("placement", "https://cloud.example:8780", "http://10.0.0.1:8780"),
        (
            "volumev3",
            "https://cloud.example:8776/v3/%(tenant_id)s",
            "http://10.0.0.1:8776/v3/%(tenant_id)s",
        ),
        (
            "orchestration",
            "https://cloud.example:8004/v1/%(tenant_id)s",
            "http://10.0.0.1:8004/v1/x",
        ),
        (
            "object-store",
            "https://cloud.example:6780/swift/v1/AUTH_%(project_id)s",
            "http://10.0.0.1:6780/swift/v1/AUTH_%(project_id)s",
        ),
    ]
    for entry in [
        row(service, public),
        row(service, inside, "internal"),
        row(service, inside, "admin"),
    ]
]


def imported(rows: object, text: str = "", region: str | None = None, **backends: str) -> str:
    """Return the file after an import for the cloud One."""
    urls = {service: Url.parse(url) for service, url in backends.items()}
    return extend(text, "f.yaml", "One", rows, region, urls)


def test_devstack_has_path_prefixes() -> None:
    """Versions and project ids end the address; disabled endpoints are left out."""
    assert (
        imported(DEVSTACK)
        == """\
clouds:
  One:
    region: RegionOne
    frontends:
      identity: http://192.0.2.1/identity
      compute: http://192.0.2.1/compute
      image: http://192.0.2.1/image
      network: http://192.0.2.1:9696/networking
      placement: http://192.0.2.1/placement
      block-storage: http://192.0.2.1/volume
"""
    )


def test_kolla_has_ports_and_three_interfaces() -> None:
    """Each interface keeps its own address."""
    cloud = loads(imported(KOLLA)).clouds["One"]
    addresses = {
        service: [str(cloud.frontend(service, i)) for i in ("public", "internal", "admin")]
        for service in cloud.frontends
    }
    assert addresses == {
        service: [f"https://cloud.example:{rest}", *[f"http://10.0.0.1:{rest}"] * 2]
        for service, rest in {
            "identity": 5000,
            "compute": 8774,
            "image": 9292,
            "network": 9696,
            "placement": 8780,
            "block-storage": 8776,
            "orchestration": 8004,
            "object-store": "6780/swift",
        }.items()
    }


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://h/volume/v3/$(project_id)s", "http://h/volume"),
        ("http://h/volume/$(project_id)s", "http://h/volume"),
        ("http://h:8080/v1/AUTH_%(tenant_id)s", "http://h:8080"),
        ("http://h:8779/v1.0/%(tenant_id)s/", "http://h:8779"),
        ("http://h/load-balancer/", "http://h/load-balancer"),
        ("http://v2/identity/v3", "http://v2/identity"),
        ("http://v3", "http://v3"),
        ("http://v1.example/v2stores", "http://v1.example/v2stores"),
    ],
)
def test_an_address_ends_before_version_and_project(url: str, address: str) -> None:
    """Also where a host is called like a version."""
    cloud = loads(imported([row("image", url)])).clouds["One"]
    assert str(cloud.frontend("image", "public")) == address


@pytest.mark.parametrize("rows", [DEVSTACK, KOLLA])
def test_importing_twice_is_importing_once(rows: list[dict[str, Any]]) -> None:
    """To the byte, backends included."""
    once = imported(rows, image="http://127.0.0.1:19292")
    assert imported(rows, once, image="http://127.0.0.1:19292") == once


def test_a_file_is_extended_and_what_people_wrote_is_kept() -> None:
    """Comments, quotes, other clouds, services that Keystone does not list, aliases."""
    text = """\
# The federation of the north.
clouds:
  Zero:  # the first
    frontends:
      image: "http://zero/image"
  One:
    frontends:
      # in front of Ceph
      glance: http://old/image  # to move
      compute:
        public: http://old/compute  # by the door
        admin: http://old:8775
      ledger: 'http://one/ledger'
    bind: "192.0.2.7"
shared:
- clouds: [Zero, One]
  services: [network]  # one fabric
"""
    rows = [
        row("image", "http://one/image"),
        row("compute", "http://one/compute/v2.1"),
        row("compute", "http://one:8774/v2.1", "internal"),
    ]
    assert (
        imported(rows, text, nova="http://127.0.0.1:18774")
        == """\
# The federation of the north.
clouds:
  Zero:  # the first
    frontends:
      image: "http://zero/image"
  One:
    frontends:
      # in front of Ceph
      glance: http://one/image  # to move
      compute:
        public: http://one/compute  # by the door
        internal: http://one:8774
      ledger: 'http://one/ledger'
    bind: "192.0.2.7"
    region: RegionOne
    backends:
      nova: http://127.0.0.1:18774
shared:
- clouds: [Zero, One]
  services: [network]  # one fabric
"""
    )


@pytest.mark.parametrize(
    "text", ["clouds:\n", "clouds:\n  One:\n", "clouds:\n  One:\n    frontends:\n"]
)
def test_a_section_without_content_is_filled(text: str) -> None:
    """As people leave it when they begin a file."""
    assert loads(imported(DEVSTACK, text)) == loads(imported(DEVSTACK))


def test_one_region_is_taken() -> None:
    """It must be chosen where there are several."""
    rows = [
        row("image", "http://north/image", Region="North"),
        row("image", "http://south/image", Region="South"),
    ]
    with pytest.raises(EndpointError, match="several regions, North, South; choose by --region"):
        imported(rows)
    with pytest.raises(
        EndpointError, match="no endpoint is in region West; there are North, South"
    ):
        imported(rows, region="West")
    cloud = loads(imported(rows, region="South")).clouds["One"]
    assert (str(cloud.frontend("image", "public")), cloud.region) == ("http://south/image", "South")


def test_endpoints_without_a_region_make_a_cloud_without_one() -> None:
    """Keystone allows it, and prints null."""
    assert loads(imported([row("image", "http://h", Region=None)])).clouds["One"].region is None


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "there is no endpoint; make the list with: openstack endpoint list -f json"),
        ({}, "there is no endpoint"),
        (None, "there is no endpoint"),
        (5, "there is no endpoint"),
        ("text", "'t' is no endpoint"),
        ([5], "5 is no endpoint"),
        ([{"URL": "http://h", "Region": "R"}], "an endpoint lacks Interface, Service Type; make"),
        ([row("image", "http://h", Enabled=False)], "every endpoint is disabled"),
        (
            [row("image", "http://a/v2"), row("glance", "http://b")],
            "image has two public endpoints, http://a and http://b; remove one",
        ),
    ],
)
def test_a_list_that_makes_no_entry_is_refused(rows: object, reason: str) -> None:
    """With what is wrong and how to make a right one."""
    with pytest.raises(EndpointError) as caught:
        imported(rows)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "text", "reason"),
    [
        ([row("image", "ftp://h")], "", 'frontends.image: "ftp://h" must be a URL'),
        ([row("image", "http://h", "internal")], "", "the public interface is missing"),
        ([row("image", "http://h", "publicURL")], "", "must be one of 'public', 'internal'"),
        ([row("my image", "http://h")], "", "is no valid name"),
        ([row("image", "http://h")], "clouds: []\n", "f.yaml:1: clouds: must be a mapping"),
        ([row("image", "http://h")], "clouds:\n  One: 5\n", "f.yaml:2: One: must be a mapping"),
        ([row("image", "http://h")], "- a\n", "f.yaml:1: must be a mapping"),
        ([row("image", "http://h")], "# only this\n", "f.yaml:1: must be a mapping"),
        (
            [row("image", "http://zero")],
            "clouds: {Zero: {frontends: {image: http://zero}}}\n",
            "http://zero is the address of Zero's image already",
        ),
    ],
)
def test_a_result_that_is_no_federation_is_refused(rows: object, text: str, reason: str) -> None:
    """What is printed or written can always be used."""
    with pytest.raises(FederationError) as caught:
        imported(rows, text)
    assert reason in str(caught.value)


def test_a_backend_needs_a_frontend() -> None:
    """A slip in --backend is found at once."""
    with pytest.raises(FederationError, match="frontends has no dns"):
        imported(DEVSTACK, dns="http://127.0.0.1:9001")
