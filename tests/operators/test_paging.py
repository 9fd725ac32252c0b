"""Lists of several clouds, page by page: every item exactly once, in order."""

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from operators.simulated import BASE, Simulated, evaluated, evaluation, list_of

from openstackoid.operators.paging import Cursor, decode, encode, limit_of
from openstackoid.operators.request import Answer, Request
from openstackoid.operators.rules import Policy
from openstackoid.routing import Refusal

NAMES = ("A", "B", "C")
STYLES = ("nova", "glance", "keystone", "heat", "murano", "sahara", "gnocchi")
sizes = st.lists(st.integers(0, 12), min_size=3, max_size=3)


def clouds_of(counts: list[int], values: list[int], style: str) -> dict[str, Simulated]:
    """Return clouds with so many things; names repeat, so that there are ties."""
    clouds = {}
    for cloud, count in zip(NAMES, counts, strict=True):
        things = [
            {"id": f"{cloud}{n:03}", "name": f"n{values[n % len(values)]}"} for n in range(count)
        ]
        clouds[cloud] = Simulated(things, style)
    return clouds


async def by_link(clouds: dict[str, Simulated], text: str, first: str) -> list[dict[str, Any]]:
    """Return all items, page by page by the next link, or by the marker where there is no link."""
    items: list[dict[str, Any]] = []
    request = Request.of("GET", first)
    while True:
        page = list_of(await evaluated(evaluation(clouds), text, request))
        items += page.items
        assert page.items or page.following is None
        if page.following is None:
            return items
        if page.next is None:
            request = request.asking(marker=page.marker)
        else:
            request = Request.of("GET", page.next.removeprefix(BASE))


async def by_last_id(clouds: dict[str, Simulated], text: str, first: str) -> list[dict[str, Any]]:
    """Return all items, page by page by the last item's id, as openstacksdk does."""
    items: list[dict[str, Any]] = []
    request = Request.of("GET", first)
    while True:
        page = list_of(await evaluated(evaluation(clouds), text, request)).items
        assert not any(item in items for item in page)
        items += page
        if not page:
            return items
        request = request.asking(marker=page[-1]["id"])


@pytest.mark.parametrize("walk", [by_link, by_last_id])
@given(
    counts=sizes,
    values=st.lists(st.integers(0, 3), min_size=1, max_size=5),
    limit=st.integers(1, 9),
    order=st.sampled_from(["", "&sort_key=name&sort_dir=asc", "&sort_key=name&sort_dir=desc"]),
    style=st.sampled_from(STYLES),
    text=st.sampled_from(["A&B&C", "A&(B|C)", "C&B&A", "(A|B)&C"]),
)
async def test_every_item_exactly_once_in_order(
    walk: Any, counts: list[int], values: list[int], limit: int, order: str, style: str, text: str
) -> None:
    """Whatever the sizes, the limit, the order, the API's style and the way of paging."""
    clouds = clouds_of(counts, values, style)
    items = await walk(clouds, text, f"/things?limit={limit}{order}")
    meant = {"A&(B|C)": "AB", "(A|B)&C": "AC"}.get(text, text.replace("&", ""))
    expected = [t["id"] for cloud in meant for t in clouds[cloud].things]
    assert sorted(i["id"] for i in items) == sorted(expected)
    assert all(i["oid:cloud"] == i["id"][0] for i in items)
    names = [i["name"] for i in items]
    if "asc" in order:
        assert names == sorted(names)
    elif "desc" in order:
        assert names == sorted(names, reverse=True)
    else:
        assert [i["id"] for i in items] == expected


