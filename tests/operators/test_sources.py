"""Which answers are of one list, and which are left out of it."""

import pytest
from operators.simulated import evaluated, evaluation, list_of, one

from openstackoid.operators.request import Answer, Request
from openstackoid.routing import Refusal

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


@pytest.mark.parametrize(
    "odd",
    [
        Answer(302),
        Answer(200),
        Answer(200, document={"error": "odd"}),
        Answer(200, document={"things": {"id": "b"}}),
        Answer(200, document={"things": None, "id": "b"}),
        Answer(200, document={"things": [], "others": []}),
        Answer(200, document=1),
    ],
)
async def test_what_is_no_list_hides_no_list_of_another(odd: Answer) -> None:
    """Behind it and before it; the report says who is missing."""
    clouds = {"A": one("a"), "B": one("b"), "C": one("c")}
    clouds["C"].seconds = 0.05

    async def send(cloud: str, request: Request) -> Answer:
        return odd if cloud == "B" else await clouds[cloud].answer(request)

    for text in ("A&B&C", "B&A&C"):
        run = evaluation(clouds)
        run.send = send
        answer = await evaluated(run, text, LIST)
        assert [i["name"] for i in list_of(answer).items] == ["a", "c"]
        assert list_of(answer).next is None
        assert [o.cloud for o in run.report.missing()] == ["B"]


@pytest.mark.parametrize(
    "odd",
    [
        Answer(200, document={"thingx": [{"id": "b"}]}),
        Answer(200, document=[{"id": "b"}]),
    ],
)
@pytest.mark.parametrize("text", ["A&B", "B&A"])
async def test_a_list_of_another_kind_costs_a_cloud_its_own_part(odd: Answer, text: str) -> None:
    """Also the first: it does not name the list of all."""
    clouds = {"A": one("a"), "B": one("b")}

    async def send(cloud: str, request: Request) -> Answer:
        return odd if cloud == "B" else await clouds[cloud].answer(request)

    run = evaluation(clouds)
    run.send = send
    answer = await evaluated(run, text, LIST)
    assert [i["name"] for i in list_of(answer).items] == ["a"]
    assert [o.cloud for o in run.report.missing()] == ["B"]


async def test_one_resource_in_the_first_cloud_says_that_the_answer_is_one() -> None:
    """No other is waited for: which paths have lists, no API says."""
    clouds = {"A": one("a"), "B": one("b")}
    clouds["A"].seconds = 60
    run = evaluation(clouds)
    found = Answer(200, document={"thing": {"id": "b"}})

    async def send(cloud: str, request: Request) -> Answer:
        return found if cloud == "B" else await clouds[cloud].answer(request)

    run.send = send
    answer = await evaluated(run, "B&A", Request.of("GET", "/things/b"))
    assert answer.cloud == "B"


async def test_a_list_that_cannot_be_sorted_is_missing_from_those_that_can() -> None:
    """Whichever is asked first; if none can, the request is at fault."""
    clouds = {"A": one("a"), "B": one("b"), "C": one("c")}

    async def send(cloud: str, request: Request) -> Answer:
        if cloud != "A":
            return Answer(200, document={"things": [{"id": "b"}, {}, 1]})
        return await clouds[cloud].answer(request)

    for text in ("A&B", "B&A"):
        run = evaluation(clouds)
        run.send = send
        answer = await evaluated(run, text, Request.of("GET", "/things?sort_key=name"))
        assert [i["name"] for i in list_of(answer).items] == ["a"]
        (missing,) = run.report.missing()
        assert missing.error == "B does not show name, by which the list is sorted"
    with pytest.raises(Refusal, match="does not show name"):
        await evaluated(run, "B&C", Request.of("GET", "/things?sort_key=name"))
