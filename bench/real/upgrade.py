"""`scripts/bench upgrade`: one gateway after the other gets the new program, under requests."""

import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
from clouds.api import Api
from clouds.recorder import Borders, recorded
from clouds.servers import boot, gone

from bench import page
from bench.machine import machine
from bench.real.load import Doings, allowed, running
from bench.real.operator import Operator, Pairs
from bench.real.program import BEFORE, source
from bench.table import table
from openstackoid.lab import Lab

NETWORK = "127.67.0.0/16"
CLOUDS = ("CloudOne", "CloudTwo")

_TOKEN = re.compile(rb"gAAAAA[\w-]+")

STAGE = 20.0
"""Seconds that each stage lasts at least."""

SERVER = "boot"
"""The name of what takes longest: it goes on while programs are exchanged."""


@dataclass(frozen=True)
class Row:
    """A stage of the upgrade, and what was done and refused until its end."""

    stage: str
    requests: int
    servers: int
    refused: int


@click.command(short_help="Upgrade the gateways of two real clouds, one after the other.")
@click.option("--before", default=BEFORE, show_default=True, help="The commit to upgrade from.")
@click.option("--write", is_flag=True, help="Put the table into docs/performance.md.")
def upgrade(before: str, write: bool) -> None:
    """Upgrade the gateways of two real clouds, one after the other, in both orders.

    The operators do what docs/how-to/upgrade-to-assertions.md says, while users of both clouds send
    requests, and boot servers from each other's images. Says what is refused, and why. Takes twelve
    minutes; exits 1 if a gateway of this release sends a token of its own cloud's.
    """
    text = f"{machine()}; from {before[:7]}."
    with tempfile.TemporaryDirectory() as directory:
        program = source(before, Path(directory) / "before")
        lab = Lab(Path(directory) / "lab")
        try:
            lab.up(CLOUDS, network=NETWORK)
            rows = [_upgraded(lab, program, order) for order in (CLOUDS, CLOUDS[::-1])]
        finally:
            lab.down()
    text += f"\n\n{report(*rows)}"
    click.echo(text)
    if write:
        page.write("upgrade", text)


def report(one: Sequence[Row], two: Sequence[Row]) -> str:
    """Return a table with a line for each stage, and columns for both orders."""
    what = ("requests", "servers", "refused")
    heading = ["", *what, *(f"{name}, other order" for name in what)]
    rows = [
        [a.stage, *map(str, (a.requests, a.servers, a.refused, b.requests, b.servers, b.refused))]
        for a, b in zip(one, two, strict=True)
    ]
    return table(heading, rows)


class _User:
    """A user of one cloud who uses the other; `tokens` gets each token that he is given."""

    def __init__(self, lab: Lab, home: str, tokens: set[bytes]) -> None:
        self._other = next(name for name in CLOUDS if name != home)
        self._home, self._tokens = home, tokens
        self._api = Api(lab, home)
        self._log_in()

    @property
    def short(self) -> Doings:
        """Requests: with each new token some there, some here, some to both clouds."""
        home, other = self._home, self._other
        return {
            "login": self._log_in,
            "images there": partial(self._get, "image", "/v2/images", f"image={other}"),
            "servers there": partial(self._get, "compute", "/v2.1/servers", f"compute={other}"),
            "images of both": partial(self._get, "image", "/v2/images", f"image={home}&{other}"),
            "images here": partial(self._get, "image", "/v2/images", ""),
        }

    @property
    def long(self) -> Doings:
        """Servers: there from an image here, and here from an image there."""
        scopes = (f"compute={self._other}", f"image={self._other}")
        return {f"{SERVER} by {scope}": partial(self._boot, scope) for scope in scopes}

    def _boot(self, scope: str) -> None:
        id_ = boot(self._api, "during-an-upgrade", scope)
        allowed(self._api.request("DELETE", "compute", f"/v2.1/servers/{id_}", scope))
        gone(self._api, id_, scope)

    def _get(self, service: str, path: str, scope: str) -> None:
        allowed(self._api.get(service, path, scope))

    def _log_in(self) -> None:
        allowed(self._api.login())
        self._tokens.add(self._api.token.encode())


def _upgraded(lab: Lab, before: Path, order: Sequence[str]) -> list[Row]:
    """Upgrade both clouds in an order; raises ClickException if anything goes wrong."""
    tokens: dict[str, set[bytes]] = {name: set() for name in order}
    since: dict[str, int] = {}
    rows: list[Row] = []
    with recorded(lab) as borders:
        first, second = operators = [Operator(lab, name) for name in order]
        for operator in operators:
            operator.go_back(before)

        def stage(name: str, work: Callable[[], object] = lambda: None) -> None:
            click.echo(f"{order[0]} first: {name}", err=True)
            load.stage, begun = name, time.monotonic()
            work()
            time.sleep(max(0.0, begun + STAGE - time.monotonic()))
            servers = sum(
                n for (s, what), n in load.done.items() if s == name and what.startswith(SERVER)
            )
            done, refused = (_in(name, counted) for counted in (load.done, load.refused))
            rows.append(Row(name, done - servers, servers, refused))

        def exchanged(operator: Operator, others: dict[str, Pairs]) -> None:
            operator.upgrade(others)
            there = next(name for name in order if name != operator.name)
            since[operator.name] = borders[operator.name, there].connections

        senders = [_User(lab, name, tokens[name]).short for name in order]
        booters = [_User(lab, name, tokens[name]).long for name in order]
        for do in (do for booter in booters for do in booter.values()):
            do()  # alone: of two first requests, Neutron answers one with an empty list
        with running(*senders, *booters) as load:
            stage("both are old")
            keys = first.make_keys()
            stage("the first's new keys are known", lambda: second.learn(first.name, keys))
            stage("the first is new", lambda: exchanged(first, {}))
            more = second.make_keys()
            stage("the second's new keys are known", lambda: first.learn(second.name, more))
            stage("both are new", lambda: exchanged(second, {first.name: keys}))
            stage("the first takes no tokens", lambda: first.take_no_tokens(second.name))
            stage("nor does the second", lambda: second.take_no_tokens(first.name))
    for why in load.why:
        click.echo(why, err=True)
    _check(borders, since, tokens)
    return rows


def _in(stage: str, counted: Mapping[tuple[str, str], int]) -> int:
    return sum(number for (begun, _), number in counted.items() if begun == stage)


def _check(borders: Borders, since: dict[str, int], tokens: dict[str, set[bytes]]) -> None:
    """Raise ClickException if a gateway has sent any token but the other cloud's own."""
    for (here, there), border in borders.items():
        sent = set(_TOKEN.findall(border.sent(since[here])))
        if sent - tokens[there]:
            raise click.ClickException(f"{here} has sent a token to {there}")
        click.echo(
            f"{here} has sent {border.sent(since[here]).count(b'oid1.')} assertions, no token "
            f"of its own, and {len(sent)} tokens that {there}'s old gateway had sent",
            err=True,
        )
