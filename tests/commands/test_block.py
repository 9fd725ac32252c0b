"""`openstackoid block` and `unblock`."""

import json
import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from openstackoid.commands.main import main
from openstackoid.identity.keys import ids, make

FEDERATION = """
clouds:
  CloudOne: {frontends: {image: "http://one/image"}, backends: {image: "http://127.0.0.1:1"}}
  CloudTwo: {frontends: {image: "http://two/image"}, backends: {image: "http://127.0.0.1:2"}}
  CloudSix: {frontends: {image: "https://six/image"}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a federation file."""
    file = tmp_path / "federation.yaml"
    file.write_text(FEDERATION)
    return file


def run(file: Path, *arguments: str, cloud: str = "CloudOne") -> Result:
    """Run a command for the gateway of a cloud."""
    options = ["--federation", str(file), "--cloud", cloud]
    return CliRunner().invoke(main, [*arguments, *options])


def listed(file: Path) -> list[dict[str, str]]:
    """Return what is blocked."""
    result = run(file, "block", "list", "-f", "json")
    assert result.exit_code == 0
    return list(json.loads(result.stdout))


@pytest.mark.parametrize(
    ("kind", "name", "shown"),
    [
        ("cloud", "CloudTwo", "CloudTwo"),
        ("user", "mallory@CloudTwo", "mallory@CloudTwo"),
        ("address", "192.0.2.7", "192.0.2.7"),
        ("address", "192.0.2.0/24", "192.0.2.0/24"),
        ("address", "2001:DB8::7", "2001:db8::/64"),
        ("address", "2001:DB8::7/128", "2001:db8::7/128"),
    ],
)
def test_who_is_blocked_is_listed_until_it_is_unblocked(
    file: Path, kind: str, name: str, shown: str
) -> None:
    """With the time and a reason, in the file beside the federation's; twice is once."""
    for _ in range(2):
        result = run(file, "block", kind, name, "--why", "broken into")
        assert (result.exit_code, result.stderr) == (0, "")
    (row,) = listed(file)
    assert (row["kind"], row["name"], row["why"]) == (kind, shown, "broken into")
    assert shown in run(file, "block", "list").stdout
    assert kind in json.loads(file.with_name("blocked-CloudOne.json").read_text())
    assert run(file, "unblock", kind, name).exit_code == 0
    assert listed(file) == []
    again = run(file, "unblock", kind, name)
    assert again.exit_code == 1
    assert "is not blocked at CloudOne" in again.stderr


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        ("cloud", "CloudTow", 'did you mean "CloudTwo"?'),
        ("cloud", "CloudOne", "cannot block itself"),
        ("user", " ", "the name is empty"),
        ("address", "192.0.2", "write an IP address, or a network"),
        ("address", "0.0.0.0/0", "is everybody"),
        ("address", "::ffff:192.0.2.1", "no address that a client has"),
        ("address", "::ffff:192.0.2.0/120", "no address that a client has"),
        ("address", "192.0.2.1/24", "host bits"),
    ],
)
def test_what_nobody_can_have_is_refused(file: Path, kind: str, name: str, told: str) -> None:
    """Before anything is written."""
    result = run(file, "block", kind, name)
    assert result.exit_code == 2
    assert told in result.stderr
    assert not file.with_name("blocked-CloudOne.json").exists()


def test_each_cloud_has_a_list_of_its_own_or_the_file_that_it_names(file: Path) -> None:
    """One federation file may serve the gateways of several clouds, as the lab's does."""
    text = FEDERATION.replace('"http://one/image"}', '"http://one/image"}, own: {blocked: b.json}')
    file.write_text(text)
    run(file, "block", "user", "mallory")
    run(file, "block", "user", "eve", cloud="CloudTwo")
    assert "mallory" in file.with_name("b.json").read_text()
    assert "eve" in file.with_name("blocked-CloudTwo.json").read_text()


@pytest.mark.parametrize("text", ["{", "[]", '{"clouds": {}}', '{"address": {"x": {"since": ""}}}'])
def test_a_broken_list_is_told_and_stays(file: Path, text: str) -> None:
    """Nobody who was blocked is let in by the way."""
    blocked = file.with_name("blocked-CloudOne.json")
    blocked.write_text(text)
    result = run(file, "block", "user", "mallory")
    assert result.exit_code == 1
    assert "mend it, or delete it" in result.stderr
    assert blocked.read_text() == text


