"""Decides which foreign tokens are accepted in this cloud, and as which projects and roles."""
