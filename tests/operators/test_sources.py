"""Which answers are of one list, and which are left out of it."""

import pytest
from operators.simulated import evaluated, evaluation, list_of, one

from openstackoid.operators.request import Answer, Request

LIST = Request.of("GET", "/things")


async def test_a_cloud_that_answers_otherwise_is_missing_from_a_list() -> None:
    """A page of a proxy is no list: the others are merged, and the report says who is not."""
    clouds = {"A": one("a"), "B": one("b")}

    async def send(cloud: str, request: Request) -> Answer:
        return Answer(302) if cloud == "B" else await clouds[cloud].answer(request)

    run = evaluation(clouds)
    run.send = send
    answer = await evaluated(run, "A&B", LIST)
    assert [i["name"] for i in list_of(answer).items] == ["a"]
    assert [o.cloud for o in run.report.missing()] == ["B"]


@pytest.mark.parametrize("odd", [Answer(302), Answer(200, document={"error": "odd"})])
async def test_the_first_success_in_order_says_of_which_kind_the_answer_is(odd: Answer) -> None:
    """What answers otherwise behind a list hides no other list; nor does a redirection before."""
    clouds = {"A": one("a"), "B": one("b"), "C": one("c")}
    clouds["C"].seconds = 0.05

    async def send(cloud: str, request: Request) -> Answer:
        return odd if cloud == "B" else await clouds[cloud].answer(request)

    for text in ("A&B&C", "B&A&C"):
        run = evaluation(clouds)
        run.send = send
        answer = await evaluated(run, text, LIST)
        if text.startswith("B") and odd.status == 200:
            assert answer.cloud == "B"
        else:
            assert [i["name"] for i in list_of(answer).items] == ["a", "c"]
            assert list_of(answer).next is None
            assert [o.cloud for o in run.report.missing()] == ["B"]
