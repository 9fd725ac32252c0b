"""As how many ordinary requests the work that a request makes counts."""

import asyncio
import json

import pytest
from gateway.backend import json_answer
from gateway.played import Clouds

from openstackoid.gateway.admission import cost
from openstackoid.message import Headers

TOKENS = '"tokens":'
ORDINARY = [
    ("Host", "127.0.0.1:8888"),
    ("User-Agent", "openstacksdk/4.22 keystoneauth1/5.18 python-requests/2.32 CPython/3.11"),
    ("X-Auth-Token", "g" * 200 + '!SCOPE!{"*":"One","identity":"One","image":"Two"}'),
    ("X-Scope", '{"*":"One","identity":"One","image":"Two"}'),
]


def test_an_ordinary_request_counts_as_one() -> None:
    """With a scope, a token and a wallet of an account in another cloud."""
    assert cost.of_head("/v2/images?name=debian", Headers(ORDINARY)) == 0
    wallet = f'T!SCOPE!{{"image":"Two",{TOKENS}{{"Two":["{"t" * 700}",null]}}}}'
    assert cost.of_head("/v2/images", Headers([("X-Auth-Token", wallet)])) == 0


@pytest.mark.parametrize(
    ("headers", "target", "least"),
    [
        ([("X-Scope", "x" * 4096)], "/", 8),
        ([("X-Scope", "x" * 2048)] * 2, "/", 8),
        ([("X-Auth-Token", "T!SCOPE!" + "x" * 4096)], "/", 8),
        ([("X-Subject-Token", "T!SCOPE!" + "x" * 4096)], "/", 8),
        ([("X-Auth-Token", "T!SCOPE!{" + TOKENS + "x" * 8192)], "/", 8),
        ([("X-Any", "x" * 65_000)], "/", 3),
        ([], "/" + "a/" * 30_000, 3),
    ],
)
def test_what_takes_long_to_read_counts_as_more(
    headers: list[tuple[str, str]], target: str, least: int
) -> None:
    """Wherever it is in the head."""
    assert cost.of_head(target, Headers(headers)) >= least


def test_a_token_without_a_scope_is_not_read() -> None:
    """However long it is, it passes as it is."""
    assert cost.of_head("/", Headers([("X-Auth-Token", "g" * 2000)])) == 0


async def asked_until_refused(clouds: Clouds, *headers: str) -> int:
    """Return how many of these requests at once a gateway answers before it says 429."""
    statuses = await asyncio.gather(
        *(clouds.ask("CloudOne", "image", "/v2/images", *headers) for _ in range(40))
    )
    return sum(answered.status != 429 for answered in statuses)


@pytest.mark.parametrize("rate", [4])
@pytest.mark.parametrize(
    "scope", ["x" * 4000, "image=" + "&".join(["CloudOne"] * 400)], ids=["nonsense", "a name"]
)
async def test_who_sends_long_scopes_may_send_fewer(clouds: Clouds, scope: str) -> None:
    """Also if they are refused: it is the reading that costs."""
    assert await asked_until_refused(clouds, f"X-Scope: {scope}") < 20


@pytest.mark.parametrize("rate", [4])
@pytest.mark.parametrize("where", ["many headers", "two headers"])
async def test_who_sends_long_heads_may_send_fewer(clouds: Clouds, where: str) -> None:
    """Also without a scope, and wherever it is long: all of a head is read."""
    lines = {
        "many headers": [f"X-{number}: {'x' * 950}" for number in range(100)],
        "two headers": [f"X-{number}: {'x' * 60_000}" for number in range(2)],
    }[where]
    assert await asked_until_refused(clouds, *lines) < 20


@pytest.mark.parametrize("rate", [4])
async def test_a_long_catalog_of_another_cloud_is_charged_to_who_asked_for_it(
    clouds: Clouds,
) -> None:
    """The login passes, and the next request waits until it is paid off."""
    entries = [{"type": "compute", "name": "x" * 100, "endpoints": []}] * 10_000
    body = json.dumps({"token": {"catalog": entries}})
    clouds.backends["CloudTwo"]["identity"].answer = json_answer(body, "201 Created")
    scope = 'X-Scope: {"identity": "CloudTwo"}'
    answered = await clouds.ask(
        "CloudOne", "identity", "/v3/auth/tokens", scope, method="POST", body=b"{}"
    )
    assert answered.status == 201
    assert (await clouds.ask("CloudOne", "image")).status == 429
