"""The meaning of the operators, on simulated clouds."""

import asyncio
import json
import time

import pytest
from operators.simulated import Simulated, evaluation, expression, list_of

from openstackoid.operators import Answer, NoAnswerError, Policy, Report, Request
from openstackoid.operators.shapes import message_of
from openstackoid.routing import Refusal

REFUSED = NoAnswerError("compute of B could not be reached", sent=False)
SILENT = NoAnswerError("compute of B has not answered", sent=True, status=504)


def one(name: str, failure: NoAnswerError | int | None = None) -> Simulated:
    """Return a cloud with one thing of this name."""
    return Simulated([{"id": f"id-{name}", "name": name}], failure=failure)


GET = Request.of("GET", "/things?name=b")
LIST = Request.of("GET", "/things")
SHOW = Request.of("GET", "/things/id-b")
POST = Request("POST", "/things", document={"thing": {"name": "new"}})


@pytest.mark.parametrize("failure", [REFUSED, SILENT, 400, 401, 404, 500, 503])
async def test_or_reads_from_the_first_that_succeeds(failure: NoAnswerError | int) -> None:
    """A read is tried on whatever the failure."""
    clouds = {"A": one("a", failure), "B": one("b")}
    run = evaluation(clouds)
    answer = await run.run(expression("A|B"), SHOW)
    assert (answer.status, answer.cloud) == (200, "B")
    assert [o.cloud for o in run.report.outcomes.values()] == ["A", "B"]


async def test_or_goes_on_behind_an_empty_filtered_list() -> None:
    """A name is found in the cloud that has it; an unfiltered empty list is an answer."""
    clouds = {"A": one("a"), "B": one("b")}
    assert list_of(await evaluation(clouds).run(expression("A|B"), GET)).items[0]["name"] == "b"
    clouds["A"].things = []
    unfiltered = Request.of("GET", "/things?limit=5&sort_key=name")
    assert list_of(await evaluation(clouds).run(expression("A|B"), unfiltered)).items == []


@pytest.mark.parametrize("failure", [REFUSED, 400, 403, 404, 409, 503])
async def test_or_writes_elsewhere_only_if_surely_nothing_was_done(
    failure: NoAnswerError | int,
) -> None:
    """What was refused is tried in the next cloud, once."""
    clouds = {"A": one("a", failure), "B": one("b")}
    answer = await evaluation(clouds).run(expression("A|B"), POST)
    assert answer.cloud == "B"
    assert len(clouds["A"].seen) == len(clouds["B"].seen) == 1


async def test_or_never_repeats_what_may_have_been_done() -> None:
    """No answer to a write that was sent is the end of it."""
    clouds = {"A": one("a", SILENT), "B": one("b")}
    with pytest.raises(NoAnswerError) as caught:
        await evaluation(clouds).run(expression("A|B"), POST)
    assert caught.value.status == 504
    assert clouds["B"].seen == []
    clouds["A"].failure = 500
    assert (await evaluation(clouds).run(expression("A|B"), POST)).status == 500
    assert clouds["B"].seen == []


async def test_or_goes_on_behind_a_gateway_that_could_send_it_nowhere() -> None:
    """What the other cloud's own gateway did not get to its service was not done."""
    answer = Answer(502, document={"error": {"code": 502, "sent": False}})
    assert answer.did_nothing
    assert not Answer(502, document={"error": {"code": 502}}).did_nothing
    assert not Answer(502, document={"error": "odd"}).did_nothing


async def test_or_asks_a_cloud_that_is_down_last() -> None:
    """What is known costs nothing."""
    clouds = {"A": one("b"), "B": one("b")}
    answer = await evaluation(clouds, down=lambda c: c == "A").run(expression("A|B"), SHOW)
    assert answer.cloud == "B"
    assert clouds["A"].seen == []


@pytest.mark.parametrize(
    ("failures", "status"),
    [((404, 409), 409), ((404, 401), 401), ((500, 404), 404), ((500, 503), 500)],
)
async def test_or_returns_the_most_telling_failure(failures: tuple[int, int], status: int) -> None:
    """A reason says more than "not found", and any answer more than none."""
    clouds = {"A": one("a", failures[0]), "B": one("b", failures[1])}
    assert (await evaluation(clouds).run(expression("A|B"), SHOW)).status == status
    clouds["B"].failure = REFUSED
    assert (await evaluation(clouds).run(expression("A|B"), SHOW)).status == failures[0]
    clouds["A"].failure = REFUSED
    with pytest.raises(NoAnswerError):
        await evaluation(clouds).run(expression("A|B"), SHOW)


