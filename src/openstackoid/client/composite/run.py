"""Runs a command in several clouds, and tells what came of it."""

import logging
import threading
from argparse import Namespace
from functools import cache, partial
from typing import Any, TextIO

from cliff.command import Command
from cliff.display import DisplayCommandBase
from cliff.show import ShowOne
from keystoneauth1.session import Session
from osc_lib.exceptions import CommandError
from osc_lib.shell import OpenStackShell, prompt_for_password

from openstackoid.client.composite import conflicts, merge
from openstackoid.client.composite.branch import Ask, Branch, Prepare, begin
from openstackoid.client.composite.creation import Creation, with_one_id
from openstackoid.client.composite.evaluate import Evaluation, Outcome
from openstackoid.client.composite.service import Known, Placement, placement
from openstackoid.client.composite.streams import Console, apart, speaking
from openstackoid.operators import rules
from openstackoid.operators.rules import EVENTUAL, Policy
from openstackoid.scope import All, CloudRef, Expression, Scope, ScopeError

_READS = ("list", "show")
"""What commands are called that change nothing."""

LOG = logging.getLogger(__name__)


class _NothingToShowError(Exception):
    """There is nothing to show, and why has been told."""


def in_several_clouds(
    app: OpenStackShell, command: Command, scope: Scope, prepare: Prepare
) -> bool:
    """Have the command run in several clouds, if that is where the scope takes it; tell if so.

    Raises CommandError if the scope does not say clearly where.
    """
    known = Known.of(app.command_manager, command)
    if known is None:
        return False
    try:
        place = placement(scope, known)
    except ScopeError as error:
        raise CommandError(str(error)) from error
    eventual = app.options.os_scope_policy == EVENTUAL
    if place is None or (eventual and known.name.split()[-1] not in _READS):
        return False  # the gateway sees to all clouds
    run = _Run(app, command, known, place, prepare)
    command.run = run.run  # type: ignore[method-assign]
    return True


class _Run:
    """What stands in for one command's `run`."""

    def __init__(
        self,
        app: OpenStackShell,
        command: Command,
        known: Known,
        place: Placement,
        prepare: Prepare,
    ) -> None:
        self.app = app
        self.command = command
        self.known = known
        self.place = place
        self.prepare = prepare
        self.several = _has_and(place.expression)
        asked = app.options.os_scope_policy
        self.policy = None if asked in {None, EVENTUAL} else Policy(asked)
        self.code = 0

    def run(self, parsed_args: Namespace) -> int:
        """Return the exit code; cliff's own `run` calls the action and formats what it returns."""
        self.command.take_action = self.take_action  # type: ignore[method-assign]
        try:
            code: int = type(self.command).run(self.command, parsed_args)
        except _NothingToShowError:
            return 1
        return code or self.code

    def take_action(self, parsed_args: Namespace) -> Any:
        """Return what the command shows, of all clouds."""
        if self.several and (why := conflicts.refusal(self.known.name, parsed_args)):
            raise CommandError(
                f"{self.known.name} cannot run in several clouds, because {why}; name one cloud "
                f"instead of {self.place.expression}, and run it for each"
            )
        creation = Creation.of(self.known, parsed_args)
        if self.several:
            if creation.several and self.policy is not Policy.ANY:
                raise CommandError(rules.several_refused("--os-scope-policy any"))
            creation, parsed_args = with_one_id(creation, parsed_args)
        direct = conflicts.asks(self.known.name, parsed_args)
        with apart() as streams:
            evaluation = Evaluation(
                creation,
                self.policy,
                partial(self._begin, streams, _asking_once(), direct),
                one_by_one=direct,
            )
            try:
                outcome = evaluation.run(self.place.expression, parsed_args)
            except KeyboardInterrupt:
                self._tell_of_interruption(evaluation)
                raise
            finally:
                self._close(evaluation)
        self._tell(outcome)
        return self._shown(outcome)

    def _begin(self, streams: tuple[TextIO, TextIO], ask: Ask, direct: bool, cloud: str) -> Branch:
        console = Console(cloud, direct=direct, alone=not self.several)
        if direct:
            self.app.stderr.write(f"{cloud}:\n")
        scope = self.place.scope_in(cloud)
        return begin(self.app, self.command, scope, console, streams, ask, self.prepare)

    def _close(self, evaluation: Evaluation) -> None:
        for branch in evaluation.branches:
            self.app.timing_data.extend(branch.close())
        if not hasattr(self.app.client_manager, "session"):
            self.app.client_manager.session = Session()  # --timing asks it

    def _tell(self, outcome: Outcome) -> None:
        """Log what failed, and set the exit code."""
        for branch in outcome.passed:
            LOG.warning("%s: %s", branch.cloud, branch.message)
        enough = bool(outcome.done) and self.policy is Policy.ANY
        for branch in outcome.failed:
            debug = branch.error if self.app.options.debug else None
            level = logging.WARNING if enough else logging.ERROR
            LOG.log(level, "%s: %s", branch.cloud, branch.message, exc_info=debug)
        for branch in outcome.done:
            for text in branch.reasons:
                LOG.warning("%s: %s", branch.cloud, text)
            if branch.remains:
                LOG.error("%s: %s", branch.cloud, branch.message)
        self.code = 1 if outcome.failed and not enough else 0

    def _tell_of_interruption(self, evaluation: Evaluation) -> None:
        clouds = [branch.cloud for branch in evaluation.branches if branch.acted]
        if clouds:
            LOG.error("interrupted; look in %s for what was begun there", ", ".join(clouds))

    def _shown(self, outcome: Outcome) -> Any:
        for branch in outcome.done:
            if branch.console.text:
                heading = f"{branch.cloud}:\n" if self.several else ""
                self.app.stdout.write(heading + branch.console.text)
        parts = [(branch.cloud, branch.result) for branch in outcome.done]
        if not isinstance(self.command, DisplayCommandBase):
            return 0
        if not parts:
            raise _NothingToShowError
        if not isinstance(self.command, ShowOne):
            return merge.rows(parts)
        return merge.values(parts) if self.several else merge.value(*parts[0])


def _has_and(expression: Expression) -> bool:
    if isinstance(expression, CloudRef):
        return False
    return isinstance(expression, All) or any(map(_has_and, expression.operands))


def _asking_once() -> Ask:
    """Return a function that asks for a password, and gives every branch the one answer."""
    lock = threading.Lock()

    @cache
    def answer(prompt: str | None) -> str:
        with speaking(None):
            return prompt_for_password(prompt)

    def ask(prompt: str | None = None) -> str:
        with lock:
            return answer(prompt)

    return ask
