"""The conformance table, against the decision itself and against `explain`."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from ruamel.yaml import YAML

from openstackoid.federation import Federation
from openstackoid.routing import Head, Refusal, route, target
from openstackoid.routing.explain import head_of, hops
from openstackoid.scope import Cloud

TABLE = YAML(typ="safe").load(Path(__file__).with_name("conformance.yaml"))
FEDERATION = Federation.model_validate(TABLE["federation"])
CASES = [pytest.param(case, id=case["name"]) for case in TABLE["cases"]]
EXPLAINED = [  # a request of explain's has no headers but X-Scope
    pytest.param(case, id=case["name"])
    for case in TABLE["cases"]
    if "target" not in case["request"]
    if case["request"].get("headers", {}).keys() <= {"X-Scope"}
    if isinstance(case["request"].get("headers", {}).get("X-Scope", ""), str)
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
        tuple(headers(request)),
        port,
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
    defaults = {"interface": "public", "scope": None, "origin": None, "connect": None}
    assert _sent(head(case["request"]), here) == defaults | expected


def _sent(request: Head, here: str) -> dict[str, Any]:
    decided = route(request, FEDERATION, here)
    assert isinstance(decided.expression, Cloud)
    goal = target(decided, decided.expression.name, FEDERATION, here)
    assert goal.remote == (goal.cloud != here)
    assert goal.host == urlsplit(goal.url).netloc
    return {
        "service": decided.service,
        "interface": decided.interface,
        "cloud": goal.cloud,
        "url": goal.url,
        "scope": decided.scope and decided.scope.canonical,
        "origin": decided.origin,
        "connect": goal.connect,
    }


@pytest.mark.parametrize("case", EXPLAINED)
def test_explain_tells_what_the_table_says(case: dict[str, Any]) -> None:
    """The first hop is the decision; the last one, the next gateway's, agrees with it."""
    request, expected, here = case["request"], case["expect"], case["gateway"]
    scope = request.get("headers", {}).get("X-Scope")
    asked = head_of(request.get("method", "GET"), request["url"], scope)
    if "status" in expected:
        with pytest.raises(Refusal) as caught:
            list(hops(asked, FEDERATION, here))
        assert caught.value.status == expected["status"]
        assert expected["message"] in caught.value.message
        return
    first, *rest = hops(asked, FEDERATION, here)
    assert first.target is not None
    assert (first.gateway, first.target.url) == (here, expected["url"])
    assert first.target.connect == expected.get("connect")
    assert len(rest) == first.target.remote
    for last in rest:
        assert last.gateway == expected["cloud"]
        assert last.route.origin == here
        assert last.route.scope == first.route.scope
        assert last.target is None or not last.target.remote
        assert (last.target is None) == (not FEDERATION.clouds[last.gateway].backends)


def test_names_of_cases_are_claims_made_once() -> None:
    """So that a failure says which."""
    names = [case["name"] for case in TABLE["cases"]]
    assert len(set(names)) == len(names)
