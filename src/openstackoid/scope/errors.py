"""Errors of the scope language, with the place of the fault, and hints for misspelt names."""

import re
from collections.abc import Callable, Collection
from difflib import get_close_matches

from openstackoid.scope.quotes import advice

_EXCERPT_WIDTH = 72  # columns of the text around the caret
_MAX_COMPARED = 25  # names: each takes 30 µs, and any client can send an unknown one
_MAX_NAME = 64  # characters
# From the first quote to the last, because names may contain quotes.
_QUOTED = re.compile(r'".*"\??', re.DOTALL)


class ScopeError(ValueError):
    """A text is not a scope.

    `reason` is one sentence without the text. `hint` goes on with it, and tells names of clouds
    that the text does not have: not everybody may know them, so it is made when somebody asks.
    `str()` has both, and adds the text with a caret below the fault, and advice if quotes are the
    cause.
    """

    def __init__(
        self,
        reason: str,
        text: str = "",
        start: int = 0,
        end: int | None = None,
        hint: Callable[[], str] = str,
    ) -> None:
        reason = printable(reason)
        super().__init__(reason)
        self.reason = reason
        self._hint = hint
        self.text = text
        self.start = start
        self.end = start + 1 if end is None else max(end, start + 1)

    def __str__(self) -> str:
        return self._with_text(self.reason + self.hint)

    @property
    def hint(self) -> str:
        """What goes on with the reason; empty if there is nothing."""
        return self._hint()

    @property
    def public(self) -> str:
        """The same as `str()` without the hint."""
        return self._with_text(self.reason)

    def _with_text(self, reason: str) -> str:
        if not self.text:
            return reason
        return "\n".join(filter(None, [reason, self.excerpt(), advice(self.text)]))

    @property
    def kind(self) -> str:
        """The reason without any text of the scope, and the position of the fault; safe to log."""
        reason = _QUOTED.sub('"…"', self.reason)
        return f"{reason} (at character {self.start + 1})" if self.text else reason

    def excerpt(self) -> str:
        """Return two lines: the text around the fault, and carets below the fault."""
        left = max(0, self.start - _EXCERPT_WIDTH // 2)
        shown = printable(self.text[left : left + _EXCERPT_WIDTH])
        carets = "^" * max(1, min(self.end, left + _EXCERPT_WIDTH) - self.start)
        return f"  {shown}\n  {' ' * (self.start - left)}{carets}"


class ScopeTooLongError(ScopeError):
    """A scope or a wallet is too long for the headers that OpenStack's servers accept."""


def printable(text: str) -> str:
    """Replace control characters and lone surrogates, so that a text can be printed and encoded.

    The length stays the same.
    """
    if text.isprintable():  # 100 times as fast
        return text
    return "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in text)


def printable_lines(text: str) -> str:
    """Make each line of a text printable; a text of another cloud may hold terminal sequences."""
    return "\n".join(map(printable, text.split("\n")))


def nearest(name: str, known: Collection[str]) -> str:
    """Return a hint to end a message about an unknown name, e.g. `; did you mean "image"?`.

    Without a similar name it lists the known ones if they are few, and else is empty.
    """
    folded = {candidate.lower(): candidate for candidate in known}
    if match := get_close_matches(name.lower(), _candidates(name.lower(), folded), n=1):
        return f'; did you mean "{folded[match[0]]}"?'
    return f"; known are {', '.join(sorted(known))}" if 0 < len(known) <= 12 else ""


def _candidates(name: str, known: Collection[str]) -> Collection[str]:
    """Return the known names to compare a name with, so few that it takes little time.

    Of many names these are the ones that share the first or the second half with it: a name with
    one mistake has one correct half. A half that too many names share is left out.
    """
    if len(name) > _MAX_NAME:
        return ()
    if name in known:
        return (name,)
    if len(known) <= _MAX_COMPARED:
        return known
    half = len(name) // 2
    starts = [other for other in known if other.startswith(name[:half])]
    ends = [other for other in known if other.endswith(name[half:])]
    return [other for some in (starts, ends) if len(some) <= _MAX_COMPARED for other in some]
