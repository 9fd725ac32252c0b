"""Passwords cannot be guessed by way of a gateway."""

import io
import json
from typing import Any

import pytest
from gateway.admission.workers import shared
from gateway.backend import json_answer
from gateway.credentials import give_keys, reload, take_keys
from gateway.played import Answered, Clouds

from openstackoid.gateway.admission.logins import FAILURES, PAUSE, Logins
from openstackoid.identity import Account
from openstackoid.operators.request import NoAnswerError
from openstackoid.routing import Refusal

TWO = 'X-Scope: {"identity": "CloudTwo"}'


async def guess(clouds: Clouds, name: str, *headers: str, at: str = "CloudOne") -> Answered:
    """Try a password of a user of CloudTwo by way of a gateway."""
    user = {"name": name, "domain": {"id": "default"}, "password": "guess"}
    document = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    body = json.dumps(document).encode()
    return await clouds.ask(
        at, "identity", "/v3/auth/tokens", *(headers or (TWO,)), method="POST", body=body
    )


def lines(logged: io.StringIO, event: str, gateway: str) -> list[dict[str, Any]]:
    """Return the lines of an event."""
    every = [json.loads(line) for line in logged.getvalue().splitlines()]
    return [line for line in every if (line["event"], line.get("gateway")) == (event, gateway)]


async def test_few_passwords_of_an_account_of_another_cloud_can_be_guessed(
    clouds: Clouds,
) -> None:
    """However the name is written; another account is not kept out, and home itself decides."""
    keystone = clouds.backends["CloudTwo"]["identity"]
    keystone.answer = json_answer('{"error": {"code": 401}}', "401 Unauthorized")
    names = ["admin", "Admin", "ADMIN", " admin"]
    answers = [await guess(clouds, names[n % 4]) for n in range(30)]
    assert [a.status for a in answers] == [401] * FAILURES + [429] * (30 - FAILURES)
    assert len(keystone.requests) == FAILURES
    assert b"log in at CloudTwo itself" in answers[-1].body
    assert 0 < int(answers[-1].values("retry-after")[0]) <= PAUSE
    assert (await guess(clouds, "other")).status == 401
    clouds.backends["CloudOne"]["identity"].answer = keystone.answer
    for _ in range(2 * FAILURES):
        assert (await guess(clouds, "admin", "X-Any: 1")).status == 401


async def test_what_keystone_does_not_read_makes_no_other_account(clouds: Clouds) -> None:
    """It takes the name, of the domain as well, if there are a name and an id."""
    keystone = clouds.backends["CloudTwo"]["identity"]
    keystone.answer = json_answer('{"error": {"code": 401}}', "401 Unauthorized")
    for n in range(2 * FAILURES):
        domain = {"name": "Default", "id": f"d{n}"}
        user = {"id": f"u{n}", "name": "admin", "domain": domain, "password": "guess"}
        tried = {"id": f"x{n}", "user": user}
        document = {"auth": {"identity": {"methods": ["password"], "password": tried}}}
        body = json.dumps(document).encode()
        await clouds.ask("CloudOne", "identity", "/v3/auth/tokens", TWO, method="POST", body=body)
    assert len(keystone.requests) == FAILURES


async def test_logins_that_succeed_are_not_limited(clouds: Clouds) -> None:
    """Each command of a user who takes identity elsewhere logs in."""
    answer = json_answer('{"token": {"catalog": []}}', "201 Created", "X-Subject-Token: T")
    clouds.backends["CloudTwo"]["identity"].answer = answer
    for _ in range(2 * FAILURES):
        assert (await guess(clouds, "alice")).status == 201


async def test_the_other_gateway_limits_them_as_well(clouds: Clouds) -> None:
    """Home's operator may not care."""
    take_keys(clouds)
    await reload(clouds)
    answer = json_answer('{"error": {"code": 401}}', "401 Unauthorized")
    clouds.backends["CloudTwo"]["identity"].answer = answer
    sent = ('X-Scope: {"*":"CloudOne","identity":"CloudTwo"}', "Via: 1.1 CloudOne (openstackoid)")
    statuses = [(await guess(clouds, "admin", *sent, at="CloudTwo")).status for _ in range(30)]
    assert statuses.count(401) == FAILURES


