"""What the access log says of one request."""

import io
import json
import re
from types import SimpleNamespace
from typing import Any, cast

import pytest
from gateway.credentials import reload
from gateway.played import TOKEN, Clouds
from gateway.trust.vouching import SCOPE, Vouching

from openstackoid.gateway.front import Request
from openstackoid.gateway.reporting.access_record import (
    REQUEST_ID,
    AccessRecord,
    current,
    note_assertion,
)
from openstackoid.message import Headers

GOOD = "req-01234567-89ab-cdef-0123-456789abcdef"
SHAPE = re.compile(r"req-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def record(target: str = "/v2/images", *ids: str) -> AccessRecord:
    """Return the record of a request that came with these ids."""
    headers = Headers([(REQUEST_ID, one) for one in ids])
    request = SimpleNamespace(method="GET", target=target, headers=headers, remote="192.0.2.1")
    return AccessRecord(cast("Request", request), "CloudOne")


def line(logged: io.StringIO) -> dict[str, Any]:
    return dict(json.loads(logged.getvalue()))


def test_an_id_that_came_is_kept() -> None:
    """So that a request has one id in all clouds, whatever a service answers."""
    kept = record("/", GOOD)
    kept.learn_request_id(Headers([(REQUEST_ID, GOOD.replace("0", "1"))]))
    assert kept.request_id == kept.make_request_id() == GOOD


def test_another_id_of_the_service_is_noted(logged: io.StringIO) -> None:
    """It is the one that its own log, and its users, know."""
    kept = record("/", GOOD)
    kept.learn_request_id(Headers([(REQUEST_ID, GOOD)]))
    assert "service_request_id" not in kept.fields
    kept.learn_request_id(Headers([(REQUEST_ID, GOOD.replace("0", "1"))]))
    kept.write()
    assert line(logged)["service_request_id"] == GOOD.replace("0", "1")


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "req-1",
        GOOD.upper(),
        GOOD.replace("req-", ""),
        f"{GOOD}0",
        f"{GOOD}\n",
        f" {GOOD}",
        GOOD.replace("0", "g"),
        f"{GOOD}, {GOOD}",
        "req-" + "a" * 5000,
    ],
)
def test_an_id_that_is_none_is_not_taken(odd: str) -> None:
    """Nothing that a client or a service makes up gets into the log by it."""
    made = record("/", odd)
    assert made.request_id is None
    made.learn_request_id(Headers([(REQUEST_ID, odd)]))
    assert made.request_id is None
    assert SHAPE.fullmatch(made.make_request_id())


def test_a_service_s_id_is_taken_if_there_is_none() -> None:
    """Later ones do not change it."""
    learning = record()
    learning.learn_request_id(Headers([]))
    assert learning.request_id is None
    learning.learn_request_id(Headers([("x-openstack-request-ID", GOOD)]))
    learning.learn_request_id(Headers([(REQUEST_ID, GOOD.replace("0", "1"))]))
    assert learning.make_request_id() == GOOD


def test_each_request_gets_an_id_of_its_own() -> None:
    """And keeps it."""
    every = [record() for _ in range(1000)]
    ids = [one.make_request_id() for one in every]
    assert len(set(ids)) == 1000
    assert [one.make_request_id() for one in every] == ids
    assert all(SHAPE.fullmatch(one) for one in ids)


def test_a_line_says_what_came_of_a_request(logged: io.StringIO) -> None:
    """Who asked for what, the sizes, and what else is known by the end."""
    done = record("/v2/images?token=secret", GOOD)
    done.status, done.received, done.sent = 200, 3, 4
    done.fields["cloud"] = "CloudTwo"
    done.write()
    said = line(logged)
    assert 0 <= said.pop("seconds") < 60
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", said.pop("timestamp"))
    assert said == {
        "event": "request",
        "level": "info",
        "gateway": "CloudOne",
        "request_id": GOOD,
        "client": "192.0.2.1",
        "method": "GET",
        "path": "/v2/images",
        "status": 200,
        "received": 3,
        "sent": 4,
        "cloud": "CloudTwo",
    }


def test_a_client_that_left_has_no_status(logged: io.StringIO) -> None:
    """There is a line all the same."""
    record().write()
    assert line(logged)["status"] is None
    assert line(logged)["request_id"] is None


