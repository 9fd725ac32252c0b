"""Limits the logins to one account that fail on their way across a border.

A gateway relays logins to other clouds, which cannot limit their senders by address. All workers
count together, those that follow as well: else each would give as many guesses anew.
"""

import math
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from http import HTTPStatus

from openstackoid.federation.spelling import folded
from openstackoid.gateway.admission.shared_memory import Memory
from openstackoid.gateway.admission.shared_rate import SharedRate
from openstackoid.gateway.handover import make_memory
from openstackoid.identity.account import Account
from openstackoid.operators.request import NoAnswerError
from openstackoid.routing import Refusal
from openstackoid.services import IDENTITY

FAILURES = 10
"""Logins of one account that may fail in a row."""

PAUSE = 30
"""Seconds after which one more may."""

_LOGINS = "-logins"  # the name of the shared memory; no cloud has it


class Logins:
    """The failed logins to the accounts of each cloud, in memory that workers may share."""

    def __init__(self, here: str, memory: Memory = make_memory) -> None:
        self._here = here
        self._tried = SharedRate(memory(_LOGINS), FAILURES * PAUSE)

    @contextmanager
    def trying(self, cloud: str, accounts: Collection[Account]) -> Iterator["Attempt"]:
        """Count a login to accounts of a cloud, unless it turns out not to have failed.

        Raises Refusal if too many have failed.
        """
        tried = {"\0".join((cloud, *map(folded, account))) for account in accounts}
        for account in tried:
            wait = self._tried.wait(account, PAUSE)
            if wait is not None:
                raise Refusal(
                    HTTPStatus.TOO_MANY_REQUESTS,
                    f"more than {FAILURES} logins to this account of {cloud} have failed by way "
                    f"of {self._here}; wait, or log in at {cloud} itself",
                    cloud=self._here,
                    service=IDENTITY,
                    sent=False,
                    retry_after=max(1, math.ceil(wait)),
                )
        attempt = Attempt()
        try:
            yield attempt
        except Refusal as refusal:
            attempt.status = refusal.status
            raise
        except NoAnswerError as error:
            if not error.sent:  # no password has arrived
                attempt.status = error.status
            raise
        finally:
            if attempt.status not in {None, HTTPStatus.UNAUTHORIZED}:
                for account in tried:
                    self._tried.take_back(account, PAUSE)


class Attempt:
    """A login under way; the caller sets the `status` of its answer."""

    status: int | None = None
