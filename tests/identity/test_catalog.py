"""Catalogs that lead through home, whichever Keystone they come from."""

import json
from typing import Any

import pytest

from openstackoid.federation import Federation, loads
from openstackoid.identity import CatalogEditor, CatalogError, CatalogTooLongError, has_catalog
from openstackoid.identity.catalog import MAX_CATALOG, MAX_VALUES
from openstackoid.routing import Route
from openstackoid.routing.links import Links
from openstackoid.scope import CloudRef, Scope, parse

FEDERATION = """
clouds:
  One:
    region: RegionOne
    frontends:
      identity: http://one:8888/identity
      compute: {public: "http://one:8888/compute", internal: "http://one.internal/compute"}
      block-storage: http://one:8888/volume
      object-store: {public: "http://one:8888/store", admin: "http://one.internal/store"}
  Two:
    region: RegionTwo
    frontends:
      identity: http://two:5000
      compute: {public: "http://two:8774", internal: "http://two.internal:8774"}
      image: http://two:9292
      object-store: http://two:8080/swift
  Three:
    frontends:
      block-storage: http://three/volume
"""


@pytest.fixture
def federation() -> Federation:
    """Three clouds, of which One serves block-storage for Three's sake."""
    return loads(FEDERATION)


def entry(service: str, url: str, region: str, interface: str = "public") -> dict[str, Any]:
    """Return an entry of a catalog with one endpoint."""
    endpoint = {"interface": interface, "region": region, "region_id": region, "url": url}
    return {"type": service, "endpoints": [endpoint]}


def edited(document: object, federation: Federation, scope: str, theirs: str | None) -> Any:
    """Return a document as One hands it on."""
    one = federation.clouds["One"]
    links = Links(federation.clouds[theirs], one, "identity") if theirs else None
    editor = CatalogEditor(parse(scope).completed("One"), links, federation, "One")
    data = json.dumps(document).encode()
    assert editor.feed(data[:10]) == editor.feed(data[10:]) == b""
    return json.loads(b"".join(editor.rest()))


def test_endpoints_of_another_cloud_become_ours(federation: Federation) -> None:
    """Address and region are ours where we have the service; the path behind it stays.

    It is the address of the endpoint's own interface, whichever of theirs it has.
    """
    theirs = [
        entry("compute", "http://two:8774/v2.1", "RegionTwo"),
        entry("compute", "http://two.internal:8774/v2.1", "RegionTwo"),
        entry("compute", "https://TWO.:8774/v2.1", "RegionTwo", "internal"),
        entry("compute", "http://two:8774/v2.1", "RegionTwo", "admin"),
        entry("image", "http://two:9292", "RegionTwo"),
    ]
    document = edited({"token": {"catalog": theirs, "user": 1}}, federation, "image=Two", "Two")
    url = "http://one:8888/compute/v2.1"
    ours = [
        entry("compute", url, "RegionOne"),
        entry("compute", url, "RegionOne"),
        entry("compute", "http://one.internal/compute/v2.1", "RegionOne", "internal"),
        entry("compute", url, "RegionOne", "admin"),
    ]
    assert document == {"token": {"catalog": ours, "user": 1}}


def test_regions_are_as_far_as_they_are_known(federation: Federation) -> None:
    """What a Keystone leaves out, or writes as no text, is left out; none has to be there."""
    home = loads(FEDERATION.replace("    region: RegionOne\n", ""))
    for regions, kept in (
        ({}, {}),
        ({"region": "R"}, {"region": "R"}),
        ({"region_id": "R"}, {"region_id": "R"}),
        ({"region": None, "region_id": 7}, {}),
    ):
        endpoint = {"interface": "public", "url": "http://two:8774/v2.1"} | regions
        theirs = [{"type": "compute", "endpoints": [endpoint]}]
        catalog = edited({"catalog": theirs}, home, "object-store=Two", "Two")["catalog"]
        assert catalog[0]["endpoints"] == [
            {"interface": "public", "url": "http://one:8888/compute/v2.1"} | kept
        ]
        assert {e["region"] for e in catalog[1]["endpoints"]} == {"R" if kept else None}
        with_region = edited({"catalog": theirs}, federation, "object-store=Two", "Two")["catalog"]
        assert with_region[0]["endpoints"] == [
            {
                "interface": "public",
                "url": "http://one:8888/compute/v2.1",
                "region": "RegionOne",
                "region_id": "RegionOne",
            }
        ]


