"""Services told by what is at their roots."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.livecheck.recognition import Recognised, recognised

from .conftest import IMAGE


def version(id_: str, href: str, kind: str | None = None, **more: object) -> dict[str, Any]:
    links = [{"rel": "self", "href": href}]
    kinds = {"media-types": media(kind)} if kind else {}
    return {"id": id_, "status": "CURRENT", "links": links, **kinds, **more}


def media(kind: str) -> list[dict[str, str]]:
    return [{"base": "application/json", "type": f"application/vnd.openstack.{kind}"}]


SHAPES: dict[str, dict[str, Any]] = {
    "compute": {
        "versions": [
            version("v2.0", "http://x/v2/", version="", min_version="", updated="2011-01-21"),
            version("v2.1", "http://x/v2.1/", version="2.100", min_version="2.1", updated="2013"),
        ]
    },
    "image": IMAGE,
    "network": {"versions": [version("v2.0", "http://x:9696/network/v2.0/")]},
    "orchestration": {"versions": [version("v1.0", "http://x:8004/v1/")]},
    "placement": {"versions": [version("v1.0", "", max_version="1.39", min_version="1.0")]},
}
DECLARED: list[tuple[str, dict[str, str], Any]] = [
    ("identity", {}, {"versions": {"values": [version("v3.14", "x/v3/", "identity-v3+json")]}}),
    ("block-storage", {}, {"versions": [version("v3.0", "x/v3/", "volume+json;version=3")]}),
    ("shared-file-system", {}, {"versions": [version("v2.0", "x/v2/", "share+json;version=1")]}),
    ("key-manager", {}, {"versions": [version("v1", "http://x/v1/", "key-manager-v1+json")]}),
    (
        "baremetal",
        {},
        {"name": "OpenStack Ironic API", "versions": [version("v1", "http://x/v1/")]},
    ),
    ("placement", {"openstack-api-version": "placement 1.0"}, {}),
    ("compute", {"openstack-api-version": "compute 2.1"}, {"version": {}}),
    ("object-store", {"x-trans-id": "tx74ee5a3f0c4e4ba5a3c0a-0065f0c1d2"}, "Bad URL"),
]


@pytest.mark.parametrize("service", SHAPES)
def test_a_service_is_told_by_its_versions(service: str) -> None:
    """As they are in Nova, Glance, Neutron, Heat and Placement of today."""
    found = recognised({}, json.dumps(SHAPES[service]).encode())
    assert found == Recognised(service, declared=False)


@pytest.mark.parametrize(("service", "headers", "document"), DECLARED)
def test_a_service_that_says_what_it_is_is_believed(
    service: str, headers: dict[str, str], document: object
) -> None:
    """By a media type, a name or a header."""
    found = recognised(headers, json.dumps(document).encode())
    assert found == Recognised(service, declared=True)


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        None,
        {"versions": []},
        {"versions": None},
        {"versions": {"values": {}}},
        {"versions": ["v2.0"]},
        {"versions": [{"id": 2}]},
        {"versions": [version("v2", "http://x/v2/")]},
        {"versions": [version("v2.0", "http://x/v2")]},  # load balancers, workflows
        {"versions": [version("v2.0", "http://x/v2.0/"), version("v3", "http://x/v3/")]},
        {"versions": [{"id": "v1.0", "media-types": media("unheard-of+json"), "links": 1}]},
        {"versions": [{"id": "v1.0", "media-types": [1, {"type": None}]}]},
        {"name": "OpenStack Unheard API"},
    ],
)
def test_what_may_be_of_any_service_is_of_none(document: object) -> None:
    """Others have roots that are nearly the same."""
    assert recognised({"x-trans-id": "1"}, json.dumps(document).encode()) is None


@given(st.binary(max_size=100))
def test_any_answer_is_looked_at(body: bytes) -> None:
    """What is not JSON is of no known service."""
    assert recognised({}, body) is None
