"""Lists of several clouds, as their services write them and as a client gets them."""

import json
from typing import Any

import pytest
from gateway.backend import Answer, Backend, Connection, Received
from gateway.played import Answered, Clouds

AND = "X-Scope: compute=CloudOne&CloudTwo"


def saying(document: Any, *headers: str) -> Answer:
    """Return an answer that is a document."""
    body = json.dumps(document).encode()

    async def answer(_: Received, connection: Connection) -> None:
        lines = ["HTTP/1.1 200 OK", "Content-Type: application/json", *headers]
        lines += [f"Content-Length: {len(body)}", "", ""]
        await connection.send("\r\n".join(lines).encode() + body)

    return answer


@pytest.fixture
def one(clouds: Clouds) -> Backend:
    """Return CloudOne's service."""
    return clouds.backends["CloudOne"]["compute"]


@pytest.fixture
def two(clouds: Clouds) -> Backend:
    """Return CloudTwo's service."""
    return clouds.backends["CloudTwo"]["compute"]


async def ask(clouds: Clouds, path: str = "/v1/things", *headers: str) -> Answered:
    """Ask both clouds."""
    return await clouds.ask("CloudOne", "compute", path, AND, *headers)


def home(clouds: Clouds) -> str:
    """Return where the service is at home."""
    return clouds.frontends["CloudOne"]["compute"]


def report(answered: Answered) -> dict[str, dict[str, Any]]:
    """Return the report of an answer, by cloud."""
    (text,) = answered.values("x-scope-report")
    return {outcome["cloud"]: outcome for outcome in json.loads(text)}


@pytest.mark.parametrize(
    ("beside", "kept"),
    [
        ({"metadata": {"total_count": 1}, "links": {"self": "x"}}, {"links": {"self": "x"}}),
        ({"total": 1}, {}),
        ({"markers": {"prev": None, "next": None}}, {"markers": {"prev": None, "next": None}}),
        ({"next_marker": None}, {"next_marker": None}),
        ({"pages": 1, "page": 1}, {}),
        ({"has_more": False}, {"has_more": False}),
        ({"links": [{"rel": "self", "href": "/v1/things"}]}, None),
        ({"things_links": []}, {}),
    ],
)
async def test_a_list_is_one_whatever_counts_it_beside(
    clouds: Clouds, one: Backend, two: Backend, beside: dict[str, Any], kept: Any
) -> None:
    """No number of one cloud's items stands beside all; what is left out is said."""
    one.answer = saying({"things": [{"id": "a"}], **beside})
    two.answer = saying({"things": [{"id": "b"}], **beside})
    answered = await ask(clouds)
    document = json.loads(answered.body)
    assert [(i["id"], i["oid:cloud"]) for i in document.pop("things")] == [
        ("a", "CloudOne"),
        ("b", "CloudTwo"),
    ]
    if kept is not None and "links" in kept:
        assert document == {"links": {"self": "x", "next": None, "previous": None}}
    else:
        assert document == (beside if kept is None else kept)
    left_out = [k for k in beside if k not in document and not k.endswith("links")]
    said = report(answered)["CloudOne"].get("message")
    assert said == (f"left out beside the list: {', '.join(left_out)}" if left_out else None)
    assert "answer" not in report(answered)["CloudOne"]


@pytest.mark.parametrize(
    "beside",
    [
        {"next_page": 2},
        {"page": {"size": 20, "number": 0}},
        {"cursor": "abc"},
        {"has_more": True},
        {"name": "not a list at all"},
        {"links": {"next": {"href": "/v1/things?page=2"}}},
        {"columns": ["a", "b"]},
    ],
)
async def test_what_is_not_merged_says_whose_it_is(
    clouds: Clouds, one: Backend, two: Backend, beside: dict[str, Any]
) -> None:
    """A list that goes on in a way that is not understood, and a resource that has a list in it."""
    first = {"things": [{"id": "a"}], **beside}
    one.answer = saying(first)
    two.answer = saying({"things": [{"id": "b"}], **beside})
    answered = await ask(clouds, "/v1/things", "X-Scope-Policy: all")
    assert json.loads(answered.body) == first
    assert report(answered)["CloudOne"]["answer"] is True
    assert "answer" not in report(answered)["CloudTwo"]


async def test_the_items_of_a_list_called_links_are_merged(
    clouds: Clouds, one: Backend, two: Backend
) -> None:
    """They are links by their key alone: they have ids. An empty one is a list, too."""
    one.answer = saying({"links": [], "total": 0})
    two.answer = saying({"links": [{"id": "b", "href": "http://x/b"}], "total": 1})
    document = json.loads((await ask(clouds)).body)
    assert document == {"links": [{"id": "b", "href": "http://x/b", "oid:cloud": "CloudTwo"}]}