async def test_and_asks_all_at_once() -> None:
    """Ten clouds take as long as one."""
    clouds = {f"C{n}": Simulated([{"id": f"{n}", "name": "x"}], seconds=0.1) for n in range(10)}
    start = time.monotonic()
    answer = await evaluation(clouds).run(
        expression("&".join(clouds)), Request.of("GET", "/things")
    )
    assert time.monotonic() - start < 0.5  # not the second that one after another would take
    assert [i["oid:cloud"] for i in list_of(answer).items] == list(clouds)


@pytest.mark.parametrize("failure", [REFUSED, SILENT, 500, 401])
async def test_and_reads_what_can_be_reached_and_says_what_is_missing(
    failure: NoAnswerError | int,
) -> None:
    """A list of the others, and a report; by policy, all or nothing."""
    clouds = {"A": one("a"), "B": one("b", failure)}
    run = evaluation(clouds)
    answer = await run.run(expression("A&B"), LIST)
    assert [i["name"] for i in list_of(answer).items] == ["a"]
    report = json.loads(run.report.header())
    assert [r["cloud"] for r in report] == ["A", "B"]
    assert report[1].get("status") == failure if isinstance(failure, int) else report[1]["error"]
    complete = evaluation(clouds, Policy.ALL).run(expression("A&B"), LIST)
    if isinstance(failure, int):
        assert (await complete).status == failure
    else:
        with pytest.raises(NoAnswerError):
            await complete


async def test_and_waits_no_longer_than_its_patience() -> None:
    """One deadline for all; who is late is reported."""
    clouds = {"A": one("a"), "B": one("b")}
    clouds["B"].seconds = 60
    run = evaluation(clouds, patience=0.1)
    answer = await run.run(expression("A&B"), LIST)
    assert [i["name"] for i in list_of(answer).items] == ["a"]
    assert "B" in {o.cloud for o in run.report.missing()}


async def test_and_shows_the_first_in_order_that_has_it() -> None:
    """One resource is one resource; the others are not waited for."""
    clouds = {"A": one("a"), "B": one("b"), "C": one("b")}
    clouds["C"].seconds = 60
    answer = await evaluation(clouds).run(expression("A&B&C"), SHOW)
    assert (answer.cloud, answer.document["thing"]["name"]) == ("B", "b")
    missing = await evaluation({"A": one("a"), "B": one("c")}).run(expression("A&B"), SHOW)
    assert missing.status == 404


async def test_and_creates_in_all() -> None:
    """One POST each, and the answer is of the kind of one."""
    clouds = {"A": one("a"), "B": one("b")}
    run = evaluation(clouds, Policy.ALL)
    answer = await run.run(expression("A&B"), POST)
    assert (answer.status, answer.cloud) == (201, "A")
    assert [len(c.things) for c in clouds.values()] == [2, 2]
    assert [o.created for o in run.report.outcomes.values()] == ["new-1", "new-1"]


@pytest.mark.parametrize("failure", [REFUSED, SILENT, 403, 500])
async def test_and_removes_what_was_created_if_one_fails(failure: NoAnswerError | int) -> None:
    """Nothing is left where it is known, and where it is not the message says so."""
    clouds = {"A": one("a"), "B": one("b", failure)}
    with pytest.raises(NoAnswerError) as caught:
        await evaluation(clouds, Policy.ALL).run(expression("A&B"), POST)
    assert len(clouds["A"].things) == 1
    assert "A: answered 201; new-1 was removed again" in caught.value.message
    assert caught.value.status == (failure if isinstance(failure, int) else failure.status)
    assert [r.method for r in clouds["B"].seen] == ["POST"]


async def test_and_says_what_could_not_be_removed() -> None:
    """A cloud that fails during the undo is named, with the id that is left there."""
    clouds = {"A": one("a", SILENT), "B": one("b", 403)}
    clouds["A"].healthy = 1
    with pytest.raises(NoAnswerError, match="A: answered 201; new-1 could not be removed: delete"):
        await evaluation(clouds, Policy.ALL).run(expression("A&B"), POST)
    assert len(clouds["A"].things) == 2