@pytest.mark.parametrize(
    "target", ["/v3/auth/tokens/SECRET", "http://a:SECRET@b/", "/x?SECRET", "/" + "SECRET" * 20]
)
def test_a_path_is_logged_without_secrets(logged: io.StringIO, target: str) -> None:
    """Tokens may be in a path, in a query, or in an address in the place of a path."""
    record(target).write()
    assert line(logged)["path"].count("SECRET") <= 1
    assert "SECRETSECRET" not in line(logged)["path"]
    if len(target) < 100:
        assert "SECRET" not in logged.getvalue()


def done(logged: io.StringIO) -> list[tuple[str, str, list[str]]]:
    """Return for each request with an assertion the gateway, what it did and the ids."""
    lines = map(json.loads, logged.getvalue().splitlines())
    return [(e["gateway"], e["assertion"], e["jti"]) for e in lines if "assertion" in e]


async def test_both_sides_write_the_id_of_an_assertion(
    clouds: Clouds, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By which an operator finds what became of it in the other cloud, also in the audit."""
    monkeypatch.setattr("openstackoid.gateway.reporting.audit.DELAY", 0)
    auth = f"X-Auth-Token: {TOKEN}"
    await clouds.ask("CloudOne", "image", "/v2/images", auth, "X-Scope: image=CloudTwo")
    stamped = Vouching(clouds).received("CloudTwo")
    await Vouching(clouds).whose(stamped)
    await clouds.ask("CloudTwo", "image", "/v2/images", f"X-Auth-Token: {stamped}")
    taken, made, asked, again = done(logged)
    (jti,) = made[2]
    assert made == ("CloudOne", "made", [jti])
    assert taken == ("CloudTwo", "taken", [jti])
    assert asked == ("CloudTwo", "asked about", [jti])
    assert again == ("CloudTwo", "stamped", [jti])
    audit = [e for e in map(json.loads, logged.getvalue().splitlines()) if e["event"] == "audit"]
    assert {e["cadf"]["action"] for e in audit} == {"send", "receive", "authenticate"}
    assert {e["jti"] for e in audit} == {jti}
    assert len({e["cadf"]["initiator"]["id"] for e in audit}) == 1
    (receive,) = (e for e in map(json.loads, logged.getvalue().splitlines()) if "proven" in e and
                  e["event"] == "request")  # fmt: skip
    assert receive["issuer"] == "CloudOne"


async def test_what_is_brought_back_is_joined_with_what_takes_its_place(
    clouds: Clouds, logged: io.StringIO
) -> None:
    """CloudTwo passes it on, and CloudOne makes one for itself of it."""
    clouds.document["clouds"]["CloudOne"]["own"]["keep"] = []
    await reload(clouds)
    auth = f"X-Auth-Token: {TOKEN}"
    await clouds.ask("CloudOne", "compute", "/v2.1/servers", "X-Scope: compute=CloudTwo", auth)
    stamped = Vouching(clouds).received("CloudTwo", "compute")
    await clouds.ask("CloudTwo", "image", "/v2/images", f"X-Auth-Token: {stamped}")
    _, made, back, passed = done(logged)
    (jti,) = made[2]
    assert passed == ("CloudTwo", "passed on", [jti])
    assert back[:2] == ("CloudOne", "back")
    assert back[2][0] == jti != back[2][1]


async def test_a_refused_one_is_named(clouds: Clouds, logged: io.StringIO) -> None:
    """So that its cloud can say whether it has made it; what is none has no id."""
    alice = Vouching(clouds)
    await alice.present(alice.assertion("CloudTwo"))
    await alice.present("oid1.x", scope=SCOPE)
    (one, none) = done(logged)
    assert one[:2] == none[:2] == ("CloudTwo", "refused")
    assert (len(one[2]), none[2]) == (1, [])


def test_a_line_has_a_few_ids(logged: io.StringIO) -> None:
    """A request to hundreds of clouds makes as many assertions; the audit names those it has."""
    one = record()
    current.set(one)
    for n in range(9):
        note_assertion("made", f"{2 * n}", f"{2 * n + 1}", "")
    one.write()
    assert line(logged)["jti"] == ["0", "1", "2", "3"]