@pytest.mark.parametrize(
    "odd",
    [
        entry("image", "http://two:9292", "RegionTwo"),
        entry("metering", "https://evil.example", "RegionOne"),
        entry("compute", "http://two:8774.evil.example/", "RegionTwo"),
        {"type": "metering"},
        {"type": "metering", "endpoints": "http://evil.example"},
        {"type": "metering", "endpoints": [1, {"url": 1}, {"interface": "public"}]},
        {"type": "compute", "endpoints": {"url": "http://two:8774/", "interface": "public"}},
        {"type": "compute", "endpoints": [{"url": "http://two:8774/"}]},
        {"type": "compute", "endpoints": [{"url": "http://two:8774/", "interface": ["public"]}]},
        {"type": "compute", "endpoints": [{"url": "http://two:8774/", "interface": "publicURL"}]},
        {"type": "compute", "endpoints": [{"url": ["http://two:8774/"], "interface": "public"}]},
        {"type": "compute", "endpoints": [{"publicURL": "http://two:8774/"}]},
        {"type": ["compute"], "endpoints": [{"url": "http://two:8774/", "interface": "public"}]},
        {"type": "compute", "endpoints": []},
        None,
        {"endpoints": [{"url": "http://two:8774/", "interface": "public"}]},
        1,
    ],
)
def test_what_leads_elsewhere_is_left_out(federation: Federation, odd: object) -> None:
    """A cloud whose Keystone one uses does not say where tokens of other clouds go."""
    theirs = [odd, entry("compute", "http://two:8774/v2.1", "RegionTwo")]
    ours = [entry("compute", "http://one:8888/compute/v2.1", "RegionOne")]
    assert edited({"catalog": theirs}, federation, "image=Two", "Two") == {"catalog": ours}


def test_bytes_that_are_no_text_hide_nothing(federation: Federation) -> None:
    """What some client may decode by another charset is edited as well."""
    links = Links(federation.clouds["Two"], federation.clouds["One"], "identity")
    editor = CatalogEditor(parse("image=Two"), links, federation, "One")
    evil = entry("metering", "https://evil.example", "\xe9")
    editor.feed(json.dumps({"catalog": [evil]}, ensure_ascii=False).encode("latin-1"))
    assert json.loads(b"".join(editor.rest())) == {"catalog": []}


def test_of_an_entry_nothing_is_kept_that_is_not_known(federation: Federation) -> None:
    """Some client might go by another key than the others do."""
    extra = {"url": "http://evil", "publicURL": "http://evil", "links": {"self": "http://evil"}}
    endpoint = {"id": "e", "interface": "public", "adminURL": "http://evil", "enabled": True}
    theirs = {
        **extra,
        "id": "c",
        "name": "nova",
        "type": "compute",
        "endpoints": [endpoint | {"url": "http://two:8774", "links": extra}],
    }
    url = "http://one:8888/compute"
    regions = {"region_id": "RegionOne", "region": "RegionOne"}
    assert edited({"catalog": [theirs]}, federation, "image=Two", "Two")["catalog"] == [
        {
            "id": "c",
            "name": "nova",
            "type": "compute",
            "endpoints": [{"id": "e", "interface": "public", "url": url} | regions],
        }
    ]


