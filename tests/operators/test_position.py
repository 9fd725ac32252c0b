"""A list goes on behind an item that is known by its id alone."""

import pytest
from operators.simulated import Simulated, evaluated, evaluation, list_of

from openstackoid.operators.request import Answer, NoAnswerError, Request
from openstackoid.routing import Refusal


def of(cloud: str, *sizes: int) -> Simulated:
    """Return a cloud with a thing of each size."""
    return Simulated([{"id": f"{cloud}{n}", "name": "x", "size": n} for n in sizes])


async def ids(clouds: dict[str, Simulated], query: str, text: str = "A&B") -> list[str]:
    """Return the ids of a page."""
    request = Request.of("GET", f"/things?{query}")
    return [i["id"] for i in list_of(await evaluated(evaluation(clouds), text, request)).items]


async def test_the_clouds_before_its_own_are_done_and_those_behind_begin() -> None:
    """Without an order, one cloud follows another."""
    clouds = {"A": of("A", 1, 2), "B": of("B", 1, 2), "C": of("C", 1)}
    assert await ids(clouds, "marker=B1", "A&B&C") == ["B2", "C1"]
    assert await ids(clouds, "marker=A2", "A&B&C") == ["B1", "B2", "C1"]


async def test_with_an_order_each_cloud_goes_on_behind_what_comes_before() -> None:
    """Equal keys are in the order of the clouds."""
    clouds = {"A": of("A", 1, 3, 5), "B": of("B", 2, 3, 4)}
    sorted_ = "sort_key=size&sort_dir=asc"
    assert await ids(clouds, sorted_) == ["A1", "B2", "A3", "B3", "B4", "A5"]
    for n, marker in enumerate(["A1", "B2", "A3", "B3", "B4"]):
        expected = ["B2", "A3", "B3", "B4", "A5"][n:]
        assert await ids(clouds, f"{sorted_}&marker={marker}") == expected


async def test_a_marker_that_no_cloud_has_is_refused() -> None:
    """As each service does it alone."""
    with pytest.raises(Refusal, match="no cloud has the marker X") as caught:
        await ids({"A": of("A", 1), "B": of("B", 1)}, "marker=X")
    assert caught.value.status == 400
    assert (caught.value.cloud, caught.value.service) == ("Home", "compute")


async def test_a_marker_that_several_clouds_have_is_refused() -> None:
    """A copy has the id of its original; the link says whose is meant."""
    with pytest.raises(Refusal, match="several clouds have the marker A1") as caught:
        await ids({"A": of("A", 1), "B": of("A", 1)}, "marker=A1")
    assert caught.value.status == 400
    assert str(caught.value).endswith("go on by the next link, which says whose is meant")


async def test_no_cloud_that_could_say_so_is_no_answer() -> None:
    """The marker may be of any that cannot be reached."""
    clouds = {"A": of("A", 1), "B": of("B", 1)}
    for cloud in clouds.values():
        cloud.failure = NoAnswerError("away", sent=False)
    with pytest.raises(NoAnswerError, match="away"):
        await ids(clouds, "marker=A1")


async def test_an_id_is_one_segment_of_a_path() -> None:
    """Whatever is in a marker, it leads to no other resource."""
    clouds = {"A": of("A", 1), "B": of("B", 1)}
    with pytest.raises(Refusal):
        await ids(clouds, "marker=../x%3Fy")
    assert clouds["A"].seen[0].target == "/things/..%2Fx%3Fy"


async def test_a_cloud_whose_list_cannot_be_walked_is_left_out() -> None:
    """It is away until the list ends, as one that fails on a page."""
    clouds = {"A": of("A", 1, 2), "B": of("B", 1, 2)}

    async def send(cloud: str, request: Request) -> Answer:
        if cloud == "B" and request.path == "/things":
            return Answer(503)
        return await clouds[cloud].answer(request)

    run = evaluation({})
    run.send = send
    request = Request.of("GET", "/things?sort_key=size&marker=A1")
    assert [i["id"] for i in list_of(await evaluated(run, "A&B", request)).items] == ["A2"]
    assert "B was away at an earlier page" in str(run.report.of("B").error)


