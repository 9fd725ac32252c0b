"""Clients that say a scope: the `openstack` command, openstacksdk, and whoever uses keystoneauth.

`openstack.cli.extension` loads `command`, openstacksdk calls `hook.install`, keystoneauth loads
`plugins`. All three end in `auth.scoped`.
"""
