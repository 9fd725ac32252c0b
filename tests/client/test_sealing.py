"""What a token is sealed for: no service that nobody else has to call with it."""

import json
from itertools import permutations, product

import pytest
from jwcrypto.jwe import JWE

from openstackoid.client.sealing import sealed
from openstackoid.federation import Federation
from openstackoid.identity.keys import make
from openstackoid.identity.sealing import SealError, beside, digest, unseal
from openstackoid.message import Head, Headers
from openstackoid.routing import decide, narrowed
from openstackoid.scope import Scope, parse
from openstackoid.scope.expression import clouds
from openstackoid.services import BOUND, CALLS

KEYS = make()
SHOWN = {"One": "t1", "Two": "t2", "Three": "t3"}
EVERY = ("block-storage", "compute", "identity", "image", "network", "placement")
BESIDE = {"block-storage", "compute", "network", "placement"}
REST = set(EVERY) - {"identity"}


def services(scope: str, cloud: str, presenter: str) -> set[str]:
    """Return the services that a token of a cloud is sealed for, for a user at home in One."""
    text = sealed("t", cloud, KEYS.public.seal, parse(scope), "One", 1000, SHOWN)
    presented = beside(text, SHOWN[presenter])
    taken = set()
    for service in EVERY:
        try:
            assert unseal(presented, [KEYS.seal], cloud, service, presenter, 0) == "t"
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


@pytest.mark.parametrize(
    ("scope", "cloud", "presenter"),
    [
        ("*=Two", "Two", "Three"),
        ("compute=Two,image=Three", "Two", "Three"),
        ("compute=Three,identity=Two", "Two", "Three"),
        ("image=Two & Three", "Two", "Three"),
        ("compute=Two & Three", "Two", "Three"),
        ("compute=Two | Three,network=Two | Three", "Two", "Three"),
        ("network=Three,image=Two", "Two", "Three"),
        ("orchestration=Three,compute=Two", "Two", "Three"),
        ("object-store=Three,image=Two", "Two", "Three"),
        ("image=Two,compute=Three,block-storage=Three", "Two", "Two"),
    ],
)
def test_a_cloud_whose_services_call_none_there_presents_nothing(
    scope: str, cloud: str, presenter: str
) -> None:
    """An image cloud cannot use the compute cloud's token; nor do clouds side by side."""
    assert services(scope, cloud, presenter) == set()


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("compute=Three,image=Two", {"image"}),
        ("block-storage=Three,image=Two", {"image"}),
        ("*=Two,compute=Three", {"image"}),
        ("*=Two,compute=Three,network=Two", {"image", "network"}),
        ("*=Two,compute=Three,identity=Two,image=Three", set()),
        ("*=Three,image=Two", {"image"}),
        ("*=Three,identity=Two,image=Two", {"image"}),
        ("compute=Three,block-storage=Two", {"block-storage"}),
        ("compute=Two & Three,image=Two", {"image"}),
        ("compute=Two & Three,network=Two", {"network"}),
    ],
)
def test_a_cloud_presents_a_token_to_what_its_services_call(scope: str, expected: set[str]) -> None:
    """Whatever else the scope takes there: that is for home's gateway to ask."""
    assert services(scope, "Two", "Three") == expected


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("image=Two", set()),
        ("identity=Two", set()),
        ("*=Two", set()),
        ("image=Two,identity=One,*=One", set()),
        ("compute=Two", {"image"}),
        ("compute=One & Two", {"image"}),
        ("compute=Two | Three", {"image"}),
        ("compute=Two,image=Three", set()),
        ("compute=Two,image=One & Three", {"image"}),
        ("block-storage=Two", {"image"}),
        ("*=Two,image=One", {"image"}),
        ("network=Two,compute=One", set()),
        ("compute=Two,network=One", {"image", "network"}),
    ],
)
def test_a_token_of_home_is_for_what_others_call_back(scope: str, expected: set[str]) -> None:
    """Images, for a server or volume elsewhere; never home's Keystone."""
    assert services(scope, "One", "Two") == expected


CLOUDS = ("One", "Two", "Three")
FEDERATION = Federation.model_validate(
    {
        "clouds": {
            cloud: {"frontends": {s: f"http://{cloud}/{s}".lower() for s in EVERY}}
            for cloud in CLOUDS
        },
        "shared": [{"clouds": list(CLOUDS), "services": list(BOUND)}],
    }
)


def asked(service: str, scope: Scope, at: str) -> dict[str, Scope]:
    """Return the clouds to which a gateway sends a request with a scope, and the scope there."""
    headers = Headers([("Host", at.lower()), ("X-Scope", scope.canonical)])
    route = decide(Head("POST", f"/{service}/x", headers, 80), FEDERATION, at)
    return {c: narrowed(route, c).scope or Scope() for c in clouds(route.expression)}


TAKEN = ("", "One", "Two", "Three", "Two & Three", "Three | One")


@pytest.mark.parametrize("compute", TAKEN)
@pytest.mark.parametrize("volumes", TAKEN)
def test_every_call_that_the_gateways_would_send_is_sealed_for_and_no_other(
    compute: str, volumes: str
) -> None:
    """On a matrix of scopes, by the gateways' own decisions: what a service's call comes to.

    What is taken where is what is asked of home; the called service is asked at its caller's cloud.
    """
    for image, network in product(TAKEN, TAKEN[:-1:2]):
        taken = {"compute": compute, "block-storage": volumes, "image": image, "network": network}
        scope = parse(",".join(f"{s}={e}" for s, e in taken.items() if e) or "{}")
        needed: dict[tuple[str, str], set[str]] = {}
        for caller, called in CALLS:
            for presenter, own in asked(caller, scope, "One").items():
                for cloud in asked(called, own, presenter).keys() - {presenter}:
                    needed.setdefault((cloud, presenter), set()).add(called)
        for cloud, presenter in permutations(CLOUDS, 2):
            if presenter != "One":
                expected = needed.get((cloud, presenter), set())
                assert presenters(scope, cloud).get(presenter, set()) == expected, scope


def presenters(scope: Scope, cloud: str) -> dict[str, set[str]]:
    """Return the services that each cloud may present a sealed token of a cloud to."""
    key = KEYS.seal
    jwe = JWE(algs=["ECDH-ES", "A256GCM"])
    jwe.deserialize(sealed("t", cloud, KEYS.public.seal, scope, "One", 1000, SHOWN), key)
    said = json.loads(jwe.payload)["from"]
    assert all(one["shown"] == digest(SHOWN[name]) for name, one in said.items())
    return {name: set(one["services"]) for name, one in said.items()}
