"""Security groups with their rules, as Neutron has them.

See https://docs.openstack.org/api-ref/network/v2/#security-groups-security-groups.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from msgspec.structs import replace

from openstackoid.replication.apis import rules
from openstackoid.replication.apis.api import Call, Draft, NotReplicatedError, line, text
from openstackoid.replication.apis.neutron import AFTERWARDS, TEXTS, Neutron
from openstackoid.replication.desired import Place
from openstackoid.replication.kinds import Joined, Kind, Recognized
from openstackoid.replication.operation import Action, Write
from openstackoid.replication.plan import Change, Replica, Seen

_RULES = "rules"
_PATH = re.compile(r"(?:/v2\.0)?/security-group-rules(?:/(?P<id>[^/]+?))?(?:\.json)?")
_FINE_GONE, _FINE_THERE = frozenset({404}), frozenset({409})


class SecurityGroup(Neutron):
    """Security groups: their rules are elements, which users add and take out one by one."""

    def asked(self, method: str, path: str, document: Any) -> Draft | None:
        """Return what a write orders, None if it is not about security groups or their rules."""
        if (found := _PATH.fullmatch(path)) is None:
            draft = super().asked(method, path, document)
            if draft is not None and draft.action is Action.CREATE:
                writes = (Write(_RULES, text(""), one) for one in rules.BY_DEFAULT)
                return draft._replace(writes=(*draft.writes, *writes))
            return draft
        if (method, found["id"] is None) not in {("POST", True), ("DELETE", False)}:
            raise NotReplicatedError("a rule is added, or deleted by its id")
        said, rule, description = rules.asked(document)
        if method == "POST":
            rules.check_asked(said)
        group = line(said.get("security_group_id"), "security_group_id of the rule")
        write = Write(_RULES, text(description) if method == "POST" else None, rule)
        return Draft(Action.CHANGE, (write,), id=group)

    def asks(self, method: str, path: str) -> str | None:
        """Return the path of a rule that is deleted: its id says nothing to other clouds."""
        found = _PATH.fullmatch(path)
        return path if method == "DELETE" and found is not None and found["id"] else None

    def check(self, write: Write) -> None:
        """Raise ValueError unless a write may be carried out here."""
        if write.field != _RULES:
            super().check(write)
            return
        rules.check(write.key or "")
        if write.value is not None and not isinstance(json.loads(write.value), str):
            raise ValueError("no description of a rule")

    def change(self, replica: Replica, order: Change) -> list[Call]:
        """Return the requests that write changes; what is taken out goes first."""
        calls, added = super().change(replica, order), []
        for place, said in sorted(order.values.items(), key=str):
            field, key = place
            if field != _RULES or key is None:
                continue
            if (known := replica.elements.get(place)) is not None:
                path = f"/v2.0/security-group-rules/{quote(known, safe='')}"
                calls.append(Call("DELETE", path, fine=_FINE_GONE))
            if said is not None:
                body = rules.rule(key) | {"security_group_id": replica.id}
                body["description"] = json.loads(said)
                document = {"security_group_rule": body}
                added.append(Call("POST", "/v2.0/security-group-rules", document, fine=_FINE_THERE))
        return calls + added

    def shows(self, method: str, path: str, identifier: str) -> tuple[int, str | None]:
        """Return how a write that succeeded is answered: a rule is shown in its group."""
        if _PATH.fullmatch(path) is None:
            return super().shows(method, path, identifier)
        return (204, None) if method == "DELETE" else (201, self.path(identifier))

    def answer(self, draft: Draft, document: Any) -> Any:
        """Return what a client is answered with, of what a cloud shows: the rule that he adds."""
        added = [one.key for one in draft.writes if one.field == _RULES]
        if draft.action is Action.CREATE or not added:
            return document
        shown = document[self.one]["security_group_rules"]
        same = [one for one in shown if _element(one) == added[0]]
        # In another cloud the group that it refers to has another id.
        like = [one for one in shown if _but_group(one) == _but_group(rules.rule(added[0] or ""))]
        fits = same or like
        return {"security_group_rule": fits[0]} if len(fits) == 1 else document

    def seen(self, documents: Sequence[Any]) -> Seen:
        """Return what a copy is, and the ids of its rules."""
        seen = super().seen(documents)
        shown = documents[0][self.one]["security_group_rules"]
        elements: dict[Place, str] = {(_RULES, _element(one)): str(one["id"]) for one in shown}
        return replace(seen, elements=elements)

    def _values(self, shown: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
        yield from super()._values(shown)
        for one in shown["security_group_rules"]:
            yield (_RULES, _element(one)), text(one.get("description") or "")


def _element(rule: Mapping[str, Any]) -> str:
    """Return a rule that Neutron shows as an element; raises ValueError if it can't be one."""
    try:
        return rules.element(rule)
    except NotReplicatedError as error:
        raise ValueError("no rule as the API has them") from error


def _but_group(rule: Mapping[str, Any]) -> str:
    return _element({**rule, "remote_group_id": None})


SECURITY_GROUP = SecurityGroup(
    kind=Kind(
        "security-group",
        Recognized.MARK,
        {
            "name": Joined.WHOLE,
            "description": Joined.WHOLE,
            "tags": Joined.BY_ELEMENT,
            _RULES: Joined.BY_ELEMENT,
        },
        afterwards=AFTERWARDS | {_RULES},
    ),
    service="network",
    references={_RULES: "security-group"},
    one="security_group",
    collection="security-groups",
    parts=TEXTS,
)