async def test_and_with_any_keeps_what_succeeded() -> None:
    """By policy, some is enough, and the report has the rest."""
    clouds = {"A": one("a", 403), "B": one("b")}
    run = evaluation(clouds, Policy.ANY)
    assert (await run.run(expression("A&B"), POST)).cloud == "B"
    assert json.loads(run.report.header())[0]["status"] == 403


async def test_and_does_not_take_another_404_for_the_removal() -> None:
    """An action makes something elsewhere: there is nothing to delete below it."""
    action = Request("POST", "/things/id-a/action", document={"createImage": {}})

    async def send(cloud: str, request: Request) -> Answer:
        if cloud == "B":
            return Answer(409)
        location = (("Location", "http://A/images/new?x"),)
        return Answer(202, location) if request.method == "POST" else Answer(404)

    run = evaluation({}, Policy.ALL)
    run.send = send
    with pytest.raises(NoAnswerError, match="A: answered 202; new could not be removed"):
        await run.run(expression("A&B"), action)


async def test_what_fails_within_takes_nothing_with_it() -> None:
    """A half-done part is undone, and the part beside it is waited for and undone, too."""
    clouds = {"A": one("a"), "B": one("b"), "C": one("c", 409), "D": one("d")}
    clouds["A"].seconds = 0.1
    run = evaluation(clouds, Policy.ALL)
    with pytest.raises(NoAnswerError) as caught:
        await run.run(expression("A&((B&C)|D)"), POST)
    assert [len(c.things) for c in clouds.values()] == [1, 1, 1, 1]
    assert [len(c.seen) for c in clouds.values()] == [2, 2, 1, 0]
    assert caught.value.message.count("new-1 was removed again") == 2


async def test_or_goes_on_behind_clouds_of_which_one_is_known_to_be_down() -> None:
    """Nothing was sent to any of them."""
    clouds = {"A": one("a"), "B": one("b"), "C": one("c")}
    run = evaluation(clouds, Policy.ALL, down=lambda cloud: cloud == "B")
    assert (await run.run(expression("(A&B)|C"), POST)).cloud == "C"
    assert clouds["A"].seen == clouds["B"].seen == []


@pytest.mark.parametrize("text", ["A|B", "A&(B|C)", "(A&B)|C"])
async def test_an_upload_with_alternatives_is_refused_before_anything_is_sent(text: str) -> None:
    """It cannot be sent again where the first fails."""
    clouds = {"A": one("a"), "B": one("b"), "C": one("c")}
    upload = Request("PUT", "/things/x/file", upload=True)
    with pytest.raises(Refusal, match="name one cloud for compute"):
        await evaluation(clouds, Policy.ALL).run(expression(text), upload)
    assert not any(cloud.seen for cloud in clouds.values())


async def test_or_gives_each_its_part_of_the_patience() -> None:
    """A read whose first cloud is silent gets to the next within it."""
    clouds = {"A": one("a"), "B": one("b")}
    clouds["A"].seconds = 60
    run = evaluation(clouds, patience=0.2)
    assert (await run.run(expression("A|B"), SHOW)).cloud == "B"
    assert [o.error for o in run.report.outcomes.values()] == ["A has not answered in time", None]


async def test_and_deletes_where_it_is() -> None:
    """Not to be found is as good as deleted, if one cloud had it."""
    clouds = {"A": one("a"), "B": one("b")}
    delete = Request("DELETE", "/things/id-b")
    assert (await evaluation(clouds, Policy.ALL).run(expression("A&B"), delete)).status == 204
    assert (await evaluation(clouds, Policy.ALL).run(expression("A&B"), delete)).status == 404


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
    with pytest.raises(NoAnswerError, match="is not there now"):
        await run.run(expression("A&B"), Request("POST", path, document=document))
    (a, b) = (json.dumps(seen[c][0].document) for c in "AB")
    assert a == b
    deleted = {c: seen[c][1].path for c in "AB"}
    assert deleted["A"] == deleted["B"]
    assert deleted["A"].removeprefix(f"{path}/") in a


