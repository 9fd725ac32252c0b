"""Writing under `&`, on simulated clouds: all, or what was created is removed again."""

import asyncio
import json
from typing import TypeAlias

import pytest
from operators.simulated import evaluated, evaluation, one

from openstackoid.operators.evaluation import Evaluation
from openstackoid.operators.request import Answer, NoAnswerError, Request
from openstackoid.operators.rules import Policy
from openstackoid.routing import Refusal

Sent: TypeAlias = dict[str, list[Request]]

REFUSED = NoAnswerError("compute of B could not be reached", sent=False)
SILENT = NoAnswerError("compute of B has not answered", sent=True, status=504)
POST = Request("POST", "/things", document={"thing": {"name": "new"}})


async def test_and_creates_in_all() -> None:
    """One POST each, and the answer is of the kind of one."""
    clouds = {"A": one("a"), "B": one("b")}
    run = evaluation(clouds, Policy.ALL)
    answer = await evaluated(run, "A&B", POST)
    assert (answer.status, answer.cloud) == (201, "A")
    assert [len(c.things) for c in clouds.values()] == [2, 2]
    assert [o.created for o in run.report.outcomes.values()] == ["new-1", "new-1"]


@pytest.mark.parametrize("failure", [REFUSED, SILENT, 403, 500])
async def test_and_removes_what_was_created_if_one_fails(failure: NoAnswerError | int) -> None:
    """Nothing is left where it is known, and where it is not the message says so."""
    clouds = {"A": one("a"), "B": one("b", failure)}
    with pytest.raises(NoAnswerError) as caught:
        await evaluated(evaluation(clouds, Policy.ALL), "A&B", POST)
    assert len(clouds["A"].things) == 1
    assert "A: answered 201; new-1 was removed again" in caught.value.message
    assert caught.value.status == (failure if isinstance(failure, int) else failure.status)
    assert [r.method for r in clouds["B"].seen] == ["POST"]


async def test_and_says_what_could_not_be_removed() -> None:
    """A cloud that fails during the undo is named, with the id that is left there."""
    clouds = {"A": one("a", SILENT), "B": one("b", 403)}
    clouds["A"].healthy = 1
    with pytest.raises(NoAnswerError, match="A: answered 201; new-1 could not be removed: delete"):
        await evaluated(evaluation(clouds, Policy.ALL), "A&B", POST)
    assert len(clouds["A"].things) == 2


async def test_and_with_any_keeps_what_succeeded() -> None:
    """By policy, some is enough, and the report has the rest."""
    clouds = {"A": one("a", 403), "B": one("b")}
    run = evaluation(clouds, Policy.ANY)
    assert (await evaluated(run, "A&B", POST)).cloud == "B"
    assert json.loads(run.report.header())[0]["status"] == 403


async def test_and_does_not_take_another_404_for_the_removal() -> None:
    """What an action answers with is elsewhere, or was there before: it is no id to delete."""
    action = Request("POST", "/things/id-a/action", document={"createImage": {}})

    async def send(cloud: str, request: Request) -> Answer:
        if cloud == "B":
            return Answer(409)
        location = (("Location", "http://A/images/new?x"),)
        return Answer(202, location) if request.method == "POST" else Answer(404)

    run = evaluation({}, Policy.ALL)
    run.send = send
    with pytest.raises(NoAnswerError, match="A: answered 202; this was done, and is not undone"):
        await evaluated(run, "A&B", action)


async def test_and_deletes_where_it_is() -> None:
    """Not to be found is as good as deleted, if one cloud had it."""
    clouds = {"A": one("a"), "B": one("b")}
    delete = Request("DELETE", "/things/id-b")
    assert (await evaluated(evaluation(clouds, Policy.ALL), "A&B", delete)).status == 204
    assert (await evaluated(evaluation(clouds, Policy.ALL), "A&B", delete)).status == 404


@pytest.mark.parametrize(
    ("service", "path", "document"),
    [
        ("image", "/v2/images", {"name": "x"}),
        ("compute", "/v2.1/flavors", {"flavor": {"name": "x", "id": None}}),
        ("compute", "/v2.1/5e1f/flavors", {"flavor": {"name": "x"}}),
    ],
)
async def test_and_creates_copies_under_one_id(
    service: str, path: str, document: dict[str, object]
) -> None:
    """Where the client may choose the id, it is the same everywhere, and known without answer."""
    seen: dict[str, list[Request]] = {"A": [], "B": []}

    async def send(cloud: str, request: Request) -> Answer:
        seen[cloud].append(request)
        if cloud == "B" and request.method == "POST":
            raise SILENT
        return Answer(201, document=request.document)

    run = evaluation({}, Policy.ALL, service=service)
    run.send = send
    with pytest.raises(NoAnswerError, match=r"B: .*was removed again"):
        await evaluated(run, "A&B", Request("POST", path, document=document))
    (a, b) = (json.dumps(seen[c][0].document) for c in "AB")
    assert a == b
    deleted = {c: seen[c][1].path for c in "AB"}
    assert deleted["A"] == deleted["B"]
    assert deleted["A"].removeprefix(f"{path}/") in a


