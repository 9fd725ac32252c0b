"""Lists of several clouds, page by page: every item exactly once, in order."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from operators.simulated import BASE, Simulated, evaluation, expression, list_of

from openstackoid.operators import Request

NAMES = ("A", "B", "C")
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
    """Return all items, page by page by the next link."""
    items: list[dict[str, Any]] = []
    target: str | None = first
    while target is not None:
        answer = await evaluation(clouds).run(expression(text), Request.of("GET", target))
        page = list_of(answer)
        items += page.items
        target = page.next.removeprefix(BASE) if page.next else None
        assert page.items or target is None
    return items


async def by_last_id(clouds: dict[str, Simulated], text: str, first: str) -> list[dict[str, Any]]:
    """Return all items, page by page by the last item's id, as openstacksdk does."""
    items: list[dict[str, Any]] = []
    request = Request.of("GET", first)
    while True:
        page = list_of(await evaluation(clouds).run(expression(text), request)).items
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
    style=st.sampled_from(["nova", "glance", "keystone"]),
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
