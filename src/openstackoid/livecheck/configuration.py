"""Finds configuration files of openstacksdk that cannot be read, which it skips silently.

It looks for clouds.yaml, and for secure.yaml with the passwords, in several directories, and uses
the first one that it can read
(https://docs.openstack.org/openstacksdk/latest/user/config/configuration.html).
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from openstack.config.loader import CONFIG_FILES, SECURE_FILES
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError

from openstackoid.federation.errors import Fault, FederationError
from openstackoid.federation.loader import parse_yaml, read

_WRITTEN = re.compile(r"'[^']*'")
"""Text of a file that an error quotes; it may be a password."""


def unreadable() -> Iterator[str]:
    """Yield file, line and reason for each file that would be used, but cannot be read."""
    for variable, names in (
        ("OS_CLIENT_CONFIG_FILE", CONFIG_FILES),
        ("OS_CLIENT_SECURE_FILE", SECURE_FILES),
    ):
        own = os.environ.get(variable)
        if own and not Path(own).exists():
            yield f"{own}: there is no such file, though {variable} names it"
        for path in map(Path, [own, *names] if own else names):
            if path.exists():
                fault = _fault(path)
                if fault is None:
                    break
                yield str(fault)


def _fault(path: Path) -> Fault | None:
    try:
        text = read(path)
        document = parse_yaml(text, str(path)) if text.strip() else CommentedMap()
        YAML(typ="safe").load(text)
    except FederationError as error:
        fault = error.faults[0]
        return Fault(fault.file, fault.line, fault.key, _WRITTEN.sub("…", fault.message))
    except MarkedYAMLError as error:  # a tag: parse_yaml accepts tags, the safe reader does not
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        return Fault(str(path), line, "", "a tag (!…) has no meaning here; put the text in quotes")
    clouds = document.get("clouds", CommentedMap())
    if not isinstance(clouds, CommentedMap):
        return Fault(str(path), 0, "clouds", "must be a mapping")
    for name, entry in clouds.items():
        if not isinstance(entry, CommentedMap):
            line = clouds.lc.data[name][0] + 1
            return Fault(str(path), line, f"clouds.{name}", "must be a mapping")
    return None
