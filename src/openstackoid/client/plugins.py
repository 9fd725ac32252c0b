"""Auth types for clouds.yaml and the configuration of services: v3oidpassword and its like.

Each is keystoneauth's own plugin of that kind with one more option, `oid-scope`.
"""

from typing import Any, ClassVar

from keystoneauth1.exceptions import OptionError
from keystoneauth1.loading import BaseLoader, Opt, get_plugin_loader
from keystoneauth1.plugin import BaseAuthPlugin

from openstackoid.client.auth import scoped
from openstackoid.client.sources import from_config
from openstackoid.scope import ScopeError


class _Loader(BaseLoader[BaseAuthPlugin]):
    plain: ClassVar[str]
    """The auth type without a scope."""

    def get_options(self) -> list[Opt]:
        scope = Opt("oid-scope", help="In which cloud each service is taken")
        return [*self._plain_loader().get_options(), scope]

    def load_from_options(self, **options: Any) -> BaseAuthPlugin:
        """Return the plugin, carrying its scope; raises OptionError if that is none."""
        try:
            scope = from_config(options.pop("oid_scope", None))
        except ScopeError as error:
            raise OptionError(f"oid_scope: {error}") from error
        return scoped(self._plain_loader().load_from_options(**options), scope)

    def _plain_loader(self) -> BaseLoader[BaseAuthPlugin]:
        return get_plugin_loader(self.plain)


class Password(_Loader):
    """Authenticate with a user's name and password."""

    plain = "v3password"


class Token(_Loader):
    """Authenticate with a token."""

    plain = "v3token"


class ApplicationCredential(_Loader):
    """Authenticate with an application credential."""

    plain = "v3applicationcredential"
