"""As whom a command acted in a cloud that refused it, and which account would help.

Names and ids alone: no password, token or secret is read.
"""

from collections.abc import Mapping
from typing import Any

from keystoneauth1.access import AccessInfo

from openstackoid.client.accounts import Accounts
from openstackoid.scope.errors import printable

_USER = ("username", "user_id", "application_credential_name", "application_credential_id")
_PROJECT = ("project_name", "project_id")


def refused(
    cloud: str,
    accounts: Accounts,
    access: AccessInfo | None,
    credentials: Mapping[str, Any],
    *,
    logs_in_here: bool,
) -> str:
    """Return as whom a command was refused (401, 403) in a cloud, and what would help.

    `access` is what home's login gave, None if there was none; `credentials` are those of home.
    `logs_in_here` tells that home's credentials are for the Keystone of this cloud.
    """
    another = f"oid_clouds: {{{cloud}: ENTRY}}"
    if login := accounts.login(cloud):
        who = _described(login.known) if login.known else "nobody"
        return (
            f"it acted there as {who}, the account of entry {login.entry} of clouds.yaml; "
            f"{another} takes another entry"
        )
    who = _described(access) if access else _written(credentials)
    start = "start with an account that may do this (OS_CLOUD)"
    if accounts.is_home(cloud):
        return f"it acted there, at home, as {who}; {start}"
    if not logs_in_here:
        acted = f"it acted there as {who} of home"
    elif access:
        acted = f"it logged in to {cloud} with the credentials of home, as {who}"
    else:
        acted = f"the login to {cloud} is tried with the credentials of home, {who}"
    return (
        f"{acted}; your own account in {cloud} would help: an entry {cloud} of clouds.yaml, or "
        f"{another}; if {cloud} is home itself, {start}"
    )


def _described(access: AccessInfo) -> str:
    user = access.username or access.user_id or "somebody"
    project = access.project_name or access.project_id
    if project:
        where = f"project {project}"
    elif domain := access.domain_name or access.domain_id:
        where = f"domain {domain}"
    else:
        where = "the whole system" if access.system_scoped else "no project"
    return printable(f"{user} ({where})")


def _written(credentials: Mapping[str, Any]) -> str:
    user = next((credentials[key] for key in _USER if credentials.get(key)), "whose token it is")
    project = next((f"project {credentials[k]}" for k in _PROJECT if credentials.get(k)), None)
    return printable(f"{user} ({project or 'no project named'})")
