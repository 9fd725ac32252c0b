"""The table of callers: what a cloud that takes part in a request gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.identity.callers import Reach, called_by, covers, created_in, follows, reach
from openstackoid.scope import Scope, parse
from openstackoid.scope.expression import CloudRef, clouds
from openstackoid.services import BOUND, CALLS, COMPUTE, IDENTITY

HOME = "One"
PLACES = ("One", "Two", "Three", "Four")
EXPRESSIONS = st.one_of(
    st.sampled_from(PLACES),
    st.tuples(
        st.lists(st.sampled_from(PLACES), min_size=2, max_size=3, unique=True),
        st.sampled_from("&|"),
    ).map(lambda pair: pair[1].join(pair[0])),
)
SERVICES = st.sampled_from(
    ["*", "compute", "image", "network", "block-storage", "placement", "identity", "orchestration"]
)
SCOPES = st.dictionaries(SERVICES, EXPRESSIONS, max_size=6).map(
    lambda items: parse(",".join(f"{s}={e}" for s, e in items.items()) or "*=One").completed(HOME)
)


def of(scope: str, cloud: str) -> Reach:
    """Return what a cloud gets by a scope of CloudOne's."""
    return reach(parse(scope).completed(HOME), cloud, HOME)


@pytest.mark.parametrize(
    ("scope", "cloud", "expected"),
    [
        ("image=Two", "Two", Reach(("image",), (), ())),
        ("object-store=Two", "Two", Reach(("object-store",), (), ())),
        ("orchestration=Two", "Two", Reach(("orchestration",), (), ())),
        ("network=Two", "Two", Reach(("network",), (), ())),
        (
            "compute=Two",
            "Two",
            Reach(("block-storage", "compute", "network", "placement"), ("image",), ()),
        ),
        (
            "compute=Two,image=Three",
            "Two",
            Reach(
                ("block-storage", "compute", "network", "placement"), (), (("Three", ("image",)),)
            ),
        ),
        ("compute=Two,image=Three", "Three", Reach(("image",), (), ())),
        (
            "compute=Two,image=Three,block-storage=Four",
            "Two",
            Reach(
                ("compute", "network", "placement"),
                (),
                (("Four", ("block-storage",)), ("Three", ("image",))),
            ),
        ),
        (
            "compute=Two,image=Three,block-storage=Four",
            "Four",
            Reach(("block-storage",), (), (("Three", ("image",)),)),
        ),
        ("block-storage=Two", "Two", Reach(("block-storage",), ("image",), ())),
        ("*=Two", "Two", Reach(("*",), (), ())),
        ("*=Two,image=One", "Two", Reach(("*",), ("image",), ())),
        ("compute=Two,network=One", "Two",
         Reach(("block-storage", "compute", "placement"), ("image", "network"), ())),
        ("compute=Two,image=One | Three", "Two",
         Reach(("block-storage", "compute", "network", "placement"), ("image",),
               (("Three", ("image",)),))),
    ],
)  # fmt: skip
def test_a_cloud_gets_its_own_services_and_what_these_call(
    scope: str, cloud: str, expected: Reach
) -> None:
    """No more: an image cloud gets nothing beyond it, nor does one with networks alone."""
    assert of(scope, cloud) == expected


@pytest.mark.parametrize("operator", ["&", "|"])
@pytest.mark.parametrize("service", ["*", "compute", "image", "block-storage", "network"])
@pytest.mark.parametrize("operands", ["Two{}Three", "Three{}Two{}Four", "(Two&Four){}Three"])
def test_clouds_side_by_side_get_nothing_for_each_other(
    service: str, operator: str, operands: str
) -> None:
    """Each server has the network and the volumes of its own cloud."""
    scope = f"{service}={operands.replace('{}', operator)}"
    for cloud in ("Two", "Three"):
        beyond = dict(of(f"{scope},image=One" if service != "image" else scope, cloud).beyond)
        assert beyond == {}


@pytest.mark.parametrize("operator", ["&", "|"])
@pytest.mark.parametrize("asked", ["compute", "network", "block-storage", "image"])
def test_nor_do_they_where_one_of_them_is_asked_alone(operator: str, asked: str) -> None:
    """The scope is narrowed for the service that is asked; its neighbours stay as they were."""
    scope = parse(f"compute=Two{operator}Three").completed(HOME)
    for service in (asked, *(BOUND if asked == COMPUTE else ())):
        scope = scope.having(service, CloudRef("Two"))
    assert reach(scope, "Two", HOME).beyond == ()


@given(SCOPES, st.sampled_from(PLACES[1:]))
def test_identity_is_never_among_them(scope: Scope, cloud: str) -> None:
    """In Keystone one can create credentials that outlive a token."""
    found = reach(scope, cloud, HOME)
    assert IDENTITY not in (
        *found.services,
        *found.back,
        *(s for _, one in found.beyond for s in one),
    )
    assert not covers(found.services, IDENTITY)


