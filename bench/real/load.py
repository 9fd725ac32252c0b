"""What users do in real clouds, again and again for as long as something else goes on."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests

PAUSE = 0.05
"""Seconds between two things that one user does."""

Doings = Mapping[str, Callable[[], object]]
"""What a user does in turn, by name; each raises if it is not as it should be."""


class RefusedError(Exception):
    """Something was refused that was allowed."""


def allowed(answer: requests.Response) -> requests.Response:
    """Return an answer; raises RefusedError unless it is a success."""
    if not answer.ok:
        raise RefusedError(f"{answer.request.method} {answer.url}: {answer.text}")
    return answer


@dataclass
class Load:
    """What was done, and what was refused, by stage and name; `why` are the reasons."""

    stage: str = ""
    done: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    why: list[str] = field(default_factory=list)

    def note(self, name: str, do: Callable[[], object]) -> None:
        """Do something, and keep what became of it; it counts for the stage in which it ends."""
        try:
            do()
        except (requests.RequestException, RefusedError, AssertionError) as error:
            self.refused[self.stage, name] += 1
            self.why.append(f"{self.stage}: {name}: {error or type(error).__name__}")
        else:
            self.done[self.stage, name] += 1


@contextmanager
def running(*users: Doings) -> Iterator[Load]:
    """Let each user do what he does in turn, again and again, until the context is left."""
    load, over = Load(), threading.Event()

    def go_on(doings: Doings) -> None:
        while not over.is_set():
            for name, do in doings.items():
                load.note(name, do)
                over.wait(PAUSE)

    threads = [threading.Thread(target=go_on, args=(doings,)) for doings in users]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        over.set()
        for thread in threads:
            thread.join()
