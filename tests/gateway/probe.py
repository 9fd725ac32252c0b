"""A probe of what is down, that says what a test wants."""

import asyncio


class Probe:
    """What a probe of a cloud or a service finds: no answer, until it is `up`."""

    def __init__(self) -> None:
        self.up = False
        self.asked: list[tuple[str, str | None]] = []
        self.first = asyncio.Event()

    async def __call__(self, cloud: str, service: str | None) -> bool:
        self.asked.append((cloud, service))
        self.first.set()
        return self.up
