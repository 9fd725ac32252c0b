"""The gateway: the process in front of one cloud's APIs, which interprets scopes."""

from openstackoid.gateway.server import Settings, serve

__all__ = ["Settings", "serve"]
