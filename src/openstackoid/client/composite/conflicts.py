"""What commands cannot do in several clouds at once: ask people, take the terminal, write a file.

Nothing in a command tells this in general, so these are rules about names of commands and options.
"""

from argparse import Namespace

_TERMINAL = frozenset({"server ssh", "appcontainer attach"})
_ASKING_OPTIONS = ("password_prompt", "root_password", "sign_key_path")
_CONFIRMING_OPTIONS = ("yes", "auto_approve")

_FETCHING = (" save", " download", " configs get", " cluster config", "appcontainer cp")
"""Ends of commands that write a file, named or not (of Swift, Sahara, Magnum, Zun, …)."""

_WRITTEN_FILES = ("private_key", "output_file")
"""Options of any command that name a file to be written."""

_READING = frozenset({"export", "get", "list", "show"})
_FILES = ("file", "filename", "output_dir")
"""Options that name a file to be written where the last word of the command is one of `_READING`;
elsewhere (`image create --file`) it is one to be read."""


def refusal(name: str, arguments: Namespace) -> str | None:
    """Return why a command can only be run in one cloud at a time, None if it can in several."""
    if name in _TERMINAL or getattr(arguments, "interactive", None):
        return "it takes the terminal"
    reads = name.rpartition(" ")[2] in _READING
    options = (*_WRITTEN_FILES, *_FILES) if reads else _WRITTEN_FILES
    if name.endswith(_FETCHING) or any(getattr(arguments, option, None) for option in options):
        return "each cloud's data would be written over the other's"
    return None


def asks(name: str, arguments: Namespace) -> bool:
    """Tell whether a command asks something at the terminal."""
    if name == "user password set":
        return None in (arguments.password, arguments.original_password)
    return any(getattr(arguments, option, None) for option in _ASKING_OPTIONS) or any(
        getattr(arguments, option, None) is False for option in _CONFIRMING_OPTIONS
    )
