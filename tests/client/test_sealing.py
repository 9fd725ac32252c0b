"""What a token is sealed for: no service that nobody else has to call with it."""

import pytest

from openstackoid.client.sealing import sealed
from openstackoid.identity.keys import make
from openstackoid.identity.sealing import SealError, unseal
from openstackoid.scope import parse

KEYS = make()
EVERY = ("block-storage", "compute", "identity", "image", "network", "placement")
BESIDE = {"block-storage", "compute", "network", "placement"}
REST = set(EVERY) - {"identity"}


def services(scope: str, cloud: str, presenter: str) -> set[str]:
    """Return the services that a token of a cloud is sealed for, for a user at home in One."""
    text = sealed("t", cloud, KEYS.public.seal, parse(scope), "One", 1000)
    taken = set()
    for service in EVERY:
        try:
            assert unseal(text, [KEYS.seal], cloud, service, presenter, 0) == "t"
        except SealError:
            continue
        taken.add(service)
    return taken


@pytest.mark.parametrize(
    ("scope", "cloud", "expected"),
    [
        ("image=Two", "Two", {"image"}),
        ("compute=Two", "Two", BESIDE),
        ("compute=Two,image=Three", "Three", {"image"}),
        ("image=Two & One", "Two", {"image"}),
        ("identity=Two", "Two", {"identity"}),
        ("*=Two", "Two", REST),
        ("*=Two,identity=Two", "Two", set(EVERY)),
        ("*=Two,identity=One", "Two", REST),
        ("*=Two & Three", "Three", REST),
        ("*=Two,image=Three", "Three", {"image"}),
    ],
)
def test_a_token_is_for_what_the_scope_takes_there(
    scope: str, cloud: str, expected: set[str]
) -> None:
    """Written, or bound to compute; identity only if it is written itself.

    Home's gateway presents it: every request begins there, also where the scope takes nothing of
    home.
    """
    assert services(scope, cloud, "One") == expected


def test_a_cloud_that_has_no_part_in_the_request_presents_nothing() -> None:
    """Nor does one that merely has an account."""
    assert services("*=Two", "Two", "Three") == set()


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("image=Two", set()),
        ("identity=Two", set()),
        ("*=Two", set()),
        ("image=Two,identity=One,*=One", set()),
        ("compute=Two", {"image"}),
        ("compute=One & Two", {"image"} | BESIDE),
        ("compute=Two | Three", {"image"}),
        ("compute=Two,image=Three", set()),
        ("compute=Two,image=One & Three", {"image"}),
        ("block-storage=Two", {"image"}),
        ("*=Two,image=One", {"image"}),
        ("network=Two,compute=One", BESIDE - {"network"}),
    ],
)
def test_a_token_of_home_is_for_what_others_call_back(scope: str, expected: set[str]) -> None:
    """Images, for a server or volume elsewhere, and what is written; never home's Keystone."""
    assert services(scope, "One", "Two") == expected
