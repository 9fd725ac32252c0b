"""The id of a project in a path: a user's project has another one in each cloud.

See docs/reference/federation.md#trust and docs/decisions/0013-wallet-has-project-ids.md.
"""

import re
from collections.abc import Mapping

from openstackoid.services import special

_POSSIBLE = re.compile(r"/(?:AUTH_)?[0-9a-f]{32}(?=/|\?|$)")
_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SEGMENT = re.compile(r"/(?:AUTH_)?(?P<id>[^/?]+)")


def may_have_project(rest: str) -> bool:
    """Tell whether something in a path looks like the id that Keystone gives to a project."""
    return _POSSIBLE.search(rest.partition("?")[0]) is not None


def is_project(text: str) -> bool:
    """Tell whether this is an id as Keystone makes them for projects: a UUID, with or without -."""
    return _ID.fullmatch(text) is not None


def in_project(rest: str, service: str, ids: Mapping[str, str]) -> str:
    """Return a path (and its query) with other ids of projects, where it has one of `ids`.

    Whole segments are looked at: cinder's `/v3/<id>`, heat's `/v1/<id>`, swift's `/v1/AUTH_<id>`,
    nova's `/os-quota-sets/<id>`. Of an object's path only the account: the rest is its owner's.
    """
    if not ids:
        return rest
    path, mark, query = rest.partition("?")
    if (account := special(service).account) is not None:
        match = account.match(path)
        return rest if match is None else f"{_moved(match, ids)}{path[match.end() :]}{mark}{query}"
    return _SEGMENT.sub(lambda match: _moved(match, ids), path) + mark + query


def _moved(match: re.Match[str], ids: Mapping[str, str]) -> str:
    begin = match.start("id") - match.start()
    return match[0][:begin] + ids.get(match["id"], match["id"])
