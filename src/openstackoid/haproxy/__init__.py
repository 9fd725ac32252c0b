"""The gateway's simplest routes as native HAProxy configuration; all others stay the gateway's.

What is decided natively, and why no more: docs/explanation/haproxy.md.
"""

from openstackoid.haproxy.configuration import Settings, render
from openstackoid.haproxy.plan import Plan, PlanError, plan

__all__ = ["Plan", "PlanError", "Settings", "plan", "render"]
