"""Finds settings of a gateway's own file that are allowed, but give others much, or reach nobody.

They are about the users of other clouds who are let in here, and those of this cloud elsewhere.
"""

from collections.abc import Iterator

from openstackoid.federation.model import Cloud, Federation
from openstackoid.federation.spelling import folded
from openstackoid.federation.trust import RESERVED, Trust


def risks(federation: Federation, here: str) -> Iterator[str]:
    """Yield a warning for each such setting of the cloud `here`, with what to write instead."""
    cloud = federation.clouds[here]
    yield from _own(cloud, here)
    for issuer, trust in cloud.trust.items():
        theirs = federation.clouds[issuer]
        yield from _given(trust, here, issuer)
        believed = any(pair.assertion for pair in theirs.keys)
        if trust.tokens:
            yield (
                f"clouds.{here}.trust.{issuer}.tokens lets tokens of {issuer} in, which gateways "
                f"of older releases send: whoever has seen one can use it here. Take it out as "
                f"soon as the gateway of {issuer} is upgraded, and write its assertion under "
                f"clouds.{issuer}.keys if it is not there"
            )
        elif theirs.gateway and not believed:
            yield (
                f"{issuer} has no assertion under clouds.{issuer}.keys, so nobody who comes by its "
                f"gateway is let in here, though clouds.{here}.trust says so; ask its operator for "
                f"that line, which `openstackoid federation keys` has printed. While its gateway "
                f"is of an older release: clouds.{here}.trust.{issuer}.tokens: true"
            )


def _own(cloud: Cloud, here: str) -> Iterator[str]:
    if cloud.keys and not any(pair.assertion for pair in cloud.keys):
        old = cloud.own.keys[0] if cloud.own.keys else "OLD"
        yield (
            f"{here} has no key for assertions, so its users get nothing from other clouds, but "
            f"by accounts that they have there; make one: openstackoid federation keys --out NEW "
            f"--beside {old}"
        )
    if not cloud.own.keep:
        yield (
            f"clouds.{here}.own.keep is empty: what other clouds get for an administrator of "
            f"{here} goes back to {here}, and on to third clouds, as for any user; write keep: "
            "[admin], or leave it out"
        )


def _given(trust: Trust, here: str, issuer: str) -> Iterator[str]:
    reserved = {folded(name) for name in RESERVED}
    for role, ours in trust.roles.items():
        for given in ours:
            if folded(given) in reserved:
                yield (
                    f"clouds.{here}.trust.{issuer}.roles gives {given} to whoever is {role} in "
                    f"{issuer}: its operator can be that, and then rules {here}; give a role that "
                    "users have, such as member"
                )
