"""Where lists say how they go on."""

from typing import Any

import pytest

from openstackoid.operators import following
from openstackoid.operators.following import Following, Headers, Place

LINK = "http://there/v1/things?limit=1&marker=a"
NEXT = {"rel": "next", "href": LINK}


@pytest.mark.parametrize(
    ("beside", "headers", "place"),
    [
        ({"next": LINK}, (), Place.NEXT),
        ({"links": {"self": "x", "next": LINK}}, (), Place.LINKS_OBJECT),
        ({"links": [{"rel": "self", "href": "x"}, NEXT]}, (), Place.LINKS_LIST),
        ({"things_links": [NEXT]}, (), Place.KEY_LINKS),
        ({}, [("link", f'<{LINK}>; rel="next"')], Place.HEADER),
        ({}, [("Link", f"<http://x/,y>; rel=prev, <{LINK}>;title=a ; rel=next")], Place.HEADER),
        ({}, [("Link", "<x>; rel=self"), ("Link", f'<{LINK}>; REL="last NEXT"')], Place.HEADER),
    ],
)
def test_a_link_is_found_in_every_place(
    beside: dict[str, Any], headers: Headers, place: Place
) -> None:
    """And the marker in it."""
    assert following.of(beside, "things", headers) == Following(place, LINK, "a")


@pytest.mark.parametrize(
    ("beside", "place"),
    [
        ({"next_marker": "a"}, Place.NEXT_MARKER),
        ({"markers": {"prev": "x", "next": "a"}}, Place.MARKERS),
    ],
)
def test_a_marker_is_found_without_a_link(beside: dict[str, Any], place: Place) -> None:
    """Where an API has no links."""
    assert following.of(beside, "things", ()) == Following(place, None, "a")


@pytest.mark.parametrize(
    ("beside", "headers"),
    [
        ({}, ()),
        ({"next": None, "next_marker": None, "markers": {"next": None}}, ()),
        ({"next": ""}, ()),
        ({"links": {"next": None}}, ()),
        ({"links": [{"rel": "previous", "href": LINK}, {"rel": "next", "href": None}]}, ()),
        ({"other_links": [NEXT]}, ()),
        ({}, [("Link", f'<{LINK}>; rel="prev"'), ("Links", f"<{LINK}>; rel=next")]),
        ({}, [("Link", f'<{LINK}>; title="rel=next"'), ("Link", f"{LINK}; rel=next")]),
        ({}, [("Link", f'<{LINK}>; rel="nextish"')]),
    ],
)
def test_the_last_page_has_none(beside: dict[str, Any], headers: Headers) -> None:
    """Nulls, other relations, and what only looks like one."""
    assert following.of(beside, "things", headers) is None


def test_a_link_without_a_marker_is_told_apart() -> None:
    """Such a list goes on by something else, which several clouds' cannot."""
    found = following.of({"next": "/v1/things?offset=10"}, "things", ())
    assert found == Following(Place.NEXT, "/v1/things?offset=10", None)


