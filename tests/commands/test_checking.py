"""What `openstackoid federation check` prints as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from openstackoid.commands.main import main
from openstackoid.commands.table import Row
from openstackoid.federation import load
from openstackoid.identity.keys import ids, make, write
from openstackoid.livecheck import Checked


def check(file: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """Return the exit code and the document; nothing else is said."""
    result = CliRunner().invoke(main, ["federation", "check", "-f", "json", *options, str(file)])
    assert result.stderr == ""
    return result.exit_code, json.loads(result.stdout)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the federation file of a gateway, whose own.keep is empty."""
    keys = make()
    write(keys, tmp_path / "keys.json")
    one = {
        "frontends": {"image": "http://192.0.2.1/"},
        "backends": {"image": "http://127.0.0.1:9"},
        "keys": keys.public.model_dump(),
        "own": {"keys": "keys.json", "keep": []},
    }
    file = tmp_path / "f.yaml"
    file.write_text(json.dumps({"clouds": {"One": one}}))
    return file


def test_tables_and_warnings_are_one_document(file: Path) -> None:
    """With the headings of the tables as keys; a table without rows is left out."""
    code, found = check(file)
    assert code == 0
    assert found.keys() == {"endpoints", "keys", "warnings", "faults"}
    (endpoint,) = found["endpoints"]
    assert endpoint == {
        "cloud": "One",
        "service": "image",
        "interface": "public",
        "frontend": "http://192.0.2.1",
        "backend": "http://127.0.0.1:9",
    }
    sign, assertion = ids(load(file).clouds["One"].keys[0])
    assert found["keys"] == [
        {"cloud": "One", "key": sign, "for_assertions": assertion, "use": "signs"}
    ]
    (warning,) = found["warnings"]
    assert warning.startswith("clouds.One.own.keep is empty")
    assert found["faults"] == []


def test_faults_are_in_it_and_it_exits_1(file: Path) -> None:
    """Those of the files that it names; a file that cannot be read at all is an error as ever."""
    file.with_name("keys.json").unlink()
    code, found = check(file)
    assert code == 1
    assert found["faults"]
    assert "keys.json can't be read" in found["faults"][0]


def test_what_clouds_are_like_is_one_document(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With whom their services know, and the faults."""
    clouds: list[Row] = [
        ("Cloud", "Services", "Certificate", "Clock", "Catalog"),
        ("One", "1 of 1", "", "", ""),
    ]
    users: list[Row] = [
        ("User of", "User (project)", "Services of", "Services", "Answer"),
        ("One", "alice (demo)", "Two", "image", "40\x1b1: no"),
    ]
    checked = Checked(clouds, users, ["Two: image: n\x1bo"])
    monkeypatch.setattr("openstackoid.livecheck.check", lambda _: checked)
    code, found = check(file, "--live")
    assert code == 1
    (user,) = found["users"]
    assert user.keys() == {"user_of", "user", "services_of", "services", "answer"}
    assert "\x1b" not in str(found)
    assert found["faults"] == ["Two: image: n?o"]
    assert found["clouds"][0]["services"] == "1 of 1"
