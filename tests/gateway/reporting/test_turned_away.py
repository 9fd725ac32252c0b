"""Requests over the limit do not fill the log."""

import io
import json

import pytest
from gateway.played import Clouds

from openstackoid.gateway.reporting import turned_away
from openstackoid.gateway.reporting.turned_away import TurnedAway


def lines(logged: io.StringIO, event: str) -> list[dict[str, object]]:
    """Return the lines of an event."""
    every = [json.loads(line) for line in logged.getvalue().splitlines()]
    return [line for line in every if line["event"] == event]


async def test_the_first_of_each_sender_is_logged_and_the_others_are_counted(
    logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many senders there are; an interval in which nothing was left out says nothing."""
    monkeypatch.setattr(turned_away, "SENDERS", 3)
    turned = TurnedAway("CloudOne")
    seen = [turned.is_first(sender) for sender in ("a", "a", "b", "a", "c", "d", "e")]
    assert seen == [True, False, True, False, True, False, False]
    turned.summarize()
    (line,) = lines(logged, "left out of the log")
    assert (line["requests"], line["clients"]) == (4, {"a": 2, "others": 2})
    assert turned.is_first("a")
    turned.summarize()
    assert len(lines(logged, "left out of the log")) == 1


@pytest.mark.parametrize("rate", [1])
async def test_a_flood_makes_a_few_lines(
    clouds: Clouds, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One for the first 429 and one that counts the others, also when the gateway stops."""
    while (await clouds.ask("CloudOne", "image")).status != 429:
        pass
    for _ in range(20):
        await clouds.ask("CloudOne", "image")
    await clouds.gateways["CloudOne"].close()
    refused = [line for line in lines(logged, "request") if line["status"] == 429]
    assert len(refused) == 1
    (summary,) = lines(logged, "left out of the log")
    assert summary["clients"] == {"127.0.0.1": summary["requests"]}


async def test_a_flood_of_what_is_no_request_makes_a_few_lines(
    clouds: Clouds, logged: io.StringIO
) -> None:
    """It is answered, and no limit counts it."""
    for _ in range(20):
        client = await clouds.open("CloudOne", "image")
        client.writer.write(b"NO\r\n\r\n")
        assert (await client.answer()).status == 400
    await clouds.gateways["CloudOne"].close()
    (line,) = lines(logged, "unreadable request")
    assert line["client"] == "127.0.0.1"
    (summary,) = lines(logged, "left out of the log")
    assert summary["clients"] == {"127.0.0.1": 19}
