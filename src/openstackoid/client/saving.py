"""Objects are saved where the user runs the command, not where another cloud names them to be.

`openstack container save` and `object save` write to the file that the object's name says, and the
cloud that is asked chooses the names of a container's objects.
"""

from functools import cache, wraps
from pathlib import Path
from typing import Any

from keystoneauth1.exceptions import ClientException

from openstackoid.client.guard import asked
from openstackoid.scope.errors import printable


class OutsideError(ClientException):
    """An object that was not saved, as its name is a path outside of the current directory."""

    def __init__(self, name: str, clouds: list[str]) -> None:
        super().__init__(
            f"the object {printable(name)} of {' or '.join(clouds)} was not saved, for its name is "
            "an absolute path; if you want it, say where: openstack object save --file FILE"
        )


@cache  # once in a process
def watch() -> None:
    """Have the `openstack` command refuse, with a scope, to save objects with absolute names."""
    from openstackclient.api.object_store_v1 import APIv1

    save = APIv1.object_save

    @wraps(save)
    def below(self: Any, container: str, object: str, file: str | None = None) -> None:  # noqa: A002
        clouds = asked(self.session.session)
        if not file and Path(object).is_absolute() and clouds:
            raise OutsideError(object, clouds)
        save(self, container, object, file)

    APIv1.object_save = below  # type: ignore[method-assign]
