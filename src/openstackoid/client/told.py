"""What gateways tell of themselves in the answers to logins: their cloud, and a key for sealing.

A key that was told once is not taken back: whoever could read a token that is not sealed, would
only have to leave the header out.
"""

import re
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from requests import Response

from openstackoid.scope.wallet import SEALING_KEY

_KEY = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*) ([A-Za-z0-9_-]{43})")


class KeyTakenBackError(Exception):
    """What a gateway tells is not what one may rely on; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """What a gateway says of itself to whom logs in there: its cloud, and its key for sealing."""

    cloud: str
    key: str


_TOLD: dict[str, Gateway] = {}
"""What was told at each address of a Keystone, in this process."""


def told(answer: Response) -> Gateway | None:
    """Return what an answer tells of the gateway, None if it is no login or the gateway has no key.

    Raises KeyTakenBackError if the gateway has told a key before, and if it tells one that cannot
    be read.
    """
    if not _is_login(answer):
        return None
    address = answer.request.url or ""
    value = answer.headers.get(SEALING_KEY)
    if value is None:
        if before := _TOLD.get(address):
            raise KeyTakenBackError(
                f"the gateway of {before.cloud} has told a key for sealing before, and tells none "
                "now; no token is sent to it unsealed. If its operator has taken the key out, "
                "start this program anew; if not, somebody on the way has: use https"
            )
        return None
    if not (match := _KEY.fullmatch(value)):
        raise KeyTakenBackError(
            f"the {SEALING_KEY} in the answer to the login cannot be read; update openstackoid "
            "here, or there"
        )
    _TOLD[address] = Gateway(match[1], match[2])
    return _TOLD[address]


def _is_login(answer: Response) -> bool:
    path = urlsplit(answer.request.url or "").path
    created = answer.status_code == HTTPStatus.CREATED
    return created and answer.request.method == "POST" and path.endswith("/auth/tokens")
