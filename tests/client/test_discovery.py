"""A gateway's reason for a failed discovery is shown, and nothing else is."""

import json
import logging

import pytest
import requests
from keystoneauth1.session import Session

from openstackoid.client.discovery import report_failures

OURS = {"error": {"code": 502, "cloud": "CloudTwo", "message": "image of CloudTwo is away"}}


def answer(status: int, body: object, method: str = "GET", **headers: str) -> requests.Response:
    """Return an answer as requests hands it to its hooks."""
    response = requests.Response()
    response.status_code = status
    response.request = requests.Request(method, "http://x/", headers=headers).prepare()
    response._content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return response


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (answer(502, OURS), ["image of CloudTwo is away"]),
        (answer(200, OURS), []),
        (answer(502, OURS, "POST"), []),  # keystoneauth shows why a login failed
        (answer(502, OURS, **{"X-Auth-Token": "t"}), []),  # and so does the command
        (answer(502, {"error": {"message": "Keystone's own"}}), []),
        (answer(502, {"error": "odd"}), []),
        (answer(502, ["odd"]), []),
        (answer(502, b"<html>"), []),
    ],
)
def test_only_a_dropped_reason_is_shown(
    given: requests.Response, shown: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Answers whose message the caller shows anyway are not shown twice."""
    session = Session()
    report_failures(session)
    report_failures(session)
    (hook,) = session.session.hooks["response"]
    with caplog.at_level(logging.WARNING):
        hook(given, timeout=1)
    assert caplog.messages == shown
