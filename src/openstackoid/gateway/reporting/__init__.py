"""Writes the log, the access records and the audit events."""