def test_pages_of_a_catalog_lead_home(federation: Federation) -> None:
    """And nowhere else."""
    links = {"self": "http://two:5000/v3/auth/catalog", "next": "http://evil", "previous": None}
    document = edited({"catalog": [], "links": links, "x": 1}, federation, "image=Two", "Two")
    assert document["links"] == {"self": "http://one:8888/identity/v3/auth/catalog", "next": None}
    assert document.keys() == {"catalog", "links"}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\x1f\x8b\x08",
        b"<html>",
        b"[]",
        b"1",
        b"{}",
        b'{"access": {"token": {}, "serviceCatalog": []}}',
        b'{"token": 1}',
        b'{"token": []}',
        b'{"token": {"catalog": null}}',
        b'{"token": {"catalog": {"compute": "http://evil"}}}',
        b'{"catalog": "http://evil"}',
        b"[" * 100_000,
    ],
)
def test_what_is_in_no_known_shape_is_not_passed_on(federation: Federation, body: bytes) -> None:
    """Of another cloud, for clients know shapes that Keystone has no more."""
    links = Links(federation.clouds["Two"], federation.clouds["One"], "identity")
    editor = CatalogEditor(parse("image=Two"), links, federation, "One")
    assert editor.strict
    editor.feed(body)
    with pytest.raises(CatalogError, match=r"is no JSON|is in no shape"):
        b"".join(editor.rest())


@pytest.mark.parametrize(
    ("body", "after"),
    [
        (b"", b""),
        (b'{"token": {"user": {}}}', b'{"token":{"user":{}}}'),
        (b'{"error": {"code": 401}, "token": {"catalog": 1}}', b'{"error":{"code":401}}'),
        (b'{"token": {}, "access": {"serviceCatalog": []}}', b'{"token":{}}'),
        (b'{"token": {"catalog": 1, "catalog": []}}', b'{"token":{"catalog":[]}}'),
    ],
)
def test_what_has_no_endpoints_passes(federation: Federation, body: bytes, after: bytes) -> None:
    """An answer without a body, an unscoped token, an error; a key that comes twice only once."""
    links = Links(federation.clouds["Two"], federation.clouds["One"], "identity")
    editor = CatalogEditor(parse("image=Two"), links, federation, "One")
    editor.feed(body)
    assert b"".join(editor.rest()) == after


@pytest.mark.parametrize("path", ["compute", "/" * (2**20)])
def test_others_go_on_while_a_long_catalog_is_edited(federation: Federation, path: str) -> None:
    """Pieces come after a few endpoints each, and a URL that no server accepts is not read."""
    theirs = [entry("compute", f"http://two:8774/{path[:10_000]}", "RegionTwo")] * 200
    links = Links(federation.clouds["Two"], federation.clouds["One"], "identity")
    editor = CatalogEditor(parse("image=Two"), links, federation, "One")
    editor.feed(json.dumps({"catalog": theirs}).encode())
    *between, whole = editor.rest()
    assert between == [b""] * len(between)
    assert len(between) > 10
    assert len(json.loads(whole)["catalog"]) == (200 if path == "compute" else 0)


def test_a_catalog_of_too_many_values_is_refused_before_it_is_decoded(
    federation: Federation,
) -> None:
    """Small values take much longer than their bytes; home's own answer then stays as it is."""
    body = b'{"token": {"catalog": [], "user": [%b1]}}' % (b"1," * MAX_VALUES)
    for theirs in ("Two", None):
        links = Links(federation.clouds[theirs], federation.clouds["One"], "x") if theirs else None
        editor = CatalogEditor(parse("image=Two"), links, federation, "One")
        editor.feed(body)
        if theirs is None:
            assert b"".join(editor.rest()) == body
            continue
        with pytest.raises(CatalogError, match="has more than 32768 values"):
            b"".join(editor.rest())


