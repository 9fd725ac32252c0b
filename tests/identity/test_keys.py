"""The keys of a gateway, and the command that makes them."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from openstackoid.commands.main import main
from openstackoid.federation import loads
from openstackoid.identity.keys import KeysError, make, read, sealer, signer, write


def test_keys_come_back_from_their_file(tmp_path: Path) -> None:
    """Only the owner can read it, and a second pair never replaces the first."""
    file = tmp_path / "keys.json"
    keys = make()
    write(keys, file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert read(file).public == keys.public
    with pytest.raises(KeysError, match="there already"):
        write(make(), file)
    assert read(file).public == keys.public


def test_no_private_half_is_shown(tmp_path: Path) -> None:
    """Neither in a repr nor in the public keys."""
    keys = make()
    private = [key.export_private(as_dict=True)["d"] for key in (keys.sign, keys.seal)]
    shown = f"{keys!r} {keys.sign!r} {keys.seal} {keys.public}"
    assert not any(d in shown for d in private)
    assert not signer(keys.public).has_private
    assert not sealer(keys.public.seal).has_private


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"sign": 1, "seal": 2}', '{"sign": "", "seal": "é"}']
)
def test_a_file_without_keys_says_how_to_make_them(tmp_path: Path, text: str) -> None:
    """Whatever is in it is not repeated."""
    file = tmp_path / "keys.json"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(KeysError, match="openstackoid federation keys --out"):
        read(file)


def test_keys_that_all_can_read_are_refused(tmp_path: Path) -> None:
    """Whoever is on the machine could sign for the cloud."""
    file = tmp_path / "keys.json"
    write(make(), file)
    file.chmod(0o604)
    with pytest.raises(KeysError, match="chmod 600"):
        read(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """In reading as in writing."""
    with pytest.raises(KeysError, match=r"nowhere.*can't be read: No such file"):
        read(tmp_path / "nowhere")
    with pytest.raises(KeysError, match=r"nowhere.*can't be written: No such file"):
        write(make(), tmp_path / "nowhere" / "keys.json")


def test_the_command_prints_what_goes_into_the_federation(tmp_path: Path) -> None:
    """Its lines fit into the entry of a cloud, and belong to the file it wrote."""
    file = tmp_path / "keys.json"
    result = CliRunner().invoke(main, ["federation", "keys", "--out", str(file)])
    assert result.exit_code == 0
    entry = "clouds:\n  One:\n    frontends: {image: http://one/image}\n"
    assert loads(entry + result.stdout).clouds["One"].keys == read(file).public
    again = CliRunner().invoke(main, ["federation", "keys", "--out", str(file)])
    assert again.exit_code == 1
    assert again.stdout == ""
    assert set(YAML(typ="safe").load(result.stdout)["keys"]) == {"sign", "seal"}
