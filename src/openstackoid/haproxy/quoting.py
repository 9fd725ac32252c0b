"""Quotes text as one word of an HAProxy configuration (HAProxy's manual, section 2.2)."""

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class QuotingError(ValueError):
    """A text has characters that no configuration can hold."""


def word(text: object) -> str:
    """Return a text quoted so that HAProxy reads it literally; raises QuotingError."""
    plain = _plain(text)
    return double(plain) if "'" in plain else f"'{plain}'"


def double(text: object) -> str:
    """Return a text in double quotes, so that single quotes in it still quote arguments.

    Raises QuotingError.
    """
    escaped = re.sub(r'(["\\$])', r"\\\1", _plain(text))
    return f'"{escaped}"'


def _plain(text: object) -> str:
    plain = str(text)
    if _CONTROL.search(plain):
        raise QuotingError(f"{plain!r} has a control character; give the file another name")
    return plain
