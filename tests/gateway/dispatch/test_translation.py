"""Each cloud gets its own ids; which these are, tests/gateway/replicas/test_translating.py asks."""

import json
from typing import Any

import pytest
from gateway.backend import json_answer
from gateway.played import Clouds

from openstackoid.gateway.dispatch import composite
from openstackoid.gateway.dispatch.translation import Translation
from openstackoid.scope import CloudRef, parse

ONE, TWO = "CloudOne", "CloudTwo"
IDS = {
    (ONE, "image", "a"): "a",
    (TWO, "image", "a"): "b",
    (TWO, "image", "d"): "e",
}
BOTH = parse(f"image={ONE}&{TWO}").get("image")


def test_a_path_has_the_id_of_the_cloud_that_is_asked() -> None:
    """What has no copy there, or is not known, stays."""
    how = Translation("image", {"image": BOTH}, IDS)
    assert how.target(ONE, "/v2/images/a/file") == "/v2/images/a/file"
    assert how.target(TWO, "/v2/images/a/file") == "/v2/images/b/file"
    assert how.target(TWO, "/v2/images/c") == "/v2/images/c"
    assert how.target("CloudThree", "/v2/images/a") == "/v2/images/a"


@pytest.mark.parametrize(
    ("taken", "cloud", "id_"),
    [
        (BOTH, ONE, "a"),
        (BOTH, TWO, "b"),
        (BOTH, "CloudThree", "a"),
        (CloudRef(TWO), ONE, "b"),
        (CloudRef(ONE), TWO, "a"),
        (None, TWO, "a"),
    ],
)
def test_a_body_has_the_id_of_where_the_scope_takes_its_service(
    taken: Any, cloud: str, id_: str
) -> None:
    """A server of CloudOne may have an image of CloudTwo."""
    how = Translation("compute", {"image": taken}, IDS)
    assert how.document(cloud, {"server": {"imageRef": "a"}}) == {"server": {"imageRef": id_}}


async def test_each_cloud_of_an_operator_is_sent_its_own(
    clouds: Clouds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the path, and in the body; a body without any is sent as it came."""

    async def translation(*_: object) -> Translation:
        return Translation("compute", {"image": BOTH}, IDS)

    monkeypatch.setattr(composite, "translation", translation)
    services = [clouds.backends[cloud]["compute"] for cloud in (ONE, TWO)]
    for service in services:
        service.answer = json_answer('{"server": {"id": "s"}}', "202 Accepted")
    for server in (b'{"server":  {"imageRef": "a"}}', b'{"server":  {"imageRef": "c"}}'):
        await clouds.ask(
            ONE, "compute", "/v2.1/servers", f"X-Scope: compute={ONE}&{TWO}",
            "Content-Type: application/json", method="POST", body=server,
        )  # fmt: skip
    bodies = [[received.body for received in service.requests] for service in services]
    asked = [one for one in bodies[0] if one]
    assert asked == [b'{"server":  {"imageRef": "a"}}', b'{"server":  {"imageRef": "c"}}']
    asked = [one for one in bodies[1] if one]
    assert json.loads(asked[0]) == {"server": {"imageRef": "b"}}
    assert asked[1] == b'{"server":  {"imageRef": "c"}}'
