"""The conformance table, against the decision itself and against `explain`."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from ruamel.yaml import YAML

from openstackoid.federation import Federation
from openstackoid.message import Head, Headers
from openstackoid.routing import Refusal, Route, decide, destination_of, narrowed
from openstackoid.routing.explain import head_of, ways
from openstackoid.scope import CloudRef
from openstackoid.scope.expression import clouds

TABLE = YAML(typ="safe").load(Path(__file__).with_name("conformance.yaml"))
FEDERATION = Federation.model_validate(TABLE["federation"])
CASES = [pytest.param(case, id=case["name"]) for case in TABLE["cases"]]
EXPLAINED = [  # a request of explain's has no headers but these
    pytest.param(case, id=case["name"])
    for case in TABLE["cases"]
    if "target" not in case["request"]
    if case["request"].get("headers", {}).keys() <= {"X-Scope", "X-Scope-Service"}
    if all(isinstance(value, str) for value in case["request"].get("headers", {}).values())
]


def headers(request: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the headers of a case's request."""
    sent = {"Host": urlsplit(request["url"]).netloc} | request.get("headers", {})
    return [
        (name, value["text"].ljust(value["padded"]) if isinstance(value, dict) else value)
        for name, values in sent.items()
        for value in (values if isinstance(values, list) else [values])
    ]


def head(request: dict[str, Any]) -> Head:
    """Return the head of a case's request, as the gateway gets it."""
    url = request["url"]
    parts = urlsplit(url)
    path = url.removeprefix(f"{parts.scheme}://{parts.netloc}")
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    return Head(
        request.get("method", "GET"),
        request.get("target", path if path.startswith("/") else f"/{path}"),
        Headers(headers(request)),
        port,
        scheme=request.get("scheme"),
    )


@pytest.mark.parametrize("case", CASES)
def test_a_request_goes_where_the_table_says(case: dict[str, Any]) -> None:
    """Service, cloud, address and scope; or the status and the message."""
    expected, here = dict(case["expect"]), case["gateway"]
    if "status" in expected:
        with pytest.raises(Refusal) as caught:
            _sent(head(case["request"]), here)
        assert caught.value.status == expected["status"]
        assert expected["message"] in caught.value.message
        return
    defaults = {"interface": "public", "sender": None, "scheme": "http"}
    if "ways" not in expected:
        defaults |= {"scope": None, "connect": None}
    assert _sent(head(case["request"]), here) == defaults | expected


def _sent(request: Head, here: str) -> dict[str, Any]:
    route = decide(request, FEDERATION, here)
    decision = {
        "service": route.service,
        "interface": route.interface,
        "sender": route.sender,
        "scheme": route.scheme,
    }
    if isinstance(route.expression, CloudRef):
        return decision | _way(route, route.expression.name, here)
    ways = [
        _way(narrowed(route, cloud), cloud, here)
        for cloud in dict.fromkeys(clouds(route.expression))
    ]
    for way in ways:
        assert way.pop("connect") is None
    return decision | {"expression": str(route.expression), "ways": ways}


def _way(route: Route, cloud: str, here: str) -> dict[str, Any]:
    destination = destination_of(route, cloud, FEDERATION, here)
    assert destination.remote == (destination.cloud != here)
    assert destination.address.netloc == urlsplit(destination.url).netloc
    return {
        "cloud": destination.cloud,
        "url": destination.url,
        "scope": route.scope and route.scope.canonical,
        "connect": destination.connect,
    }


@pytest.mark.parametrize("case", EXPLAINED)
def test_explain_tells_what_the_table_says(case: dict[str, Any]) -> None:
    """On each way the first hop is the decision; the next gateway's, if any, agrees with it."""
    request, expected, here = case["request"], case["expect"], case["gateway"]
    said = request.get("headers", {})
    scope, meant = said.get("X-Scope"), said.get("X-Scope-Service")
    asked = head_of(request.get("method", "GET"), request["url"], scope, meant)
    if "status" in expected:
        with pytest.raises(Refusal) as caught:
            [list(way) for way in ways(asked, FEDERATION, here).values()]
        assert caught.value.status == expected["status"]
        assert expected["message"] in caught.value.message
        return
    found = ways(asked, FEDERATION, here)
    meant = expected.get("ways", [expected])
    assert list(found) == [way["cloud"] for way in meant]
    for way in meant:
        first, *rest = found[way["cloud"]]
        assert first.destination is not None
        assert (first.gateway, first.destination.url) == (here, way["url"])
        assert first.destination.connect == way.get("connect")
        assert len(rest) == first.destination.remote
        for last in rest:
            assert last.gateway == way["cloud"]
            assert last.route.sender == here
            assert last.route.scope == first.route.scope
            assert last.destination is None or not last.destination.remote
            assert (last.destination is None) == (not FEDERATION.clouds[last.gateway].backends)


def test_names_of_cases_are_claims_made_once() -> None:
    """So that a failure says which."""
    names = [case["name"] for case in TABLE["cases"]]
    assert len(set(names)) == len(names)
