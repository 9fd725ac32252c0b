"""Computes the links of a cloud to all others: addresses and conditions."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from openstackoid.lab import addresses
from openstackoid.lab.cloud import LabCloud
from openstackoid.lab.links.condition import WHOLE, Condition, Conditions


@dataclass(frozen=True, order=True)
class Link:
    """One port of a link: connections to `listen` are forwarded to the same port of `target`."""

    listen: str
    port: int
    target: str


Plan: TypeAlias = Mapping[Link, Condition]


def plan(here: LabCloud, clouds: Iterable[LabCloud], conditions: Conditions) -> Plan:
    """Return the links from a cloud to all others, each with its condition."""
    return {
        Link(addresses.link(here.network, here.index, other.index), port, other.address): (
            conditions.get(frozenset((here.name, other.name)), WHOLE)
        )
        for other in clouds
        if other.name != here.name
        for port in sorted({urlsplit(url).port or 80 for url in other.frontends.values()})
    }


def text(plan: Plan) -> str:
    """Return a plan as text for the ready file of the process that applies it."""
    return json.dumps([[asdict(link), asdict(plan[link])] for link in sorted(plan)])
