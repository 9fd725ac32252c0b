"""HAProxy itself asked whether it takes a configuration."""

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from openstackoid.haproxy.configuration import GLOBAL


class MissingError(Exception):
    """HAProxy is not installed; the message says what to do."""

    def __init__(self) -> None:
        super().__init__(
            "there is no haproxy on the PATH; install it: apt-get install haproxy (2.6 or later)"
        )


def executable() -> str:
    """Return the path of HAProxy; raises MissingError."""
    found = shutil.which("haproxy", path=_path())
    if found is None:
        raise MissingError
    return found


def faults(configuration: str, *, fragment: bool) -> str:
    """Return what HAProxy says against a configuration, nothing if it takes it.

    Raises MissingError.
    """
    with TemporaryDirectory(prefix="openstackoid-") as directory:
        base, file = Path(directory, "base.cfg"), Path(directory, "haproxy.cfg")
        base.write_text("\n    ".join(["global", *GLOBAL]) + "\n", encoding="utf-8")
        file.write_text(configuration, encoding="utf-8")
        files = ["-f", str(base)] if fragment else []
        done = subprocess.run(  # noqa: S603
            [executable(), "-c", *files, "-f", str(file)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return ""
        said = [line for line in done.stderr.splitlines() if not line.startswith("[NOTICE]")]
        return "\n".join(said).replace(f"{directory}/", "") or f"exit {done.returncode}"


def _path() -> str:
    """Return the PATH with the directories of the system's daemons, which users may lack."""
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin"])
