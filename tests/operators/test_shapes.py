"""What is read off one resource, and off an error."""

import pytest

from openstackoid.operators.shapes import (
    MAX_MESSAGE,
    identifier,
    is_discovery,
    marker_of,
    message_of,
    resource,
)


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({"server": {"id": "s"}}, {"id": "s"}),
        ({"keypair": {"name": "k"}, "oid:cloud": "A"}, {"name": "k"}),
        ({"id": "i", "name": "n"}, {"id": "i", "name": "n"}),
        ({"servers": []}, {"servers": []}),
        ({}, {}),
        ([], None),
        (None, None),
    ],
)
def test_a_resource_is_taken_out_of_its_key(document: object, found: object) -> None:
    """Where that is all there is but for the label of its cloud."""
    assert resource(document) == found


@pytest.mark.parametrize(
    ("document", "identity", "marker"),
    [
        ({"id": "i", "uuid": "u", "name": "n"}, "i", "i"),
        ({"id": 5, "uuid": "u"}, "5", "u"),
        ({"id": 5, "name": "n"}, "5", "5"),
        ({"keypair": {"name": "k"}}, "k", "k"),
        ({"action": "stop", "request_id": "req-1"}, None, "req-1"),
        ({"subdir": "a/"}, None, "a/"),
        ({"size": 1}, None, None),
        ("text", None, None),
    ],
)
def test_what_a_resource_is_known_by(
    document: object, identity: str | None, marker: str | None
) -> None:
    """To delete it, and to go on behind it in a list."""
    assert identifier(document) == identity
    assert marker_of(document) == marker


@pytest.mark.parametrize(
    ("path", "discovery"),
    [("", True), ("/", True), ("/v2.1/", True), ("v3", True), ("/v2/images", False), ("/x", False)],
)
def test_the_versions_of_an_api_are_at_its_root(path: str, discovery: bool) -> None:
    """And nothing is ever sent there."""
    assert is_discovery("GET", path) is discovery
    assert not is_discovery("POST", path)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"itemNotFound": {"message": "no such\n thing", "code": 404}}, "no such thing"),
        ({"error": {"message": "x " * 400}}, "x " * (MAX_MESSAGE // 2 - 1) + "x…"),
        ({"message": "flat"}, "flat"),
        ({"error": {"message": 5}}, None),
        ({"error": "odd"}, None),
        ([], None),
        (None, None),
    ],
)
def test_the_message_of_an_error_is_one_line(document: object, message: str | None) -> None:
    """As far as a report goes."""
    assert message_of(document) == message


def test_a_token_in_a_service_s_message_is_cut() -> None:
    """Keystone quotes a token that it cannot find; a report goes to logs and clients."""
    said = message_of({"error": {"message": f"Could not find token: gAAAAAB{'x' * 150}."}})
    assert said == "Could not find token: gAAAAABx…"
