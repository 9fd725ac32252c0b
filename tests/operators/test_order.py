"""The order of a merged list: as asked for, in the way of the service."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from operators.simulated import evaluated, evaluation, list_of

from openstackoid.operators.order import Order
from openstackoid.operators.request import Answer, Request
from openstackoid.routing import Refusal

VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


def order(query: str, service: str = "network", path: str = "/v2.0/things") -> Order:
    """Return the order that a query asks for."""
    return Order.of(Request.of("GET", f"{path}?{query}"), service)


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("", ()),
        ("limit=3", ()),
        ("sort_key=name", (("name", False),)),
        ("sort_key=name&sort_dir=DESC", (("name", True),)),
        ("sort_key=a&sort_key=b&sort_dir=desc", (("a", True), ("b", True))),
        ("sort_key=a&sort_dir=asc&sort_key=b&sort_dir=desc", (("a", False), ("b", True))),
        ("sort=a:asc,b", (("a", False), ("b", True))),
    ],
)
def test_keys_have_their_directions(query: str, keys: tuple[tuple[str, bool], ...]) -> None:
    """Of several, one direction is that of all; cinder's own form has them beside the keys."""
    found = order(query)
    assert found.keys == keys
    assert bool(found) is bool(keys)


@given(st.lists(VALUES, min_size=1, max_size=6))
def test_any_values_can_be_sorted(values: list[Any]) -> None:
    """Whatever their types, for clouds may differ; and downwards is the other way round."""
    items = [{"size": value} for value in values]
    up = sorted(items, key=order("sort_key=size").key)
    down = sorted(items, key=order("sort_key=size&sort_dir=desc").key)
    key = order("sort_key=size").key
    assert [key(item) for item in up] == [key(item) for item in reversed(down)]
    if None in values:
        assert up[0]["size"] is None


def test_an_order_is_known_if_all_items_show_its_keys() -> None:
    """Under the name that the service shows them by."""
    assert order("sort_key=name").known([{"name": "a"}, {"thing": {"name": None}}])
    assert not order("sort_key=name").known([{"name": "a"}, {"id": "b"}])
    assert order("sort_key=created_at", "compute").known([{"created": "2024"}])
    assert not order("sort_key=created_at", "network").known([{"created": "2024"}])


@pytest.mark.parametrize(
    ("service", "path", "key", "shown", "down"),
    [
        ("compute", "/v2.1/servers/detail", "created_at", "created", True),
        ("compute", "/v2.1/flavors", "flavorid", "id", False),
        ("image", "/v2/images", "name", "name", True),
        ("network", "/v2.0/networks", "name", "name", False),
    ],
)
async def test_the_order_is_the_service_s_own(
    service: str, path: str, key: str, shown: str, down: bool
) -> None:
    """Without a direction as the service has it, and by what nova shows under another name."""

    async def send(cloud: str, request: Request) -> Answer:
        values = sorted({"A": ["1", "4"], "B": ["2", "3"]}[cloud], reverse=down)
        return Answer(200, document={"things": [{"id": v, shown: v} for v in values]})

    run = evaluation({}, service=service)
    run.send = send
    page = list_of(await evaluated(run, "A&B", Request.of("GET", f"{path}?sort_key={key}")))
    assert [i[shown] for i in page.items] == sorted("1234", reverse=down)


@pytest.mark.parametrize("text", ["sort=" + "a," * 20_000, "sort_key=a&" * 17, "sort=a&" * 17])
async def test_an_order_by_thousands_of_keys_is_refused(text: str) -> None:
    """Each costs time and memory for each item: one request would take a worker a minute."""
    asked = []
    run = evaluation({})

    async def send(cloud: str, request: Request) -> Answer:
        asked.append(cloud)
        return Answer(200, document={"things": [{"id": "a", "a": 1}]})

    run.send = send
    with pytest.raises(Refusal, match="at most 16 keys"):
        await evaluated(run, "A&B", Request.of("GET", f"/things?{text}"))
    with pytest.raises(Refusal, match="at most 1000 parameters"):
        await evaluated(run, "A&B", Request.of("GET", "/things?" + "a=1&" * 1001))
    assert asked == []
    for few in ("sort_key=a&" * 16, "sort=" + ",".join("a" * 16)):
        await evaluated(run, "A&B", Request.of("GET", f"/things?{few}"))


def test_lists_and_objects_are_alike() -> None:
    """And behind everything else; no cloud has them written out for each comparison."""
    by_name = order("sort_key=name")
    keys = [by_name.key({"id": "i", "name": value}) for value in ("x", [2], {"a": 1}, [1])]
    assert min(keys) == keys[0]
    assert not keys[1] < keys[2]
    assert not keys[2] < keys[1]
