"""Files that are written whole or not at all."""

from pathlib import Path

from openstackoid.lab import files


def test_only_the_owner_may_read_them(tmp_path: Path) -> None:
    """From the first moment on, and also where a file was open to others before."""
    path = tmp_path / "x"
    path.write_text("old")
    path.chmod(0o644)
    assert files.write(path, "new")
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_same_text_is_not_written_again(tmp_path: Path) -> None:
    """So that whoever reads the file again does so only if it changed."""
    path = tmp_path / "x"
    assert files.write(path, "text")
    assert not files.write(path, "text")


def test_the_rest_of_a_killed_writer_is_no_obstacle(tmp_path: Path) -> None:
    """A part file that was left behind is replaced."""
    (tmp_path / "x.part").write_text("half")
    assert files.write(tmp_path / "x", "whole")
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_a_mapping_keeps_its_order(tmp_path: Path) -> None:
    """Clouds are listed as they first appeared."""
    files.write_yaml(tmp_path / "x.yaml", {"b": {"index": 1}, "a": {"index": 2}})
    assert list(files.read_yaml(tmp_path / "x.yaml")) == ["b", "a"]
    assert files.read_yaml(tmp_path / "none.yaml") == {}


def test_what_occurs_twice_is_written_twice(tmp_path: Path) -> None:
    """Not as an anchor and aliases: whoever edits one place would change them all."""
    rules = {"roles": {"member": "member"}}
    files.write_yaml(tmp_path / "x.yaml", {"a": rules, "b": rules})
    text = (tmp_path / "x.yaml").read_text()
    assert text.count("member: member") == 2
    assert "&" not in text
