"""What services of other clouds have created here."""

import io
import json
import time
from pathlib import Path

import pytest

from openstackoid.gateway.trust.made import KEPT, IdReader, Made


def test_an_id_is_one_cloud_s_and_one_service_s(tmp_path: Path) -> None:
    """No other cloud may change it, and no id of another service is meant."""
    one = Made(tmp_path / "made")
    one.add("Two", "image", ["a"])
    assert Made(tmp_path / "made").has("Two", "image", "a")  # as another worker
    assert not one.has("Three", "image", "a")
    assert not one.has("Two", "network", "a")
    assert not one.has("Two", "image", "b")


def test_it_is_forgotten_after_two_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was left behind then is its user's to delete."""
    one = Made(tmp_path / "made")
    one.add("Two", "image", ["a"])
    later = time.time() + KEPT + 1
    monkeypatch.setattr("openstackoid.gateway.trust.made.time.time", lambda: later)
    assert not one.has("Two", "image", "a")
    one.add("Two", "image", ["b"])
    monkeypatch.undo()
    assert not one.has("Two", "image", "a")


def test_a_file_that_cannot_be_written_is_logged(tmp_path: Path, logged: io.StringIO) -> None:
    """The request goes on; what it has created can't be changed."""
    one = Made(tmp_path / "missing" / "made")
    one.add("Two", "image", ["a"])
    assert not one.has("Two", "image", "a")
    assert "ids are not remembered" in logged.getvalue()


@pytest.mark.parametrize(
    ("document", "ids"),
    [
        ({"id": "a"}, ["a"]),
        ({"port": {"id": "a", "network_id": "b"}}, ["a"]),
        ({"ports": [{"id": "a"}, {"id": "b"}]}, ["a", "b"]),
        ({"port": {"id": 1}}, []),
        ({"id": ["a"]}, []),
        ([{"id": "a"}], []),
        ("a", []),
    ],
)
def test_ids_are_read_as_the_answer_passes(document: object, ids: list[str]) -> None:
    """Of the resource itself, or of what the document has by its name; the bytes stay."""
    learned: list[str] = []
    reader = IdReader(None, learned.extend)
    text = json.dumps(document).encode()
    assert b"".join((reader.feed(text[:3]), reader.feed(text[3:]), *reader.rest())) == text
    assert learned == ids
    assert reader.strict is False


@pytest.mark.parametrize("body", [b"no json", b"[" * 70_000, b'{"id": "a"}' + b" " * 70_000])
def test_an_answer_that_cannot_be_read_teaches_nothing(body: bytes) -> None:
    """Nor does one that is too long."""
    learned: list[str] = []
    reader = IdReader(None, learned.extend)
    for piece in (body, b"more", b"yet more"):
        assert reader.feed(piece) == piece
    assert list(reader.rest()) == []
    assert learned == []
