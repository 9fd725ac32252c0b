"""What an assertion costs a gateway: to make one, to check it, to know it again; and its stamp."""

import time
from collections.abc import Coroutine
from itertools import cycle
from pathlib import Path
from typing import Any, cast

import click

from bench import page, tools
from bench.machine import machine
from bench.table import TIMES, table
from bench.timing import Side, micro
from openstackoid.federation import Federation
from openstackoid.federation.own import PublicKeys
from openstackoid.gateway.trust.accepting import MAX_KNOWN, Accepting
from openstackoid.gateway.trust.confirming import Ask, Confirming
from openstackoid.gateway.trust.home_tokens import HomeTokens
from openstackoid.gateway.trust.made import Made
from openstackoid.identity.assertion import Claims, sign
from openstackoid.identity.callers import reach
from openstackoid.identity.issuer_secrets import completed, stamp_secret
from openstackoid.identity.keys import SigningKey, make
from openstackoid.identity.stamp import is_stamped, stamped
from openstackoid.identity.subject import claims_of
from openstackoid.identity.token_document import written
from openstackoid.message import Head, Headers
from openstackoid.routing import decide, narrowed
from openstackoid.scope import join, parse

ROUNDS = 500

NEW = MAX_KNOWN + 1
"""Assertions that come in turns: each one is forgotten before it comes again."""

TOKEN = "t" * 204
"""As long as a Fernet token of a project."""


def _cases() -> dict[str, Side]:
    """Return what is measured, by its name; the first is what is compared with."""
    one, two = make(), make()
    key = one.assertion
    if key is None or two.assertion is None:
        raise AssertionError("new keys have one for assertions")
    federation = _federation(one.public, two.public)
    accepting, others = (_accepting(federation, two.assertion) for _ in range(2))
    scope, now = parse("compute=Two").completed("One"), time.time()
    document, limits = _document(now), reach(scope, "Two", "One")

    def claims(token: str) -> Claims:
        parties = ("One", "Two", "One")
        made = claims_of(document, limits, parties, longest=43_200, now=now, keep=("admin",))
        return completed(made, token, key)

    known = sign(claims(TOKEN), key)
    headers = Headers([("Host", "two"), ("X-Auth-Token", join(known, scope))])
    head = Head("GET", "/compute/v2.1/servers", headers, 80)
    route = narrowed(decide(head, federation, "Two"), "Two")._replace(sender="One")
    text = known.rpartition(".")[0].encode()
    signature, public = key.private.sign(text), key.private.public_key()
    secret = stamp_secret(two.assertion)
    token = stamped(known, secret)
    new = cycle([sign(claims(f"{TOKEN}{n}"), key) for n in range(NEW)])
    return {
        "Ed25519 alone, to check": lambda: public.verify(signature, text),
        "an assertion that is known": lambda: accepting.verified(known),
        "one that is new": lambda: others.verified(next(new)),
        "a request with one that is known": lambda: _done(
            accepting.accepted(head, route, proven=True)
        ),
        "to make one": lambda: sign(claims(TOKEN), key),
        "its stamp, to check": lambda: is_stamped(token, [secret]),
    }


def _federation(one: PublicKeys, two: PublicKeys) -> Federation:
    services = ("identity", "compute")
    clouds = {
        name: {
            "frontends": {service: f"http://{name}/{service}".lower() for service in services},
            "keys": keys,
            "trust": {issuer: {"projects": "same-name", "roles": {"member": "member"}}},
        }
        for name, keys, issuer in (("One", one, "Two"), ("Two", two, "One"))
    }
    return Federation.model_validate({"clouds": clouds})


def _accepting(federation: Federation, key: SigningKey) -> Accepting:
    """Return who checks assertions in Two; neither its Keystone nor its file is ever asked."""
    tokens = cast("HomeTokens", None)
    confirming = Confirming("Two", cast("Ask", None))  # what its issuer brings is confirmed by that
    return Accepting(federation, "Two", [key], tokens, Made(Path("nowhere")), confirming)


def _document(now: float) -> dict[str, Any]:
    domain = {"id": "default", "name": "Default"}
    return {
        "token": {
            "issued_at": written(int(now)),
            "expires_at": written(int(now) + 3600),
            "user": {"id": "1" * 32, "name": "alice", "domain": domain},
            "project": {"id": "2" * 32, "name": "demo", "domain": domain},
            "roles": [{"name": "member"}, {"name": "reader"}],
        }
    }


def _done(coroutine: Coroutine[Any, Any, object]) -> object:
    """Return what a coroutine returns that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits")


@click.command(short_help="Compare what assertions cost with bare Ed25519.")
@click.option("--write", is_flag=True, help="Put the table into docs/performance.md.")
def assertion(write: bool) -> None:
    """Compare what an assertion costs a gateway with the check of a bare Ed25519 signature.

    Each figure is the least of several rounds, which are interleaved: what else runs on the machine
    only adds to it.
    """
    tools.require()
    cases = _cases()
    least = dict.fromkeys(cases, float("inf"))
    for _ in range(ROUNDS):
        for case, side in cases.items():
            least[case] = min(least[case], micro(side))
    base = next(iter(least.values()))
    rows = [[case, f"{one / base:.3f}", f"{one:.1f}"] for case, one in least.items()]
    heading = ["", f"time, {TIMES}", "time, µs"]
    text = f"{machine()}.\n\n{table(heading, rows)}"
    click.echo(text)
    if write:
        page.write("assertion", text)