async def test_what_could_not_be_undone_is_refused() -> None:
    """Nova names the first of several servers alone."""
    clouds = {"A": one("a"), "B": one("b")}
    several = Request("POST", "/servers", document={"server": {"name": "x", "min_count": 3}})
    with pytest.raises(Refusal) as caught:
        await evaluated(evaluation(clouds, Policy.ALL), "A&B", several)
    assert str(caught.value) == (
        "several servers at once could not be removed again if one cloud fails, for nova names "
        "only the first; create them one by one, or with X-Scope-Policy: any"
    )
    assert (caught.value.cloud, caught.value.service) == ("Home", "compute")
    assert clouds["A"].seen == []


async def test_what_fails_within_takes_nothing_with_it() -> None:
    """A half-done part is undone before the next is tried, and the part beside it waited for."""
    clouds = {"A": one("a"), "B": one("b"), "C": one("c", 409), "D": one("d", 403)}
    clouds["A"].seconds = 0.1
    run = evaluation(clouds, Policy.ALL)
    with pytest.raises(NoAnswerError) as caught:
        await evaluated(run, "A&((B&C)|D)", POST)
    assert [len(c.things) for c in clouds.values()] == [1, 1, 1, 1]
    assert [len(c.seen) for c in clouds.values()] == [2, 2, 1, 1]
    assert caught.value.message.count("new-1 was removed again") == 2


async def test_what_was_created_is_removed_everywhere_at_once() -> None:
    """A cloud that takes its time keeps no other waiting; each is waited for."""
    clouds = {name: one("x") for name in "ABC"} | {"D": one("x", 409)}
    gone: list[str] = []
    all_there = asyncio.Barrier(3)

    async def send(cloud: str, request: Request) -> Answer:
        if request.method == "DELETE":
            async with asyncio.timeout(5):
                await all_there.wait()
            gone.append(cloud)
        return await clouds[cloud].answer(request)

    run = evaluation({}, Policy.ALL)
    run.send = send
    with pytest.raises(NoAnswerError) as caught:
        await evaluated(run, "A&B&C&D", POST)
    assert sorted(gone) == ["A", "B", "C"]
    assert not caught.value.sent  # nothing is left: who asked may try it elsewhere


@pytest.mark.parametrize(
    ("failure", "removal", "sent"),
    [(409, 204, False), (409, 404, True), (409, 500, True), (SILENT, 204, True), (503, 202, False)],
)
async def test_the_error_says_whether_something_may_be_left(
    failure: NoAnswerError | int, removal: int, sent: bool
) -> None:
    """As that of a gateway that could not send a request says it."""

    async def send(cloud: str, request: Request) -> Answer:
        if request.method == "DELETE":
            return Answer(removal)
        if cloud == "A":
            return Answer(201, document={"thing": {"id": "new"}})
        if isinstance(failure, NoAnswerError):
            raise failure
        return Answer(failure)

    run = evaluation({}, Policy.ALL)
    run.send = send
    with pytest.raises(NoAnswerError) as caught:
        await evaluated(run, "A&B", POST)
    assert caught.value.sent is sent


async def test_a_status_without_a_name_is_a_bad_gateway() -> None:
    """It cannot be an answer of ours."""

    async def send(cloud: str, request: Request) -> Answer:
        return Answer(201 if cloud == "A" else 599, document={"thing": {"id": "new"}})

    run = evaluation({}, Policy.ALL)
    run.send = send
    with pytest.raises(NoAnswerError) as caught:
        await evaluated(run, "A&B", POST)
    assert caught.value.status == 502


async def test_an_operand_of_which_all_is_down_keeps_a_write_from_being_sent() -> None:
    """Be it one cloud or an alternative; where one of it may work, it is tried."""
    clouds = {name: one("x") for name in "ABC"}
    run = evaluation(clouds, Policy.ALL, down={"B", "C"}.__contains__)
    with pytest.raises(NoAnswerError, match=r"B\|C is known to be down, so nothing was") as caught:
        await evaluated(run, "A&(B|C)", POST)
    assert caught.value.sent is False
    assert not any(cloud.seen for cloud in clouds.values())
    run = evaluation(clouds, Policy.ALL, down={"B"}.__contains__)
    assert (await evaluated(run, "A&(B|C)", POST)).ok
    assert not clouds["B"].seen


def answering(answers: dict[str, Answer], service: str = "compute") -> tuple[Evaluation, Sent]:
    """Return an evaluation in which each cloud answers a write so, and 204 to a removal.

    Also return what each cloud is sent.
    """
    sent: dict[str, list[Request]] = {}

    async def send(cloud: str, request: Request) -> Answer:
        sent.setdefault(cloud, []).append(request)
        return Answer(204) if request.method == "DELETE" else answers[cloud]

    run = evaluation({}, Policy.ALL, service=service)
    run.send = send
    return run, sent


