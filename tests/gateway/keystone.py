"""Two Keystones that are played: one issued a token, the other one's cloud is asked to take it."""

import json
from typing import Any

from gateway.backend import Answer, Connection, Received, json_answer
from gateway.played import TOKEN, Answered, Clouds

from openstackoid.scope import DELIMITER

THEIRS, OURS = "1" * 32, "2" * 32
OWN = "gAAAAAB-the-gateway's-own"
SECRET = "the-gateway's-password"
SCOPE = '{"*":"CloudOne","identity":"CloudOne","image":"CloudTwo"}'
SCOPED = f"{TOKEN}{DELIMITER}{SCOPE}"


def token(**other: object) -> dict[str, Any]:
    """Return what CloudOne's Keystone says of alice's token."""
    document: dict[str, Any] = {
        "methods": ["password"],
        "audit_ids": ["3T2dc1CGQxyJsHdDu1xkcw"],
        "issued_at": "2026-01-01T00:00:00.000000Z",
        "expires_at": "2099-01-01T00:00:00.000000Z",
        "user": {
            "id": "0" * 32,
            "name": "alice",
            "domain": {"id": "default", "name": "Default"},
        },
        "project": {
            "id": THEIRS,
            "name": "demo",
            "domain": {"id": "default", "name": "Default"},
        },
        "roles": [{"id": "r1", "name": "member"}, {"id": "r2", "name": "admin"}],
        "is_domain": False,
        "catalog": [],
    }
    return {"token": document | other}


class Keystone:
    """A Keystone that is played: who a token is, and what a reader on the system may see."""

    def __init__(self, document: dict[str, Any], status: str = "200 OK") -> None:
        self.document = document
        self.status = status
        self.asked: list[str] = []
        self.logins: list[Any] = []
        self.good = OWN
        self.expires = "2099-01-01T00:00:00.000000Z"

    async def __call__(self, received: Received, connection: Connection) -> None:
        received.body = await connection.body(received.head)
        method, target, _ = received.line.split(" ")
        path = target[target.index("/v3/") :]
        self.asked.append(path)
        if method == "POST":
            self.logins.append(json.loads(received.body))
            login = {"token": {"expires_at": self.expires}}
            header = f"X-Subject-Token: {self.good}"
            answer = json_answer(json.dumps(login), "201 Created", header)
        elif path.startswith("/v3/auth/tokens"):
            answer = json_answer(json.dumps(self.document), self.status)
        elif received.values("x-auth-token") != [self.good]:
            answer = json_answer("{}", "401 Unauthorized")
        elif (document := self.look(path)) is None:
            answer = json_answer("{}", "404 Not Found")
        else:
            answer = json_answer(json.dumps(document))
        await answer(Received(b""), connection)  # whose body has been read

    def look(self, path: str) -> dict[str, Any] | None:
        """Return what there is at a path, None if there is nothing."""
        domain = {"id": "default", "name": "Default", "enabled": True}
        project = {"id": OURS, "name": "demo", "domain_id": "default", "enabled": True}
        endpoint = {"region_id": "RegionTwo", "interface": "public", "enabled": True}
        match path.partition("?")[0].split("/")[2:]:
            case ["domains"]:
                return {"domains": [domain]}
            case ["domains", _]:
                return {"domain": domain}
            case ["projects"]:
                return {"projects": [{**project, "name": "DEMO", "id": "f" * 32}, project]}
            case ["projects", id_]:
                return {"project": {**project, "id": id_}}
            case ["services"]:
                return {"services": [{"id": "s", "type": "block-storage", "name": "cinder"}]}
            case _:
                url = "http://127.0.0.2:8776/v3/%(tenant_id)s"
                return {"endpoints": [{**endpoint, "id": "e", "service_id": "s", "url": url}]}


def answering(clouds: Clouds, here: Keystone, answer: Answer) -> None:
    """Let CloudTwo's Keystone answer like this to all but logins."""

    async def either(received: Received, connection: Connection) -> None:
        await (here if received.line.startswith("POST") else answer)(received, connection)

    clouds.backends["CloudTwo"]["identity"].answer = either


async def validate(clouds: Clouds, scoped: str = SCOPED, method: str = "GET") -> Answered:
    """Ask CloudTwo's gateway about a token of CloudOne, as CloudTwo's Glance does."""
    return await clouds.ask(
        "CloudTwo",
        "identity",
        "/v3/auth/tokens",
        "X-Auth-Token: glances-own",
        f"X-Subject-Token: {scoped}",
        method=method,
    )


def message(answered: Answered) -> str:
    """Return the message of a refusal."""
    return str(json.loads(answered.body)["error"]["message"])
