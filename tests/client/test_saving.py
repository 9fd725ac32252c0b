"""With a scope, an object's name that another cloud has chosen is no path of the user's files."""

from pathlib import Path

import pytest

from .conftest import Openstack
from .fake import Fake


def containing(cloud: Fake, name: str) -> None:
    """Let the cloud have one container with one object."""

    def reply(request: object) -> object:
        path, _, query = getattr(request, "path", "").partition("?")
        if not path.startswith("/object-store"):
            return None
        return (200, [{"name": name, "bytes": 4}]) if query else (200, {"evil": 1})

    cloud.reply = reply  # type: ignore[assignment]


@pytest.mark.parametrize("save", [["container", "save", "c"], ["object", "save", "c", "{}"]])
def test_an_absolute_name_is_no_file(
    save: list[str], openstack: Openstack, cloud: Fake, tmp_path: Path
) -> None:
    """The command says which object, of which cloud, and how to save it elsewhere."""
    name = str(tmp_path / "evil")
    containing(cloud, name)
    result = openstack(*(word.format(name) for word in save), "--os-scope", "object-store=CloudTwo")
    assert result.code == 1
    assert f"the object {name} of CloudTwo was not saved" in result.err
    assert "--file FILE" in result.err
    assert not Path(name).exists()


def test_a_file_that_the_user_names_is_written(
    openstack: Openstack, cloud: Fake, tmp_path: Path
) -> None:
    """Whatever the object is called."""
    name, file = str(tmp_path / "evil"), tmp_path / "chosen"
    containing(cloud, name)
    command = ["object", "save", "c", name, "--file", str(file)]
    assert openstack(*command, "--os-scope", "object-store=CloudTwo").code == 0
    assert file.exists()


def test_without_a_scope_names_are_as_ever(
    openstack: Openstack, cloud: Fake, tmp_path: Path
) -> None:
    """The cloud is one's own."""
    name = str(tmp_path / "own")
    containing(cloud, name)
    assert openstack("container", "save", "c").code == 0
    assert Path(name).exists()
