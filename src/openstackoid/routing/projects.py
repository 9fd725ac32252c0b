"""Finds and replaces project ids in paths: a user's project has another id in each cloud.

See docs/reference/federation.md#trust and docs/decisions/0013-wallet-has-project-ids.md.
"""

import re
from collections.abc import Mapping

from openstackoid.services import special

_POSSIBLE = re.compile(r"/(?:AUTH_)?[0-9a-f]{32}(?=/|\?|$)")
_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SEGMENT = re.compile(r"/(?:AUTH_)?(?P<id>[^/?]+)")


def may_have_project(rest: str) -> bool:
    """Return whether a segment of a path looks like a project id of Keystone."""
    return _POSSIBLE.search(rest.partition("?")[0]) is not None


def is_project(text: str) -> bool:
    """Return whether a text is a project id of Keystone: a UUID, with or without hyphens."""
    return _ID.fullmatch(text) is not None


def in_project(rest: str, service: str, ids: Mapping[str, str]) -> str:
    """Replace project ids in a path (with its query) by `ids`, which maps old ids to new ones.

    Only whole segments are replaced: cinder's `/v3/<id>`, heat's `/v1/<id>`, swift's
    `/v1/AUTH_<id>`, nova's `/os-quota-sets/<id>`. In a path of Swift only the account is, because
    users choose the names of containers and objects.
    """
    if not ids:
        return rest
    path, mark, query = rest.partition("?")
    if (account := special(service).account) is not None:
        match = account.match(path)
        if match is None:
            return rest
        return f"{_replaced(match, ids)}{path[match.end() :]}{mark}{query}"
    return _SEGMENT.sub(lambda match: _replaced(match, ids), path) + mark + query


def _replaced(match: re.Match[str], ids: Mapping[str, str]) -> str:
    begin = match.start("id") - match.start()
    return match[0][:begin] + ids.get(match["id"], match["id"])