@pytest.mark.parametrize(
    ("beside", "place", "headers", "expected"),
    [
        ({"first": "/v2/x"}, Place.NEXT, (), {"first": "/v2/x", "next": "/t?p"}),
        ({"schema": "/v2/x"}, Place.NEXT, (), {"schema": "/v2/x", "next": "/t?p"}),
        ({"first": "http://x"}, Place.NEXT, (), {"first": "http://x", "next": "http://h/t?p"}),
        ({}, Place.NEXT, (), {"next": "http://h/t?p"}),
        (
            {"links": {"self": "x", "next": None}},
            Place.LINKS_OBJECT,
            (),
            {"links": {"self": "x", "next": "http://h/t?p"}},
        ),
        (
            {"links": [{"rel": "self", "href": "x"}]},
            Place.LINKS_LIST,
            (),
            {
                "links": [
                    {"rel": "self", "href": "x"},
                    {"rel": "next", "href": "http://h/t?p"},
                ]
            },
        ),
        ({}, Place.LINKS_LIST, (), {"links": [{"rel": "next", "href": "http://h/t?p"}]}),
        ({}, Place.KEY_LINKS, (), {"k_links": [{"rel": "next", "href": "http://h/t?p"}]}),
        ({}, Place.NEXT_MARKER, (), {"next_marker": "m"}),
        ({}, Place.MARKERS, (), {"markers": {"prev": None, "next": "m"}}),
        ({}, Place.HEADER, (("Link", '<http://h/t?p>; rel="next"'),), {}),
    ],
)
def test_the_next_page_is_put_where_it_would_be_found(
    beside: dict[str, Any], place: Place, headers: Headers, expected: dict[str, Any]
) -> None:
    """Relative where the API's own links are."""
    beside = dict(beside)  # the parameters may be used by another run
    assert following.put(beside, place, "k", "/t?p", "http://h", "m") == headers
    assert beside == expected
    found = following.of(beside, "k", headers)
    assert found is not None
    assert found.place is place


@pytest.mark.parametrize(
    ("beside", "place", "ended"),
    [
        ({}, None, {}),
        ({"next": LINK}, Place.NEXT, {}),
        ({"next": None}, Place.NEXT, {"next": None}),
        ({"schema": "/s", "next": LINK}, Place.NEXT, {"schema": "/s"}),
        (
            {"links": {"self": "x", "next": LINK}},
            Place.LINKS_OBJECT,
            {"links": {"self": "x", "next": None, "previous": None}},
        ),
        (
            {"links": [NEXT, {"rel": "self", "href": "x"}, {"rel": "prev", "href": "x"}]},
            Place.LINKS_LIST,
            {"links": [{"rel": "self", "href": "x"}]},
        ),
        ({"things_links": [NEXT]}, None, {}),
        ({"next_marker": "a"}, Place.NEXT_MARKER, {}),
        ({"next_marker": None}, Place.NEXT_MARKER, {"next_marker": None}),
        ({"markers": {"next": "a"}}, Place.MARKERS, {"markers": {"prev": None, "next": None}}),
    ],
)
def test_a_page_shows_where_the_next_would_be(
    beside: dict[str, Any], place: Place | None, ended: dict[str, Any]
) -> None:
    """Also the last one, of which nothing leads on."""
    assert following.place_in(beside) is place
    assert following.ended(beside) == ended


def test_no_marker_is_looked_for_in_a_link_that_no_server_accepts() -> None:
    """It would take a worker seconds."""
    link = f"/things?{'a=1&' * 500_000}marker=x"
    found = following.of({"next": link}, "things", ())
    assert found is not None
    assert (found.link, found.marker) == (link, None)


@pytest.mark.parametrize(
    ("beside", "place"),
    [
        ({"first": "/x"}, Place.NEXT),
        ({"schema": "/x"}, Place.NEXT),
        ({"links": {"self": "x"}}, Place.LINKS_OBJECT),
        ({"links": []}, Place.LINKS_LIST),
        ({"next": None}, Place.NEXT),
        ({"next_marker": None}, Place.NEXT_MARKER),
        ({"markers": {}}, Place.MARKERS),
        ({"total": 3}, None),
        ({}, None),
    ],
)
def test_a_list_on_its_last_page_shows_where_it_would_go_on(
    beside: dict[str, Any], place: Place | None
) -> None:
    """Another cloud's list may have more: the merged one goes on there."""
    assert following.place_in(beside) is place


@pytest.mark.parametrize(
    "key", ["markers", "first", "next", "next_marker", "links", "things_links"]
)
def test_what_is_about_the_pages_of_one_cloud_is_not_taken_over(key: str) -> None:
    """It would lead to that cloud's pages alone; anything else beside a list stays."""
    assert following.is_about_pages(key)
    assert not following.is_about_pages(f"my_{key}s")
