"""Several clouds behind one gateway: each with things of its own, and ways to fail."""

import json
import re
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from openstackoid.scope import CloudRef, parse

from .fake import SERVICES, Request

PREFIXES = {"/compute/": "compute", "/image/": "image", "/network/": "network"} | {
    path.rstrip("/"): service for service, path in SERVICES.items()
}
SINGULAR = {
    "servers": "server",
    "flavors": "flavor",
    "networks": "network",
    "users": "user",
    "volumes": "volume",
    "stacks": "stack",
    "loadbalancers": "loadbalancer",
    "os-keypairs": "keypair",
}
"""Collections whose resources are wrapped in their name; those of glance and placement are not."""

SERVER = {
    "status": "ACTIVE",
    "addresses": {},
    "flavor": {"original_name": "m1"},
    "image": {"id": "i"},
}


@dataclass
class Clouds:
    """The fake's `reply`: what a request meets in the cloud that its scope leads to.

    `things[cloud][collection]` are resources by id, `born[cloud]` what new ones are like.
    `fail(cloud, "POST /servers", 500)` makes an answer of a cloud, `meet("GET /servers", 2)` holds
    requests until so many are there at once.
    """

    home: str = "CloudOne"
    things: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(dict))
    )
    born: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    _failures: list[tuple[str, str, int]] = field(default_factory=list)
    _meetings: list[tuple[str, threading.Barrier]] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, cloud: str, collection: str, **resource: Any) -> None:
        """Put a resource in a cloud."""
        self.things[cloud][collection][resource["id"]] = resource

    def fail(self, cloud: str, what: str, status: int) -> None:
        """Let a cloud answer with a status, as often as it is asked; 0 is no answer."""
        self._failures.append((cloud, what, status))

    def meet(self, what: str, number: int) -> None:
        """Hold each such request until as many are there."""
        self._meetings.append((what, threading.Barrier(number, timeout=5)))

    def to(self, cloud: str, what: str) -> list[str]:
        """Return the requests that reached a cloud."""
        found = [f"{method} {path}" for where, method, path in self.asked if where == cloud]
        return [request for request in found if re.search(what, request)]

    def __call__(self, request: Request) -> tuple[int, Any] | None:
        """Answer one request; None leaves it to the fake's empty services."""
        url = urlsplit(request.path)
        service = next((s for p, s in PREFIXES.items() if url.path.startswith(p)), "identity")
        scope = parse(request.scope[0] if request.scope else "{}").completed(self.home)
        where = scope.resolve(service)
        cloud = where.name if isinstance(where, CloudRef) else "the gateway"
        self.asked.append((cloud, request.method, url.path))
        line = f"{request.method} {url.path}"
        for what, barrier in self._meetings:
            if re.search(what, line):
                try:
                    barrier.wait()
                except threading.BrokenBarrierError:
                    return 500, {"error": {"code": 500, "message": "nobody else came"}}
        for other, what, status in self._failures:
            if other == cloud and re.search(what, line):
                error = {"code": status, "message": f"{cloud} says no", "cloud": cloud}
                return status, {"error": error}
        return self._answer(cloud, request, url.path, parse_qs(url.query))

    def _answer(
        self, cloud: str, request: Request, path: str, query: dict[str, list[str]]
    ) -> tuple[int, Any] | None:
        parts = [p for p in path.split("/") if p != "detail"]
        for collection in (*SINGULAR, "images", "resource_providers"):
            if collection in parts:
                break
        else:
            return None
        rest = parts[parts.index(collection) + 1 :]
        known = self.things[cloud][collection]
        handle: Callable[..., tuple[int, Any]] = getattr(self, f"_{request.method.lower()}")
        return handle(cloud, collection, known, rest, query, request)

    def _get(self, cloud, collection, known, rest, query, request):  # type: ignore[no-untyped-def]
        if rest and rest[0] in known:
            if rest[1:] == ["file"]:
                return 200, known[rest[0]].get("data", b"")
            return 200, _wrapped(collection, known[rest[0]]) if not rest[1:] else {}
        if rest:
            return 404, {"error": {"code": 404, "message": f"no {rest[0]} in {cloud}"}}
        name = query.get("name", [None])[0]
        found = [_shown(r) for r in known.values() if name in (None, r["name"])]
        return 200, {collection: found}

    def _post(self, cloud, collection, known, rest, query, request):  # type: ignore[no-untyped-def]
        if rest:
            return 202, {}
        document = json.loads(request.body or b"{}")
        wanted = document.get(SINGULAR.get(collection, ""), document)
        kind = SINGULAR.get(collection, collection.removesuffix("s"))
        self._numbers[cloud] += 1
        chosen = wanted.get("id") or f"{cloud}-{kind}-{self._numbers[cloud]}"
        known[chosen] = {**(SERVER if collection == "servers" else {}), **wanted, "id": chosen}
        known[chosen] |= self.born.get(cloud, {})
        return 201, _wrapped(collection, known[chosen])

    def _put(self, cloud, collection, known, rest, query, request):  # type: ignore[no-untyped-def]
        known[rest[0]]["data"] = request.body
        return 204, {}

    _patch = _put

    def _delete(self, cloud, collection, known, rest, query, request):  # type: ignore[no-untyped-def]
        return (204, {}) if known.pop(rest[0], None) else (404, {})


def _wrapped(collection: str, resource: dict[str, Any]) -> dict[str, Any]:
    shown = _shown(resource)
    return {SINGULAR[collection]: shown} if collection in SINGULAR else shown


def _shown(resource: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in resource.items() if k != "data"}
