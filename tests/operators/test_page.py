"""One page of a merged list: in order, with a link, and what cannot be one."""

from typing import Any

import pytest
from operators.simulated import evaluated, evaluation, list_of

from openstackoid.operators.evaluation import Evaluation
from openstackoid.operators.request import Answer, Request
from openstackoid.routing import Refusal


def answering(**documents: Any) -> Evaluation:
    """Return an evaluation over clouds that answer with these documents."""
    run = evaluation({})

    async def send(cloud: str, _: Request) -> Answer:
        note = "left out 1 with an id that is none" if cloud == "A" else None
        return Answer(200, (("ETag", cloud), ("X-Of", cloud)), documents[cloud], note=note)

    run.send = send
    return run


async def test_a_list_is_not_sorted_by_what_it_does_not_show() -> None:
    """The message has the keys."""
    run = answering(A={"things": [{"id": "a"}]}, B={"things": [{"id": "b", "size": 1}]})
    with pytest.raises(Refusal, match="does not show size, name"):
        await evaluated(run, "A&B", Request.of("GET", "/things?sort_key=size&sort_key=name"))


async def test_a_list_that_goes_on_by_an_offset_is_refused() -> None:
    """Several clouds' offsets are no place in the whole; all of it can be asked for."""
    run = answering(A={"things": [{"id": "a"}]}, B={"things": [], "next": "/things?offset=10"})
    with pytest.raises(
        Refusal, match=r"the list of B goes on .* with a greater limit, or without B"
    ):
        await evaluated(run, "A&B", Request.of("GET", "/things"))


async def test_the_report_says_what_is_left_out_beside_the_list() -> None:
    """After what it has to say of the items, and of the first cloud alone."""
    lists = {c: {"things": [{"id": c}], "total": 1, "pages": 1} for c in "AB"}
    run = answering(**lists)
    answer = await evaluated(run, "A&B", Request.of("GET", "/things"))
    assert answer.document.keys() == {"things"}
    noted = "left out 1 with an id that is none"
    assert run.report.of("A").message == f"{noted}; left out beside the list: total, pages"
    assert run.report.of("B").message is None
    assert answer.headers == (("X-Of", "A"),)


async def test_another_list_than_that_of_the_first_cloud_is_none_of_it() -> None:
    """Their items are not the same things."""
    run = answering(A={"things": [{"id": "a"}]}, B={"others": [{"id": "b"}]}, C=[{"id": "c"}])
    answer = await evaluated(run, "A&B&C", Request.of("GET", "/things"))
    assert [item["id"] for item in list_of(answer).items] == ["a"]
    for cloud in "BC":
        assert "did not answer with the list that others did" in str(run.report.of(cloud).error)
