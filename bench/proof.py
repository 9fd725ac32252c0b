"""What the proof of a hop costs: both gateways' part, beside bare Ed25519, and jwcrypto."""

import json
import time

import click
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from bench import page, tools
from bench.machine import machine
from bench.table import TIMES, table
from bench.timing import Side, micro
from openstackoid.identity.keys import make, signer
from openstackoid.identity.signature import Crossing, check, sign
from openstackoid.message import Headers
from openstackoid.scope import join, parse

ROUNDS = 500


def _cases() -> dict[str, tuple[Side, Side]]:
    """Return who signs and who checks, by what they do it with; the first is what is compared."""
    keys, now = make(), time.time()
    scope = parse("image=Two").completed("One")
    token = join("t" * 183, scope)
    headers = Headers([("X-Scope", scope.canonical), ("X-Auth-Token", token)])
    crossing = Crossing("One", "Two", "image", "GET", "/v2/images?limit=1", headers)
    proof, signers = sign(crossing, keys.sign, now), [signer(keys.public)]
    text = proof.rpartition(".")[0].encode()
    signature, public = keys.sign.private.sign(text), keys.sign.private.public_key()
    header, claims = {"typ": "openstackoid-hop", "alg": "EdDSA"}, json.dumps(crossing.claims())
    private = JWK.from_pyca(keys.sign.private)

    def by_jwcrypto() -> str:
        jws = JWS(claims)
        jws.add_signature(private, protected=json.dumps(header))
        made: str = jws.serialize(compact=True)
        return made

    made = by_jwcrypto()
    return {
        "Ed25519 alone": (
            lambda: keys.sign.private.sign(text),
            lambda: public.verify(signature, text),
        ),
        "the proof of a hop": (
            lambda: sign(crossing, keys.sign, now),
            lambda: check(proof, crossing, signers, now),
        ),
        "by jwcrypto": (by_jwcrypto, lambda: JWS().deserialize(made, private)),
    }


@click.command(short_help="Compare the proof of a hop with bare Ed25519.")
@click.option("--write", is_flag=True, help="Put the table into docs/performance.md.")
def proof(write: bool) -> None:
    """Compare what the proof of a hop costs both gateways together with bare Ed25519.

    Each figure is the least of several rounds, which are interleaved: what else runs on the machine
    only adds to it.
    """
    tools.require()
    cases = _cases()
    least = {case: [float("inf")] * 2 for case in cases}
    for _ in range(ROUNDS):
        for case, sides in cases.items():
            found = map(micro, sides)
            least[case] = [min(*pair) for pair in zip(least[case], found, strict=True)]
    base = sum(least["Ed25519 alone"])
    rows = [
        [case, f"{sum(sides) / base:.2f}", f"{sum(sides):.0f}", *(f"{one:.0f}" for one in sides)]
        for case, sides in least.items()
    ]
    heading = ["", f"both sides, {TIMES}", "both sides, µs", "to sign, µs", "to check, µs"]
    text = f"{machine()}.\n\n{table(heading, rows)}"
    click.echo(text)
    if write:
        page.write("proof", text)