@given(SCOPES, st.sampled_from(PLACES[1:]))
def test_a_cloud_gets_what_the_table_and_the_scope_say(scope: Scope, cloud: str) -> None:
    """Each service beyond it is called by one that the scope takes in it, and taken there."""
    found = reach(scope, cloud, HOME)
    for other, services in ((HOME, found.back), *found.beyond):
        for service in services:
            expression = scope.resolve(service)
            assert expression is not None
            assert other in clouds(expression)
            callers = {caller for caller, called in CALLS if called == service}
            assert any(cloud in taken(scope, caller) for caller in callers)
    names = [other for other, _ in found.beyond]
    assert cloud not in names
    assert HOME not in names
    assert names == sorted(set(names))


@given(SCOPES)
def test_a_cloud_that_the_scope_does_not_name_gets_nothing(scope: Scope) -> None:
    """Whatever else is in it."""
    assert reach(scope, "Evil", HOME) == Reach((), (), ())


@given(SCOPES, st.sampled_from(PLACES[1:]))
def test_a_cloud_that_takes_no_caller_gets_nothing_beyond_it(scope: Scope, cloud: str) -> None:
    """For nobody there would have to call anybody."""
    if not any(cloud in taken(scope, caller) for caller, _ in CALLS):
        found = reach(scope, cloud, HOME)
        assert (found.back, found.beyond) == ((), ())


def taken(scope: Scope, service: str) -> set[str]:
    """Return the clouds in which a scope takes a service."""
    expression = scope.resolve(service)
    return set(clouds(expression)) if expression else set()


def test_everything_is_all_but_identity() -> None:
    """A service that is named counts by its name."""
    assert covers(("*",), "image")
    assert covers(("image",), "image")
    assert not covers(("*",), IDENTITY)
    assert not covers(("image",), "compute")
    assert not covers((), "image")


def test_called_services_are_those_of_the_table() -> None:
    """Compute calls three, block storage one, nobody else anybody; everything calls as they do."""
    assert called_by(("compute",)) == ("block-storage", "image", "network")
    assert called_by(("block-storage",)) == ("image",)
    assert called_by(("*",)) == ("block-storage", "image", "network")
    for service in ("image", "network", "placement", "identity", "orchestration", "object-store"):
        assert called_by((service,)) == ()


def test_bound_services_follow_compute_until_the_scope_names_them_elsewhere() -> None:
    """An image does not: it is taken to where the server is."""
    scope = parse("compute=Two&Three,network=Two,image=Two&Three").completed(HOME)
    assert "block-storage" in BOUND
    assert follows(scope, COMPUTE, "block-storage")
    assert not follows(scope, COMPUTE, "network")
    assert not follows(scope, COMPUTE, "image")


@pytest.mark.parametrize(
    ("service", "path", "expected"),
    [
        ("image", "/v2/images", (True, "")),
        ("image", "/v2/images/", (True, "")),
        ("image", "/v2/images/1", (True, "1")),
        ("image", "/v2/images/1/file", (True, "1")),
        ("image", "/v2/metadefs/namespaces", (False, "")),
        ("image", "/v2/imagesx", (False, "")),
        ("image", "/v1/images/1", (False, "")),
        ("network", "/v2.0/ports", (True, "")),
        ("network", "/v2.0/ports.json", (True, "")),
        ("network", "/v2.0/ports/1", (True, "1")),
        ("network", "/v2.0/ports1", (False, "")),
        ("network", "/v2.0/ports.json/1", (False, "")),
        ("network", "/v2.0/ports//1", (False, "")),
        ("block-storage", "/v3/p/volumes1", (False, "")),
        ("block-storage", "/v3/p/attachments_1", (False, "")),
        ("block-storage", "/v3/volumes/1", (False, "")),
        ("network", "/v2.0/security-groups/1", (False, "")),
        ("network", "/v2.0/routers/1/add_router_interface", (False, "")),
        ("block-storage", "/v3/p/volumes", (True, "")),
        ("block-storage", "/v3/p/volumes/1/action", (True, "1")),
        ("block-storage", "/v3/p/attachments/1", (True, "1")),
        ("block-storage", "/v3/p/snapshots/1", (False, "")),
        ("compute", "/v2.1/servers", (False, "")),
        ("identity", "/v3/users", (False, "")),
        ("object-store", "/v1/AUTH_p/c/o", (False, "")),
        ("unknown", "/x", (False, "")),
        ("image", "", (False, "")),
    ],
)
def test_what_callers_create_is_known_by_its_path(
    service: str, path: str, expected: tuple[bool, str]
) -> None:
    """An image, a port, a volume, an attachment; nothing else of these services."""
    assert created_in(service, path) == expected
