"""The headers of one message."""

from collections.abc import Iterable, Set
from functools import lru_cache


class Headers:
    """Headers in the order, the case and the number in which they came (`pairs`).

    Names are looked up in lower case. Values are UTF-8; bytes that are not are lone surrogates.
    """

    __slots__ = ("_values", "pairs")

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs = tuple(pairs)
        values: dict[str, list[str]] = {}
        for name, value in self.pairs:
            key = name.lower()
            if key in values:
                values[key].append(value)
            else:
                values[key] = [value]
        self._values = values

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of a header."""
        values = self._values.get(name)
        return values[0] if values else default

    def all(self, name: str) -> list[str]:
        """Return the values of a header, each time it came."""
        return self._values.get(name, [])

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def without(self, names: Set[str]) -> tuple[tuple[str, str], ...]:
        """Return all headers but those of these names, which are in lower case."""
        if names.isdisjoint(self._values):
            return self.pairs
        return tuple([pair for pair in self.pairs if pair[0].lower() not in names])

    def words(self, name: str) -> frozenset[str]:
        """Return the elements of a header that is a list of words, in lower case."""
        values = self._values.get(name)
        if values is None:
            return frozenset()
        text = ",".join(values)
        return _words(text) if len(text) <= _SHORT else _split(text)


def _split(text: str) -> frozenset[str]:
    return frozenset(word.strip() for word in set(text.lower().split(","))) - {""}


_SHORT = 64
_words = lru_cache(maxsize=256)(_split)
"""For the few lists that everyone sends."""
