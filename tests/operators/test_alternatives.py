"""`|`, on simulated clouds: which is tried next, and which failure is the answer."""

import pytest
from operators.simulated import evaluated, evaluation, list_of, one

from openstackoid.operators.request import NoAnswerError, Request
from openstackoid.operators.rules import Policy

REFUSED = NoAnswerError("compute of B could not be reached", sent=False)
SILENT = NoAnswerError("compute of B has not answered", sent=True, status=504)
GET = Request.of("GET", "/things?name=b")
SHOW = Request.of("GET", "/things/id-b")
POST = Request("POST", "/things", document={"thing": {"name": "new"}})


@pytest.mark.parametrize("failure", [REFUSED, SILENT, 400, 401, 404, 500, 503])
async def test_or_reads_from_the_first_that_succeeds(failure: NoAnswerError | int) -> None:
    """A read is tried on whatever the failure."""
    clouds = {"A": one("a", failure), "B": one("b")}
    run = evaluation(clouds)
    answer = await evaluated(run, "A|B", SHOW)
    assert (answer.status, answer.cloud) == (200, "B")
    assert [o.cloud for o in run.report.outcomes.values()] == ["A", "B"]


async def test_or_goes_on_behind_an_empty_filtered_list() -> None:
    """A name is found in the cloud that has it; an unfiltered empty list is an answer."""
    clouds = {"A": one("a"), "B": one("b")}
    assert list_of(await evaluated(evaluation(clouds), "A|B", GET)).items[0]["name"] == "b"
    clouds["A"].things = []
    unfiltered = Request.of("GET", "/things?limit=5&sort_key=name")
    assert list_of(await evaluated(evaluation(clouds), "A|B", unfiltered)).items == []


@pytest.mark.parametrize("failure", [REFUSED, 400, 403, 404, 409, 503])
async def test_or_writes_elsewhere_only_if_surely_nothing_was_done(
    failure: NoAnswerError | int,
) -> None:
    """What was refused is tried in the next cloud, once."""
    clouds = {"A": one("a", failure), "B": one("b")}
    answer = await evaluated(evaluation(clouds), "A|B", POST)
    assert answer.cloud == "B"
    assert len(clouds["A"].seen) == len(clouds["B"].seen) == 1


async def test_or_never_repeats_what_may_have_been_done() -> None:
    """No answer to a write that was sent is the end of it."""
    clouds = {"A": one("a", SILENT), "B": one("b")}
    with pytest.raises(NoAnswerError) as caught:
        await evaluated(evaluation(clouds), "A|B", POST)
    assert caught.value.status == 504
    assert clouds["B"].seen == []
    clouds["A"].failure = 500
    assert (await evaluated(evaluation(clouds), "A|B", POST)).status == 500
    assert clouds["B"].seen == []


async def test_or_asks_a_cloud_that_is_down_last() -> None:
    """What is known costs nothing."""
    clouds = {"A": one("b"), "B": one("b")}
    answer = await evaluated(evaluation(clouds, down=lambda c: c == "A"), "A|B", SHOW)
    assert answer.cloud == "B"
    assert clouds["A"].seen == []


@pytest.mark.parametrize(
    ("failures", "status"),
    [((404, 409), 409), ((404, 401), 401), ((500, 404), 404), ((500, 503), 500)],
)
async def test_or_returns_the_most_telling_failure(failures: tuple[int, int], status: int) -> None:
    """A reason says more than "not found", and any answer more than none."""
    clouds = {"A": one("a", failures[0]), "B": one("b", failures[1])}
    assert (await evaluated(evaluation(clouds), "A|B", SHOW)).status == status
    clouds["B"].failure = REFUSED
    assert (await evaluated(evaluation(clouds), "A|B", SHOW)).status == failures[0]
    clouds["A"].failure = REFUSED
    with pytest.raises(NoAnswerError):
        await evaluated(evaluation(clouds), "A|B", SHOW)


async def test_or_goes_on_behind_clouds_of_which_one_is_known_to_be_down() -> None:
    """Nothing was sent to any of them."""
    clouds = {"A": one("a"), "B": one("b"), "C": one("c")}
    run = evaluation(clouds, Policy.ALL, down=lambda cloud: cloud == "B")
    assert (await evaluated(run, "(A&B)|C", POST)).cloud == "C"
    assert clouds["A"].seen == clouds["B"].seen == []


async def test_or_gives_each_its_part_of_the_patience() -> None:
    """A read whose first cloud is silent gets to the next within it."""
    clouds = {"A": one("a"), "B": one("b")}
    clouds["A"].seconds = 60
    run = evaluation(clouds, patience=0.2)
    assert (await evaluated(run, "A|B", SHOW)).cloud == "B"
    assert [o.error for o in run.report.outcomes.values()] == ["A has not answered in time", None]
