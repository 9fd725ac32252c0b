"""A Neutron that is played."""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from gateway.backend import Connection, Received, json_answer

ONES = {"networks": "network", "subnets": "subnet", "security-groups": "security_group"}
"""What one of a collection is called."""

DEFAULTS: dict[str, dict[str, Any]] = {
    "networks": {"admin_state_up": True},
    "subnets": {"enable_dhcp": True, "dns_nameservers": []},
    "security-groups": {},
}


@dataclass
class Neutron:
    """What it has, by collection and id."""

    has: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {collection: {} for collection in ONES}
    )
    fails: dict[str, int] = field(default_factory=dict)
    """The status with which it answers, by the method; it does nothing then."""
    silent: set[str] = field(default_factory=set)
    """It does what it is told by these methods, and hangs up."""
    used: set[str] = field(default_factory=set)
    """What can't be deleted."""
    writes: list[str] = field(default_factory=list)

    @property
    def networks(self) -> list[dict[str, Any]]:
        return list(self.has["networks"].values())

    async def __call__(self, received: Received, connection: Connection) -> None:
        received.body = await connection.body(received.head)
        method, target, _ = received.line.split(" ")
        split = urlsplit(target[target.index("/v2.0") :])
        if (status := self.fails.get(method)) is not None:
            text = json.dumps({"NeutronError": {"type": "No", "message": "it is in use"}})
            await json_answer(text, f"{status} No")(Received(b""), connection)
            return
        if method != "GET":
            self.writes.append(f"{method} {split.path}")
        document = json.loads(received.body) if received.body else {}
        parts = [unquote(one) for one in split.path.split("/")[2:]]
        status, answer = self.answered(method, parts, dict(parse_qsl(split.query)), document)
        if method in self.silent:
            connection.writer.close()
            return
        text = json.dumps(answer)
        await json_answer(text, f"{status} Said")(Received(b""), connection)

    @property
    def groups(self) -> list[dict[str, Any]]:
        return list(self.has["security-groups"].values())

    def rule(self, group: str, **more: object) -> dict[str, Any]:
        """Add a rule to a security group."""
        said = dict.fromkeys(("protocol", "port_range_min", "port_range_max", "remote_ip_prefix"))
        rule = {"direction": "ingress", "ethertype": "IPv4", "remote_group_id": None, **said}
        rule |= {"description": "", **more, "security_group_id": group, "id": str(uuid.uuid4())}
        self.has["security-groups"][group]["security_group_rules"].append(rule)
        return rule

    def about_rule(self, method: str, rest: list[str], document: Any) -> tuple[int, Any]:
        groups = self.groups
        if method == "POST":
            return 201, {"security_group_rule": self.made_rule(document["security_group_rule"])}
        for group in groups:
            for one in group["security_group_rules"]:
                if [one["id"]] == rest and method == "DELETE":
                    group["security_group_rules"].remove(one)
                    return 204, None
                if [one["id"]] == rest:
                    return 200, {"security_group_rule": one}
        return 404, {"NeutronError": {"type": "NotFound", "message": "it is not there"}}

    def made_rule(self, body: dict[str, Any]) -> dict[str, Any]:
        assert body.get("remote_group_id") in {None, *self.has["security-groups"]}
        group = body["security_group_id"]
        return self.rule(group, **{k: v for k, v in body.items() if k != "security_group_id"})

    def answered(
        self, method: str, parts: list[str], query: dict[str, str], document: Any
    ) -> tuple[int, Any]:
        collection, *rest = parts
        if collection == "security-group-rules":
            return self.about_rule(method, rest, document)
        there, one = self.has[collection], ONES[collection]
        match method, rest:
            case "POST", [] if document[one].get("network_id", "") not in {
                "",
                *self.has["networks"],
            }:
                return 404, {"NeutronError": {"type": "NotFound", "message": "no such network"}}
            case "POST", []:
                made = self.made(collection, document[one])
                there[made["id"]] = made
                if collection == "security-groups":
                    made["security_group_rules"] = []
                    for version in ("IPv4", "IPv6"):
                        self.rule(made["id"], direction="egress", ethertype=version)
                return 201, {one: made}
            case "GET", []:
                fits = [each for each in there.values() if is_asked(each, query)]
                return 200, {collection.replace("-", "_"): fits}
            case _, [id_, *_] if id_ not in there:
                return 404, {"NeutronError": {"type": "NotFound", "message": "it is not there"}}
            case "GET", [id_]:
                return 200, {one: there[id_]}
            case "PUT", [id_]:
                there[id_].update(document[one])
                return 200, {one: there[id_]}
            case "DELETE", [id_] if id_ in self.used:
                return 409, {"NeutronError": {"type": "InUse", "message": "it is in use"}}
            case "DELETE", [id_]:
                del there[id_]
                return 204, None
            case "PUT", [id_, "tags", tag]:
                there[id_]["tags"] = sorted({*there[id_]["tags"], tag})
                return 200, None
            case "DELETE", [id_, "tags", tag]:
                there[id_]["tags"].remove(tag)
                return 204, None
        return 400, {"NeutronError": {"type": "Bad", "message": "no such request"}}

    def made(self, collection: str, body: dict[str, Any]) -> dict[str, Any]:
        assert "tags" not in body
        made = {"name": "", "description": "", **DEFAULTS[collection], **body}
        return {**made, "id": str(uuid.uuid4()), "tags": []}


def is_asked(one: dict[str, Any], query: dict[str, str]) -> bool:
    wanted = query.get("tags")
    others = {name: value for name, value in query.items() if name != "tags"}
    return (wanted is None or wanted in one["tags"]) and others.items() <= one.items()
