"""Gives played clouds a journal: CloudOne's gateway writes into one that a test can look into."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.played import TOKEN, Answered, Clouds
from journal.keeping import kept, until
from msgspec.structs import replace

from openstackoid.gateway.server import Gateway
from openstackoid.gateway.settings import Settings
from openstackoid.journal.intent import Intent, State, new_id
from openstackoid.journal.link import Link
from openstackoid.journal.store import Store

BOTH = "CloudOne & CloudTwo"


@dataclass
class Journal:
    """The journal of CloudOne's gateway."""

    directory: Path
    store: Store

    def all(self, *states: State) -> list[Intent]:
        """Return the writes in some states, or all, with the tokens."""
        return self.store.all(*states or State)

    async def one(self, *states: State) -> Intent:
        """Wait until there is one in some states, and return it."""
        await until(lambda: self.all(*states))
        (found,) = self.all(*states)
        return found

    async def left_by_a_dead_worker(self, intent: Intent, **changes: Any) -> str:
        """Write down a copy of a write, as a worker leaves it that is killed; return its id."""
        copy = replace(intent, id=new_id(), **changes)
        dead = Link(self.directory, _nothing)
        dead.start()
        await dead.begin(copy)
        await dead.close()
        return copy.id


async def _nothing(_: Intent) -> None:
    pass


@asynccontextmanager
async def journalled(clouds: Clouds) -> AsyncIterator[Journal]:
    """Let CloudOne's gateway write into a journal as long as the context is open."""
    await clouds.gateways["CloudOne"].close()
    settings = Settings(clouds.file, "CloudOne", connect_timeout=20, idle_timeout=20)
    directory = clouds.file.with_name("journal-CloudOne")
    async with kept(directory) as store:
        gateway = clouds.gateways["CloudOne"] = Gateway(settings, journal=True)
        await gateway.start()
        yield Journal(directory, store)
        await gateway.close()


async def create(
    clouds: Clouds, expression: str = BOTH, service: str = "network", *headers: str
) -> Answered:
    """Create something called "net" under an expression."""
    scope = json.dumps({"*": "CloudOne", service: expression})
    document = {"network": {"name": "net"}} if service == "network" else {"name": "net"}
    path = "/v2.0/networks" if service == "network" else "/v2/images"
    return await clouds.ask(
        "CloudOne", service, path, f"X-Auth-Token: {TOKEN}", f"X-Scope: {scope}",
        "Content-Type: application/json", *headers,
        method="POST", body=json.dumps(document).encode(),
    )  # fmt: skip
