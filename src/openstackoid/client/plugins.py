"""Auth types for clouds.yaml and the configuration of services: v3oidpassword and its like.

Each is keystoneauth's own plugin of that kind with two more options, `oid-scope` and `oid-clouds`.
"""

from typing import Any, ClassVar

from keystoneauth1.exceptions import OptionError
from keystoneauth1.loading import BaseLoader, Opt, get_plugin_loader
from keystoneauth1.plugin import BaseAuthPlugin

from openstackoid.client.accounts import Accounts
from openstackoid.client.auth import scoped
from openstackoid.client.sources import from_config
from openstackoid.scope import Scope, ScopeError


class _Loader(BaseLoader[BaseAuthPlugin]):
    plain: ClassVar[str]
    """The auth type without a scope."""

    def get_options(self) -> list[Opt]:
        scope = Opt("oid-scope", help="In which cloud each service is taken")
        clouds = Opt("oid-clouds", help="Entries of clouds.yaml by the cloud they are accounts in")
        return [*self._plain_loader().get_options(), scope, clouds]

    def load_from_options(self, **options: Any) -> BaseAuthPlugin:
        """Return the plugin, carrying its scope; raises OptionError if that is none."""
        given = options.pop("oid_clouds", None)
        try:
            scope = from_config(options.pop("oid_scope", None))
        except ScopeError as error:
            raise OptionError(f"oid_scope: {error}") from error
        auth = self._plain_loader().load_from_options(**options)
        return scoped(auth, scope, _accounts(given, scope, options.get("auth_url")))

    def _plain_loader(self) -> BaseLoader[BaseAuthPlugin]:
        return get_plugin_loader(self.plain)


def _accounts(given: object, scope: Scope, auth_url: object) -> Accounts | None:
    if not given:
        return None
    from openstack.config.loader import OpenStackConfig  # services have no need of it otherwise

    from openstackoid.client import entries

    return entries.accounts(OpenStackConfig(), given, scope, str(auth_url))


class Password(_Loader):
    """Authenticate with a user's name and password."""

    plain = "v3password"


class Token(_Loader):
    """Authenticate with a token."""

    plain = "v3token"


class ApplicationCredential(_Loader):
    """Authenticate with an application credential."""

    plain = "v3applicationcredential"
