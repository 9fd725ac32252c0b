"""What is wrong with a scope, and where."""

import re
from collections.abc import Collection
from difflib import get_close_matches

from openstackoid.scope.quotes import advice

_SHOWN = 72  # columns of the text around the caret
_COMPARED = 25  # names, at 30 µs each: anybody may ask for one that is not known
_LONGEST = 64  # characters of a name
_QUOTED = re.compile(r'".*"\??', re.DOTALL)  # from the first quote to the last: names may have some


class ScopeError(ValueError):
    """A text that is no scope.

    `reason` is one sentence without the text; `str()` adds the text with a caret below the fault,
    and what to write if it is a matter of quotes.
    """

    def __init__(self, reason: str, text: str = "", start: int = 0, end: int | None = None) -> None:
        reason = printable(reason)
        super().__init__(reason)
        self.reason = reason
        self.text = text
        self.start = start
        self.end = start + 1 if end is None else max(end, start + 1)

    def __str__(self) -> str:
        if not self.text:
            return self.reason
        return "\n".join(filter(None, [self.reason, self.excerpt(), advice(self.text)]))

    @property
    def kind(self) -> str:
        """The reason without what it quotes of the text, and where the fault is."""
        reason = _QUOTED.sub('"…"', self.reason)
        return f"{reason} (at character {self.start + 1})" if self.text else reason

    def excerpt(self) -> str:
        """Return two lines: the text around the fault, and carets below it."""
        left = max(0, self.start - _SHOWN // 2)
        shown = printable(self.text[left : left + _SHOWN])
        carets = "^" * max(1, min(self.end, left + _SHOWN) - self.start)
        return f"  {shown}\n  {' ' * (self.start - left)}{carets}"


class ScopeTooLongError(ScopeError):
    """A scope that would not fit in a header of OpenStack's servers."""


def printable(text: str) -> str:
    """Return a text of the same length that is safe on a terminal and can be encoded."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in text)


def nearest(name: str, known: Collection[str]) -> str:
    """Return a hint that ends a message about an unknown name, e.g. `; did you mean "image"?`."""
    folded = {candidate.lower(): candidate for candidate in known}
    if match := get_close_matches(name.lower(), _alike(name.lower(), folded), n=1):
        return f'; did you mean "{folded[match[0]]}"?'
    return f"; known are {', '.join(sorted(known))}" if 0 < len(known) <= 12 else ""


def _alike(name: str, known: Collection[str]) -> Collection[str]:
    """Return the names to compare with: all, or of many those whose first or second half is it.

    With one mistake in a name, one half of it is right. None if that leaves too many, too.
    """
    if len(name) > _LONGEST:
        return ()
    if name in known:
        return (name,)
    if len(known) <= _COMPARED:
        return known
    half = len(name) // 2
    starts = [other for other in known if other.startswith(name[:half])]
    ends = [other for other in known if other.endswith(name[half:])]
    return [other for some in (starts, ends) if len(some) <= _COMPARED for other in some]
