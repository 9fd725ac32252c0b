"""From Keystone's list of endpoints to a cloud's entry, again and again."""

from typing import Any

import pytest
from federation.rows import IDENTITY, IMAGE, row
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.federation import FederationError, Url, loads
from openstackoid.federation.endpoints import EndpointError
from openstackoid.federation.importing import Imported, extend

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


def extended(rows: object, text: str = "", region: str | None = None, **backends: str) -> Imported:
    """Return what an import for the cloud One makes of a file."""
    urls = {service: Url.parse(url) for service, url in backends.items()}
    return extend(text, "f.yaml", "One", rows, region, urls)


def imported(rows: object, text: str = "", region: str | None = None, **backends: str) -> str:
    """Return the file after an import for the cloud One."""
    return extended(rows, text, region, **backends).text


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
      image: "https://zero/image"
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
      image: "https://zero/image"
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


def test_a_backend_needs_a_frontend() -> None:
    """A slip in --backend is found at once."""
    with pytest.raises(FederationError, match="frontends has no dns"):
        imported(DEVSTACK, dns="http://127.0.0.1:9001")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("clouds: []\n", "f.yaml:1: clouds: must be a mapping"),
        ("clouds:\n  One: 5\n", "f.yaml:2: One: must be a mapping"),
        ("- a\n", "f.yaml:1: must be a mapping"),
        ("# only this\n", "f.yaml:1: must be a mapping"),
        ("clouds: {One: {bind: here}}\n", "clouds.One.bind: must be an IP address"),
        ("clouds: {Zero: {frontends: {image: zero}}}\n", 'Zero.frontends.image: "zero" must be'),
        (
            "clouds: {One: {backends: {dns: 'https://api.example.org:9292'}}}\n",
            "frontends has no dns",
        ),
    ],
)
def test_a_result_that_is_no_federation_is_refused(text: str, reason: str) -> None:
    """What is printed or written can always be used."""
    with pytest.raises(FederationError) as caught:
        imported([IMAGE], text)
    assert reason in str(caught.value)


def test_a_file_keeps_what_the_list_has_in_another_spelling() -> None:
    """A port that is the scheme's own, capitals, a slash at the end: the same address."""
    text = """\
clouds:
  One:
    frontends:
      identity: "https://api.example.org:5000/"  # ours
      image:
        public: HTTPS://IMAGE.example.org:443
    region: RegionOne
"""
    rows = [IDENTITY, row("image", "https://image.example.org/v2")]
    assert extended(rows, text) == Imported(text, ())


def test_what_is_left_out_stays_as_it_is_in_the_file() -> None:
    """An operator may know better than the catalog."""
    text = """\
clouds:
  One:
    frontends:
      placement: {public: http://one:8778, internal: http://old:8778}
      ledger: https://api.example.org:9292
    region: RegionOne
"""
    rows = [
        IDENTITY,
        IMAGE,
        row("placement", "http://new:8778", "internal"),
        row("placement", "file:///placement"),
    ]
    assert extended(rows, text) == Imported(
        text.replace("    region", "      identity: https://api.example.org:5000\n    region"),
        (
            "left out:",
            "  image (public): it is at the address of ledger, https://api.example.org:9292",
            "  placement (internal): no public endpoint of it can be used; other clouds come in by "
            "it",
            '  placement (public): "file:///placement" must be a URL like '
            'http://192.0.2.1:8774/compute ("" is no host)',
        ),
    )


def test_addresses_that_change_are_named() -> None:
    """As the gateway no longer listens at the old ones; a first import changes none."""
    both = [row("image", "http://10.0.0.1:9292", i) for i in ("internal", "admin")]
    before = extended([IDENTITY, IMAGE, *both])
    assert before.remarks == ()
    after = extended([IDENTITY, row("image", "https://new.example.org"), both[0]], before.text)
    assert after.remarks == (
        "image (public): https://api.example.org:9292 is now https://new.example.org",
        "image (admin): http://10.0.0.1:9292 is gone",
        "The gateway of One no longer listens at old addresses once it is reloaded; keep those "
        "that users and services still come by, as another interface",
    )


