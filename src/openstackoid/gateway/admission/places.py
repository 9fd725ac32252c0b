"""Bounds how many questions of each other cloud's gateway are answered at a time."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from openstackoid.routing import Refusal
from openstackoid.services import IDENTITY

AGAIN = 5
"""Seconds after which a cloud that has asked too often may ask again."""


class Places:
    """So many places for the questions of each cloud, at the gateway of the cloud `here`."""

    def __init__(self, here: str, most: int) -> None:
        self._here = here
        self._most = most
        self._open: Counter[str] = Counter()

    @contextmanager
    def place(self, sender: str) -> Iterator[None]:
        """Give a question of a cloud a place until the end of the context; raises Refusal."""
        if self._open[sender] >= self._most:
            raise Refusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"the gateway of {sender} asks {self._most} questions already; ask less often",
                cloud=self._here,
                service=IDENTITY,
                sent=False,
                retry_after=AGAIN,
            )
        self._open[sender] += 1
        try:
            yield
        finally:
            self._open[sender] -= 1
