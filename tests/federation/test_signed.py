"""A path that clients sign is to be the same on both sides of the gateway."""

import pytest

from openstackoid.federation import loads
from openstackoid.federation.signed import moved_signed_paths


@pytest.mark.parametrize(
    ("service", "front", "back", "warned"),
    [
        ("object-store", "/store", "/swift", True),
        ("object-store", "/store", "", True),
        ("swift", "", "/swift", True),
        ("object-store", "/swift", "/swift", False),
        ("object-store", "", "", False),
        ("image", "/image", "", False),
    ],
)
def test_a_path_of_objects_that_differs_is_said(
    service: str, front: str, back: str, warned: bool
) -> None:
    """Of other services clients sign none."""
    federation = loads(f"""
clouds:
  One:
    frontends: {{{service}: "http://one{front}"}}
    backends: {{{service}: "http://127.0.0.1:1{back}"}}
  Two: {{frontends: {{{service}: "https://two/other"}}}}
""")
    warnings = list(moved_signed_paths(federation))
    assert len(warnings) == warned
    assert not warned or f"object-store of One is at http://one{front}, " in warnings[0]


def test_each_interface_is_looked_at() -> None:
    """With the backend that is behind it."""
    federation = loads("""
clouds:
  One:
    frontends: {object-store: {public: "http://one/a", internal: "http://in/b"}}
    backends: {object-store: {public: "http://127.0.0.1:1/a", internal: "http://127.0.0.1:2/c"}}
""")
    (warning,) = moved_signed_paths(federation)
    assert "http://in/b" in warning
    assert '"/c"' in warning