async def test_the_other_gateway_is_told_who_asks(clouds: Clouds, logged: io.StringIO) -> None:
    """Of a login alone, by a header that is signed; its Keystone does not get it."""
    await give_keys(clouds, "CloudOne")
    clouds.document["clouds"]["CloudOne"]["own"]["proxies"] = ["127.0.0.1"]
    clouds.save()
    await clouds.gateways["CloudOne"].reload()
    client = ("X-Forwarded-For: 192.0.2.7", "X-Scope-Client: 198.51.100.1")
    await guess(clouds, "admin", TWO, *client)
    (line,) = lines(logged, "request", "CloudTwo")
    assert (line["asked_by"], line["proven"]) == ("192.0.2.7", ["signature"])
    (event,) = (line["cadf"] for line in lines(logged, "audit", "CloudTwo"))
    assert event["initiator"]["host"] == {"address": "127.0.0.1", "agent": "for 192.0.2.7"}
    (received,) = clouds.backends["CloudTwo"]["identity"].requests
    assert received.values("x-scope-client") == []
    await clouds.ask("CloudOne", "image", "/v2/images", "X-Scope: image=CloudTwo", *client)
    assert "asked_by" not in lines(logged, "request", "CloudTwo")[-1]


@pytest.mark.parametrize("told", ["198.51.100.1", "x", ""])
async def test_nobody_else_is_believed_who_asks(
    clouds: Clouds, logged: io.StringIO, told: str
) -> None:
    """Neither a client nor a gateway that proves nothing."""
    via = "Via: 1.1 CloudOne (openstackoid)"
    completed = 'X-Scope: {"*":"CloudOne","identity":"CloudTwo"}'
    for headers in ((TWO,), (completed, via)):
        await guess(clouds, "a", *headers, f"X-Scope-Client: {told}", at="CloudTwo")
    assert all("asked_by" not in line for line in lines(logged, "request", "CloudTwo"))


def test_a_login_that_was_cut_counts() -> None:
    """Nobody gets more guesses by leaving; one that got nowhere does not count."""
    logins = Logins("One")
    account = (Account(name="admin"),)
    for _ in range(2 * FAILURES):
        with logins.trying("Two", account) as attempt:
            attempt.status = 504
    for _ in range(FAILURES):
        with logins.trying("Two", account):
            pass
    with pytest.raises(Refusal, match="have failed"), logins.trying("Two", account):
        pass
    with logins.trying("Three", account):
        pass


def test_all_workers_count_together() -> None:
    """Those that follow as well: a worker that ends gives nobody more guesses."""
    memory = shared()
    account = (Account(name="admin"),)
    for _ in range(FAILURES):
        with Logins("One", memory).trying("Two", account):
            pass
    later = Logins("One", memory)
    with pytest.raises(Refusal, match="have failed"), later.trying("Two", account):
        pass
    with later.trying("Three", account):
        pass


@pytest.mark.parametrize("name", ["\u00e1dmin", "a\u0301dmin", "ad\u200bmin", "admin\u00ad"])
def test_accents_and_what_is_not_seen_make_no_other_account(name: str) -> None:
    """A database of Keystone may take such names for the same."""
    logins = Logins("One")
    for _ in range(FAILURES):
        with logins.trying("Two", (Account(name=name),)):
            pass
    with (
        pytest.raises(Refusal, match="have failed"),
        logins.trying("Two", (Account(name="admin"),)),
    ):
        pass


@pytest.mark.parametrize(("sent", "tries"), [(False, 3 * FAILURES), (True, FAILURES)])
def test_a_login_that_reached_nobody_is_no_guess(*, sent: bool, tries: int) -> None:
    """A cloud that is cut off must not lock out its users; a lost answer may have been a 401."""
    logins = Logins("CloudOne")
    account = Account(name="admin")

    def try_once() -> None:
        with logins.trying("CloudTwo", [account]):
            raise NoAnswerError("no answer", sent=sent)

    for _ in range(tries):
        with pytest.raises(NoAnswerError):
            try_once()
    if sent:
        with pytest.raises(Refusal):
            try_once()
