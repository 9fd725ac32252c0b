"""Which endpoints of a list become frontends, and which are left out, each with its reason."""

from typing import Any

import pytest
from federation.rows import IDENTITY, IMAGE, USUAL, row

from openstackoid.federation.endpoints import EndpointError, endpoints
from openstackoid.federation.model import PUBLIC, Url
from openstackoid.federation.selection import Addresses, of_region, select

AT_IMAGE = "it is at the address of image, https://api.example.org:9292"
NO_NAME = "is no valid name (names match ^[a-z][a-z0-9-]{0,63}$)"
NO_PUBLIC = "no public endpoint of it can be used; other clouds come in by it"


def selected(
    rows: list[dict[str, Any]], before: Addresses | None = None, **others: str
) -> tuple[dict[str, str], list[str]]:
    """Return the public addresses, and what is left out."""
    found, _ = endpoints(rows)
    addresses, left_out = select(
        found, before or {}, {Url.parse(url): f"{name}'s" for name, url in others.items()}
    )
    return {s: str(urls[PUBLIC]) for s, urls in addresses.items()}, list(map(str, left_out))


@pytest.mark.parametrize(
    ("rows", "left_out"),
    [
        # names
        ([row("vpc2.0", "https://v/v2.0")], [f'vpc2.0 (public): "vpc2.0" {NO_NAME}']),
        ([row("a_b", "https://v")], [f'a_b (public): "a_b" {NO_NAME}']),
        ([row("Ledger", "https://v")], [f'Ledger (public): "Ledger" {NO_NAME}']),
        ([row("my image", "https://v")], [f'my image (public): "my image" {NO_NAME}']),
        ([row("7up", "https://v")], [f'7up (public): "7up" {NO_NAME}']),
        ([row("x" * 65, "https://v")], [f'{"x" * 65} (public): "{"x" * 65}" {NO_NAME}']),
        ([row("ledger\n", "https://v"), row("led\nger", "https://w")],
         [f'led ger (public): "led ger" {NO_NAME}']),
        ([row("", "https://v")], ["a service without a type (public): its service has no type"]),
        ([row("x", "https://v") | {"Service Type": None}],
         ["a service without a type (public): its service has no type"]),
        # addresses
        ([row("queue", "wss://q.example.org")],
         ['queue (public): "wss://q.example.org" is neither http nor https; '
          "write a URL like http://192.0.2.1:8774/compute"]),
        ([row("x", "")],
         ['x (public): "" must be a URL like http://192.0.2.1:8774/compute ("" is no host)']),
        ([row("x", "http://me:secret@h/")],
         ["x (public): a URL must not hold a user or a password"]),
        ([row("x", "http://h/a b/c")],
         ['x (public): "http://h/a b/c" must have a plain path: letters, digits and "._~-"']),
        ([row("x", "http://h/a?b")],
         ['x (public): "http://h/a?b" must end with its path; remove "?" or "#" and the rest']),
        # an address of another service
        ([row("imagev1", "https://api.example.org:9292/v1")], [f"imagev1 (public): {AT_IMAGE}"]),
        ([row("s3", "https://api.example.org:9292/")], [f"s3 (public): {AT_IMAGE}"]),
        ([row("s3", "HTTPS://API.example.org:9292")], [f"s3 (public): {AT_IMAGE}"]),
        ([row("image_legacy", "https://api.example.org:9292/v1")],
         [f'image_legacy (public): "image_legacy" {NO_NAME}; {AT_IMAGE}']),
        ([row("b", "http://b"), row("b", "https://api.example.org:9292/b", "internal"),
          row("b", "https://api.example.org:9292", "admin")],
         [f"b (admin): {AT_IMAGE}"]),
        ([row("b", "https://api.example.org:9292"), row("b", "http://b", "internal")],
         [f"b (public): {AT_IMAGE}", f"b (internal): {NO_PUBLIC}"]),
        ([row("other", "http://zero:9292/v2")],
         ["other (public): it is at the address of Zero's, http://zero:9292"]),
        # interfaces
        ([row("placement", "http://10.0.0.5:8778", "internal")],
         [f"placement (internal): {NO_PUBLIC}"]),
        ([row("x", "http://h", "publicURL")],
         ["x (publicURL): its interface is none of public, internal, admin"]),
        ([row("x", "http://h", "")], ["x (): its interface is none of public, internal, admin"]),
        ([row("x", "ws://h"), row("x", "http://h", "internal")],
         ['x (public): "ws://h" is neither http nor https; '
          "write a URL like http://192.0.2.1:8774/compute", f"x (internal): {NO_PUBLIC}"]),
        # several, all at once
        ([row("vpc2.0", "https://vpc.example.org"), row("evs", "https://api.example.org:9292/v2"),
          row("queue", "wss://q.example.org")],
         [f'vpc2.0 (public): "vpc2.0" {NO_NAME}', f"evs (public): {AT_IMAGE}",
          'queue (public): "wss://q.example.org" is neither http nor https; '
          "write a URL like http://192.0.2.1:8774/compute"]),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_left_out_and_named(
    rows: list[dict[str, Any]], left_out: list[str]
) -> None:
    """With every reason; the rest is taken, wherever in the list it is."""
    for whole in ([IDENTITY, IMAGE, *rows], [*rows, IDENTITY, IMAGE]):
        chosen, told = selected(whole, Zero="http://zero:9292")
        assert USUAL.items() <= chosen.items()
        assert told == left_out


@pytest.mark.parametrize(
    ("types", "before", "owner"),
    [
        (["imagev1", "image"], {}, "image"),  # the official one
        (["cesv1", "ces"], {}, "ces"),  # the first by name
        (["network", "load-balancer"], {}, "load-balancer"),
        (["cesv1", "ces"], {"cesv1": "http://h"}, "cesv1"),  # the one that the file has there
        (["s3", "object-store"], {"s3": "http://h"}, "s3"),
        (["s3", "object-store"], {"s3": "http://elsewhere"}, "object-store"),
    ],
)
def test_one_of_several_services_at_one_address_is_taken(
    types: list[str], before: dict[str, str], owner: str
) -> None:
    """Which one does not depend on the order in the list."""
    known: Addresses = {service: {PUBLIC: Url.parse(url)} for service, url in before.items()}
    for order in (types, types[::-1]):
        chosen, told = selected([row(service, "http://h/v2") for service in order], known)
        assert chosen == {owner: "http://h"}
        (loser,) = {*types} - {owner}
        assert told == [f"{loser} (public): it is at the address of {owner}, http://h"]


def test_several_names_and_versions_of_one_service_are_one() -> None:
    """As the old catalogs of block storage have them."""
    rows = [
        row("volumev2", "http://h:8776/v2/$(project_id)s"),
        row("volumev3", "http://h:8776/v3/$(project_id)s"),
        row("block-storage", "http://H:8776"),
    ]
    assert selected(rows) == ({"block-storage": "http://h:8776"}, [])


def test_two_addresses_of_one_service_are_refused() -> None:
    """With what they are found by, all at once, and with what is left out besides."""
    rows = [
        row("identity", "http://h:5000/v3", Service_Name="keystone", ID="a"),
        row("identity", "http://h:35357/v3", Service_Name="keystone3", ID="b"),
        row("image", "http://h", "internal", ID="c"),
        row("image", "http://h"),
        row("glance", "http://i", "internal", ID=None),
        row("dns", "ws://h"),
    ]
    with pytest.raises(EndpointError) as caught:
        selected(rows)
    remove = "remove all but one from the catalog or from the list"
    assert str(caught.value).splitlines() == [
        "identity has several public endpoints: http://h:5000 (keystone, ID a) and "
        f"http://h:35357 (keystone3, ID b); {remove}",
        "image has several internal endpoints: http://h (image, ID c) and http://i (glance); "
        + remove,
        "left out:",
        '  dns (public): "ws://h" is neither http nor https; '
        "write a URL like http://192.0.2.1:8774/compute",
    ]


def test_a_second_address_that_cannot_be_used_is_no_second_address() -> None:
    """It is left out, and what is left can be read in one way."""
    chosen, told = selected([IMAGE, row("image", "wss://api.example.org"), IDENTITY])
    assert chosen == USUAL
    assert len(told) == 1


def test_a_list_of_which_nothing_is_left_is_refused() -> None:
    """With every reason."""
    with pytest.raises(EndpointError) as caught:
        selected([row("a.b", "http://h"), row("image", "http://h", "internal")])
    assert str(caught.value).splitlines() == [
        "nothing is left of the list",
        "left out:",
        f'  a.b (public): "a.b" {NO_NAME}',
        f"  image (internal): {NO_PUBLIC}",
    ]


NORTH, SOUTH = row("image", "http://n", Region="North"), row("image", "http://s", Region="South")
EVERYWHERE = row("identity", "http://k", Region="*")


@pytest.mark.parametrize(
    ("rows", "region", "inside", "outside", "name"),
    [
        ([NORTH], None, [NORTH], [], "North"),
        ([NORTH, SOUTH], "South", [SOUTH], [NORTH], "South"),
        ([NORTH, EVERYWHERE], None, [NORTH, EVERYWHERE], [], "North"),
        ([NORTH, EVERYWHERE], "North", [NORTH, EVERYWHERE], [], "North"),
        ([EVERYWHERE, NORTH, SOUTH], "North", [EVERYWHERE, NORTH], [SOUTH], "North"),
        ([EVERYWHERE], None, [EVERYWHERE], [], ""),
        ([EVERYWHERE | {"Region": None}], None, [EVERYWHERE], [], ""),
    ],
)
def test_a_region_has_what_is_in_every_one(
    rows: list[dict[str, Any]],
    region: str | None,
    inside: list[dict[str, Any]],
    outside: list[dict[str, Any]],
    name: str,
) -> None:
    """None needs to be chosen where there is one."""
    chosen = of_region(endpoints(rows)[0], region)
    assert [[e.url for e in part] for part in chosen[:2]] == [
        [r["URL"] for r in part] for part in (inside, outside)
    ]
    assert chosen[2] == name


@pytest.mark.parametrize(
    ("rows", "region", "message"),
    [
        ([NORTH, SOUTH, EVERYWHERE], None,
         "there are several regions, North, South; choose by --region"),
        ([NORTH, SOUTH], "West", "no endpoint is in region West; there are North, South"),
        ([EVERYWHERE], "West", "no endpoint is in region West; there are none"),
    ],
)  # fmt: skip
def test_a_region_that_is_not_clear_is_refused(
    rows: list[dict[str, Any]], region: str | None, message: str
) -> None:
    """With those that there are."""
    with pytest.raises(EndpointError) as caught:
        of_region(endpoints(rows)[0], region)
    assert str(caught.value) == message
