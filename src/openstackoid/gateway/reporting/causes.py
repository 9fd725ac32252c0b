"""Finds in the logs of gateways why a request failed, by its id or by that of a service."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from openstackoid.operators import rules

_OF_WRITES = ("created", "write brought to its end")


class Found(NamedTuple):
    """What logs say of a request: how many lines are about it, and those that say what failed."""

    lines: int
    telling: list[dict[str, Any]]


def find(lines: Iterable[str], identifier: str) -> Found:
    """Return what some lines say of the request with an id, the oldest line first.

    A service has ids of its own: that of a boot, which `openstack server event list` shows, is
    Nova's. What Nova then asks of other services has the id that the gateway gave the boot, so that
    one is looked for as well.
    """
    ids = {identifier}
    telling = []
    number = 0
    for event in _events(lines):
        if event.get("service_request_id") == identifier:
            ids.add(event["request_id"])
        number += event["request_id"] in ids
        if _tells(event):
            telling.append(event)
    about = [event for event in telling if event["request_id"] in ids]
    return Found(number, sorted(about, key=lambda event: str(event.get("timestamp"))))


def why(event: dict[str, Any]) -> str:
    """Say why the request of a line failed, or what became of it."""
    if event["event"] == "created":
        return f"created {event.get('id')} in {event.get('cloud')}"
    if event["event"] in _OF_WRITES:
        return "; ".join(f"{cloud}: {has}" for cloud, has in event.get("clouds", {}).items())
    if event.get("error"):
        return str(event["error"])
    failed = [_outcome(outcome) for outcome in _failures(event)]
    if failed:
        return "; ".join(failed)
    if event.get("status") is None:
        return "whoever asked left before there was an answer"
    return f"{event.get('service')} of {event.get('cloud')} says so itself: see its own log"


def _events(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield what lines say that are about a request; others, of whatever kind, are left out."""
    for line in lines:
        try:
            event = json.loads(line[line.index("{") :])
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict) and isinstance(event.get("request_id"), str):
            yield event


def _tells(event: dict[str, Any]) -> bool:
    if event.get("event") in _OF_WRITES:
        return True
    status = event.get("status")
    failed = status is None or not rules.succeeded(status)
    return event.get("event") == "request" and (failed or bool(_failures(event)))


def _failures(event: dict[str, Any]) -> list[dict[str, Any]]:
    report = event.get("report")
    outcomes = report if isinstance(report, list) else []
    return [o for o in outcomes if "error" in o or not rules.succeeded(o.get("status"))]


def _outcome(outcome: dict[str, Any]) -> str:
    who = outcome.get("cloud") or f"{outcome.get('clouds')} clouds"
    said = outcome.get("error") or outcome.get("message")
    status = outcome.get("status")
    return f"{who}: {' '.join(str(part) for part in (status, said) if part)}"