async def test_the_error_says_of_each_cloud_what_it_did_and_why() -> None:
    """In its own words; what may have been done in spite of an error is to be looked at."""
    answers = {
        "A": Answer(201, document={"thing": {"id": "new"}}),
        "B": Answer(403, document={"forbidden": {"message": "quota exceeded"}}),
        "C": Answer(500),
    }
    run, _ = answering(answers)
    with pytest.raises(NoAnswerError) as caught:
        await evaluated(run, "A&B&C", POST)
    assert caught.value.message == (
        "POST /things did not succeed in all of A&B&C. A: answered 201; new was removed again. "
        "B: answered 403 (quota exceeded). "
        "C: answered 500; look there before you send it again."
    )


@pytest.mark.parametrize("name", ["Location", "location", "LOCATION"])
@pytest.mark.parametrize("end", ["", "/", "?x=/y"])
async def test_what_only_a_location_names_is_removed_again(name: str, end: str) -> None:
    """Some services answer with nothing else."""
    location = ((name, f"http://A:1/v1/things/new{end}"),)
    run, sent = answering({"A": Answer(201, location), "B": Answer(409)})
    with pytest.raises(NoAnswerError, match="A: answered 201; new was removed again"):
        await evaluated(run, "A&B", POST)
    assert [(r.method, r.path) for r in sent["A"]] == [
        ("POST", "/things"),
        ("DELETE", "/things/new"),
    ]


@pytest.mark.parametrize("path", ["/things", "/things/"])
async def test_an_id_of_a_cloud_leads_to_nothing_but_what_it_has_created(path: str) -> None:
    """Whatever it answers, one segment behind the collection is deleted."""
    answers = {"A": Answer(201, document={"thing": {"id": "../x?y/z"}}), "B": Answer(409)}
    run, sent = answering(answers)
    with pytest.raises(NoAnswerError):
        await evaluated(run, "A&B", Request("POST", path, document={}))
    assert sent["A"][1].target == "/things/..%2Fx%3Fy%2Fz"


async def test_what_was_changed_is_not_removed() -> None:
    """A change answers with the id of what there was before."""
    run, sent = answering({"A": Answer(200, document={"thing": {"id": "a"}}), "B": Answer(409)})
    with pytest.raises(NoAnswerError, match="A: answered 200; this was done, and is not undone"):
        await evaluated(run, "A&B", Request("PUT", "/things/a", document={"thing": {}}))
    assert [r.method for r in sent["A"]] == ["PUT"]


IMAGE = Request("POST", "/v2/images", document={"name": "x"})


async def test_a_cloud_that_has_refused_is_sent_nothing_more() -> None:
    """Nor is the id that we chose for a copy deleted there: it cannot have that."""
    run, sent = answering({"A": Answer(201, document={}), "B": Answer(409)}, "image")
    with pytest.raises(NoAnswerError):
        await evaluated(run, "A&B", IMAGE)
    assert [r.method for r in sent["B"]] == ["POST"]
    assert [r.method for r in sent["A"]] == ["POST", "DELETE"]


@pytest.mark.parametrize(
    ("service", "request_"),
    [
        ("image", Request("POST", "/v2/images", document={"name": "x", "id": "mine"})),
        ("compute", Request("POST", "/v2.1/flavors", document={"flavor": {"id": "mine"}})),
        ("compute", Request("POST", "/v2.1/flavors", document={"flavor": "x"})),
        ("compute", Request("POST", "/v2.1/servers", document={"flavor": {"name": "x"}})),
        ("image", Request("POST", "/v2/images/a/actions/deactivate", document={"name": "x"})),
        ("image", Request("PUT", "/v2/images", document={"name": "x"})),
        ("image", Request("POST", "/v2/images", document=["x"])),
        ("image", Request("POST", "/v2/images")),
    ],
)
async def test_what_needs_no_id_of_ours_passes_as_it_is(service: str, request_: Request) -> None:
    """What the user has chosen, and what is created elsewhere, or not at all."""
    run, sent = answering({"A": Answer(202), "B": Answer(202)}, service)
    assert (await evaluated(run, "A&B", request_)).status == 202
    assert [request.document for (request,) in sent.values()] == [request_.document] * 2


@pytest.mark.parametrize(
    ("service", "path", "document", "key"),
    [
        ("image", "/v2/images", {"name": "x"}, None),
        ("compute", "/v2.1/flavors", {"flavor": {"name": "x"}, "y": 1}, "flavor"),
    ],
)
async def test_an_id_of_ours_is_put_where_the_service_reads_it(
    service: str, path: str, document: dict[str, object], key: str | None
) -> None:
    """Beside what the user has written, which stays."""
    run, sent = answering({"A": Answer(201), "B": Answer(201)}, service)
    await evaluated(run, "A&B", Request("POST", path, document=document))
    (request,) = sent["A"]
    assert isinstance(request.document, dict)
    created = request.document[key] if key else request.document
    assert created.pop("id")
    assert request.document == document
