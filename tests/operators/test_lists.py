"""Reading under `&`, on simulated clouds: what can be reached, and what is missing."""

import json

import pytest
from operators.simulated import evaluated, evaluation, list_of, one

from openstackoid.operators.request import NoAnswerError, Request
from openstackoid.operators.rules import Policy

REFUSED = NoAnswerError("compute of B could not be reached", sent=False)
SILENT = NoAnswerError("compute of B has not answered", sent=True, status=504)
LIST = Request.of("GET", "/things")
SHOW = Request.of("GET", "/things/id-b")


@pytest.mark.parametrize("failure", [REFUSED, SILENT, 500, 401])
async def test_and_reads_what_can_be_reached_and_says_what_is_missing(
    failure: NoAnswerError | int,
) -> None:
    """A list of the others, and a report; by policy, all or nothing."""
    clouds = {"A": one("a"), "B": one("b", failure)}
    run = evaluation(clouds)
    answer = await evaluated(run, "A&B", LIST)
    assert [i["name"] for i in list_of(answer).items] == ["a"]
    report = json.loads(run.report.header())
    assert [r["cloud"] for r in report] == ["A", "B"]
    assert report[1].get("status") == failure if isinstance(failure, int) else report[1]["error"]
    complete = evaluated(evaluation(clouds, Policy.ALL), "A&B", LIST)
    if isinstance(failure, int):
        assert (await complete).status == failure
    else:
        with pytest.raises(NoAnswerError):
            await complete


async def test_and_shows_the_first_in_order_that_has_it() -> None:
    """One resource is one resource; the others are not waited for."""
    clouds = {"A": one("a"), "B": one("b"), "C": one("b")}
    clouds["C"].seconds = 60
    answer = await evaluated(evaluation(clouds), "A&B&C", SHOW)
    assert (answer.cloud, answer.document["thing"]["name"]) == ("B", "b")
    missing = await evaluated(evaluation({"A": one("a"), "B": one("c")}), "A&B", SHOW)
    assert missing.status == 404