@given(
    names=st.lists(st.lists(st.sampled_from("aAbBcC"), max_size=8), min_size=3, max_size=3),
    limit=st.integers(1, 5),
    direction=st.sampled_from(["asc", "desc"]),
    style=st.sampled_from(["nova", "glance", "keystone"]),
)
async def test_a_service_may_sort_otherwise(
    names: list[list[str]], limit: int, direction: str, style: str
) -> None:
    """By a database's collation, say: by link and by last id, every item comes once."""
    clouds = {
        cloud: Simulated(
            [{"id": f"{cloud}{n}", "name": name} for n, name in enumerate(its)],
            style,
            collation=str.lower,
        )
        for cloud, its in zip(NAMES, names, strict=True)
    }
    first = f"/things?limit={limit}&sort_key=name&sort_dir={direction}"
    found = [i["id"] for i in await by_last_id(clouds, "A&B&C", first)]
    assert sorted(found) == sorted(t["id"] for c in clouds.values() for t in c.things)
    assert found == [i["id"] for i in await by_link(clouds, "A&B&C", first)]


@pytest.mark.parametrize(
    ("items", "marker"),
    [
        ([{"id": n, "uuid": f"u{n}"} for n in range(9)], "uuid"),
        ([{"action": "stop", "request_id": f"req-{n}"} for n in range(9)], "request_id"),
        ([{"id": n, "name": "x"} for n in range(9)], "id"),
    ],
)
async def test_a_list_goes_on_by_what_its_service_takes_for_a_marker(
    items: list[dict[str, Any]], marker: str
) -> None:
    """Nova's migrations have two ids, of which the number is the database's own."""
    parts = {"A": items[:4], "B": items[4:]}

    async def send(cloud: str, request: Request) -> Answer:
        here, last = parts[cloud], request.value("marker")
        known = [str(i[marker]) for i in here]
        start = known.index(last) + 1 if last is not None else 0
        page = here[start : start + 3]
        document: dict[str, Any] = {"things": page}
        if page:
            document["things_links"] = [{"rel": "next", "href": f"x?marker={page[-1][marker]}"}]
        return Answer(200, document=document)

    target, found = "/things?limit=3", []
    while target:
        run = evaluation({})
        run.send = send
        page = list_of(await evaluated(run, "A&B", Request.of("GET", target)))
        found += page.items
        target = page.next.removeprefix(BASE) if page.next else ""
    assert [i[marker] for i in found] == [i[marker] for i in items]


@pytest.mark.parametrize("query", ["limit=2", "limit=2&sort_key=size"])
async def test_a_list_whose_items_cannot_be_told_apart_is_refused(query: str) -> None:
    """Its second page would be the first again; without limit it comes whole."""

    async def send(cloud: str, request: Request) -> Answer:
        things = [{"size": n} for n in range({"A": 1, "B": 3}[cloud])]
        limit = int(request.value("limit") or 9)
        return Answer(200, document={"things": things[:limit]})

    run = evaluation({})
    run.send = send
    with pytest.raises(Refusal, match="have no id to go on behind; ask for it without limit"):
        await evaluated(run, "A&B", Request.of("GET", f"/things?{query}"))
    whole = await evaluated(run, "A&B", Request.of("GET", "/things"))
    assert len(list_of(whole).items) == 4


async def test_a_full_last_page_has_a_link_to_an_empty_one() -> None:
    """Else openstacksdk would go on by the last id, which a copy has as well."""
    clouds = clouds_of([2, 2, 0], [0], "glance")
    for thing, copy in zip(clouds["A"].things, clouds["B"].things, strict=True):
        copy["id"] = thing["id"]
    items = await by_link(clouds, "A&B", "/things?limit=2")
    assert [i["oid:cloud"] for i in items] == ["A", "A", "B", "B"]
    with pytest.raises(Refusal, match="several clouds have the marker A000"):
        await by_last_id(clouds, "A&B", "/things?limit=1")


@pytest.mark.parametrize("text", ["A&B", "B&A"])
@pytest.mark.parametrize("order", ["", "&sort_key=name"])
async def test_a_cloud_that_fails_does_not_end_the_others_list(text: str, order: str) -> None:
    """It is left out of every page, which says so, and is asked no more."""
    clouds = clouds_of([5, 0, 0], [0], "nova")
    clouds["B"].failure = 401
    items = await by_link(clouds, text, f"/things?limit=2{order}")
    assert [i["oid:cloud"] for i in items] == ["A"] * 5
    assert len(clouds["B"].seen) == 1
    run = evaluation(clouds, Policy.ALL)
    answer = await evaluated(run, "A&B", Request.of("GET", "/things?limit=2"))
    assert answer.status == 401


