"""The table of operator cases, against the gateway's evaluation of requests."""

import asyncio
import json
from typing import Any

import pytest
from client.fake import Request as Sent
from operators.cases import HOME, Case, Played, table

from openstackoid.operators.apply import evaluate
from openstackoid.operators.evaluation import Evaluation
from openstackoid.operators.listing import listing
from openstackoid.operators.request import Answer, NoAnswerError, Request
from openstackoid.operators.rules import Policy
from openstackoid.routing import Refusal
from openstackoid.scope import parse
from openstackoid.services import COMPUTE

CASES = [pytest.param(case, id=case.name) for case in table()]
VERSIONS = {COMPUTE: "/compute", "network": "/network"}
PATIENCE = 0.4

DO: dict[str, tuple[str, dict[str, Any] | None]] = {
    "list": ("", None),
    "find": ("?name=thing", None),
    "show": ("/thing", None),
    "delete": ("/thing", None),
    "set": ("/thing", {"network": {"description": "x"}}),
    "create": ("", {"network": {"name": "thing"}}),
    "copy": ("", {"flavor": {"name": "thing"}}),
    "several": ("", {"server": {"name": "thing", "min_count": 2}}),
    "act": ("/thing/action", {"pause": None}),
}
"""For what a case does: the target behind the collection, and the document."""


class Outcome:
    """What came of a case: an answer or why there is none, and the report."""

    def __init__(self, played: Played) -> None:
        self.played = played
        self.answer: Answer | None = None
        self.status = 0
        self.message = ""
        self.report: dict[str, dict[str, Any]] = {}

    async def send(self, cloud: str, request: Request) -> Answer:
        """Send a request to one of the played clouds, as the gateway's branches do."""
        prefix = VERSIONS[self.played.case.service]
        scope = json.dumps({self.played.case.service: cloud})
        target = prefix + request.target
        body = b"" if request.body is None else request.body
        sent = Sent(request.method, target, (("X-Scope", scope),), body)
        what = self.played.behaviour(cloud, request.method, target.partition("?")[0])
        if what == "hangs":
            await asyncio.Event().wait()
        status, document = self.played(sent) or (404, None)
        if what in {"down", "refused"}:
            self.played.down.add(cloud)
            raise NoAnswerError(f"{cloud} refused", sent=False, away=True)
        if what in {"silent", "late"}:
            raise NoAnswerError(f"{cloud} is silent", sent=True, status=status)
        return Answer(status, document=document)

    async def run(self) -> None:
        """Evaluate the case's request."""
        case = self.played.case
        target, document = DO[case.do]
        path = case.collection.removeprefix(VERSIONS[case.service]) + target
        body = None if document is None else json.dumps(document).encode()
        request = Request.of(case.method, path, body)
        policy = Policy(case.policy) if case.policy else Policy.by_default(reads=request.safe)
        hangs = any("hangs" in does.values() for does in case.clouds.values())
        patience = (PATIENCE if hangs else 30.0) if request.safe else None
        down = self.played.down.__contains__
        evaluation = Evaluation(self.send, policy, down, "", HOME, case.service, patience)
        expression = parse(f"compute={case.expression}").get("compute")
        assert expression is not None
        try:
            self.answer = await evaluate(evaluation, expression, request)
            self.status = self.answer.status
        except NoAnswerError as error:
            self.status, self.message = error.status, error.message
        except Refusal as refusal:
            self.status, self.message = refusal.status, refusal.message
        self.report = {entry["cloud"]: entry for entry in json.loads(evaluation.report.header())}

    @property
    def clouds(self) -> list[str]:
        """Whose things are in the answer."""
        if self.answer is None or not self.answer.ok:
            return []
        found = listing(self.answer.document)
        if found is None or self.answer.cloud is not None:
            empty = found is not None and not found.items
            return [] if empty else [self.answer.cloud or ""]
        return [item["oid:cloud"] for item in found.items]


@pytest.mark.parametrize("case", CASES)
async def test_the_gateway_does_as_the_table_says(case: Case) -> None:
    """The answer, whose failure is told, what is left in each cloud, and the report."""
    played = Played(case)
    outcome = Outcome(played)
    await outcome.run()
    expected = case.expected
    found: dict[str, Any] = {"status": outcome.status}
    if "answer" in expected:
        found["answer"] = outcome.clouds
    if "told" in expected:
        found["told"] = expected["told"] if told(outcome, expected["told"]) else outcome.message
    if "asked" in expected:
        found["asked"] = played.reached(case.method)
    if "removed" in expected:
        found["removed"] = sorted(played.removed)
    if "has" in expected:
        found["has"] = played.having()
    if "report" in expected:
        shown = {c: outcome.report.get(c, {}).get("status", "none") for c in expected["report"]}
        found["report"] = shown
    assert found == {k: v for k, v in expected.items() if k != "code"}


def told(outcome: Outcome, cloud: str) -> bool:
    """Tell whether the answer is the failure of a cloud: its own, or one that names it."""
    if outcome.answer is not None:
        return outcome.answer.cloud == cloud
    return f"{cloud}: " in outcome.message or outcome.message.startswith(f"{cloud} ")
