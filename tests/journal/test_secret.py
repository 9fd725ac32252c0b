"""By what the key of a journal is wrapped."""

from pathlib import Path

import pytest

from openstackoid.identity import keys
from openstackoid.journal.secret import FILE, secrets_of
from openstackoid.journal.store import JournalError


def test_each_pair_of_keys_has_its_secret(tmp_path: Path) -> None:
    """The same in every process that has the keys, and nobody else's."""
    old, new = keys.make(), keys.make()
    both = secrets_of(tmp_path, [new, old])
    assert both == (*secrets_of(tmp_path, [new]), *secrets_of(tmp_path, [old]))
    assert len({len(one) for one in both}) == 1
    assert both[0] != both[1]
    assert list(tmp_path.iterdir()) == []


def test_a_gateway_without_keys_has_one_in_a_file(tmp_path: Path) -> None:
    """Which nobody else can read."""
    directory = tmp_path / "journal"
    (secret,) = secrets_of(directory, [])
    assert secrets_of(directory, []) == (secret,)
    assert (directory / FILE).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", [b"", b"short"])
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    """A new one would not open the journal."""
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(JournalError, match="holds no secret"):
        secrets_of(tmp_path, [])


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """As on a disk that is read-only; here a file is in the way."""
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match=r"can't be written.*own\.journal"):
        secrets_of(tmp_path / "file" / "journal", [])
