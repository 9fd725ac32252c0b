"""The gateway: the process in front of one cloud's APIs, which interprets scopes."""

from openstackoid.gateway.server import Gateway, ListenError, Settings, serve

__all__ = ["Gateway", "ListenError", "Settings", "serve"]
