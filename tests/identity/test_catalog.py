"""Catalogs that lead through home, whichever Keystone they come from."""

import json
from typing import Any

import pytest

from openstackoid.federation import Federation, loads
from openstackoid.identity import CatalogEditor, CatalogTooLongError, has_catalog
from openstackoid.identity.catalog import MAX_CATALOG
from openstackoid.routing import Route
from openstackoid.routing.links import Links
from openstackoid.scope import Cloud, Scope, parse

FEDERATION = """
clouds:
  One:
    region: RegionOne
    frontends:
      identity: http://one:8888/identity
      compute: http://one:8888/compute
      block-storage: http://one:8888/volume
  Two:
    region: RegionTwo
    frontends:
      identity: http://two:5000
      compute: {public: "http://two:8774", internal: "http://two.internal:8774"}
      image: http://two:9292
  Three:
    frontends:
      block-storage: http://three/volume
"""


@pytest.fixture
def federation() -> Federation:
    """Three clouds, of which One serves block-storage for Three's sake."""
    return loads(FEDERATION)


def entry(service: str, url: str, region: str) -> dict[str, Any]:
    """Return an entry of a catalog with one endpoint."""
    endpoint = {"interface": "public", "region": region, "region_id": region, "url": url}
    return {"type": service, "endpoints": [endpoint]}


def edited(document: object, federation: Federation, scope: str, theirs: str | None) -> Any:
    """Return a document as One hands it on."""
    one = federation.clouds["One"]
    links = Links(federation.clouds[theirs], one, "identity") if theirs else None
    editor = CatalogEditor(parse(scope).completed("One"), links, federation, "One")
    data = json.dumps(document).encode()
    assert editor.feed(data[:10]) == editor.feed(data[10:]) == b""
    return json.loads(editor.end())


def test_endpoints_of_another_cloud_become_ours(federation: Federation) -> None:
    """Address and region are ours where we have the service; the path behind it stays."""
    theirs = [
        entry("compute", "http://two:8774/v2.1", "RegionTwo"),
        entry("compute", "http://two.internal:8774/v2.1", "RegionTwo"),
        entry("image", "http://two:9292", "RegionTwo"),
    ]
    document = edited({"token": {"catalog": theirs, "user": 1}}, federation, "image=Two", "Two")
    ours = entry("compute", "http://one:8888/compute/v2.1", "RegionOne")
    assert document == {"token": {"catalog": [ours, ours], "user": 1}}


@pytest.mark.parametrize(
    "odd",
    [
        entry("image", "http://two:9292", "RegionTwo"),
        entry("metering", "https://evil.example", "RegionOne"),
        entry("compute", "http://two:8774.evil.example/", "RegionTwo"),
        {"type": "metering"},
        {"type": "metering", "endpoints": "http://evil.example"},
        {"type": "metering", "endpoints": [1, {"url": 1}, {"interface": "public"}]},
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
    assert json.loads(editor.end()) == {"catalog": []}


def test_a_service_taken_elsewhere_is_added(federation: Federation) -> None:
    """A client of One finds Three's block-storage, at One's own address, in every interface."""
    catalog = [entry("compute", "http://one:8888/compute", "RegionOne")]
    document = edited({"catalog": catalog}, federation, "block-storage=Three", None)
    added = document["catalog"][1]
    assert added["type"] == "block-storage"
    assert [e["interface"] for e in added["endpoints"]] == ["public", "internal", "admin"]
    assert {e["url"] for e in added["endpoints"]} == {"http://one:8888/volume"}
    assert {e["region_id"] for e in added["endpoints"]} == {"RegionOne"}


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
    assert editor.end() == body


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
        ("identity", "/v3/endpoints", Scope(), False),
        ("compute", "/v3/auth/tokens", Scope(), False),
        ("identity", "/v3/auth/tokens", None, False),
    ],
)
def test_only_answers_that_may_hold_one_are_edited(
    service: str, rest: str, scope: Scope | None, expected: bool
) -> None:
    """Keystone's list of endpoints is data, not somewhere to go; no scope, no edit."""
    assert has_catalog(Route(service, "public", rest, scope, Cloud("One"), None)) is expected
