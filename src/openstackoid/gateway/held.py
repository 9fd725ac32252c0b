"""The JSON that one request holds to merge it: of all clouds together, no more than a bound."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import aiohttp

from openstackoid.gateway.answer import Editor
from openstackoid.operators.shapes import decode

MAX_HELD = 64 * 2**20
"""Bytes of JSON that one request holds: tens of thousands of servers with all details."""


class UnusableError(Exception):
    """What is wrong with the body of an answer."""


class TooLongError(UnusableError):
    """There is more of it than can be held."""


class Held:
    """What one request holds of its answers."""

    def __init__(self) -> None:
        self._bytes = 0

    async def read(
        self, response: aiohttp.ClientResponse, editor: Editor | None
    ) -> tuple[Any, Callable[[], None]]:
        """Return the JSON of an answer as the editor leaves it, and what lets go of it.

        It is None if there is no body. Raises UnusableError.
        """
        data = bytearray()
        size = 0
        with ExitStack() as holding:
            holding.callback(lambda: self._hold(-size))
            try:
                async for piece in response.content.iter_any():
                    part = editor.feed(piece) if editor else piece
                    size += len(part)
                    self._hold(len(part))
                    data += part
                data += editor.end() if editor else b""
                document = decode(bytes(data)) if data else None
            except (aiohttp.ClientError, TimeoutError) as error:
                raise UnusableError("broke off") from error
            except (ValueError, RecursionError) as error:
                raise UnusableError("is no JSON, although it says so") from error
            return document, holding.pop_all().close

    def _hold(self, size: int) -> None:
        self._bytes += size
        if size > 0 and self._bytes > MAX_HELD:
            raise TooLongError(f"is longer than {MAX_HELD} bytes; ask for it in smaller pages")