async def test_with_all_no_page_goes_on_without_a_cloud() -> None:
    """A list that began without one is not complete, whatever its later pages are."""
    clouds = clouds_of([5, 5, 0], [0], "nova")
    clouds["B"].failure = 503
    first = Request.of("GET", "/things?limit=2")
    page = list_of(await evaluated(evaluation(clouds), "A&B", first))
    assert page.next is not None
    clouds["B"].failure = None
    rest = Request.of("GET", page.next.removeprefix(BASE))
    with pytest.raises(Refusal, match="B was away"):
        await evaluated(evaluation(clouds, Policy.ALL), "A&B", rest)
    assert list_of(await evaluated(evaluation(clouds), "A&B", rest)).items


@pytest.mark.parametrize(
    "query", ["offset=2", "limit=1&page_reverse=True", "oid:page=W10", "oid:page=!"]
)
async def test_places_that_are_none_are_refused(query: str) -> None:
    """What each cloud would take for itself, or was damaged on its way."""
    clouds = clouds_of([5, 5, 0], [0], "nova")
    with pytest.raises(Refusal) as caught:
        await evaluated(evaluation(clouds), "A&B", Request.of("GET", f"/things?{query}"))
    assert caught.value.status == 400


async def test_a_list_without_pages_comes_whole() -> None:
    """Some services ignore limit and marker: asked again, they would begin again."""

    async def send(cloud: str, request: Request) -> Answer:
        count = {"A": 2, "B": 3}[cloud]
        return Answer(200, document={"things": [{"id": f"{cloud}{n}"} for n in range(count)]})

    run = evaluation({})
    run.send = send
    page = list_of(await evaluated(run, "A&B", Request.of("GET", "/things?limit=2")))
    assert [i["id"] for i in page.items] == ["A0", "A1", "B0", "B1", "B2"]
    assert page.next is None


async def test_items_may_be_wrapped() -> None:
    """Nova's key pairs are each under a key of their own, and have no id but their name."""
    pairs = {"A": ["a", "b"], "B": ["c"]}

    async def send(cloud: str, request: Request) -> Answer:
        names = [n for n in pairs[cloud] if n > (request.value("marker") or "")][:1]
        document: dict[str, Any] = {"keypairs": [{"keypair": {"name": n}} for n in names]}
        if names:
            document["keypairs_links"] = [{"rel": "next", "href": f"x?marker={names[0]}"}]
        return Answer(200, document=document)

    target, found = "/os-keypairs?limit=1", []
    while target:
        run = evaluation({})
        run.send = send
        page = list_of(await evaluated(run, "A&B", Request.of("GET", target)))
        found += [(i["keypair"]["name"], i["oid:cloud"]) for i in page.items]
        target = page.next.removeprefix(BASE) if page.next else ""
    assert found == [("a", "A"), ("b", "A"), ("c", "B")]


def test_a_limit_without_end_is_the_service_s_to_judge() -> None:
    """Python refuses to read such numbers."""
    assert limit_of(Request.of("GET", f"/things?limit={'9' * 5000}")) is None
    assert limit_of(Request.of("GET", "/things?limit=7")) == 7


@given(st.lists(st.one_of(st.none(), st.booleans(), st.text(max_size=9)), min_size=1, max_size=4))
def test_a_position_is_one_word_of_a_query(cursors: list[Cursor]) -> None:
    """Nothing in it need be encoded, and each client sends it back as it was."""
    position = encode([None, *cursors])
    assert quote(position, safe="") == position
    assert decode(position, len(cursors) + 1) == [None, *cursors]


@pytest.mark.parametrize("value", ["W" * 2000, encode([False, False]), encode(["a"]), "é", ""])
def test_a_position_that_is_none_is_refused(value: str) -> None:
    """Damaged, of another list, or at its end: nothing to go on with."""
    with pytest.raises(ValueError, match="start the list again"):
        decode(value, 2)
