"""Replaces files at once: whoever reads one sees the old text or the new one, as a whole."""

import errno
import os
from pathlib import Path
from stat import S_IMODE


def replace(file: Path, text: str) -> None:
    """Write a file anew, with the owner and the mode that it has; raises OSError.

    The text is on the disk, beside the file, before it takes its place. A link stays one.
    """
    file = file.resolve()
    if file.exists() and not file.is_file():
        raise OSError(errno.EINVAL, "it is no file")
    new = file.with_name(f".{file.name}.{os.getpid()}.new")
    new.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as stream:
            if file.exists():
                _like(stream.fileno(), file.stat())
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)
    _sync(file.parent)


def _like(new: int, old: os.stat_result) -> None:
    if (old.st_uid, old.st_gid) != (os.fstat(new).st_uid, os.fstat(new).st_gid):
        os.fchown(new, old.st_uid, old.st_gid)
    os.fchmod(new, S_IMODE(old.st_mode))


def _sync(directory: Path) -> None:
    """Let the disk know which file has the name."""
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
