"""What one attack is, and what there is to say against what came of it."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from client.fake import Raw, Request
from hostile.clients import Commands, Program, Script, Seen, curl, script, sdk
from hostile.stage import PASSWORD, Stage

Reply = Callable[[Request], tuple[int, Any] | Raw | None]
"""What the hostile cloud's services answer; None leaves it to empty services."""

Answers = Callable[[Stage], Reply]
"""Makes answers for a stage, anew for each run: a link may lead to any address of it."""


def always(make: Callable[..., Reply], *arguments: object) -> Answers:
    """Return what makes the same answers for every stage."""
    return lambda _: make(*arguments)


def leading(make: Callable[..., Reply], target: Callable[[Stage], str]) -> Answers:
    """Return what makes answers that lead to an address of the stage."""
    return lambda stage: make(target(stage))


_ESCAPES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Controls but for tab, LF and CR: a terminal would act on them."""


@dataclass(frozen=True)
class Attack:
    """One row: what the hostile cloud answers, what a user does, and what may come of it.

    A client without a part in a row is not run. Whatever a row says, home's other services and the
    honest cloud get nothing but logins and discovery, the hostile cloud never hears home's
    password, and nothing that a client prints acts on a terminal.
    """

    name: str
    reply: Answers
    scope: str = "image=Evil"
    openstack: str = ""
    """A command, to be split at blanks."""
    sdk: Program | None = None
    curl: str = ""
    """Method and path."""
    script: Script | None = None
    well: bool | None = False
    """Whether the user's client is to end well; None if it may do either."""
    says: str = ""
    """What the user has to be told: a regular expression."""
    silent: str = ""
    """What may not be in what he sees."""
    unheard: str = ""
    """What may not be in a head that the hostile cloud gets."""
    home: str = ""
    """Which requests home's own services may get, besides: `METHOD PATH`."""
    open: Mapping[str, str] = field(default_factory=dict)
    """By client, or by `CLIENT FRONT`: why this gets through as yet. Then it has to."""

    @property
    def clients(self) -> Iterable[str]:
        """The clients that have a part in it."""
        return [name for name in ("openstack", "sdk", "curl", "script") if getattr(self, name)]

    def run(self, client: str, stage: Stage, commands: Commands) -> Seen:
        """Let the hostile cloud answer so, and a client ask."""
        stage.clear()
        stage.evil.reply = self.reply(stage)
        if client == "openstack":
            return commands.run(stage, self.openstack.split(" "), self.scope)
        if client == "sdk":
            assert self.sdk
            return sdk(stage, self.sdk, self.scope)
        if client == "curl":
            return curl(stage, self.curl, self.scope)
        assert self.script
        return script(stage, self.script, self.scope)

    def faults(self, seen: Seen, stage: Stage) -> list[str]:
        """Return what got through, or was not said; empty if the attack failed."""
        found = [
            f"reached: {request.method} {request.path}"
            for request in stage.reached()
            if not (self.home and re.search(self.home, f"{request.method} {request.path}"))
        ]
        heard = [_head(request) for request in stage.evil.requests]
        if any(PASSWORD in one for one in (*heard, *(str(r.body) for r in stage.evil.requests))):
            found.append("heard: home's password")
        if self.unheard:
            found += [f"heard: {m[0]}" for h in heard for m in re.finditer(self.unheard, h)]
        if not seen.ended:
            found.append("did not end")
        if self.well is not None and seen.well is not self.well:
            found.append(f"ended {'well' if seen.well else 'badly'}")
        if not re.search(self.says, seen.text, re.IGNORECASE):
            found.append(f"not said: {self.says}")
        if self.silent and (match := re.search(self.silent, seen.text, re.IGNORECASE)):
            found.append(f"shown: {match[0]}")
        if match := _ESCAPES.search(seen.text):
            found.append(f"printed: {match[0]!r}")
        return found


def _head(request: Request) -> str:
    return "\n".join([request.path, *(f"{name}: {value}" for name, value in request.headers)])
