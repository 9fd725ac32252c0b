"""Files that are replaced at once."""

import os
from pathlib import Path

import pytest

from openstackoid.files import replace


def names(directory: Path) -> list[str]:
    return sorted(file.name for file in directory.iterdir())


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """Who has the old one open reads it to its end; nothing is left beside the new one."""
    file = tmp_path / "f.cfg"
    replace(file, "old\n" * 10_000)
    with file.open() as old:
        replace(file, "n\u00e9w\n")
        assert old.read() == "old\n" * 10_000
    assert file.read_text(encoding="utf-8") == "n\u00e9w\n"
    assert names(tmp_path) == ["f.cfg"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_a_file_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    """Whatever a new one would have."""
    file = tmp_path / "f.cfg"
    file.touch()
    file.chmod(mode)
    replace(file, "new")
    assert file.stat().st_mode & 0o777 == mode


def test_a_new_file_has_the_mode_of_any_other(tmp_path: Path) -> None:
    """As the umask says."""
    before = os.umask(0o027)
    try:
        replace(tmp_path / "f.cfg", "new")
    finally:
        os.umask(before)
    assert (tmp_path / "f.cfg").stat().st_mode & 0o777 == 0o640


def test_a_file_keeps_its_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or stays as it is, where only root could do that."""
    file = tmp_path / "f.cfg"
    file.write_text("old")
    mine = file.stat()
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "fstat", lambda _: os.stat_result((0, 0, 0, 0, -1, -1, 0, 0, 0, 0)))
    monkeypatch.setattr(os, "fchown", lambda _, owner, group: given.append((owner, group)))
    replace(file, "new")
    assert given == [(mine.st_uid, mine.st_gid)]

    def refuse(*_: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", refuse)
    with pytest.raises(PermissionError):
        replace(file, "newer")
    assert file.read_text() == "new"
    assert names(tmp_path) == ["f.cfg"]


def test_a_link_stays_one(tmp_path: Path) -> None:
    """What it leads to is replaced."""
    (tmp_path / "to.cfg").write_text("old")
    (tmp_path / "link.cfg").symlink_to("to.cfg")
    replace(tmp_path / "link.cfg", "new")
    assert (tmp_path / "link.cfg").is_symlink()
    assert (tmp_path / "to.cfg").read_text() == "new"


@pytest.mark.parametrize("where", ["", "missing/f.cfg"])
def test_where_no_file_can_be_nothing_is_left(tmp_path: Path, where: str) -> None:
    """Not even a part."""
    (tmp_path / "in").mkdir()
    with pytest.raises(OSError, match=r"it is no file|No such file"):
        replace(tmp_path / "in" / where, "new")
    assert names(tmp_path) == ["in"]
    assert names(tmp_path / "in") == []


def test_a_disk_that_is_full_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing beside it."""
    file = tmp_path / "f.cfg"
    file.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        replace(file, "new")
    assert file.read_text() == "old"
    assert names(tmp_path) == ["f.cfg"]