async def test_the_next_link_is_in_the_list_of_links_where_the_api_has_it(
    clouds: Clouds, one: Backend, two: Backend
) -> None:
    """And it leads on."""

    def page(cloud: str) -> dict[str, Any]:
        links = [{"rel": r, "href": f"/v2.0/metrics?marker={cloud}"} for r in ("self", "next")]
        return {"links": links, "elements": [{"id": cloud}]}

    one.answer, two.answer = saying(page("a")), saying(page("b"))
    document = json.loads((await ask(clouds, "/v2.0/metrics?limit=1")).body)
    assert [item["id"] for item in document["elements"]] == ["a"]
    own, following = document["links"]
    assert own["rel"] == "self"
    assert following["rel"] == "next"
    assert following["href"].startswith(f"{home(clouds)}/v2.0/metrics?limit=1&marker=a&oid%3Apage=")
    assert document.keys() == {"links", "elements"}
    two.answer = saying({"links": [], "elements": [{"id": "b"}]})
    target = following["href"].removeprefix(home(clouds))
    one.requests.clear()
    document = json.loads((await ask(clouds, target)).body)
    assert one.requests[0].line == "GET /compute/v2.0/metrics?limit=1&marker=a HTTP/1.1"
    assert document["elements"] == [{"id": "a", "oid:cloud": "CloudOne"}]


@pytest.mark.parametrize("place", ["next_marker", "markers"])
async def test_a_list_that_goes_on_by_a_marker_has_the_position_as_its_marker(
    clouds: Clouds, one: Backend, two: Backend, place: str
) -> None:
    """So its client, which knows no links, comes to the end of all clouds' lists."""

    def page(cloud: str, more: str | None) -> Answer:
        following = more if place == "next_marker" else {"prev": None, "next": more}
        return saying({"packages": [{"id": cloud}], place: following})

    def marker(document: dict[str, Any]) -> str | None:
        following: Any = document[place]
        found: str | None = following if place == "next_marker" else following["next"]
        return found

    one.answer, two.answer = page("a", "a"), page("b", None)
    document = json.loads((await ask(clouds, "/v1/packages?limit=1")).body)
    assert [item["id"] for item in document["packages"]] == ["a"]
    one.answer = page("c", None)
    one.requests.clear()
    found = []
    while (following := marker(document)) is not None:
        document = json.loads((await ask(clouds, f"/v1/packages?limit=1&marker={following}")).body)
        found += [item["id"] for item in document["packages"]]
        two.answer = page("b", None) if found == ["c"] else saying({"packages": [], place: None})
    assert found == ["c", "b"]
    assert one.requests[0].line == "GET /compute/v1/packages?limit=1&marker=a HTTP/1.1"


async def test_a_link_in_the_header_leads_through_all_clouds(
    clouds: Clouds, one: Backend, two: Backend
) -> None:
    """That of one cloud, and what else is about its body, never stands beside a merged one."""

    def link(cloud: str) -> str:
        return (
            f'Link: <http://{cloud}/v1/resource?limit=1&marker={cloud}>; rel="next", '
            '<http://x/y>; rel="first"'
        )

    one.answer = saying([{"id": "a"}], link("a"), "ETag: a", "X-Container-Object-Count: 1")
    two.answer = saying([{"id": "b"}], link("b"))
    answered = await ask(clouds, "/v1/resource?limit=1")
    assert json.loads(answered.body) == [{"id": "a", "oid:cloud": "CloudOne"}]
    (found,) = answered.values("link")
    target, _, parameters = found.removeprefix(f"<{home(clouds)}").partition(">")
    assert target.startswith("/v1/resource?limit=1&marker=a&oid%3Apage=")
    assert parameters == '; rel="next"'
    assert answered.values("etag") == answered.values("x-container-object-count") == []
    one.answer, two.answer = saying([]), saying([{"id": "b"}])
    answered = await ask(clouds, target)
    assert json.loads(answered.body) == [{"id": "b", "oid:cloud": "CloudTwo"}]


async def test_the_last_page_has_no_link_in_the_header(
    clouds: Clouds, one: Backend, two: Backend
) -> None:
    """Nor has one whose first cloud has no more and another has: it has ours."""
    one.answer = saying([{"id": "a"}])
    two.answer = saying([{"id": "b"}], 'Link: <http://x/v1/r?marker=b>; rel="next"')
    answered = await ask(clouds, "/v1/resource")
    (found,) = answered.values("link")
    assert found.startswith(f"<{home(clouds)}/v1/resource?marker=b&oid%3Apage=")
    two.answer = saying([{"id": "b"}])
    assert (await ask(clouds, "/v1/resource")).values("link") == []


async def test_a_cloud_cannot_have_its_items_taken_for_another_s(
    clouds: Clouds, one: Backend, two: Backend
) -> None:
    """Whatever it writes into them."""
    one.answer = saying({"things": [{"id": "a"}]})
    two.answer = saying({"things": [{"id": "b", "oid:cloud": "CloudOne"}]})
    document = json.loads((await ask(clouds)).body)
    assert [item["oid:cloud"] for item in document["things"]] == ["CloudOne", "CloudTwo"]
