"""The headers of one message."""

from collections.abc import Iterable


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

    def words(self, name: str) -> set[str]:
        """Return the elements of a header that is a list of words, in lower case."""
        words = set(",".join(self._values.get(name, ())).lower().split(","))
        return {word.strip() for word in words} - {""}
