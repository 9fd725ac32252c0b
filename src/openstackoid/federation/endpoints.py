"""Reads a cloud's endpoints from the JSON of `openstack endpoint list` or `openstack catalog list`.

`endpoint list` is for administrators. `catalog list` is for every user; the catalog comes with the
login, so no address in it is contacted.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from openstackoid.scope.errors import printable

HOW = "make the list with: openstack endpoint list -f json"

_COLUMNS = {
    "region": "Region",
    "service type": "Service Type",
    "interface": "Interface",
    "url": "URL",
}
"""The keys that an endpoint must have, folded, with their headings in `endpoint list`."""

_EVERY_REGION = ("", "*")
"""Values that mean that an endpoint is of every region; some administrators write "*"."""

_VERSION_AND_REST = re.compile(
    r"(?<!/)/("
    r"v\d+(\.\d+)?"
    r"|[^/]*([$%]|%24|%25)(\\|%5[Cc])?(\(|%28)[^/]*"
    r"|([A-Za-z]+_)?[0-9a-f]{32}"
    r")(/.*)?$"
)
"""An API version or a project's id in a URL of a catalog, and everything behind it.

The id is a placeholder (`/v3/$(project_id)s`, `AUTH_%(tenant_id)s`, escaped or not), or a real id.
"""


class EndpointError(ValueError):
    """No entry can be made from a list of endpoints; the message has lines for a terminal."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(map(printable, lines)))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of the list; blanks around values, and version and project in `url`, are cut.

    `region` is empty for an endpoint of every region.
    """

    type: str
    interface: str
    region: str
    url: str
    name: str = ""
    """The name of its service in Keystone, which distinguishes several services of one type."""
    id: str = ""

    @property
    def label(self) -> str:
        """Its service type and interface, for messages."""
        return f"{self.type or 'a service without a type'} ({self.interface})"

    @property
    def origin(self) -> str:
        """Its service's name and its id in Keystone, by which an administrator finds it."""
        return ", ".join(filter(None, [self.name, self.id and f"ID {self.id}"])) or "no ID"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row of the list that is left out, and why."""

    what: str
    reason: str

    def __str__(self) -> str:
        return printable(f"{self.what}: {self.reason}")


def endpoints(document: object) -> tuple[list[Endpoint], list[LeftOut]]:
    """Return the enabled endpoints in a decoded JSON document, and the rows that cannot be read.

    Keys may be the headings of a table ("Service Type") or Keystone's own (`service_type`).
    Raises EndpointError if there is no endpoint.
    """
    if isinstance(document, Mapping):
        one = "one endpoint" if "url" in _folded(document) else "an object"
        raise EndpointError(f"this is {one}, not a list; {HOW}")
    if not isinstance(document, list) or not document:
        raise EndpointError(f"there is no endpoint; {HOW}")
    found: list[Endpoint] = []
    left_out: list[LeftOut] = []
    disabled = 0
    for place, row in _rows(document):
        if reason := _fault(row):
            left_out.append(LeftOut(place, reason))
        elif _text(row, "enabled").lower() == "false":
            disabled += 1
        else:
            found.append(_endpoint(row))
    if not found and left_out:
        raise EndpointError("no endpoint can be read:", *(f"  {one}" for one in left_out), HOW)
    if not found:
        raise EndpointError(
            "every endpoint is disabled; enable some: openstack endpoint set --enable ID"
            if disabled
            else f"there is no endpoint; {HOW}"
        )
    return found, left_out


def _rows(document: list[object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield each endpoint with its place in the list; a service of a catalog has several."""
    for number, item in enumerate(document, 1):
        row = _folded(item) if isinstance(item, Mapping) else {}
        inner = row.get("endpoints")
        if not isinstance(inner, list):
            yield f"item {number}", row
            continue
        service = {"service type": row.get("type"), "service name": row.get("name")}
        for n, endpoint in enumerate(inner, 1):
            below = _folded(endpoint) if isinstance(endpoint, Mapping) else {}
            yield f"item {number}, endpoint {n}", service | below


def _folded(row: Mapping[object, object]) -> dict[str, object]:
    folded = {str(key).strip().lower().replace("_", " "): value for key, value in row.items()}
    if "region id" in folded:  # Keystone's own key; catalogs have both
        folded["region"] = folded.get("region") or folded["region id"]
    return folded


def _fault(row: Mapping[str, object]) -> str:
    """Return why a row is not an endpoint, empty if it is one."""
    missing = [shown for key, shown in _COLUMNS.items() if key not in row]
    if len(missing) == len(_COLUMNS):
        return f"it is no endpoint, which has {', '.join(_COLUMNS.values())}"
    if missing:
        return f"it lacks {', '.join(missing)}"
    return ""


def _endpoint(row: Mapping[str, object]) -> Endpoint:
    region = _text(row, "region")
    return Endpoint(
        _text(row, "service type").strip(),
        _text(row, "interface").strip(),
        "" if region.strip() in _EVERY_REGION else region,
        _VERSION_AND_REST.sub("", _text(row, "url").strip()).rstrip("/"),
        _text(row, "service name").strip(),
        _text(row, "id").strip(),
    )


def _text(row: Mapping[str, object], key: str) -> str:
    value = row.get(key)
    return "" if value is None else str(value)