def test_a_file_that_cannot_be_written_is_told(file: Path) -> None:
    """With its name."""
    file.write_text(
        FEDERATION.replace(
            '"http://one/image"}', '"http://one/image"}, own: {blocked: nowhere/b.json}'
        )
    )
    result = run(file, "block", "user", "mallory")
    assert result.exit_code == 1
    assert "nowhere/b.json: can't be written" in result.stderr


def test_the_cloud_is_the_one_whose_gateway_refuses(file: Path) -> None:
    """A list that no gateway reads blocks nobody."""
    result = run(file, "block", "user", "mallory", cloud="CloudSix")
    assert result.exit_code == 1
    assert "has no backends for CloudSix" in result.stderr
    assert not file.with_name("blocked-CloudSix.json").exists()


def test_a_cloud_that_there_is_not_is_told(file: Path) -> None:
    """A user may have such a name, as an address of mail; but it may be a slip."""
    result = run(file, "block", "user", "mallory@CloudTow")
    assert result.exit_code == 0
    assert 'has no cloud "CloudTow"; did you mean "CloudTwo"?: mallory@CloudTow is' in result.stderr


def test_the_gateway_can_read_a_list_that_root_has_made(file: Path) -> None:
    """Whatever root's umask is: it runs as another user."""
    before = os.umask(0o077)
    try:
        assert run(file, "block", "user", "mallory").exit_code == 0
    finally:
        os.umask(before)
    blocked = file.with_name("blocked-CloudOne.json")
    assert stat.S_IMODE(blocked.stat().st_mode) == 0o644
    blocked.chmod(0o640)
    assert run(file, "block", "user", "eve").exit_code == 0
    assert stat.S_IMODE(blocked.stat().st_mode) == 0o640


PAIRS = (make(), make())


def give_keys(file: Path) -> tuple[str, str]:
    """Give two clouds keys, and return the ids of CloudTwo's."""
    text = FEDERATION
    for name, pair in zip(("one", "two"), PAIRS, strict=True):
        keys = json.dumps(pair.public.model_dump())
        text = text.replace(f'"http://{name}/image"}},', f'"http://{name}/image"}}, keys: {keys},')
    file.write_text(text)
    sign, assertion = ids(PAIRS[1].public)
    return sign, assertion


@pytest.mark.parametrize("which", [0, 1])
def test_a_stolen_key_is_blocked_with_the_other_one_of_its_file(file: Path, which: int) -> None:
    """Whoever has one has both: what they sign, crossings and assertions, is refused."""
    both = give_keys(file)
    result = run(file, "block", "key", both[which], "--why", "stolen")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [(row["kind"], row["name"]) for row in listed(file)] == [
        ("key", one) for one in sorted(both)
    ]
    assert run(file, "unblock", "key", both[1 - which]).exit_code == 0
    assert listed(file) == []
    assert run(file, "unblock", "key", both[which]).exit_code == 1


@pytest.mark.parametrize(
    "key", ["F-dzbo3ZcM-6Jfyo", "-dzbo3ZcM-6JfyoF", "-h0123456789abcd", "--help-012345678"]
)
def test_a_key_that_no_cloud_has_is_blocked_all_the_same(file: Path, key: str) -> None:
    """It may be the one that an operator has just taken out; some begin as an option does."""
    result = run(file, "block", "key", key)
    assert result.exit_code == 0
    assert f"has no key {key}" in result.stderr
    assert [row["name"] for row in listed(file)] == [key]
    options = ["--federation", str(file), "--cloud", "CloudOne", "--", key]
    assert CliRunner().invoke(main, ["unblock", "key", *options]).exit_code == 0
    assert listed(file) == []


def test_what_is_no_id_of_a_key_is_refused(file: Path) -> None:
    """The public key itself, for one; and a cloud's own key, which it takes out of its file."""
    give_keys(file)
    for name, told in (
        (PAIRS[1].public.sign, "is no id of a key"),
        (f"-{PAIRS[1].public.sign[1:]}", "is no id of a key"),
        ("F-dzbo3ZcM-6Jfy\n", "is no id of a key"),
        (ids(PAIRS[0].public)[1], "take its file out of own.keys"),
    ):
        result = run(file, "block", "key", name)
        assert result.exit_code == 2
        assert told in result.stderr
    assert not file.with_name("blocked-CloudOne.json").exists()
