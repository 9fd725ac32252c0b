"""The id of a project in a path becomes the one it has in the other cloud."""

import pytest

from openstackoid.routing.projects import in_project

IDS = {"theirs": "ours"}


@pytest.mark.parametrize(
    ("service", "rest", "becomes"),
    [
        ("block-storage", "/v3/theirs/volumes?limit=1", "/v3/ours/volumes?limit=1"),
        ("block-storage", "/v3/theirs", "/v3/ours"),
        ("orchestration", "/v1/theirs/stacks", "/v1/ours/stacks"),
        ("compute", "/v2.1/theirs/servers", "/v2.1/ours/servers"),
        ("compute", "/v2.1/os-quota-sets/theirs", "/v2.1/os-quota-sets/ours"),
        ("compute", "/v2.1/servers?project_id=theirs", "/v2.1/servers?project_id=theirs"),
        ("compute", "/v2.1/theirsnot/theirs2", "/v2.1/theirsnot/theirs2"),
        ("object-store", "/v1/AUTH_theirs/box/theirs", "/v1/AUTH_ours/box/theirs"),
        ("object-store", "/v1/AUTH_other/AUTH_theirs", "/v1/AUTH_other/AUTH_theirs"),
        ("object-store", "/AUTH_theirs", "/AUTH_ours"),
        ("image", "", ""),
    ],
)
def test_segments_of_a_path(service: str, rest: str, becomes: str) -> None:
    """Whole segments only, nothing of the query, and of an object's path the account alone."""
    assert in_project(rest, service, IDS) == becomes
    assert in_project(rest, service, {}) == rest
