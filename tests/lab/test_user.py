"""What a user of a lab's cloud sends."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import requests

from openstackoid.lab import files
from openstackoid.lab.user import User


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the requests that are sent; each is answered as a login."""
    found: list[tuple[str, str, dict[str, Any]]] = []

    def request(_: object, method: str, url: str, **more: Any) -> Any:
        found.append((method, url, more))
        return SimpleNamespace(headers={"X-Subject-Token": "secret"})

    monkeypatch.setattr(requests.Session, "request", request)
    return found


def alice(directory: Path) -> User:
    frontends = {"identity": "http://one:1", "image": "http://one:2"}
    cloud = SimpleNamespace(
        federation=directory / "federation.yaml",
        passwords=directory / "passwords.yaml",
        frontends=frontends,
    )
    files.write_yaml(cloud.federation, {"clouds": {"One": {"frontends": frontends}}})
    files.write_yaml(cloud.passwords, {"alice": "hers"})
    return User(cast("Any", SimpleNamespace(cloud=lambda _: cloud)), "One", "alice")


def test_she_logs_in_to_her_cloud(tmp_path: Path, sent: list[Any]) -> None:
    """In her project; and what she is given is not shown."""
    user = alice(tmp_path)
    ((method, url, more),) = sent
    assert (method, url) == ("POST", "http://one:1/v3/auth/tokens")
    assert more["json"]["auth"]["scope"]["project"]["name"] == "demo"
    assert "secret" not in repr(user)


def test_what_she_writes_with_a_scope_is_for_all_its_clouds_some_time(
    tmp_path: Path, sent: list[Any]
) -> None:
    """What she reads is not, nor is a write without one."""
    user = alice(tmp_path)
    user.ask("POST", "image", "/v2/images", "One & Two", json={})
    user.ask("GET", "image", "/v2/images", "Two")
    user.ask("POST", "image", "/v2/images", json={})
    headers = [more["headers"] for _, _, more in sent[1:]]
    assert [one.get("X-Scope-Policy") for one in headers] == ["eventual", None, None]
    assert [one.get("X-Scope") for one in headers] == ["image=One & Two", "image=Two", None]
    assert {one["X-Auth-Token"] for one in headers} == {"secret"}
