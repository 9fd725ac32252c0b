"""What is special about a service type, row by row."""

import pytest

from openstackoid.services import is_data

DATA = [
    ("image", "/v2/images/i/file", True),
    ("image", "/v2/images/i/stage", True),
    ("image", "/v2/images/i", False),
    ("image", "/v2/images", False),
    ("object-store", "/v1/AUTH_a/c/o", True),
    ("object-store", "/v1/AUTH_a/c/o/p", True),
    ("object-store", "/AUTH_a/c/o", True),
    ("object-store", "/v1/AUTH_a/c/", False),
    ("object-store", "/v1/AUTH_a/c", False),
    ("object-store", "/v1/AUTH_a", False),
    ("object-store", "/info", False),
    ("compute", "/v2.1/servers/s/file", False),
    ("registry", "/v2/a/manifests/1", False),
]


@pytest.mark.parametrize(("service", "path", "data"), DATA)
def test_bytes_of_users_are_known_by_their_path(service: str, path: str, data: bool) -> None:
    """An object and the data of an image are the user's own; a list of them is not."""
    assert is_data(service, path) is data
