"""Where each service is taken, and what travels."""

import pytest

from openstackoid.scope import CloudRef, Scope, parse


@pytest.mark.parametrize(
    ("written", "completed"),
    [
        ("{}", '{"*":"Home","identity":"Home"}'),
        ("image=Two", '{"*":"Home","identity":"Home","image":"Two"}'),
        ("*=Two", '{"*":"Two","identity":"Two"}'),
        ("*=Two,identity=Three", '{"*":"Two","identity":"Three"}'),
        (
            "compute=Two",
            '{"*":"Home","block-storage":"Two","compute":"Two","identity":"Home","network":"Two",'
            '"placement":"Two"}',
        ),
        (
            "compute=Two&Three,network=Four,*=Five",
            '{"*":"Five","block-storage":"Two&Three","compute":"Two&Three","identity":"Five",'
            '"network":"Four","placement":"Two&Three"}',
        ),
        ("network=Two", '{"*":"Home","identity":"Home","network":"Two"}'),
    ],
)
def test_a_completed_scope_names_home_identity_and_what_is_bound_to_compute(
    written: str, completed: str
) -> None:
    """What travels can be understood far from home; what was written is obeyed."""
    scope = parse(written).completed("Home")
    assert scope.canonical == completed
    assert scope.completed("Elsewhere") is scope


@pytest.mark.parametrize(
    ("written", "service", "cloud"),
    [
        ("image=Two", "image", "Two"),
        ("image=Two", "compute", "Home"),
        ("compute=Two", "network", "Two"),
        ("compute=Two", "placement", "Two"),
        ("compute=Two", "block-storage", "Two"),
        ("compute=Two", "image", "Home"),
        ("compute=Two", "identity", "Home"),
        ("compute=Two,network=Three", "network", "Three"),
        ("*=Two", "object-store", "Two"),
        ("*=Two", "network", "Two"),
        ("*=Two,compute=Three", "network", "Three"),
        ("*=Two", "identity", "Two"),
    ],
)
def test_a_service_is_taken_as_named_then_as_bound_then_at_home(
    written: str, service: str, cloud: str
) -> None:
    """Bound services follow compute, all others the `*`, which is home where it is not named."""
    assert parse(written).completed("Home").resolve(service) == CloudRef(cloud)


def test_an_incomplete_scope_leaves_a_service_open() -> None:
    """Only completing decides where home is."""
    assert parse("image=Two").resolve("compute") is None


def test_a_scope_knows_its_operators_and_its_clouds() -> None:
    """Composite expressions are told apart, clouds are named once, in the order of the services."""
    scope = parse("nova=Two,image=One|Two&Three,*=Four")
    assert [service for service, _ in scope.composites()] == ["image"]
    assert scope.clouds == ("Four", "Two", "One", "Three")


def test_scopes_are_values() -> None:
    """Equal scopes are one key, and none can be changed."""
    one, other = parse("image=A,nova=B"), parse("{compute: B, glance: A}")
    assert {one: 1}[other] == 1
    assert one.having("image", CloudRef("C")) != other
    with pytest.raises(AttributeError):
        one.items = ()  # type: ignore[misc]
    assert (bool(one), bool(Scope())) == (True, False)
    assert str(one) == one.canonical
