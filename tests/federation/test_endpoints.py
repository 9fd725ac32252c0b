"""Lists of endpoints, however `openstack` and its users write them."""

import json

import pytest
from federation.rows import IMAGE, row

from openstackoid.federation.endpoints import Endpoint, EndpointError, endpoints

ID = "0" * 32


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://h/volume/v3/$(project_id)s", "http://h/volume"),
        ("http://h/volume/$(project_id)s", "http://h/volume"),
        ("http://h:8080/v1/AUTH_%(tenant_id)s", "http://h:8080"),
        ("http://h:8080/AUTH_%(tenant_id)s/", "http://h:8080"),
        ("http://h:8779/v1.0/%(tenant_id)s/", "http://h:8779"),
        ("http://h/load-balancer/", "http://h/load-balancer"),
        ("http://v2/identity/v3", "http://v2/identity"),
        ("http://v3", "http://v3"),
        ("http://v1.example/v2stores", "http://v1.example/v2stores"),
        # blanks
        ("http://h:9001/v2 ", "http://h:9001"),
        ("\thttp://h:9001\n", "http://h:9001"),
        ("http://h:9001/ ", "http://h:9001"),
        # escapes
        (r"http://h:8779/%\(tenant_id\)s", "http://h:8779"),
        (r"http://h:8779/$\(tenant_id\)s/x", "http://h:8779"),
        ("http://h:8779/%25(tenant_id)s", "http://h:8779"),
        ("http://h:8779/%24%28project_id%29s", "http://h:8779"),
        ("http://h:8779/AUTH_%25%5C%28project_id%5C%29s", "http://h:8779"),
        # an id itself, as a catalog has it
        (f"http://h:8779/{ID}", "http://h:8779"),
        (f"http://h/store/AUTH_{ID}", "http://h/store"),
        (f"http://h/{ID}0", f"http://h/{ID}0"),
        (f"http://{ID}/image", f"http://{ID}/image"),
    ],
)
def test_an_address_ends_before_version_and_project(url: str, address: str) -> None:
    """Also where a host is called like a version or an id."""
    (found,), _ = endpoints([row("image", url)])
    assert found.url == address


CATALOG = [
    {
        "Name": "glance",
        "Type": "image",
        "Endpoints": [
            {
                "id": "a",
                "interface": "public",
                "region": "RegionOne",
                "region_id": "RegionOne",
                "url": "https://api.example.org:9292",
            },
            {"id": "b", "interface": "internal", "region_id": "RegionOne", "url": "http://in:9292"},
        ],
    },
    {"Name": "nothing", "Type": "dns", "Endpoints": []},
]


def test_a_catalog_is_a_list_of_endpoints() -> None:
    """It is what users can get who are no administrators."""
    assert endpoints(CATALOG) == (
        [
            Endpoint("image", "public", "RegionOne", "https://api.example.org:9292", "glance", "a"),
            Endpoint("image", "internal", "RegionOne", "http://in:9292", "glance", "b"),
        ],
        [],
    )


def test_keys_may_be_written_as_keystone_writes_them() -> None:
    """As in several outputs of `endpoint show`, put into a list."""
    shown = {
        "region": "R",
        "service_type": "image",
        "service_name": "glance",
        "interface": "public",
        "url": "http://h",
        "enabled": True,
        "id": "a",
    }
    assert endpoints([shown])[0] == [Endpoint("image", "public", "R", "http://h", "glance", "a")]


@pytest.mark.parametrize("region", [None, "", " ", "*"])
def test_some_endpoints_are_in_every_region(region: str | None) -> None:
    """Keystone allows it, and prints null; some operators write a star."""
    (found,), _ = endpoints([IMAGE | {"Region": region}])
    assert found.region == ""


@pytest.mark.parametrize("enabled", [False, "False", "false"])
def test_disabled_endpoints_are_no_endpoints(enabled: object) -> None:
    """However JSON was made."""
    other = row("dns", "http://h:9001", Enabled=enabled)
    assert [e.type for e in endpoints([other, IMAGE])[0]] == ["image"]


def test_rows_that_are_none_are_named_and_the_rest_is_read() -> None:
    """By their number, as they have nothing else to be found by."""
    document = [5, {"URL": "http://h", "Region": "R"}, IMAGE, *CATALOG, {"Endpoints": ["http://h"]}]
    found, left_out = endpoints(document)
    assert [e.url for e in found] == [IMAGE["URL"], IMAGE["URL"], "http://in:9292"]
    assert list(map(str, left_out)) == [
        "item 1: it is no endpoint, which has Region, Service Type, Interface, URL",
        "item 2: it lacks Service Type, Interface",
        "item 6, endpoint 1: it lacks Region, Interface, URL",
    ]


HOW = "make the list with: openstack endpoint list -f json"
FIELDS = [{"Field": "region", "Value": "R"}, {"Field": "url", "Value": "http://h"}]
NONE = "it is no endpoint, which has Region, Service Type, Interface, URL"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], f"there is no endpoint; {HOW}"),
        (None, f"there is no endpoint; {HOW}"),
        (5, f"there is no endpoint; {HOW}"),
        ("text", f"there is no endpoint; {HOW}"),
        ([CATALOG[1]], f"there is no endpoint; {HOW}"),
        ({}, f"this is an object, not a list; {HOW}"),
        ({"endpoints": []}, f"this is an object, not a list; {HOW}"),
        (IMAGE, f"this is one endpoint, not a list; {HOW}"),
        (
            {"region": "R", "service_type": "image", "interface": "public", "url": "http://h"},
            f"this is one endpoint, not a list; {HOW}",
        ),
        ([FIELDS], f"no endpoint can be read:\n  item 1: {NONE}\n{HOW}"),
        (FIELDS, f"no endpoint can be read:\n  item 1: {NONE}\n  item 2: {NONE}\n{HOW}"),
        ([{"a": 1}], f"no endpoint can be read:\n  item 1: {NONE}\n{HOW}"),
        (
            [IMAGE | {"Enabled": False}],
            "every endpoint is disabled; enable some: openstack endpoint set --enable ID",
        ),
    ],
)
def test_what_has_no_endpoint_is_refused(document: object, message: str) -> None:
    """With what a right one has, and how to make it."""
    with pytest.raises(EndpointError) as caught:
        endpoints(json.loads(json.dumps(document)))
    assert str(caught.value) == message
