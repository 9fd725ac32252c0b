"""Two played clouds with gateways that keep replicas: services that remember what is made there."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import structlog
from gateway.backend import Connection, Received, json_answer
from gateway.credentials import reload
from gateway.equipped import know
from gateway.keystone import OURS, Keystone, token
from gateway.played import TOKEN, Answered, Clouds
from gateway.replicas.neutron import Neutron
from journal.keeping import until

from openstackoid.gateway.processes.beside import Signals
from openstackoid.gateway.processes.replicas import Keeping
from openstackoid.gateway.server import Gateway
from openstackoid.gateway.settings import Settings
from openstackoid.identity.keys import read
from openstackoid.journal.records import Records
from openstackoid.journal.secret import secrets_of
from openstackoid.journal.store import Store
from openstackoid.message import REPLICAS

ONE, TWO = "CloudOne", "CloudTwo"
PUBLIC = "ssh-ed25519 AAAA alice"
EVENTUAL = "X-Scope-Policy: eventual"


ALICE = token()
"""What the Keystone of CloudOne says of alice, an administrator in the project demo."""

BOB = token(
    user={"id": "b" * 32, "name": "bob", "domain": {"id": "default", "name": "Default"}},
    project={"id": OURS, "name": "demo", "domain": {"id": "default", "name": "Default"}},
)
"""What that of CloudTwo says of bob, who is one there: by the same token, for it asks only here."""


class Standing(Keystone):
    """A Keystone that also says whether a user still is what he was."""

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__(document)
        self.enabled = True
        self.roles = ["r1", "r2"]
        self.credential = True
        self.said: dict[str, Any] | None = None
        """What it says of roles in place of the truth."""

    def look(self, path: str) -> dict[str, Any] | None:
        match path.partition("?")[0].split("/")[2:]:
            case ["users", id_]:
                return {"user": {"id": id_, "enabled": self.enabled}}
            case ["projects"]:
                project = self.document["token"]["project"]
                return {"projects": [{**project, "domain_id": "default", "enabled": True}]}
            case ["users", _, "application_credentials", id_]:
                return {"application_credential": {"id": id_}} if self.credential else None
            case ["role_assignments"] if self.said is not None:
                return self.said
            case ["role_assignments"]:
                return {"role_assignments": [{"role": {"id": role}} for role in self.roles]}
            case _:
                return super().look(path)


@dataclass
class Nova:
    """A Nova that is played: its keypairs and flavors, by name and by id."""

    keypairs: dict[str, dict[str, Any]] = field(default_factory=dict)
    flavors: dict[str, dict[str, Any]] = field(default_factory=dict)
    fails: dict[str, int] = field(default_factory=dict)
    """The status with which it answers, by the method; it does nothing then."""
    silent: bool = False
    """It does what it is told, and hangs up."""
    writes: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    servers: dict[str, dict[str, Any]] = field(default_factory=dict)
    status: str = "ACTIVE"
    """What a server is when it was just made."""
    stays: bool = False
    """It takes deletions of servers, and does nothing."""
    lost: set[str] = field(default_factory=set)
    """The methods to which it does what it is told, and hangs up."""

    async def __call__(self, received: Received, connection: Connection) -> None:
        received.body = await connection.body(received.head)
        method, target, _ = received.line.split(" ")
        path = target.partition("?")[0][target.index("/v2") :]
        self.tokens += received.values("x-auth-token")
        if (status := self.fails.get(method)) is not None:
            text = json.dumps({"forbidden": {"code": status, "message": "the quota is used up"}})
            await json_answer(text, f"{status} No")(Received(b""), connection)
            return
        if method != "GET":
            self.writes.append(f"{method} {path}")
        document = json.loads(received.body) if received.body else {}
        query = dict(parse_qsl(target.partition("?")[2]))
        status, answer = self.answered(method, unquote(path).split("/")[2:], document | query)
        if method in self.lost or (self.silent and method != "GET"):
            connection.writer.close()
            return
        text = json.dumps(answer)
        await json_answer(text, f"{status} Said")(Received(b""), connection)

    def answered(self, method: str, path: list[str], document: Any) -> tuple[int, Any]:
        match method, path:
            case "POST", ["os-keypairs"]:
                made = document["keypair"]
                if made["name"] in self.keypairs:
                    return 409, {"conflictingRequest": {"message": "it is there"}}
                self.keypairs[made["name"]] = made
                return 201, {"keypair": made}
            case "GET", ["os-keypairs", name] if name in self.keypairs:
                return 200, {"keypair": self.keypairs[name]}
            case "DELETE", ["os-keypairs", name] if name in self.keypairs:
                del self.keypairs[name]
                return 202, {}
            case "POST", ["flavors"]:
                made = document["flavor"]
                taken = (one["name"] for one in self.flavors.values())
                if made["name"] in taken or made["id"] in self.flavors:
                    return 409, {"conflictingRequest": {"message": "it is there"}}
                self.flavors[made["id"]] = {"description": None, "extra_specs": {}, **made}
                return 200, {"flavor": made}
            case "GET", ["flavors"]:
                return 200, {"flavors": list(self.flavors.values())}
            case _, ["flavors", id_, *rest] if id_ in self.flavors:
                return self.of_a_flavor(method, self.flavors[id_], rest, document)
            case _, ["servers", *rest]:
                return self.of_servers(method, rest, document)
        return 404, {"itemNotFound": {"message": "it is not there"}}

    def of_servers(self, method: str, rest: list[str], document: Any) -> tuple[int, Any]:
        match method, rest:
            case "POST", []:
                asked = document["server"]
                made = {
                    "id": str(uuid.uuid4()),
                    "name": asked["name"],
                    "image": {"id": asked["imageRef"]},
                    "flavor": {"id": asked["flavorRef"]},
                    "key_name": asked.get("key_name"),
                    "metadata": asked["metadata"],
                    "description": asked.get("description"),
                    "tags": asked["tags"],
                    "status": self.status,
                    "asked": asked,
                }
                self.servers[made["id"]] = made
                return 202, {"server": {"id": made["id"]}}
            case "GET", ["detail"]:
                tagged = [o for o in self.servers.values() if document["tags"] in o["tags"]]
                return 200, {"servers": tagged}
            case "GET", [id_] if id_ in self.servers:
                return 200, {"server": self.servers[id_]}
            case "DELETE", [id_] if id_ in self.servers:
                if not self.stays:
                    del self.servers[id_]
                return 204, None
        return 404, {"itemNotFound": {"message": "it is not there"}}

    def of_a_flavor(
        self, method: str, flavor: dict[str, Any], rest: list[str], document: Any
    ) -> tuple[int, Any]:
        match method, rest:
            case "PUT", []:
                flavor.update(document["flavor"])
            case "DELETE", []:
                del self.flavors[flavor["id"]]
                return 202, {}
            case "GET", ["os-extra_specs"]:
                return 200, {"extra_specs": flavor["extra_specs"]}
            case "POST", ["os-extra_specs"]:
                flavor["extra_specs"].update(document["extra_specs"])
            case "DELETE", ["os-extra_specs", key]:
                del flavor["extra_specs"][key]
        return 200, {"flavor": flavor}


@dataclass
class Replicas:
    """Both clouds; `novas` and `neutrons` are services, `keeping` what keeps their replicas."""

    clouds: Clouds
    novas: dict[str, Nova]
    keystones: dict[str, Standing]
    keeping: dict[str, Keeping] = field(default_factory=dict)
    neutrons: dict[str, Neutron] = field(default_factory=dict)
    _stacks: dict[str, AsyncExitStack] = field(default_factory=dict)

    async def start(self, cloud: str) -> None:
        """Start what keeps the replicas of a cloud."""
        stack = self._stacks[cloud] = AsyncExitStack()
        self.keeping[cloud] = await stack.enter_async_context(kept(self.settings(cloud)))

    async def stop(self, cloud: str) -> None:
        """End it."""
        await self._stacks.pop(cloud).aclose()
        del self.keeping[cloud]

    async def aclose(self) -> None:
        for cloud in list(self._stacks):
            await self.stop(cloud)

    def settings(self, cloud: str) -> Settings:
        return Settings(self.clouds.file, cloud, connect_timeout=20, idle_timeout=20)

    def directory(self, cloud: str) -> Path:
        return self.clouds.file.with_name(f"journal-{cloud}") / "replicas"

    async def order(
        self,
        method: str,
        path: str,
        document: object = None,
        *headers: str,
        at: str = ONE,
        scope: str = f"{ONE} & {TWO}",
        service: str = "compute",
        data: bytes | None = None,
    ) -> Answered:
        """Let alice order something."""
        scoped = json.dumps({"*": at, service: scope})
        body = b"" if document is None else json.dumps(document).encode()
        about = ("Content-Type: application/json",) if body else ()
        body = data if data is not None else body
        return await self.clouds.ask(
            at, service, path, f"X-Auth-Token: {TOKEN}", f"X-Scope: {scoped}", EVENTUAL,
            *about, *headers, method=method, body=body,
        )  # fmt: skip

    async def keypair(self, name: str = "k", public: str = PUBLIC, at: str = ONE) -> Answered:
        """Let alice order a keypair."""
        document = {"keypair": {"name": name, "public_key": public}}
        return await self.order("POST", "/v2.1/os-keypairs", document, at=at)

    async def flavor(self, *, at: str = ONE, **more: object) -> Answered:
        """Let alice order a flavor."""
        flavor = {"name": "m1.big", "ram": 512, "vcpus": 1, "disk": 1, **more}
        return await self.order("POST", "/v2.1/flavors", {"flavor": flavor}, at=at)

    async def same_flavor(self) -> str:
        """Let alice order a flavor, and return its id once both clouds have it."""
        await self.flavor()
        await self.become("m1.big", **{ONE: "fits", TWO: "fits"})
        (identifier,) = self.novas[ONE].flavors
        return identifier

    async def network(self, name: str = "n", *, at: str = ONE, **more: object) -> Answered:
        """Let alice order a network."""
        document = {"network": {"name": name, **more}}
        return await self.order("POST", "/v2.0/networks", document, at=at, service="network")

    async def subnet(self, network: str, *, at: str = ONE, **more: object) -> Answered:
        """Let alice order a subnet of a network."""
        subnet = {"name": "s", "network_id": network, "ip_version": 4, "cidr": "10.0.0.0/24"}
        document = {"subnet": {**subnet, **more}}
        return await self.order("POST", "/v2.0/subnets", document, at=at, service="network")

    async def shown(self, name: str = "", at: str = ONE) -> list[dict[str, Any]]:
        """Return what alice is shown of what is replicated of hers."""
        query = f"?id={name}" if name else ""
        answered = await self.clouds.ask(
            at, "identity", f"{REPLICAS}{query}", f"X-Auth-Token: {TOKEN}"
        )
        assert answered.status == 200, answered.body
        found: list[dict[str, Any]] = json.loads(answered.body)["replicas"]
        return found

    async def states(self, name: str, at: str = ONE) -> dict[str, str]:
        """Return the states of the copies of a resource."""
        (one,) = await self.shown(name, at)
        return {copy["cloud"]: copy["state"] for copy in one["clouds"]}

    async def become(self, name: str, **states: str) -> None:
        """Wait until copies are in some states."""
        async with asyncio.timeout(20):
            while await self.states(name) != states:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


@asynccontextmanager
async def kept(settings: Settings) -> AsyncIterator[Keeping]:
    """Keep the replicas of a cloud within the test, as long as the context is open."""
    keeping = Keeping(settings)
    signals = Signals(structlog.get_logger())
    running = asyncio.create_task(keeping.run(signals))
    async with asyncio.timeout(20):
        while not (keeping.directory / "journal.socket").exists():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    try:
        yield keeping
    finally:
        signals.stop.set()
        await running
        await keeping.close()


@asynccontextmanager
async def replicating(clouds: Clouds) -> AsyncIterator[Replicas]:
    """Let both clouds keep replicas; their journals have lived already."""
    novas, keystones = {c: Nova() for c in (ONE, TWO)}, {ONE: Standing(ALICE), TWO: Standing(BOB)}
    neutrons = {c: Neutron() for c in (ONE, TWO)}
    for cloud, other in ((ONE, TWO), (TWO, ONE)):
        clouds.document["clouds"][cloud]["own"] |= {"settle": "1s", "keep": []}
        clouds.document["clouds"][cloud]["trust"][other]["roles"]["admin"] = ["admin"]
        clouds.backends[cloud]["compute"].answer = novas[cloud]
        clouds.backends[cloud]["network"].answer = neutrons[cloud]
        know(clouds, cloud, keystones[cloud])
        clouds.backends[cloud]["identity"].answer = asks_the_gateway
    await reload(clouds)
    replicas = Replicas(clouds, novas, keystones, neutrons=neutrons)
    for cloud in (ONE, TWO):
        lived(replicas, cloud)
        await clouds.gateways[cloud].close()
        clouds.gateways[cloud] = Gateway(replicas.settings(cloud), journal=True)
        await clouds.gateways[cloud].start()
        await replicas.start(cloud)
    for cloud, other in ((ONE, TWO), (TWO, ONE)):
        peers = replicas.keeping[cloud].replicator.peers
        await until(partial(peers.is_up, other))
    try:
        yield replicas
    finally:
        await replicas.aclose()


def lived(replicas: Replicas, cloud: str) -> None:
    """Make the journal of a cloud, which has surely lost nothing."""
    own = replicas.clouds.document["clouds"][cloud]["own"]
    directory = replicas.directory(cloud)
    directory.mkdir(parents=True, exist_ok=True)
    keys = read(replicas.clouds.file.with_name(own["keys"]))
    store = Store(directory, secrets_of(directory, [keys]))
    Records(store).live(1)
    store.close()


async def asks_the_gateway(received: Received, connection: Connection) -> None:
    """Answer nothing: no service of a played cloud asks its Keystone."""
    await json_answer("{}", "404 Not Found")(received, connection)
