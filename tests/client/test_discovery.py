"""A gateway's reason for a failed discovery is shown, and nothing else is."""

import io
import json
import logging
from collections.abc import Callable

import pytest
import requests
from keystoneauth1.session import Session

from openstackoid.client.discovery import (
    RefusedError,
    logging_in,
    report_failures,
    told_once,
)

from .conftest import Openstack
from .fake import Fake

OURS = {"error": {"code": 502, "cloud": "CloudTwo", "message": "image of CloudTwo is away"}}


def answer(status: int, body: object, method: str = "GET", **headers: str) -> requests.Response:
    """Return an answer as requests hands it to its hooks."""
    response = requests.Response()
    response.status_code = status
    response.request = requests.Request(method, "http://x/", headers=headers).prepare()
    response.raw = io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
    return response


def the_hook(session: Session) -> Callable[..., object]:
    """Return what looks at the answers of a session."""
    (hook,) = session.session.hooks["response"]
    return hook


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
    hook = the_hook(session)
    with caplog.at_level(logging.WARNING):
        hook(given, timeout=1)
    assert caplog.messages == shown


ESCAPES = "\x1b]0;you\x07\x1b[2J\x9b1m\u202eoff"


def test_what_another_cloud_says_moves_no_cursor(caplog: pytest.LogCaptureFixture) -> None:
    """A gateway's message may quote it; lines stay, and it is told once for all that."""
    session = Session()
    report_failures(session)
    hook = the_hook(session)
    said = {"error": {"code": 502, "cloud": "CloudTwo", "message": f"a\nb {ESCAPES}"}}
    with caplog.at_level(logging.WARNING):
        hook(answer(502, said), timeout=1)
    assert caplog.messages == ["a\nb ?]0;you??[2J?1m?off"]
    with told_once() as reasons:
        hook(answer(502, said, **{"X-Auth-Token": "t"}), timeout=1)
        assert reasons.untold(f"the command says a\nb {ESCAPES}") == []


def test_what_a_gateway_says_of_a_login_ends_it(caplog: pytest.LogCaptureFixture) -> None:
    """It is not told twice; a service's own error is left to keystoneauth."""
    session = Session()
    report_failures(session)
    hook = the_hook(session)
    with caplog.at_level(logging.WARNING), logging_in():
        hook(answer(300, {"versions": {}}), timeout=1)
        hook(answer(502, {"error": {"message": "Keystone's own"}}), timeout=1)
        with pytest.raises(RefusedError, match=r"^image of CloudTwo is away$"):
            hook(answer(502, OURS), timeout=1)
    assert caplog.messages == []


UNKNOWN = (
    'X-Scope: unknown cloud "CloudTow"; did you mean "CloudTwo"?\n  {"image":"CloudTow"}\n   ^'
)


@pytest.mark.parametrize(
    ("scope", "shown"),
    [
        ("image=CloudTow", f"{UNKNOWN}\n"),
        ("image=CloudTow|CloudOne", f"CloudTow: {UNKNOWN}\n"),
        ("identity=CloudTow", f"{UNKNOWN}\n"),
    ],
)
def test_a_wrong_cloud_is_told_in_the_gateways_words_alone(
    scope: str, shown: str, openstack: Openstack, cloud: Fake
) -> None:
    """Nothing of auth_url, which keystoneauth takes for the fault."""
    refusal = {"error": {"code": 400, "cloud": "CloudOne", "message": UNKNOWN}}
    cloud.reply = lambda request: (400, refusal) if "Tow" in request.scope[0] else None
    result = openstack("image", "list", "--os-scope", scope)
    assert result.err == shown
    assert result.code == (0 if "|" in scope else 1)


def test_what_a_command_does_not_say_itself_is_left_to_tell() -> None:
    """Of discoveries, and of its last request with a token; the latter only if it failed."""
    session = Session()
    report_failures(session)
    hook = the_hook(session)
    token = {"X-Auth-Token": "t"}
    with told_once() as reasons:
        hook(answer(502, OURS, "POST", **token), timeout=1)
        assert reasons.untold("") == []
        assert reasons.untold("Unknown Error") == ["image of CloudTwo is away"]
        assert reasons.untold("502: image of CloudTwo is away") == []
        hook(answer(200, {}, **token), timeout=1)
        assert reasons.untold("Unknown Error") == []
        hook(answer(502, OURS), timeout=1)
        hook(answer(502, OURS, **token), timeout=1)
        assert reasons.untold("") == reasons.untold("Unknown Error") == [*reasons]
        logging.getLogger("a.client").warning("it failed: %s", "image of CloudTwo is away")
        assert reasons.untold("Unknown Error") == []
