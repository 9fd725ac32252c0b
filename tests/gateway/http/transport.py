"""A transport that is only played: it keeps what it is given to send."""

import asyncio
from collections.abc import Iterable


class Played(asyncio.Transport):
    """`sent` are the bytes so far, `calls` what else was asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = bytearray()
        self.calls: list[str] = []
        self.limit: int | None = None
        self._closing = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        assert low is None
        self.limit = high

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += data

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        for data in list_of_data:
            self.sent += data

    def pause_reading(self) -> None:
        self.calls.append("pause")

    def resume_reading(self) -> None:
        self.calls.append("resume")

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._closing = True
        self.calls.append("close")

    def abort(self) -> None:
        self._closing = True
        self.calls.append("abort")
