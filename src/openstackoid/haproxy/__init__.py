"""Generates an HAProxy configuration that serves the simplest routes without the gateway.

HAProxy passes all other requests to the gateway. See docs/explanation/haproxy.md.
"""

from openstackoid.haproxy.configuration import Settings, render
from openstackoid.haproxy.plan import Plan, PlanError, plan

__all__ = ["Plan", "PlanError", "Settings", "plan", "render"]
