"""Limits the logins to one account that fail on their way across a border.

A gateway relays logins to other clouds, which cannot limit their senders by address.
"""

import math
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from http import HTTPStatus

from openstackoid.federation.spelling import folded
from openstackoid.gateway.admission.rate import Rate
from openstackoid.identity.account import Account
from openstackoid.routing import Refusal
from openstackoid.services import IDENTITY

FAILURES = 10
"""Logins of one account that may fail in a row."""

PAUSE = 30
"""Seconds after which one more may."""

ACCOUNTS = 100_000
"""Accounts that are remembered; the one that was not tried for longest is forgotten first."""


class Logins:
    """The failed logins to the accounts of each cloud."""

    def __init__(self, here: str) -> None:
        self._here = here
        self._tried = Rate(1, FAILURES * PAUSE, ACCOUNTS)

    @contextmanager
    def trying(self, cloud: str, accounts: Collection[Account]) -> Iterator["Attempt"]:
        """Count a login to accounts of a cloud, unless it turns out not to have failed.

        Raises Refusal if too many have failed.
        """
        tried = {(cloud, *map(folded, account)) for account in accounts}
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
        finally:
            if attempt.status not in {None, HTTPStatus.UNAUTHORIZED}:
                for account in tried:
                    self._tried.charge(account, -PAUSE)


class Attempt:
    """A login under way; the caller sets the `status` of its answer."""

    status: int | None = None