KNOWN = "clouds: {One: {frontends: {imagev1: 'http://h'}}, Zero: {frontends: {a: 'http://z'}}}\n"
NO_IDENTITY = (
    "One has no identity service: nobody can log in there by its gateway, and no other cloud can "
    "validate its tokens"
)


def test_a_cloud_without_a_keystone_is_told() -> None:
    """Unless the file has one, which the list lacks."""
    assert extended([IMAGE]).remarks == (NO_IDENTITY,)
    known = "clouds: {One: {frontends: {keystone: 'http://one:5000'}}}\n"
    assert extended([IMAGE], known).remarks == ()


def test_what_only_another_region_has_is_told() -> None:
    """So that nobody takes two regions of one Keystone for two clouds."""
    rows = [
        IDENTITY | {"Region": "North"},
        IMAGE | {"Region": "North"},
        row("image", "https://south.example.org:9292", Region="South"),
        row("swift", "https://west.example.org", Region="West"),
        row("object-store", "https://west.example.org", "admin", Region="North"),
    ]
    assert extended(rows, region="South").remarks == (
        "identity: only in North, and so left out",
        "object-store: only in North, West, and so left out",
        NO_IDENTITY,
        "Regions of one Keystone are one cloud: import the region that scopes are to reach, and "
        "leave the others as they are",
    )


def test_the_keystone_of_another_cloud_is_not_taken() -> None:
    """Two regions with one Keystone that is in both: the second import says so, and goes on."""
    text = "clouds: {Zero: {frontends: {identity: 'https://api.example.org:5000'}}}\n"
    result = extended([IDENTITY, IMAGE], text)
    assert list(loads(result.text).clouds["One"].frontends) == ["image"]
    assert result.remarks == (
        "left out:",
        "  identity (public): it is at the address of Zero's identity, https://api.example.org:5000",
        NO_IDENTITY,
    )


@pytest.mark.parametrize(
    "entry",
    ["5", "{frontends: 5}", "{frontends: {image: 5}}", "{frontends: {image: [a]}}", "[]", "{5: 6}"],
)
def test_a_broken_entry_of_another_cloud_is_a_fault_of_the_file(entry: str) -> None:
    """And never a crash."""
    with pytest.raises(FederationError, match=r"f.yaml:1: clouds.Zero"):
        imported([IDENTITY], f"clouds: {{Zero: {entry}}}\n")


@pytest.mark.parametrize("name", ["1e3", "7", "0x1F", "true", "null", "2024-01-01", "1.50"])
def test_a_name_that_yaml_has_another_use_for_stays_a_name(name: str) -> None:
    """It is written in quotes, and found again."""
    once = extend("", "f.yaml", name, [IDENTITY], None, {}).text
    assert list(loads(once).clouds) == [name]
    assert extend(once, "f.yaml", name, [IDENTITY], None, {}).text == once


TEXTS = st.text(max_size=5) | st.sampled_from(
    [
        "image",
        "imagev1",
        "volumev3",
        "public",
        "internal",
        "R",
        "*",
        "http://h",
        "http://h/v2",
        "ws://h",
    ]
)
VALUES = st.none() | st.booleans() | st.integers() | TEXTS | st.lists(TEXTS, max_size=2)
ROWS = st.dictionaries(
    st.sampled_from(["Region", "region_id", "Service Type", "Interface", "URL", "Enabled", "Type"]),
    VALUES,
)
DOCUMENTS = st.lists(
    VALUES
    | ROWS
    | st.builds(lambda row, rows: row | {"Endpoints": rows}, ROWS, st.lists(VALUES | ROWS)),
    max_size=5,
)


@given(DOCUMENTS, st.sampled_from(["", KNOWN]))
def test_any_list_makes_a_file_that_can_be_used_or_is_refused(rows: object, text: str) -> None:
    """And what is said can be printed."""
    try:
        result = extended([IDENTITY, *rows] if isinstance(rows, list) else rows, text)
    except (EndpointError, FederationError) as error:
        told = str(error)
    else:
        told = "\n".join(result.remarks)
        assert "identity" in loads(result.text).clouds["One"].frontends
    assert all(line.isprintable() for line in told.split("\n"))