@pytest.mark.parametrize("text", ["(A&B)|C", "A&(B|C)", "A|(B&C)"])
async def test_operators_nest(text: str) -> None:
    """Any nesting is evaluated, and every item has its cloud."""
    clouds = {"A": one("a"), "B": one("b"), "C": one("c")}
    answer = await evaluation(clouds).run(expression(text), LIST)
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
    answer = await run.run(expression("A&B"), Request.of("GET", "/"))
    assert answer.document == {"versions": [{"id": "v2"}]}
    assert calls == ["A"]


async def test_a_cancelled_evaluation_leaves_no_task() -> None:
    """A client that leaves takes all branches with it."""
    clouds = {"A": one("a"), "B": one("b")}
    for cloud in clouds.values():
        cloud.seconds = 60
    task = asyncio.create_task(evaluation(clouds).run(expression("A&B"), LIST))
    for cloud in clouds.values():
        await cloud.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(asyncio.all_tasks()) == 1


async def test_what_could_not_be_undone_is_refused() -> None:
    """Nova names the first of several servers alone."""
    clouds = {"A": one("a"), "B": one("b")}
    several = Request("POST", "/servers", document={"server": {"name": "x", "min_count": 3}})
    with pytest.raises(Refusal, match="one by one"):
        await evaluation(clouds, Policy.ALL).run(expression("A&B"), several)
    assert clouds["A"].seen == []


async def test_a_cloud_that_answers_otherwise_is_missing_from_a_list() -> None:
    """A page of a proxy is no list: the others are merged, and the report says who is not."""
    clouds = {"A": one("a"), "B": one("b")}

    async def send(cloud: str, request: Request) -> Answer:
        return Answer(302) if cloud == "B" else await clouds[cloud].answer(request)

    run = evaluation(clouds)
    run.send = send
    answer = await run.run(expression("A&B"), LIST)
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
        answer = await run.run(expression(text), LIST)
        if text.startswith("B") and odd.status == 200:
            assert answer.cloud == "B"
        else:
            assert [i["name"] for i in list_of(answer).items] == ["a", "c"]
            assert list_of(answer).next is None
            assert [o.cloud for o in run.report.missing()] == ["B"]


async def test_a_report_of_many_writes_says_how_many_failed() -> None:
    """However many clouds took part, it fits in a header and hides no failure."""
    clouds = {f"C{n}": one("x", 403 if n == 7 else None) for n in range(80)}
    run = evaluation(clouds, Policy.ANY)
    await run.run(expression("&".join(clouds)), POST)
    header = run.report.header()
    assert len(header) <= 4096
    folded, failed = json.loads(header)
    assert (folded["status"], folded["clouds"]) == (201, 79)
    assert (failed["cloud"], failed["status"]) == ("C7", 403)


def test_a_folded_report_names_who_failed_and_what_is_left() -> None:
    """What needs somebody to look after it stays apart from what is well."""
    report = Report()
    for n in range(1000):
        outcome = report.of(f"Cloud{n}")
        outcome.status, outcome.seconds, outcome.created = 201, n / 1000, f"id-{n}"
        outcome.undone = n != 500
        if n < 30:
            outcome.status, outcome.message, outcome.created = 409, "x" * 300, None
            outcome.undone = None
        elif n < 60:
            outcome.status, outcome.error, outcome.undone = None, "y" * 300, None
    entries = json.loads(report.header())
    assert len(report.header()) <= 4096
    assert len(report.text(2048)) <= 2048
    assert entries == [
        {"clouds": 30, "status": 409, "seconds": 0.029, "names": [f"Cloud{n}" for n in range(30)]},
        {
            "clouds": 30,
            "error": "no answer",
            "seconds": 0.059,
            "names": [f"Cloud{n}" for n in range(30, 60)],
        },
        {"clouds": 939, "status": 201, "undone": True, "seconds": 0.999},
        {"clouds": 1, "status": 201, "undone": False, "seconds": 0.5, "names": ["Cloud500"]},
    ]
    for outcome in report.outcomes.values():
        outcome.status, outcome.undone = 403, None
    (refused, silent) = json.loads(report.header())
    assert refused["clouds"] == 970
    assert 100 < len(refused["names"]) < 970
    assert len(silent["names"]) == 30
    assert len(report.header()) <= 4096


def test_a_token_in_a_service_s_message_is_cut() -> None:
    """Keystone quotes a token that it cannot find; a report goes to logs and clients."""
    said = message_of({"error": {"message": f"Could not find token: gAAAAAB{'x' * 150}."}})
    assert said == "Could not find token: gAAAAABx…"
