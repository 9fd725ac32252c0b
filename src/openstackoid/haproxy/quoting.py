"""Text as one word of a configuration, whatever is in it (HAProxy's manual, 2.2)."""

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class QuotingError(ValueError):
    """Text that no configuration can hold."""


def word(text: object) -> str:
    """Return a text so that it is taken as it is; raises QuotingError."""
    plain = _plain(text)
    return double(plain) if "'" in plain else f"'{plain}'"


def double(text: object) -> str:
    """Return the same in double quotes, so that the single ones in it quote arguments."""
    escaped = re.sub(r'(["\\$])', r"\\\1", _plain(text))
    return f'"{escaped}"'


def _plain(text: object) -> str:
    plain = str(text)
    if _CONTROL.search(plain):
        raise QuotingError(f"{plain!r} has a control character; give the file another name")
    return plain
