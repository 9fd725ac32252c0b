"""Which headers cross a border."""

import importlib
import pkgutil
import warnings

import openstack
import pytest
from openstack.resource import Resource

from openstackoid.routing.border import (
    caching_told,
    may_answer,
    may_ask,
    retry_told,
    type_told,
)
from openstackoid.services import known_names, service_type

SERVICES = sorted({official for name in known_names() if (official := service_type(name))})

READ = [  # service, headers that a client reads, and which client
    ("image", "content-md5 content-range x-image-meta-checksum x-openstack-image-size"),  # SDK
    ("image", "OpenStack-image-import-methods OpenStack-image-store-ids x-image-meta-store"),
    ("compute", "Location x-compute-request-id retry-after X-OpenStack-Nova-API-Version"),
    ("placement", "OpenStack-API-Version Location Last-Modified Cache-Control"),
    ("baremetal", "X-OpenStack-Ironic-API-Version Openstack-Request-Id"),
    ("baremetal", "X-OpenStack-Ironic-API-Minimum-Version X-OpenStack-Ironic-API-Maximum-Version"),
    ("baremetal-introspection", "X-OpenStack-Ironic-Inspector-API-Minimum-Version"),
    ("shared-file-system", "X-OpenStack-Manila-API-Version X-OpenStack-Manila-API-Experimental"),
    ("identity", "X-Subject-Token Openstack-Auth-Receipt Vary Content-Type"),
    ("metric", "Link ETag Last-Modified"),
    ("network", "X-Openstack-Request-Id Date Content-Length Content-Language Allow Age"),
    (
        "object-store",
        "X-Account-Bytes-Used X-Account-Container-Count X-Account-Meta-Temp-URL-Key-2",
    ),
    ("object-store", "X-Account-Meta-Quota-Bytes X-Account-Storage-Policy-Gold-Bytes-Used"),
    ("object-store", "X-Container-Read X-Container-Sync-Key X-Container-Object-Count"),
    ("object-store", "X-Container-Meta-Access-Control-Allow-Origin X-Storage-Policy"),
    (
        "object-store",
        "X-Object-Manifest X-Object-Meta-mtime X-Object-Meta-a_b X-Static-Large-Object",
    ),
    (
        "object-store",
        "X-Timestamp X-Trans-Id X-Symlink-Target X-Symlink-Target-Account X-Delete-At",
    ),
    ("object-store", "X-History-Location X-Versions-Location X-Versions-Enabled X-Copied-From"),
    ("object-store", "Accept-Ranges Content-Disposition Content-Encoding Content-Location Expires"),
]
SENT = [
    ("image", "Content-Type Content-Range x-image-meta-store X-Openstack-Append If-Match"),
    ("compute", "X-Auth-Token X-OpenStack-Nova-API-Version OpenStack-API-Version Accept-Language"),
    ("shared-file-system", "X-OpenStack-Manila-API-Experimental"),
    ("identity", "X-Subject-Token Openstack-Auth-Receipt"),
    ("dns", "X-Auth-All-Projects X-Auth-Sudo-Project-ID X-Designate-Edit-Managed-Records"),
    ("message", "Client-ID"),
    ("network", "If-Match Accept User-Agent X-Openstack-Request-Id Via"),
    ("object-store", "X-Account-Meta-Temp-URL-Key X-Remove-Account-Meta-a X-Container-Meta-b"),
    ("object-store", "X-Container-Write X-Remove-Container-Read X-Storage-Policy X-Newest"),
    ("object-store", "X-Object-Meta-A X-Object-Manifest X-Copy-From Destination X-Delete-After"),
    ("object-store", "X-Fresh-Metadata X-Detect-Content-Type X-Symlink-Target Destination-Account"),
    ("object-store", "ETag If-None-Match Range If-Range If-Modified-Since Expect Content-MD5"),
    ("object-store", "X-Versions-Location X-History-Location X-Versions-Enabled"),
]

NEVER_SAID = [
    "Set-Cookie",
    "Strict-Transport-Security",
    "Clear-Site-Data",
    "Alt-Svc",
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "WWW-Authenticate",
    "Proxy-Authenticate",
    "X-Accel-Redirect",
    "X-Sendfile",
    "X-Scope-Key",
    "X-Scope-Report",
    "X-Scope-Proof",
    "X-Auth-Token",
    "X-Storage-Url",
    "X-Storage-Token",
    "Refresh",
    "Content-Security-Policy",
    "Content-Location-Elsewhere",
    "NEL",
    "Report-To",
    "Public-Key-Pins",
    "Server",
    "Via",
    "X-OpenStack-Nova-API-Version-",
    "Unknown",
]
NEVER_HEARD = [
    "Cookie",
    "Authorization",
    "Proxy-Authorization",
    "Referer",
    "Origin",
    "X-Api-Key",
    "X-Auth-Key",
    "X-Auth-User",
    "X-Service-Token",
    "X-Storage-Token",
    "X-Target-Auth-Token",
    "X-Amz-Security-Token",
    "X-Forwarded-For",
    "Forwarded",
    "X-Real-IP",
    "X-Roles",
    "X-User-Id",
    "X-Project-Id",
    "X-Identity-Status",
    "OpenStack-System-Scope",
    "X_Auth_Token",
    "Traceparent",
    "Baggage",
    "X-Scope",
    "X-Scope-Policy",
    "X-Scope-Proof",
    "Unknown",
]


