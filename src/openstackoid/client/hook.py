"""The vendor hook of openstacksdk: called with each new Connection, before its first request."""

from pkgutil import resolve_name

from openstack.connection import Connection
from openstack.exceptions import ConfigException

from openstackoid.client.accounts import Accounts
from openstackoid.client.auth import POLICY_HEADER, Scoped, announce, scoped
from openstackoid.client.discovery import report_failures
from openstackoid.client.entries import accounts
from openstackoid.client.guard import guard, home
from openstackoid.client.sources import from_config
from openstackoid.scope import Scope, ScopeError

NAME = f"{__name__}:install"
"""What a cloud's `vendor_hook` is set to."""


def install(connection: Connection) -> None:
    """Give the connection the scope of its configuration; without any, change nothing.

    The scope is `scope` (of the command line or the environment, put there by `command`, with the
    policy in `scope_policy`), else `oid_scope` of clouds.yaml. A hook that the cloud has of its own
    runs first. Raises ConfigException, for openstacksdk goes on without a scope after a ValueError
    or a TypeError.
    """
    try:
        _run_own_hook(connection)
    finally:
        try:
            _install(connection)
        except (ScopeError, TypeError) as error:  # TypeError: a plugin that cannot be scoped
            raise ConfigException(
                f"oid_scope of cloud {connection.config.name}: {error}"
            ) from error


def _install(connection: Connection) -> None:
    config = connection.config.config
    asked = config.get("scope")
    session = connection.session
    auth = session.auth
    if isinstance(asked, list):
        scope = from_config(*asked)
    elif isinstance(auth, Scoped):
        scope = auth.oid_scope
    else:
        scope = from_config(config.get("oid_scope"))
    announce(session, scope)
    if scope:
        if policy := config.get("scope_policy"):
            session.additional_headers[POLICY_HEADER] = policy
        report_failures(session)
    if auth and (scope or isinstance(auth, Scoped)):
        scoped(auth, scope, _accounts(connection, scope))
    if auth and scope:
        # Only what is configured by now: openstacksdk writes what it discovers to the same place.
        home(auth).trust(config.values())
        guard(session, home(auth))


def _accounts(connection: Connection, scope: Scope) -> Accounts | None:
    """Return the accounts in the clouds of the scope, None if there is no file to find them in."""
    region = connection.config
    if region._openstack_config is None or not scope:
        return None
    auth = region.config.get("auth") or {}
    given = region.config.get("oid_clouds", auth.get("oid_clouds"))
    return accounts(region._openstack_config, given, scope, str(auth.get("auth_url")), region._name)


def _run_own_hook(connection: Connection) -> None:
    """Run the hook which the cloud (or its vendor's profile) has without the `openstack` plugin."""
    region = connection.config
    loader = region._openstack_config
    if loader is None:
        return
    plain = loader.get_one(region._name, region_name=region.region_name, validate=False)
    own = plain.config.get("vendor_hook")
    if own and own != NAME:
        resolve_name(own)(connection)
