"""The table of operator cases, and the clouds that it plays to the gateway and to the client."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from client.clouds import SERVER, Clouds
from client.fake import Request
from ruamel.yaml import YAML

from openstackoid.scope import parse
from openstackoid.scope.expression import clouds

HOME = "Home"
"""The cloud whose gateway the client talks to; no case has it in an expression."""

COLLECTIONS = {
    "copy": ("compute", "/compute/v2.1/flavors"),
    "act": ("compute", "/compute/v2.1/servers"),
    "several": ("compute", "/compute/v2.1/servers"),
}
"""Service and path of what a case is about, where that is not the network service's networks."""

METHODS = {"list": "GET", "find": "GET", "show": "GET", "delete": "DELETE", "set": "PUT"}
"""The method that counts as what a case asks for; that of all others is POST."""


@dataclass(frozen=True)
class Case:
    """One row of the table; `expected` is what both evaluations do but for what `client` has."""

    name: str
    do: str
    expression: str
    policy: str | None
    clouds: dict[str, dict[str, Any]]
    expected: dict[str, Any]
    client: dict[str, Any]
    why: str | None

    @property
    def service(self) -> str:
        """The service type that the expression is for."""
        return COLLECTIONS.get(self.do, ("network", ""))[0]

    @property
    def collection(self) -> str:
        """The path of the collection, with the prefix of the service."""
        return COLLECTIONS.get(self.do, ("", "/network/v2.0/networks"))[1]

    @property
    def method(self) -> str:
        """The method of the request that counts."""
        return METHODS.get(self.do, "POST")


def table() -> Iterator[Case]:
    """Yield all cases."""
    rows = YAML(typ="safe").load(Path(__file__).with_name("cases.yaml"))
    for row in rows["cases"]:
        expression = parse(f"compute={row['expression']}").get("compute")
        assert expression
        given = row.get("clouds", {})
        does = {name: _by_method(given.get(name, "well")) for name in clouds(expression)}
        yield Case(
            row["name"],
            row["do"],
            row["expression"],
            row.get("policy"),
            does,
            row["expect"],
            row["expect"] | row.get("client", {}),
            row.get("why"),
        )


def _by_method(does: Any) -> dict[str, Any]:
    return does if isinstance(does, dict) else {"all": does}


class Played(Clouds):
    """The clouds of a case: answers requests as the fake's `reply`, and those of the gateway.

    A cloud that is `down` could not be connected to; one that hangs does so until `end`. `removed`
    are the clouds in which something was deleted.
    """

    def __init__(self, case: Case) -> None:
        super().__init__(home=HOME)
        self.case = case
        self.down: set[str] = {n for n, does in case.clouds.items() if does.get("all") == "down"}
        self.end = threading.Event()
        self.removed: list[str] = []
        kind = case.collection.rpartition("/")[2]
        thing = {"id": "thing", "name": "thing"} | (SERVER if kind == "servers" else {})
        for name, does in case.clouds.items():
            if not does.get("lacks") and case.do not in {"create", "copy", "several"}:
                marked = {"oid:cloud": does["marks"]} if "marks" in does else {}
                self.add(name, kind, **thing, **marked)

    def behaviour(self, cloud: str, method: str, path: str) -> Any:
        """Return what a cloud does with a request: a status, or a word of the table's."""
        does = self.case.clouds.get(cloud, {})
        what = does.get(method, does.get("all", "well"))
        if what in {"down", "refused", "silent", "hangs"}:
            return what
        return what if path.startswith(self.case.collection) else "well"

    def __call__(self, request: Request) -> tuple[int, Any] | None:
        """Answer one request of the client's, as the gateway at home does."""
        path = urlsplit(request.path).path
        if path.split("/")[1] != self.case.collection.split("/")[1]:
            return super().__call__(request)  # of another service
        scope = parse(request.scope[0] if request.scope else "{}").completed(HOME)
        cloud = str(scope.resolve(self.case.service))
        what = self.behaviour(cloud, request.method, path)
        if what in {"late", "well"}:
            answer = super().__call__(request)
        else:
            self.asked.append((cloud, request.method, path))
        error: dict[str, object] = {"message": f"{cloud} says no"}
        match what:
            case "well":
                return answer
            case "down" | "refused":
                return 502, {"error": error | {"cloud": cloud, "sent": False}}
            case "unsent":
                return 502, {"error": error | {"sent": False}}
            case "silent" | "late":
                return 504, {"error": error | {"cloud": cloud}}
            case "hangs":
                self.end.wait()
                return 0, None
        return what, {"error": error | {"code": what}}

    def _put(self, cloud, collection, known, rest, query, request):  # type: ignore[no-untyped-def]
        if rest[0] not in known:
            return 404, {"error": {"code": 404, "message": f"no {rest[0]} in {cloud}"}}
        known[rest[0]] |= json.loads(request.body)["network"]
        return 200, {"network": known[rest[0]]}

    def _post(self, cloud, collection, known, rest, query, request):  # type: ignore[no-untyped-def]
        if rest:
            return 202, {"id": rest[0]}
        return super()._post(cloud, collection, known, rest, query, request)  # type: ignore[no-untyped-call]

    def _delete(self, cloud, collection, known, rest, query, request):  # type: ignore[no-untyped-def]
        if len(rest) != 1 or known.pop(rest[0], None) is None:
            return 404, {"error": {"code": 404, "message": f"no {rest[0]} in {cloud}"}}
        self.removed.append(cloud)
        return 204, {}

    def having(self) -> list[str]:
        """Return the clouds that have what the case is about when it is over."""
        kind = self.case.collection.rpartition("/")[2]
        return [name for name in self.case.clouds if self.things[name][kind]]

    def reached(self, method: str) -> list[str]:
        """Return the clouds that got such a request for what the case is about, in order."""
        found = (c for c, m, p in self.asked if m == method and p.startswith(self.case.collection))
        return list(dict.fromkeys(found))