def test_a_service_taken_elsewhere_is_added(federation: Federation) -> None:
    """A client of One finds Three's block-storage, at One's own address, in every interface."""
    catalog = [entry("compute", "http://one:8888/compute", "RegionOne")]
    document = edited({"catalog": catalog}, federation, "block-storage=Three", None)
    added = document["catalog"][1]
    assert added["type"] == "block-storage"
    assert [e["interface"] for e in added["endpoints"]] == ["public", "internal", "admin"]
    assert {e["url"] for e in added["endpoints"]} == {"http://one:8888/volume"}
    assert {e["region_id"] for e in added["endpoints"]} == {"RegionOne"}


@pytest.mark.parametrize("theirs", [None, "Two"])
def test_a_service_is_added_for_the_project_of_the_token(
    federation: Federation, theirs: str | None
) -> None:
    """Whoever issued it: gateways put other ids in paths where they need to."""
    token = {"catalog": [], "project": {"id": "a" * 32}}
    document = edited({"token": token}, federation, "object-store=Two", theirs)
    (added,) = document["token"]["catalog"]
    assert [e["url"] for e in added["endpoints"]] == [
        f"http://one:8888/store/v1/AUTH_{'a' * 32}",
        f"http://one:8888/store/v1/AUTH_{'a' * 32}",
        f"http://one.internal/store/v1/AUTH_{'a' * 32}",
    ]


def test_what_lacks_nothing_stays_to_the_byte(federation: Federation) -> None:
    """Of this cloud's own Keystone, whatever is in it."""
    body = b'{ "token" : {"catalog":[ {"type": "compute"}, 1, {"endpoints": {}}], "x": 1e400} }'
    editor = CatalogEditor(parse("compute=Two"), None, federation, "One")
    editor.feed(body)
    assert b"".join(editor.rest()) == body


@pytest.mark.parametrize("scope", ["image=Two", "block-storage=Two", "compute=Two"])
def test_nothing_is_added_that_is_not_there(federation: Federation, scope: str) -> None:
    """Not a service that we do not serve, nor one that the scope's cloud does not have."""
    catalog = [entry("compute", "http://one:8888/compute", "RegionOne")]
    assert edited({"catalog": catalog}, federation, scope, None) == {"catalog": catalog}


def test_an_alias_in_the_catalog_counts(federation: Federation) -> None:
    """A catalog with volumev3 has block-storage already."""
    catalog = [entry("volumev3", "http://elsewhere", "RegionOne")]
    assert edited({"catalog": catalog}, federation, "block-storage=Three", None) == {
        "catalog": catalog
    }


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b'{"token": 1}', b'{"token": {}}'])
def test_what_has_no_catalog_stays(federation: Federation, body: bytes) -> None:
    """An error, an unscoped token or nonsense is handed on to the byte."""
    editor = CatalogEditor(parse("image=Two"), None, federation, "One")
    editor.feed(body)
    assert b"".join(editor.rest()) == body


def test_a_catalog_too_long_to_hold_is_refused(federation: Federation) -> None:
    """Another cloud cannot fill our memory."""
    editor = CatalogEditor(Scope(), None, federation, "One")
    with pytest.raises(CatalogTooLongError):
        editor.feed(b"x" * (MAX_CATALOG + 1))


@pytest.mark.parametrize(
    ("service", "rest", "scope", "expected"),
    [
        ("identity", "/v3/auth/tokens?nocatalog", Scope(), True),
        ("identity", "/v3/auth/catalog/", Scope(), True),
        ("identity", "/v2.0/tokens", Scope(), True),
        ("identity", "/v3/ec2tokens", Scope(), True),
        ("identity", "/v3/s3tokens", Scope(), True),
        ("identity", "/v3/endpoints", Scope(), False),
        ("compute", "/v3/auth/tokens", Scope(), False),
        ("identity", "/v3/auth/tokens", None, False),
    ],
)
def test_only_answers_that_may_hold_one_are_edited(
    service: str, rest: str, scope: Scope | None, expected: bool
) -> None:
    """Keystone's list of endpoints is data, not somewhere to go; no scope, no edit."""
    assert has_catalog(Route(service, "public", rest, scope, CloudRef("One"), None)) is expected
