"""Clouds are asked at once, within the time there is, and nothing outlives it."""

import asyncio
import time

import pytest
from operators.simulated import Simulated, evaluated, evaluation, list_of, one

from openstackoid.operators.request import Request

LIST = Request.of("GET", "/things")


async def test_and_asks_all_at_once() -> None:
    """Ten clouds take as long as one."""
    clouds = {f"C{n}": Simulated([{"id": f"{n}", "name": "x"}], seconds=0.1) for n in range(10)}
    start = time.monotonic()
    answer = await evaluated(evaluation(clouds), "&".join(clouds), LIST)
    assert time.monotonic() - start < 0.5  # not the second that one after another would take
    assert [i["oid:cloud"] for i in list_of(answer).items] == list(clouds)


async def test_and_waits_no_longer_than_its_patience() -> None:
    """One deadline for all; who is late is reported."""
    clouds = {"A": one("a"), "B": one("b")}
    clouds["B"].seconds = 60
    run = evaluation(clouds, patience=0.1)
    answer = await evaluated(run, "A&B", LIST)
    assert [i["name"] for i in list_of(answer).items] == ["a"]
    assert "B" in {o.cloud for o in run.report.missing()}


async def test_a_cancelled_evaluation_leaves_no_task() -> None:
    """A client that leaves takes all branches with it."""
    clouds = {"A": one("a"), "B": one("b")}
    for cloud in clouds.values():
        cloud.seconds = 60
    task = asyncio.create_task(evaluated(evaluation(clouds), "A&B", LIST))
    for cloud in clouds.values():
        await cloud.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(asyncio.all_tasks()) == 1
