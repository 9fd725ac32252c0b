"""Finds the lab's directories, and makes the environment of the processes that it starts."""

import os
import shlex
import sysconfig
from pathlib import Path

from openstackoid.lab.errors import LabError

_KEPT = ("HOME", "LANG", "LC_ALL", "LOGNAME", "TZ", "USER")


def user_directory(variable: str, below_home: str) -> Path:
    """Return OpenStackoïd's directory below an XDG base directory (a variable, or its default)."""
    if base := os.environ.get(variable):
        return Path(base) / "openstackoid"
    try:
        return Path.home() / below_home / "openstackoid"
    except RuntimeError:
        raise LabError(f"there is no home directory; set {variable} to a directory") from None


def lab_directory() -> Path:
    """Return the default directory of the lab."""
    if own := os.environ.get("OPENSTACKOID_LAB"):
        return Path(own)
    return user_directory("XDG_STATE_HOME", ".local/state") / "lab"


def dir_option(directory: Path) -> str:
    """Return ` --dir DIRECTORY` for commands in messages, empty for the default directory.

    The option is also returned if OPENSTACKOID_LAB names the directory, because the variable may be
    set for this command alone.
    """
    here = directory.absolute()
    usual = not os.environ.get("OPENSTACKOID_LAB") and here == lab_directory().absolute()
    return "" if usual else f" --dir {shlex.quote(str(here))}"


def child(**more: str) -> dict[str, str]:
    """Return the environment of a child process: no credential, no proxy, no stray setting."""
    path = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "PATH": path, "PYTHONWARNINGS": "ignore", **more}


def script(name: str) -> Path:
    """Return the path of a command that is installed with this Python."""
    return Path(sysconfig.get_path("scripts")) / name
