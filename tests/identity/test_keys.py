"""The keys of a gateway, and the command that makes them."""

from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from click.testing import CliRunner
from jwcrypto.jwk import JWK
from ruamel.yaml import YAML

from openstackoid.commands.main import main
from openstackoid.federation import loads
from openstackoid.federation.own import PublicKeys
from openstackoid.identity.keys import (
    KeysError,
    key_id,
    make,
    read,
    read_all,
    sealer,
    signer,
    write,
)


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
    seal = keys.seal.export_private(as_dict=True)["d"]
    sign = keys.sign.private.private_bytes_raw()
    private = [seal, sign.hex(), urlsafe_b64encode(sign).rstrip(b"=").decode(), repr(sign)]
    shown = f"{keys!r} {keys.sign!r} {keys.seal} {keys.public}"
    assert not any(d in shown for d in private)
    assert sign not in signer(keys.public).public.public_bytes_raw()
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
    assert loads(entry + result.stdout).clouds["One"].keys == (read(file).public,)
    again = CliRunner().invoke(main, ["federation", "keys", "--out", str(file)])
    assert again.exit_code == 1
    assert again.stdout == ""
    assert set(YAML(typ="safe").load(result.stdout)["keys"]) == {
        "sign",
        "seal",
        "assertion",
    }


def test_a_key_is_named_by_its_thumbprint() -> None:
    """That of RFC 7638, as of any library; the example is that of RFC 8037, appendix A.3."""
    sign = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    public = PublicKeys(sign=sign, seal=sign)
    assert key_id(public) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"[:16]
    keys = make()
    assert keys.sign.id == key_id(keys.public) == signer(keys.public).id
    assert JWK.from_pyca(keys.sign.private).thumbprint().startswith(keys.sign.id)


def test_two_pairs_are_read_in_their_order(tmp_path: Path) -> None:
    """The gateway signs with the first; the order in the federation file says nothing."""
    pairs = make(), make()
    files = [tmp_path / "old.json", tmp_path / "new.json"]
    for keys, file in zip(pairs, files, strict=True):
        write(keys, file)
    old, new = (keys.public for keys in pairs)
    for public in ([old, new], [new, old]):
        assert [keys.public for keys in read_all(files, public, "One")] == [old, new]
        assert [keys.public for keys in read_all(files[::-1], public, "One")] == [new, old]
    for public in ([old], [new], []):
        with pytest.raises(
            KeysError, match=r"keys of One are not the public halves of .*old\.json"
        ):
            read_all(files, public, "One")
    with pytest.raises(KeysError, match="not the public halves"):
        read_all(files[:1], [old, new], "One")


def test_the_command_prints_new_keys_beside_the_old(tmp_path: Path) -> None:
    """So they are published before they are used."""
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    write(make(), old)
    command = ["federation", "keys", "--out", str(new), "--beside", str(old)]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0
    entry = "clouds:\n  One:\n    frontends: {image: http://one/image}\n"
    pairs = (read(old).public, read(new).public)
    assert loads(entry + result.stdout).clouds["One"].keys == pairs
    assert f"own.keys: [{old}, {new}]" in result.stderr


def test_without_the_old_keys_no_new_ones_are_made_beside_them(tmp_path: Path) -> None:
    """Nothing is left behind."""
    new = tmp_path / "new.json"
    command = ["federation", "keys", "--out", str(new), "--beside", str(tmp_path / "none")]
    result = CliRunner().invoke(main, command)
    assert (result.exit_code, result.stdout, new.exists()) == (1, "", False)
    assert "none can't be read" in result.stderr
