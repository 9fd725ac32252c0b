"""Clouds of the mind: collections that page and sort as OpenStack's do."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from openstackoid.operators import apply
from openstackoid.operators.evaluation import Evaluation
from openstackoid.operators.listing import Listing, listing
from openstackoid.operators.request import Answer, NoAnswerError, Request
from openstackoid.operators.rules import Policy
from openstackoid.scope import Expression, parse

BASE = "http://home/compute"


@dataclass
class Simulated:
    """One cloud's collection `/things`, in the order it would list them without a sort key."""

    things: list[dict[str, Any]] = field(default_factory=list)
    style: str = "nova"
    collation: Callable[[Any], Any] = lambda value: value
    """By what of a value the database sorts."""
    failure: NoAnswerError | int | None = None
    """What it does instead of answering, once `healthy` requests have been answered."""
    healthy: int = 0
    most: int = 1000
    """Items of a page at most, whatever was asked for."""
    seconds: float = 0.0
    seen: list[Request] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: Request) -> Answer:
        self.seen.append(request)
        self.asked.set()
        await asyncio.sleep(self.seconds)
        if self.failure is not None and len(self.seen) > self.healthy:
            if isinstance(self.failure, int):
                return Answer(self.failure, document={"error": {"code": self.failure}})
            raise self.failure
        match request.method, request.path:
            case "GET", "/things" | "/things/detail":
                return self._list(request)
            case "GET", path:
                found = [t for t in self.things if path == f"/things/{t['id']}"]
                return Answer(200, document={"thing": found[0]}) if found else Answer(404)
            case "POST", "/things":
                thing = {"id": f"new-{len(self.things)}", **request.document["thing"]}
                self.things.append(thing)
                return Answer(201, document={"thing": thing})
            case "DELETE", path:
                left = [t for t in self.things if path != f"/things/{t['id']}"]
                gone, self.things = len(left) < len(self.things), left
                return Answer(204 if gone else 404)
        return Answer(400)

    def _list(self, request: Request) -> Answer:
        things = [t for t in self.things if request.value("name") in (None, t["name"])]
        if key := request.value("sort_key"):
            things.sort(
                key=lambda t: self.collation(t[key]), reverse=request.value("sort_dir") == "desc"
            )
        if (marker := request.value("marker")) is not None:
            ids = [t["id"] for t in things]
            if marker not in ids:
                return Answer(400, document={"badRequest": {"message": "marker not found"}})
            things = things[ids.index(marker) + 1 :]
        limit = min(self.most, int(request.value("limit") or self.most))
        page = [dict(t) for t in things[:limit]]
        document: dict[str, Any] = {"things": page}
        target = request.asking(marker=page[-1]["id"]).target if len(things) > limit else None
        headers: tuple[tuple[str, str], ...] = ()
        href = f"http://there{target}" if target else None
        match self.style:
            case "nova" if target or (page and len(page) == limit):
                href = f"http://there{request.asking(marker=page[-1]['id']).target}"
                document["things_links"] = [{"rel": "next", "href": href}]
            case "glance":
                document |= {"first": "/things", "schema": "/schemas/things"}
                document |= {"next": target} if target else {}
            case "keystone":
                document["links"] = {"self": "x", "previous": None, "next": target}
            case "heat":
                links = [{"rel": "next", "href": href}] if href else []
                document |= {"links": links, "total": len(self.things)}
            case "murano":
                document["next_marker"] = page[-1]["id"] if target else None
            case "sahara":
                following = page[-1]["id"] if target else None
                document["markers"] = {"prev": None, "next": following}
            case "gnocchi":
                headers = (("Link", f'<{href}>; rel="next"'),) if href else ()
                return Answer(200, headers, page)
        return Answer(200, headers, document)


def one(name: str, failure: NoAnswerError | int | None = None) -> Simulated:
    """Return a cloud with one thing of this name."""
    return Simulated([{"id": f"id-{name}", "name": name}], failure=failure)


def evaluation(
    clouds: dict[str, Simulated],
    policy: Policy = Policy.ANY,
    down: Callable[[str], bool] = lambda _: False,
    patience: float = 5.0,
    service: str = "compute",
) -> Evaluation:
    """Return an evaluation over simulated clouds."""

    async def send(cloud: str, request: Request) -> Answer:
        return await clouds[cloud].answer(request)

    return Evaluation(send, policy, down, BASE, "Home", service, patience)


async def evaluated(evaluation: Evaluation, text: str, request: Request) -> Answer:
    """Return the answer of a request under an expression."""
    return await apply.evaluate(evaluation, expression(text), request)


def expression(text: str) -> Expression:
    """Return the expression of a text."""
    found = parse(f"compute={text}").get("compute")
    assert found is not None
    return found


def list_of(answer: Answer) -> Listing:
    """Return the list of an answer, which must be one."""
    found = listing(answer.document, answer.headers)
    assert found is not None
    return found
