"""Requests of users in two clouds, one after the other for as long as something else goes on."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests

PAUSE = 0.05
"""Seconds between two requests of one user."""

Ask = Callable[[], requests.Response]


@dataclass
class Load:
    """What became of requests, by the stage in which they began."""

    stage: str = ""
    answered: list[str] = field(default_factory=list)
    """The stage of each that was answered with a success."""
    refused: list[tuple[str, str]] = field(default_factory=list)
    """The stage of each that was not, and why."""

    def note(self, stage: str, what: str, ask: Ask) -> None:
        """Send a request, and keep what became of it."""
        try:
            answer = ask()
        except requests.RequestException as error:
            self.refused.append((stage, f"{what}: {type(error).__name__}"))
            return
        if answer.ok:
            self.answered.append(stage)
        else:
            self.refused.append((stage, f"{what}: {answer.status_code} {answer.text}"))


@contextmanager
def running(*users: Sequence[tuple[str, Ask]]) -> Iterator[Load]:
    """Let each user send his requests in turn, again and again, until the context is left."""
    load, over = Load(), threading.Event()

    def send(asks: Sequence[tuple[str, Ask]]) -> None:
        while not over.is_set():
            for what, ask in asks:
                load.note(load.stage, what, ask)
                over.wait(PAUSE)

    threads = [threading.Thread(target=send, args=(asks,)) for asks in users]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        over.set()
        for thread in threads:
            thread.join()