def of(table: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(service, name) for service, names in table for name in names.lower().split()]


@pytest.mark.parametrize(("service", "name"), of(READ))
def test_what_clients_read_comes_through(service: str, name: str) -> None:
    """Of each service its own, of all of them those of HTTP and of OpenStack's guidelines."""
    assert may_answer(service, name)


@pytest.mark.parametrize(("service", "name"), of(SENT))
def test_what_clients_send_goes_through(service: str, name: str) -> None:
    """Of each service its own, of all of them those of HTTP and of OpenStack's guidelines."""
    assert may_ask(service, name)


@pytest.mark.parametrize("name", NEVER_SAID)
def test_no_other_cloud_says_this(name: str) -> None:
    """Whatever its service: it would count as home's, or is unknown."""
    assert not [service for service in SERVICES if may_answer(service, name.lower())]


@pytest.mark.parametrize("name", NEVER_HEARD)
def test_no_other_cloud_hears_this(name: str) -> None:
    """Whatever its service: it is for home, or is unknown."""
    assert not [service for service in SERVICES if may_ask(service, name.lower())]


@pytest.mark.parametrize("name", ["x-object-meta-a", "x-image-meta-store", "client-id", "version"])
def test_a_service_s_own_headers_are_for_it_alone(name: str) -> None:
    """Another service does not read them."""
    assert not may_answer("compute", name)
    assert not may_ask("compute", name)


OF_HOME = {"access-control-allow-origin", "signature", "transfer-encoding", "x-project-id"}
"""Headers of openstacksdk's resources that cross no border: of browsers, of a temporary URL (which
has it in its query), of a connection, and of an identity."""


def of_the_sdk() -> set[tuple[str, str]]:
    """Return service and name of each header that openstacksdk's resources have."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in pkgutil.walk_packages(openstack.__path__, "openstack."):
            if module.name.count(".") > 2 and ".tests" not in module.name:
                importlib.import_module(module.name)
    found = set()
    kinds = [Resource]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        _, project, *_ = kind.__module__.split(".")
        if service := service_type(project.replace("_", "-")):
            found |= {(service, name.lower()) for name in kind._header_mapping()}
    return found


def test_every_header_of_openstacksdk_s_resources_crosses() -> None:
    """One way or both; those that do not are known."""
    found = of_the_sdk()
    assert len(found) > 40
    assert {n for s, n in found if not (may_answer(s, n) or may_ask(s, n))} <= OF_HOME


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("application/json", "application/json"),
        ("application/json; charset=UTF-8", "application/json; charset=UTF-8"),
        ('text/html;charset="utf-8"', 'text/html;charset="utf-8"'),
        ("text/plain", "text/plain"),
        ("application/json; charset=utf-7", "application/json; charset=utf-8"),
        ("application/json; x=y; charset=cp037", "application/json; charset=utf-8"),
        ("application/json;charset=utf-8;charset=hz", "application/json; charset=utf-8"),
        ("application/problem+json", "application/problem+json; charset=utf-8"),
        ("application/octet-stream", "application/octet-stream; charset=utf-8"),
        ("", "text/plain; charset=utf-8"),
        ("a b, c", "text/plain; charset=utf-8"),
    ],
)
def test_no_charset_makes_another_text_of_a_body(told: str, kept: str) -> None:
    """ASCII stays ASCII, and nothing is left for a client to guess."""
    assert type_told(told) == kept


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("public", "private"),
        ("public, max-age=31536000, immutable", "private, max-age=31536000"),
        ("s-maxage=9, stale-while-revalidate=9", "private"),
        ("PUBLIC,No-Store", "private, No-Store"),
        ('no-cache="a, public", public="x"', "private"),
        ("max-age=0,,  must-revalidate", "private, max-age=0, must-revalidate"),
        ("private", "private"),
        ("", "private"),
    ],
)
def test_an_answer_is_kept_by_its_client_alone(before: str, after: str) -> None:
    """Whatever the cloud allows caches of many to do."""
    assert caching_told(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("0", "0"),
        ("30", "30"),
        ("3600", "3600"),
        ("3601", "3600"),
        ("00000000000000000099999", "0"),
        ("9" * 5000, "3600"),
        ("Wed, 21 Oct 2099 07:28:00 GMT", None),
        ("-1", None),
        ("1e9", None),
        ("\u0663", None),
        ("", None),
    ],
)
def test_a_cloud_has_nobody_wait_for_long(before: str, after: str | None) -> None:
    """An hour at most; a date, by a clock of its own, is no number of seconds."""
    assert retry_told(before) == after
