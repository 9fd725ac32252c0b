"""Replaces files atomically: a reader sees the whole old text or the whole new one."""

import errno
import os
from pathlib import Path
from stat import S_IMODE


def replace(file: Path, text: str) -> None:
    """Replace the text of a file, or create it; owner and mode stay. Raises OSError.

    The text is written beside the file and synced to disk before it is renamed. Where `file` is a
    symbolic link, the file that it points to is replaced.
    """
    file = file.resolve()
    if file.exists() and not file.is_file():
        raise OSError(errno.EINVAL, "it is no file")
    new = file.with_name(f".{file.name}.{os.getpid()}.new")
    new.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as stream:
            if file.exists():
                _copy_owner_and_mode(file.stat(), stream.fileno())
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)
    _sync_directory(file.parent)


def _copy_owner_and_mode(old: os.stat_result, new: int) -> None:
    if (old.st_uid, old.st_gid) != (os.fstat(new).st_uid, os.fstat(new).st_gid):
        os.fchown(new, old.st_uid, old.st_gid)
    os.fchmod(new, S_IMODE(old.st_mode))


def _sync_directory(directory: Path) -> None:
    """Sync a directory to disk, so that a rename in it survives a power failure."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
