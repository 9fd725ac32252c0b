"""Where the `openstack` command learns of `&` and `|`: each time before it runs a command."""

from collections.abc import Mapping
from typing import Any

from cliff.command import Command
from osc_lib.shell import OpenStackShell

from openstackoid.client.sources import from_config
from openstackoid.scope import Scope, ScopeError

_prepare = OpenStackShell.prepare_to_run_command


def install() -> None:
    """Have the `openstack` command look for `&` and `|`.

    cliff's hook is the only way in: plugins are given neither the application nor its commands.
    """
    OpenStackShell.prepare_to_run_command = prepare_to_run_command  # type: ignore[method-assign]


def prepare_to_run_command(self: OpenStackShell, cmd: Command) -> None:
    """Have the command run in several clouds if its service is taken there; else change nothing."""
    if getattr(cmd, "auth_required", False):
        scope = _scope(self.cloud.config)
        if next(scope.composites(), None):
            from openstackoid.client.composite.run import in_several_clouds

            if in_several_clouds(self, cmd, scope, _prepare):
                return
    _prepare(self, cmd)


def _scope(config: Mapping[str, Any]) -> Scope:
    """Return the scope of a configuration; that one is wrong is left to the hook to tell."""
    asked = config.get("scope")
    auth = config.get("auth") or {}
    try:
        if isinstance(asked, list):
            return from_config(*asked)
        return from_config(auth.get("oid_scope") or config.get("oid_scope"))
    except ScopeError:
        return Scope()
