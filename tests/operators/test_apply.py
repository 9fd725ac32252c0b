"""Expressions of any depth, and requests that are no matter of operators."""

import json

import pytest
from operators.simulated import evaluated, evaluation, list_of, one

from openstackoid.operators.request import Answer, Request
from openstackoid.operators.rules import Policy
from openstackoid.routing import Refusal

GET = Request.of("GET", "/things?name=b")
LIST = Request.of("GET", "/things")


@pytest.mark.parametrize("text", ["(A&B)|C", "A&(B|C)", "A|(B&C)"])
async def test_operators_nest(text: str) -> None:
    """Any nesting is evaluated, and every item has its cloud."""
    clouds = {"A": one("a"), "B": one("b"), "C": one("c")}
    answer = await evaluated(evaluation(clouds), text, LIST)
    items = [i["name"] for i in list_of(answer).items]
    assert items == {"(A&B)|C": ["a", "b"], "A&(B|C)": ["a", "b"], "A|(B&C)": ["a"]}[text]


async def test_discovery_is_the_first_clouds() -> None:
    """Versions are a list by shape, but no data."""
    calls: list[str] = []

    async def send(cloud: str, _: Request) -> Answer:
        calls.append(cloud)
        return Answer(300, document={"versions": [{"id": "v2"}]})

    run = evaluation({})
    run.send = send
    answer = await evaluated(run, "A&B", Request.of("GET", "/"))
    assert answer.document == {"versions": [{"id": "v2"}]}
    assert calls == ["A"]


@pytest.mark.parametrize("text", ["A|B", "A&(B|C)", "(A&B)|C"])
async def test_an_upload_with_alternatives_is_refused_before_anything_is_sent(text: str) -> None:
    """It cannot be sent again where the first fails."""
    clouds = {"A": one("a"), "B": one("b"), "C": one("c")}
    upload = Request("PUT", "/things/x/file", upload=True)
    with pytest.raises(Refusal, match="name one cloud for compute"):
        await evaluated(evaluation(clouds, Policy.ALL), text, upload)
    assert not any(cloud.seen for cloud in clouds.values())


@pytest.mark.parametrize(
    ("text", "request_", "whose"),
    [
        ("A|B", Request.of("GET", "/things/id-b"), "B"),
        ("A&B", Request.of("GET", "/things/id-b"), "B"),
        ("A|B", LIST, "A"),
        ("A", LIST, "A"),
        ("A&B", LIST, None),
        ("A&B", Request("POST", "/things", document={"thing": {"name": "new"}}), "A"),
    ],
)
async def test_the_report_says_whose_the_answer_is(
    text: str, request_: Request, whose: str | None
) -> None:
    """Of one made of several it does not, so that nobody takes one cloud's for all."""
    run = evaluation({"A": one("a"), "B": one("b")})
    await evaluated(run, text, request_)
    assert [o.cloud for o in run.report.outcomes.values() if o.answer] == ([whose] if whose else [])
    entries = json.loads(run.report.header())
    assert [e["cloud"] for e in entries if e.get("answer") is True] == ([whose] if whose else [])
