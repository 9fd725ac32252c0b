"""What commands cannot do in several clouds at once: ask people, take the terminal, write a file.

Nothing in a command tells this in general, so these are rules about names of commands and options.
"""

from argparse import Namespace

_TERMINAL = frozenset({"server ssh"})
_ASKING_OPTIONS = ("password_prompt", "root_password", "sign_key_path")
_CONFIRMING_OPTIONS = ("yes", "auto_approve")
_WRITTEN_FILES = ("private_key", "output_file")


def refusal(name: str, arguments: Namespace) -> str | None:
    """Return why a command can only be run in one cloud at a time, None if it can in several."""
    if name in _TERMINAL:
        return "it takes the terminal"
    own_files = [option for option in _WRITTEN_FILES if getattr(arguments, option, None)]
    if name.endswith(" save") or own_files or (name == "secret get" and arguments.file):
        return "each cloud's data would be written over the other's"
    return None


def asks(name: str, arguments: Namespace) -> bool:
    """Tell whether a command asks something at the terminal."""
    if name == "user password set":
        return None in (arguments.password, arguments.original_password)
    return any(getattr(arguments, option, None) for option in _ASKING_OPTIONS) or any(
        getattr(arguments, option, None) is False for option in _CONFIRMING_OPTIONS
    )
