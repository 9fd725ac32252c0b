"""Whose the tokens are that pass."""

import io
import json

import pytest
from gateway.backend import json_answer
from gateway.keystone import Keystone
from gateway.played import Clouds

COMPLETED = '{"*":"CloudOne","identity":"CloudTwo","image":"CloudTwo"}'
DOCUMENT = json.dumps({"token": {"user": {"name": "alice", "id": "a1"}, "catalog": []}})


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openstackoid.gateway.reporting.audit.DELAY", 0)


def names(logged: io.StringIO) -> list[str | None]:
    """Return the users of what CloudOne has sent to images."""
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    events = [line["cadf"] for line in lines if "cadf" in line and line["gateway"] == "CloudOne"]
    sent = [e for e in events if e["action"] == "send" and e["target"]["name"] == "image"]
    return [event["initiator"].get("name") for event in sent]


@pytest.mark.parametrize(
    ("status", "document", "name"),
    [
        ("201 Created", DOCUMENT, "alice@CloudTwo"),
        ("401 Unauthorized", DOCUMENT, None),
        ("201 Created", '{"token": {"user": {"name": 7}}}', None),
        ("201 Created", '{"token": {}}', None),
    ],
)
async def test_another_cloud_s_user_is_named_with_that_cloud(
    clouds: Clouds, logged: io.StringIO, status: str, document: str, name: str | None
) -> None:
    """It may say what it likes of its own users, and nothing of home's."""
    answer = json_answer(document, status, "X-Subject-Token: t")
    clouds.backends["CloudTwo"]["identity"].answer = answer
    clouds.backends["CloudOne"]["identity"].answer = Keystone({}, "404 Not Found")
    scope = f"X-Scope: {COMPLETED}"
    await clouds.ask("CloudOne", "identity", "/v3/auth/tokens", scope, method="POST", body=b"{}")
    await clouds.ask("CloudOne", "image", "/v2/images", f"X-Auth-Token: t!SCOPE!{COMPLETED}")
    assert names(logged) == [name]