@pytest.mark.parametrize("style", ["nova", "glance", "keystone", "gnocchi"])
async def test_clouds_are_walked_page_by_page(style: str) -> None:
    """However short the pages of a service are, and wherever it says how they go on."""
    clouds = {"A": of("A", 1, 3, 5, 7, 9), "B": of("B", 2, 4, 6, 8, 10)}
    for cloud in clouds.values():
        cloud.style, cloud.most = style, 2
    sorted_ = "sort_key=size&sort_dir=asc"
    assert await ids(clouds, f"{sorted_}&marker=A7&limit=2") == ["B8", "A9"]
    walked = [r.target for r in clouds["B"].seen if "marker" in r.target]
    assert len(walked) == len(set(walked))
    assert not any("limit" in target for target in walked[:-1])


async def test_clouds_whose_items_all_come_before_are_done() -> None:
    """A walk ends with the last page, full or not."""
    for sizes in ((1, 2), (1, 2, 3)):
        clouds = {"A": of("A", *sizes), "B": of("B", 8, 9)}
        clouds["A"].most = 2
        assert await ids(clouds, "sort_key=size&marker=B8") == ["B9"]


@pytest.mark.parametrize("path", ["/things/detail", "/things/", "/things"])
async def test_the_item_is_looked_up_beside_its_list(path: str) -> None:
    """The list of details has no items of its own."""
    clouds = {"A": of("A", 1, 2), "B": of("B", 1)}
    run = evaluation(clouds)
    await evaluated(run, "A&B", Request.of("GET", f"{path}?marker=A1"))
    assert clouds["A"].seen[0].target == "/things/A1"


async def test_the_marker_s_own_cloud_must_say_what_comes_before_it() -> None:
    """Without its list nobody knows what the others have shown; nothing was changed there."""
    clouds = {"A": of("A", 1, 2), "B": of("B", 1, 2)}

    async def send(cloud: str, request: Request) -> Answer:
        if cloud == "A" and request.path == "/things":
            return Answer(503, document={"things": []})
        return await clouds[cloud].answer(request)

    run = evaluation({})
    run.send = send
    with pytest.raises(
        NoAnswerError, match="A does not say what comes before the marker"
    ) as caught:
        await evaluated(run, "A&B", Request.of("GET", "/things?sort_key=size&marker=A1"))
    assert caught.value.sent is False


async def test_an_empty_page_does_not_end_a_walk() -> None:
    """Keystone has pages on which nothing is left when it has filtered them."""
    clouds = {"A": of("A", 5), "B": of("B", 2, 4, 6)}

    async def send(cloud: str, request: Request) -> Answer:
        if cloud == "B" and request.path == "/things" and not request.value("marker"):
            return Answer(200, document={"things": [], "next_marker": "B2"})
        return await clouds[cloud].answer(request)

    run = evaluation({})
    run.send = send
    request = Request.of("GET", "/things?sort_key=size&marker=A5")
    assert [i["id"] for i in list_of(await evaluated(run, "A&B", request)).items] == ["B6"]


async def test_a_marker_that_its_list_no_longer_has_is_placed_by_its_own_key() -> None:
    """The item is there, and a filter hides it."""
    clouds = {"A": of("A", 1, 3, 5), "B": of("B", 2, 4, 6)}
    clouds["A"].things[1]["name"] = "hidden"

    async def send(cloud: str, request: Request) -> Answer:
        if cloud == "A" and request.value("marker"):
            request = request.asking(marker="A1")
        return await clouds[cloud].answer(request)

    run = evaluation({})
    run.send = send
    request = Request.of("GET", "/things?name=x&sort_key=size&marker=A3")
    assert [i["id"] for i in list_of(await evaluated(run, "A&B", request)).items] == [
        "B4",
        "A5",
        "B6",
    ]
