"""Writes and reads the lab's files: atomically, and readable only by their owner."""

import os
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

_yaml = YAML(typ="safe")
_yaml.default_flow_style = False
_yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
_yaml.representer.ignore_aliases = lambda _: True  # an edit by hand must not change other places


def write(path: Path, text: str) -> bool:
    """Write a file of mode 0600 atomically, and return whether its text changed."""
    if path.exists() and path.read_text() == text:
        return False
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    part.replace(path)
    return True


def write_yaml(path: Path, content: Mapping[str, Any]) -> bool:
    """Write a mapping as YAML with `write`, and return whether the text changed."""
    text = StringIO()
    _yaml.dump(dict(content), text)
    return write(path, text.getvalue())


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file, an empty one if there is no such file."""
    return (_yaml.load(path.read_text()) or {}) if path.exists() else {}
