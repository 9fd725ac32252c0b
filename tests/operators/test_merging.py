"""What stands beside a merged list, and in the headers."""

from typing import Any

import pytest

from openstackoid.operators.listing import Listing, listing
from openstackoid.operators.merging import Merged, Next, common_headers, merged

PAGE = Next("/v1/things?marker=a", "oid:page:W10")


def lists(*beside: dict[str, Any]) -> list[Listing]:
    """Return lists of things, with this beside each."""
    found = [listing({"things": [{"id": "a"}], **one}) for one in beside]
    assert None not in found
    return [one for one in found if one is not None]


def made(
    *beside: dict[str, Any], page: Next | None = None, service: str = "x", alone: bool = False
) -> Merged:
    """Return a merged page of lists with this beside them."""
    return merged(lists(*beside), [], page, "http://home", service, alone=alone)


def test_what_all_say_stays_but_for_numbers() -> None:
    """For they count what one cloud has; what is left out is named, once each."""
    one = {"kept": True, "other": False, "total": 1, "metadata": {"n": {"count": 2}}, "none": None}
    two = one | {"other": None, "extra": {}}
    result = made(one, two)
    assert result.document == {"things": [], "kept": True, "none": None}
    assert result.left_out == ["other", "total", "metadata", "extra"]
    assert made(one).left_out == ["total", "metadata"]


def test_a_list_of_one_cloud_alone_has_its_numbers() -> None:
    """As a resource provider's traits, which are changed by their generation."""
    generation = {"resource_provider_generation": 17}
    assert made(generation, alone=True).document == {"things": [], **generation}
    assert made(generation, alone=True).left_out == []


def test_a_list_that_is_cut_anywhere_is_cut() -> None:
    """Keystone says so of lists that are longer than it gives."""
    assert made({"truncated": False}, {"truncated": True}).document["truncated"] is True


@pytest.mark.parametrize(
    ("beside", "service", "expected"),
    [
        ([{}, {}], "compute", "things_links"),
        ([{}, {}], "baremetal", "next"),
        ([{}, {"next": "http://x/v1?marker=b"}], "compute", "next"),
        ([{"total": 1}, {"links": []}], "compute", "links"),
        ([{"next": None}, {"things_links": [{"rel": "next", "href": "x?marker=b"}]}], "x", None),
    ],
)
def test_the_next_link_is_where_a_cloud_has_it(
    beside: list[dict[str, Any]], service: str, expected: str | None
) -> None:
    """Where one goes on before where one would; else as most services or this one have it."""
    document = made(*beside, page=PAGE, service=service).document
    link = "http://home/v1/things?marker=a"
    assert document.pop(expected or "things_links") in (
        link,
        [{"rel": "next", "href": link}],
    )
    assert not document.get("next")


def test_a_bare_list_has_it_in_the_header() -> None:
    """It has no other place."""
    found = listing([{"name": "a"}])
    assert found is not None
    result = merged([found], [], PAGE, "http://home", "object-store", alone=False)
    assert result.document == []
    assert result.headers == (("Link", '<http://home/v1/things?marker=a>; rel="next"'),)


def test_headers_about_one_cloud_s_body_are_dropped() -> None:
    """A client would take them for those of the merged one."""
    kept = (("Content-Type", "application/json"), ("X-Openstack-Request-Id", "r"), ("Vary", "x"))
    dropped = tuple(
        (name, "x")
        for name in (
            *("ETag", "Last-Modified", "Link", "LOCATION", "Content-Location", "Content-Range"),
            *("Accept-Ranges", "Content-MD5", "Digest", "Content-Digest", "Repr-Digest"),
            *("X-Container-Object-Count", "X-Account-Bytes-Used", "X-Timestamp"),
        )
    )
    assert common_headers((*dropped, *kept)) == kept
