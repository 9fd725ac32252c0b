"""Errors as a terminal may see them: another cloud's text in them moves no cursor."""

import logging

from openstackoid.scope.errors import printable_lines


def make_errors_printable() -> None:
    """Have what this program logs from now on printed without what a terminal acts on."""
    for handler in logging.getLogger().handlers:
        if not isinstance(handler.formatter, _Printable):
            handler.setFormatter(_Printable(handler.formatter))


class _Printable(logging.Formatter):
    def __init__(self, plain: logging.Formatter | None) -> None:
        super().__init__()
        self._plain = plain or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        return printable_lines(self._plain.format(record))
