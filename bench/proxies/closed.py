"""As many requests as there can be, on 32 connections: wrk."""

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult

import click

from bench.processes import output
from bench.tools import program

CONNECTIONS = 32
SCRIPT = Path(__file__).with_name("closed.lua")


@dataclass(frozen=True)
class Done:
    """How many requests were answered in how many seconds."""

    requests: int
    seconds: float


def measure(url: SplitResult, headers: dict[str, str], seconds: int) -> Done:
    """Send requests for so many seconds; raises ClickException if one of them fails."""
    given = [text for name, value in headers.items() for text in ("-H", f"{name}: {value}")]
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(SCRIPT), *given]
    printed = output([program("wrk"), *options, url.geturl()]).splitlines()[-1]
    found = json.loads(printed)
    if found["errors"]:
        raise click.ClickException(f"{found['errors']} requests to {url.geturl()} failed")
    return Done(found["requests"], found["microseconds"] / 1e6)
